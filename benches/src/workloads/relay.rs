//! What a secured MCP server says goes through, as it is or rewritten.

use std::net::SocketAddr;

use crate::contestant::{Contestant, everybody, gateway};
use crate::lab::Lab;
use crate::parts::load::exchange::{Content, Exchange, Expect, Request};
use crate::parts::messages;
use crate::parts::upstream::DOWNLOAD;
use crate::targets::Setup;

pub const TOKEN: &str = "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n";
const CLIENTS: u16 = 8192;
const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

pub fn call(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    Ok(everybody(lab, &Setup::Relay, relayed_call))
}

pub fn relayed_call(host: SocketAddr) -> Exchange {
    Exchange::call(host, "/mcp", TOKEN)
}

pub fn tls(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    lab.certificate()?;
    Ok(everybody(lab, &Setup::Tls, relayed_call))
}

/// The one who has no process of his own has no memory either.
pub fn idle(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let mut all = call(lab)?;
    all.retain(|contestant| contestant.target.name() != "direct");
    Ok(all)
}

pub fn events(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    Ok(everybody(lab, &Setup::Relay, |host| Exchange::call(host, "/open", "")))
}

pub fn download(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let expect = || Expect { body: Content::Length(DOWNLOAD), ..Expect::status(200) };
    Ok(everybody(lab, &Setup::Relay, move |host| {
        Exchange::new(Request::get(host, "/open/download", ""), expect())
    }))
}

pub fn upload(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let request = |host| Request::post(host, "/open/upload", "", &"x".repeat(DOWNLOAD));
    Ok(everybody(lab, &Setup::Relay, move |host| Exchange::new(request(host), Expect::status(202))))
}

/// What others are compared with where one row differs from it by one thing.
pub fn plain<'a>(lab: &'a Lab, setup: &Setup) -> Option<Contestant<'a>> {
    gateway(lab, "tollgate, W1s", setup, |host| Ok(relayed_call(host)))
}

pub fn challenge(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let upstream = lab.upstream.address();
    let relayed = move |host| refused(host, upstream);
    let mut all = everybody(lab, &Setup::Relay, relayed);
    rewrite(&mut all, |host| refused(host, host));
    all.extend(plain(lab, &Setup::Relay));
    Ok(all)
}

/// A call that is refused with the metadata of this origin.
fn refused(host: SocketAddr, origin: SocketAddr) -> Exchange {
    let named = format!("resource_metadata=\"http://{origin}{METADATA}\"");
    let expect = Expect { field: Some(("www-authenticate", named)), ..Expect::status(401) };
    Exchange::new(Request::post(host, "/mcp", "", &messages::call()), expect)
}

pub fn metadata(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let upstream = lab.upstream.address();
    let mut all = everybody(lab, &Setup::Relay, move |host| resource(host, upstream));
    rewrite(&mut all, |host| resource(host, host));
    Ok(all)
}

/// The metadata of a resource of this origin, asked for by many clients: one may do so 20 times a second.
fn resource(host: SocketAddr, origin: SocketAddr) -> Exchange {
    let body = Content::Has(format!("\"resource\":\"http://{origin}/mcp\""));
    let of = |client: u16| {
        let [high, low] = client.to_be_bytes();
        Request::get(host, METADATA, &format!("X-Forwarded-For: 10.{high}.{low}.1\r\n"))
    };
    Exchange::each((0..CLIENTS).map(of).collect(), Expect { body, ..Expect::status(200) })
}

/// The gateway's answers are for its own origin, those of the others for the upstream's.
fn rewrite<'a>(all: &mut [Contestant<'a>], exchange: impl Fn(SocketAddr) -> Exchange + Copy + 'a) {
    for own in all.iter_mut().filter(|contestant| contestant.target.name() == "tollgate") {
        own.exchange = Box::new(move |host| Ok(exchange(host)));
    }
}
