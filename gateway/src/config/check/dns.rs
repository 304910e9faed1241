//! Who is asked about names and how often; no bounds between which there is nothing.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Findings, Once, values};
use crate::config::Dns;
use crate::config::document::Dns as Written;
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};

pub fn check(written: &Written, path: &KeyPath, findings: &mut Findings) -> Dns {
    let default = Dns::default();
    let servers = check_servers(written, &path.key("servers"), findings);
    let min_ttl = findings.positive(written.min_ttl.as_ref(), path.key("min_ttl"));
    let max_ttl = findings.positive(written.max_ttl.as_ref(), path.key("max_ttl"));
    let timeout = findings.positive(written.timeout.as_ref(), path.key("timeout"));
    refuse_nothing_in_between(min_ttl, max_ttl, path, findings);
    Dns {
        servers,
        min_ttl: min_ttl.unwrap_or(default.min_ttl),
        max_ttl: max_ttl.unwrap_or(default.max_ttl),
        timeout: timeout.unwrap_or(default.timeout),
    }
}

fn check_servers(written: &Written, list: &KeyPath, findings: &mut Findings) -> Vec<SocketAddr> {
    let Some(servers) = &written.servers else { return Vec::new() };
    if servers.is_empty() {
        let problem = Problem::error(list.clone(), "the list is empty: nobody could be asked");
        findings.add(problem.help("remove it, and the servers of the system are asked"));
    }
    let mut seen = Once::default();
    let mut checked = Vec::new();
    for (index, text) in servers.iter().enumerate() {
        let path = list.item(index);
        let Some(server) = findings.take(path.clone(), values::dns_server(text.as_str())) else { continue };
        if let Some(first) = seen.note(server, &path) {
            let message = format!("{} is in the list twice", quoted(text.as_str()));
            findings.add(Problem::error(path, message).first(first).help("remove one of the two"));
        }
        checked.push(server);
    }
    checked
}

fn refuse_nothing_in_between(
    min: Option<Duration>,
    max: Option<Duration>,
    path: &KeyPath,
    findings: &mut Findings,
) {
    let default = Dns::default();
    let (shortest, longest) = (min.unwrap_or(default.min_ttl), max.unwrap_or(default.max_ttl));
    if shortest <= longest {
        return;
    }
    let longer = |than: &str| Problem::error(path.key("min_ttl"), format!("this is longer than {than}"));
    findings.add(match (min, max) {
        (Some(_), Some(_)) => longer("`max_ttl`").first(path.key("max_ttl")).help("make it the shorter one"),
        (Some(_), None) => longer(&format!("`max_ttl`, which is {longest:?}")).help("set `max_ttl` too"),
        (None, _) => {
            let message = format!("this is shorter than `min_ttl`, which is {shortest:?}");
            Problem::error(path.key("max_ttl"), message).help("set `min_ttl` too")
        }
    });
}
