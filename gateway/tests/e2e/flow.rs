//! The mission: an unmodified client logs in at the upstream's own authorization server, through the gateway.

mod challenges;
mod gateways;
mod legacy;
mod mounts;
mod names;
mod pointers;
mod revisions;
mod streams;
mod tempers;
mod tls;
mod tokens;
