//! Settings: the parts that what is written in a configuration is made of, and how it is said what is wrong with it.

pub mod findings;
pub mod key_path;
pub mod problem;
pub mod text;
pub mod values;
