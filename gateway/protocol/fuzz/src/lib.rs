//! The fuzz targets' bodies, which the stable tests replay as well.
//!
//! From `gateway/protocol`, with a nightly compiler and cargo-fuzz: `cargo +nightly fuzz run challenge`. An input that
//! breaks something joins `corpus/<target>/` under a name that says what it is.

#[path = "../../tests/entry.rs"]
pub mod entry;
