mod claims;
mod matrix;
mod mutations;
mod verifier;
mod wycheproof;
