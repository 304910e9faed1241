//! Who is let in.

use std::net::SocketAddr;

use super::relay::plain;
use crate::contestant::{Contestant, gateway};
use crate::keys::Algorithm;
use crate::lab::Lab;
use crate::parts::load::exchange::{Exchange, Expect, Request};
use crate::parts::messages;
use crate::targets::tollgate::{plans, shared_limit};
use crate::targets::{Setup, Target};

/// How many tokens are signed for a round in which each is new.
const NEW_TOKENS: u64 = 600;

pub fn seen(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    with_tokens(lab, 1)
}

pub fn new(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    with_tokens(lab, NEW_TOKENS)
}

/// The gateway, and those that verify a JWT themselves.
fn with_tokens(lab: &Lab, count: u64) -> Result<Vec<Contestant<'_>>, String> {
    lab.keys()?;
    let own = Setup::Own(plans(lab));
    // What is left to the others when the longest token is merely passed on.
    let unread = lab.target("floor").map(|floor| {
        let relayed = move |host| calls(lab, host, "/open", Algorithm::Rs256, count);
        Contestant::new(floor, Setup::Relay, relayed).called("floor, RS256 unread")
    });
    let mut all: Vec<_> = plain(lab, &own).into_iter().chain(unread).collect();
    for algorithm in Algorithm::ALL {
        let name = |target: &dyn Target| format!("{} {}", target.name(), algorithm.name());
        let setup = Setup::Jwt(algorithm);
        all.extend(
            gateway(lab, "tollgate", &own, move |host| calls(lab, host, "/jwt", algorithm, count))
                .map(|it| it.called(&format!("tollgate {}", algorithm.name()))),
        );
        let others = lab.targets.iter().map(Box::as_ref).filter(|target| target.can(&setup));
        all.extend(others.map(|target| {
            Contestant::new(target, setup.clone(), move |host| calls(lab, host, "/open", algorithm, count))
                .called(&name(target))
        }));
    }
    all.extend(gateway(lab, "tollgate EdDSA, with operations", &own, move |host| {
        calls(lab, host, "/operations", Algorithm::EdDsa, count)
    }));
    Ok(all)
}

/// Calls with so many tokens, each in its turn.
fn calls(
    lab: &Lab,
    host: SocketAddr,
    path: &str,
    algorithm: Algorithm,
    count: u64,
) -> Result<Exchange, String> {
    let (keys, issuer, body) = (lab.keys()?, lab.upstream.issuer(), messages::call());
    let request = |_| {
        let token = keys.token(&issuer, algorithm).map_err(|error| error.to_string())?;
        Ok(Request::post(host, path, &format!("Authorization: Bearer {token}\r\n"), &body))
    };
    Ok(Exchange::each((0..count).map(request).collect::<Result<_, String>>()?, Expect::result()))
}

pub fn keys_and_limits(lab: &Lab) -> Result<Vec<Contestant<'_>>, String> {
    let own = Setup::Own(plans(lab));
    let limited = |host| Ok(Exchange::call(host, "/limit", ""));
    let shared = lab.redis().map(|redis| Setup::Own(shared_limit(lab, redis)));
    let all = [
        plain(lab, &own),
        gateway(lab, "tollgate, API key", &own, |host| {
            Ok(Exchange::call(host, "/keys", "x-api-key: benchmark\r\n"))
        }),
        gateway(lab, "tollgate, opaque token", &own, |host| {
            Ok(Exchange::call(host, "/opaque", "Authorization: Bearer opaque\r\n"))
        }),
        gateway(lab, "tollgate, limit in memory", &own, limited),
        shared.and_then(|shared| gateway(lab, "tollgate, limit in Redis", &shared, limited)),
    ];
    Ok(all.into_iter().flatten().collect())
}
