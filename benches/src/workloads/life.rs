//! What happens to a gateway in its life: many APIs, sessions, reloads, clients that mean no good.

use std::net::SocketAddr;

use super::relay::{TOKEN, plain, relayed_call};
use crate::contestant::{Contestant, everybody, gateway};
use crate::lab::Lab;
use crate::parts::load::exchange::{DONE, Exchange, Expect, REFUSED, Request};
use crate::parts::messages;
use crate::parts::upstream::SESSION;
use crate::targets::Setup;
use crate::targets::tollgate::many as many_apis;

pub fn many(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let with = |count: usize, name: &str| {
        gateway(lab, name, &Setup::Own(many_apis(lab, count)), |host| Ok(relayed_call(host)))
    };
    let all = [
        with(1, "tollgate, 1 API"),
        with(1000, "tollgate, 1,000 APIs"),
        with(10_000, "tollgate, 10,000 APIs"),
    ];
    Ok(all.into_iter().flatten().collect())
}

pub fn session(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    Ok(everybody(lab, &Setup::Relay, whole_session))
}

/// From the first message of a client to its last request.
fn whole_session(host: SocketAddr) -> Exchange {
    let fields = format!("{TOKEN}Mcp-Session-Id: {SESSION}\r\nMcp-Protocol-Version: 2025-06-18\r\n");
    let message = |fields: &str, body: &str| Request::post(host, "/mcp", fields, body);
    let requests = vec![
        message(TOKEN, &messages::initialize()),
        message(&fields, &messages::notification()),
        message(&fields, &messages::list()),
        message(&fields, &messages::call()),
        Request::with(host, "DELETE", "/mcp", &fields, b""),
    ];
    Exchange::whole(requests, Expect::status(DONE))
}

pub fn reload(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let own = |name| gateway(lab, name, &Setup::Relay, |host| Ok(relayed_call(host)));
    let reloaded = own("tollgate, reloaded").map(|it| Contestant { reloads: true, ..it });
    Ok([own("tollgate"), reloaded].into_iter().flatten().collect())
}

pub fn hostile(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let all = [plain(lab, &Setup::Relay), gateway(lab, "tollgate", &Setup::Relay, |host| Ok(refused(host)))];
    Ok(all.into_iter().flatten().collect())
}

fn refused(host: SocketAddr) -> Exchange {
    let foreign = SocketAddr::from(([192, 0, 2, 1], 80));
    let body = messages::call();
    let requests = vec![
        Request::post(host, "/a/../mcp", TOKEN, &body),
        Request::post(foreign, "/mcp", TOKEN, &body),
        Request::post(host, "/mcp", "Origin: https://attacker.example\r\n", &body),
        Request::get(host, "/mcp?access_token=secret", ""),
        Request::get(host, "/nowhere", ""),
    ];
    Exchange::each(requests, Expect::status(REFUSED))
}
