//! What a measurement is made of.

pub mod child;
pub mod clock;
pub mod events;
pub mod http1;
pub mod http2;
pub mod idle;
pub mod load;
pub mod messages;
pub mod redis;
pub mod sampler;
pub mod tls;
pub mod upstream;
