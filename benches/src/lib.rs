//! The load harness of Tollgate: it speaks HTTP to a running gateway and never links it.
//!
//! There is no workload yet, so no figure of Tollgate's speed is published anywhere.
