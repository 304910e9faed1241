//! The policies of Tollgate: what an admitted caller may do. One file each, and the trait they share.
//!
//! - [`policy`]: the trait, what it is asked about, and what it may say; [`effects`]: what it may do besides;
//! - [`request`]: what it is shown; [`expression`] and [`condition`]: what operators write about that, in CEL;
//! - [`settings`]: the parts its settings are made of, and how it is said what is wrong with them;
//! - [`spelling`]: names of fields that servers take for one;
//! - [`limiter`] and [`whose`]: what is counted, and whose it is;
//! - [`catalogue`]: all policies there are.
//!
//! Policies compile without Pingora and do no I/O.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod audit;
pub mod catalogue;
pub mod concurrency;
pub mod condition;
pub mod cors;
pub mod effects;
pub mod expression;
pub mod headers;
pub mod ip_filter;
pub mod limiter;
pub mod mcp_acl;
pub mod pattern;
pub mod policy;
pub mod rate_limit;
pub mod reason;
pub mod request;
pub mod settings;
pub mod size_limits;
pub mod spelling;
#[cfg(test)]
mod testing;
pub mod whose;

/// The page about writing a policy, whose example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/writing-a-policy.md")]
struct WritingAPolicy;
