//! The walking client: what an MCP client does from its first request to its first tool call, hop by hop.
//!
//! It is given one URL and believes nothing: each hop checks what real clients check, and says in a sentence
//! what is wrong.

mod exchange;
mod hop;
mod login;
mod session;

use std::time::{Duration, Instant};

use exchange::Wire;
use hop::Hops;
use login::Login;
use session::Session;

/// Where the walk goes.
pub struct Target {
    /// The MCP URL a client is configured with.
    pub url: String,
    /// The `host:port` that must appear in nothing the target's origin answers.
    pub hidden_authority: Option<String>,
}

/// Walks to `target`, printing one line per hop; how long it all took, or the sentence of the first failure.
pub fn walk(target: &Target) -> Result<Duration, String> {
    let started = Instant::now();
    let wire = Wire::new(target);
    let mut hops = Hops::default();

    let metadata_url = session::challenged(&wire, &mut hops, &target.url)?;
    let login = Login::discover(&wire, &mut hops, &target.url, &metadata_url)?;
    let client_id = login.register(&wire, &mut hops)?;
    let approval = login.authorize(&wire, &mut hops, &client_id)?;
    let access_token = login.exchange(&wire, &mut hops, &client_id, &approval)?;

    let session = Session::initialize(&wire, &mut hops, &target.url, &access_token)?;
    session.confirm(&wire, &mut hops)?;
    session.list_tools(&wire, &mut hops)?;
    session.call_tool(&wire, &mut hops)?;
    Ok(started.elapsed())
}

#[cfg(test)]
mod tests;
