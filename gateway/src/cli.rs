//! The commands of `tollgate` that do not serve: each a module with its arguments and a `run` that returns the exit
//! code.

pub mod check;
pub mod schema;
