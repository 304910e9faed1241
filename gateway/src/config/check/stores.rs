//! What several gateways share: where it is, and as whom they ask.

use std::path::Path;
use std::time::Duration;

use tollgate_protocol::url::HttpUrl;

use super::values::{self, Refusal};
use super::{Findings, certificates, secrets};
use crate::config::document::{RedisStore, Stores};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::limits::{Settings, Tls};

/// A request waits for so long.
const TIMEOUT_MAX: Duration = Duration::from_secs(1);
const PORT: u16 = 6379;

pub fn check(written: &Stores, path: &KeyPath, folder: &Path, findings: &mut Findings) -> Option<Settings> {
    let redis = &written.limits.as_ref()?.redis;
    check_redis(redis, &path.key("limits").key("redis"), folder, findings)
}

fn check_redis(
    written: &RedisStore,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<Settings> {
    let url = check_url(written.url.as_str(), path.key("url"), findings);
    let username = written.username.as_ref();
    let username =
        username.and_then(|name| findings.take(path.key("username"), values::words(name.as_str())));
    let password = written.password.as_ref();
    let password = password.map(|password| secrets::read(password, path.key("password"), folder, findings));
    if written.username.is_some() && password.is_none() {
        let problem = Problem::error(path.key("username"), "nobody logs in without a password").at_key();
        findings.add(problem.absent(path.key("password")).help("add `password: ${file:PATH}`"));
    }
    let timeout = check_timeout(written, path.key("timeout"), findings);
    let ca = written.ca.as_ref();
    let ca = ca.map(|ca| findings.take(path.key("ca"), certificates::authorities(ca.as_str(), folder)));
    let Url { tls, host, port, database } = url?;
    if ca.is_some() && !tls {
        let problem = Problem::error(path.key("ca"), "there is no TLS to check a certificate in").at_key();
        findings.add(problem.first(path.key("url")).help("write `rediss://`, or remove the line"));
    }
    if password.as_ref().is_some_and(Option::is_some) && !tls && !is_this_machine(&host) {
        let message = "the password is sent to this URL in clear text";
        findings
            .add(Problem::warning(path.key("url"), message).help("write `rediss://`, if the server has TLS"));
    }
    let tls = tls.then(|| Tls { ca: ca.flatten() });
    let (password, on_failure) = (password.flatten(), written.on_failure);
    Some(Settings { host, port, tls, database, username, password, timeout, on_failure })
}

fn check_timeout(written: &RedisStore, path: KeyPath, findings: &mut Findings) -> Duration {
    let timeout = findings.positive(written.timeout.as_ref(), path.clone()).unwrap_or(Settings::TIMEOUT);
    if timeout > TIMEOUT_MAX {
        let problem = Problem::error(path, "each request would wait too long: at most `1s`");
        findings.add(problem.help("write `5ms`, or several times what a round trip takes"));
    }
    timeout
}

#[derive(Debug, PartialEq)]
struct Url {
    tls: bool,
    host: String,
    port: u16,
    database: u32,
}

/// What is wrong with a URL that may hold a password is told without showing it.
fn check_url(written: &str, path: KeyPath, findings: &mut Findings) -> Option<Url> {
    if written.contains(['@', '?']) {
        let problem =
            Problem::error(path, "the URL must not carry a user name, a password or options").hidden();
        findings.add(problem.help("write `username: NAME` and `password: ${file:PATH}` beside it"));
        return None;
    }
    findings.take(path, url(written))
}

fn url(written: &str) -> Result<Url, Refusal> {
    let refusal = |why: &str| {
        let refusal = Refusal::new(format!("{} is no URL of Redis: {why}", quoted(written)));
        refusal.help("write it like `redis://127.0.0.1:6379` or `rediss://redis.example.com/1`")
    };
    let (tls, rest) = match written.split_once("://") {
        Some(("redis", rest)) => (false, rest),
        Some(("rediss", rest)) => (true, rest),
        _ => return Err(refusal("it begins with `redis://` or `rediss://`")),
    };
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let has_port = authority.rsplit(']').next().is_some_and(|end| end.contains(':'));
    let authority = if has_port { authority.to_owned() } else { format!("{authority}:{PORT}") };
    let parsed = HttpUrl::parse(&format!("http://{authority}")).map_err(|why| refusal(&why.to_string()))?;
    if !parsed.path().is_empty() || parsed.query().is_some() {
        return Err(refusal("there is nothing in it but a host, a port and the number of a database"));
    }
    let database = if database.is_empty() { Some(0) } else { database.parse().ok() };
    let database = database.ok_or_else(|| refusal("what follows the host is the number of a database"))?;
    let origin = parsed.origin();
    Ok(Url { tls, host: origin.host().trim_matches(['[', ']']).to_owned(), port: origin.port(), database })
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
