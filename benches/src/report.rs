//! What was found out, for people and for programs.

pub mod json;
pub mod machine;
pub mod page;
pub mod svg;
pub mod table;
pub mod terminal;
