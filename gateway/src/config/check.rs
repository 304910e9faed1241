//! Whether a document makes sense: parses every value of it and compares those that must agree.
//!
//! Nothing stops at the first finding. What parsed is kept beside what did not, so that rules about several values
//! hold for the rest of the file too.

mod apis;
mod balance;
mod capacity;
mod certificates;
mod chain;
mod consumers;
mod dns;
mod event_streams;
mod health;
mod limits;
mod listeners;
mod messages;
mod oauth_client;
mod outliers;
mod plans;
mod policies;
mod revocation;
mod seal_keys;
mod secrets;
mod stores;
mod timeouts;
mod tls;
mod tokens;
mod upstream;
mod upstream_auth;
mod upstream_tls;
mod values;

use std::path::{Path, PathBuf};

use tollgate_plugins::settings::findings::{Findings, Once};
use tollgate_protocol::url::{Origin, Scheme};

use super::document::{Consumer, Document};
use super::key_path::KeyPath;
use super::problem::{Problem, Severity, quoted};
use super::text::Origin as OriginText;
use super::{Config, Log};

/// Consumers of a file of their own, whose folder is where its paths start.
pub struct IncludedConsumers {
    pub consumers: Vec<Consumer>,
    pub folder: PathBuf,
}

/// Checks a document. There is a configuration exactly when no problem is an error. Paths of certificate files start
/// at `folder`.
pub fn check(
    document: &Document,
    included: &[&IncludedConsumers],
    folder: &Path,
) -> (Option<Config>, Vec<Problem>) {
    let mut findings = Findings::default();
    let root = KeyPath::root();
    let public_urls = origins(&mut findings, &document.public_urls, &root.key("public_urls"));
    let listeners = listeners::check(document, folder, &mut findings);
    let admin = listeners::check_admin(document, &mut findings);
    let drain = findings.take(root.key("drain"), values::duration(document.drain.as_str()));
    let dns = dns::check(&document.dns, &root.key("dns"), &mut findings);
    let messages = messages::check(&document.messages, &root.key("messages"), &mut findings);
    let limits = stores::check(&document.stores, &root.key("stores"), folder, &mut findings);
    let policies = policies::check(&document.policies, &root.key("policies"), &mut findings);
    let apis = apis::check(document, folder, &mut findings);
    let consumers = consumers::check(document, included, &apis, folder, &mut findings);
    plans::refuse_without_certificates(document, &apis, &listeners, &mut findings);
    upstream_auth::check_callers_tokens(document, &apis, &mut findings);
    plans::warn_about_audiences(document, &apis, &public_urls, &mut findings);
    listeners::check_public_origins(document, &mut findings);
    refuse_ambiguous_origins(&public_urls, &mut findings);
    warn_about_clear_text(&public_urls, &mut findings);

    let refused = findings.problems.iter().any(|problem| problem.severity == Severity::Error);
    let config = drain.filter(|_| !refused).map(|drain| Config {
        public_urls: public_urls.into_iter().map(|(_, origin)| origin).collect(),
        listeners,
        admin,
        log: Log { format: document.log.format, level: document.log.level },
        drain,
        dns,
        secret_files: secrets::files(document, included, folder),
        included_files: Vec::new(),
        consumers,
        messages,
        limits,
        policies,
        apis,
    });
    (config, findings.problems)
}

/// The `Host` of a request names no scheme, so it could not tell such origins apart.
fn refuse_ambiguous_origins(public_urls: &[(KeyPath, Origin)], findings: &mut Findings) {
    let mut seen = Once::default();
    for (path, origin) in public_urls {
        if let Some(first) = seen.note(origin.authority(), path) {
            let message = format!("another origin has the same authority, {}", quoted(&origin.authority()));
            let help = "keep the one that clients use: a request does not say by which scheme it came";
            findings.add(Problem::error(path.clone(), message).first(first).help(help));
        }
    }
}

fn warn_about_clear_text(public_urls: &[(KeyPath, Origin)], findings: &mut Findings) {
    for (path, origin) in public_urls {
        if origin.scheme() == Scheme::Http && !origin.is_loopback() {
            findings.add(
                Problem::warning(path.clone(), "clients send their tokens over this URL in clear text")
                    .help("write `https://`, and end TLS in front of the gateway"),
            );
        }
    }
}

/// A list of origins, each used once, with the path of each.
fn origins(findings: &mut Findings, written: &[OriginText], list: &KeyPath) -> Vec<(KeyPath, Origin)> {
    let mut seen = Once::default();
    let mut origins = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let path = list.item(index);
        let Some(origin) = findings.take(path.clone(), values::origin(text.as_str())) else { continue };
        match seen.note(origin.clone(), &path) {
            Some(first) => {
                let message = format!("{} is in the list twice", quoted(&origin.to_string()));
                findings.add(Problem::error(path, message).first(first).help("remove one of the two"));
            }
            None => origins.push((path, origin)),
        }
    }
    origins
}
