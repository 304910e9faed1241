//! The fuzz targets' bodies, which the stable tests replay as well.

#[path = "../../tests/entry.rs"]
pub mod entry;
