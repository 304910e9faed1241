//! The addresses: of the listeners, of the health endpoints, and whether clients can be told a URL for them.

use std::net::SocketAddr;
use std::path::Path;

use ipnet::IpNet;
use tollgate_protocol::url::Scheme;

use super::{Findings, Once, limits, tls, values};
use crate::config::Listener;
use crate::config::document::{Document, Listener as Written};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::text::Origin as OriginText;

pub fn check(document: &Document, folder: &Path, findings: &mut Findings) -> Vec<Listener> {
    let list = KeyPath::root().key("listeners");
    findings.refuse_empty(document.listeners.is_empty(), &list, "listener");
    let mut names = Once::default();
    let mut taken = Vec::new();
    let check_one = |(index, written): (usize, &Written)| {
        let path = list.item(index);
        let name =
            written.name.as_ref().map(|name| findings.name(name, path.key("name"), &mut names, "listener"));
        let address = check_address(written, &path, &mut taken, findings);
        let origins = super::origins(findings, &written.allowed_origins, &path.key("allowed_origins"));
        let trusted_proxies = check_trusted_proxies(written, &path.key("trusted_proxies"), findings);
        refuse_announcements_by_nobody(written, &path, findings);
        refuse_redirects_to_nowhere(document, written, &path, findings);
        let tls = written.tls.as_ref().map(|tls| tls::check(tls, &path.key("tls"), folder, findings));
        Some(Listener {
            name: name.flatten(),
            address: address?,
            allowed_origins: origins.into_iter().map(|(_, origin)| origin).collect(),
            trusted_proxies,
            proxy_protocol: written.proxy_protocol,
            redirect_to_https: written.redirect_to_https,
            http2: written.http2.unwrap_or(written.tls.is_some()),
            tls,
            limits: limits::check(&written.limits, &path.key("limits"), findings),
        })
    };
    document.listeners.iter().enumerate().filter_map(check_one).collect()
}

fn check_trusted_proxies(written: &Written, list: &KeyPath, findings: &mut Findings) -> Vec<IpNet> {
    let mut seen = Once::default();
    let mut networks = Vec::new();
    for (index, text) in written.trusted_proxies.iter().enumerate() {
        let path = list.item(index);
        let Some(network) = findings.take(path.clone(), values::proxies(text.as_str())) else { continue };
        match seen.note(network, &path) {
            Some(first) => {
                let message = format!("{} is in the list twice", quoted(&network.to_string()));
                findings.add(Problem::error(path, message).first(first).help("remove one of the two"));
            }
            None => networks.push(network),
        }
    }
    networks
}

/// The PROXY protocol is believed, so who speaks it must be known.
fn refuse_announcements_by_nobody(written: &Written, listener: &KeyPath, findings: &mut Findings) {
    if written.proxy_protocol && written.trusted_proxies.is_empty() {
        let problem =
            Problem::error(listener.key("proxy_protocol"), "nobody may connect: no proxy is trusted");
        let help = "add `trusted_proxies` with the networks the load balancer connects from";
        findings.add(problem.absent(listener.key("trusted_proxies")).help(help));
    }
}

fn refuse_redirects_to_nowhere(
    document: &Document,
    written: &Written,
    listener: &KeyPath,
    findings: &mut Findings,
) {
    if !written.redirect_to_https {
        return;
    }
    let path = listener.key("redirect_to_https");
    if written.tls.is_some() {
        let problem = Problem::error(path.clone(), "clients of a listener with TLS are where they should be");
        findings.add(problem.first(listener.key("tls")).help("remove one of the two"));
    }
    let is_https = |text: &OriginText| {
        values::origin(text.as_str()).is_ok_and(|origin| origin.scheme() == Scheme::Https)
    };
    if !document.public_urls.iter().any(is_https) {
        let problem =
            Problem::error(path, "there is no `https` origin among `public_urls` to send clients to");
        let help = "add `public_urls: [https://edge.example.com]` with the origin that clients use";
        findings.add(problem.absent(KeyPath::root().key("public_urls")).help(help));
    }
}

fn check_address(
    written: &Written,
    listener: &KeyPath,
    taken: &mut Vec<(SocketAddr, KeyPath)>,
    findings: &mut Findings,
) -> Option<SocketAddr> {
    let path = listener.key("address");
    let address = findings.take(path.clone(), values::address(written.address.as_str()))?;
    if let Some((other, first)) = taken.iter().find(|(other, _)| collide(address, *other)) {
        let message = match *other == address {
            true => format!("`{address}` is listened on twice"),
            false => format!("`{address}` and `{other}` cannot be listened on together"),
        };
        findings.add(
            Problem::error(path.clone(), message).first(first.clone()).help("remove one, or change its port"),
        );
    }
    taken.push((address, path));
    Some(address)
}

/// Whether the second of two addresses could not be bound: the same one, or one that a wildcard of its family covers.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let same_family = one.is_ipv4() == other.is_ipv4();
    let same_ip = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_family && same_ip
}

pub fn check_admin(document: &Document, findings: &mut Findings) -> Option<SocketAddr> {
    let admin = document.admin.as_ref()?;
    let path = KeyPath::root().key("admin").key("address");
    let address = findings.take(path.clone(), values::address(admin.address.as_str()))?;
    if !address.ip().is_loopback() {
        let message = format!("{} is not a loopback address", quoted(&address.to_string()));
        let help =
            format!("write `127.0.0.1:{}`: the health endpoints are for this machine only", address.port());
        findings.add(Problem::error(path.clone(), message).help(help));
    }
    let listeners = KeyPath::root().key("listeners");
    for (index, listener) in document.listeners.iter().enumerate() {
        if values::address(listener.address.as_str()).is_ok_and(|listener| collide(address, listener)) {
            let message = format!("`{address}` is taken by a listener");
            let first = listeners.item(index).key("address");
            findings.add(Problem::error(path.clone(), message).first(first).help("choose another port"));
        }
    }
    Some(address)
}

/// An address others can reach needs an origin from the file: one taken from a request could be anyone's.
pub fn check_public_origins(document: &Document, findings: &mut Findings) {
    let configured =
        !document.public_urls.is_empty() || document.apis.iter().any(|api| !api.hosts.is_empty());
    if configured {
        return;
    }
    let list = KeyPath::root().key("listeners");
    for (index, listener) in document.listeners.iter().enumerate() {
        let Ok(address) = values::address(listener.address.as_str()) else { continue };
        if !address.ip().is_loopback() {
            findings.add(
                Problem::error(
                    list.item(index).key("address"),
                    format!("`{address}` is not a loopback address, so `public_urls` is needed"),
                )
                .absent(KeyPath::root().key("public_urls"))
                .help("add `public_urls: [https://edge.example.com]` with the origin that clients use"),
            );
        }
    }
}
