//! Configuration files, whole: what is refused and how, what is shipped and whether it loads.

mod broken;
mod files;
mod shipped;
