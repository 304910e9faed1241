//! The policies of Tollgate: what an admitted caller may do. One file each, and the trait they share.
//!
//! There are none yet: an API admits everyone its plan admits. This crate exists from the start so that the
//! invariant it stands for is guarded from the start: policies compile without Pingora and do no I/O.

pub mod limiter;
