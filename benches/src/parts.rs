//! What a measurement is made of.

pub mod child;
pub mod http1;
pub mod load;
pub mod messages;
pub mod sampler;
pub mod upstream;
