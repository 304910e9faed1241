//! Plans for callers with an access token: whose tokens, for whom, and with which scopes.

use std::path::Path;

use tollgate_protocol::jwt::Algorithm;
use tollgate_protocol::url::HttpUrl;

use super::values::Refusal;
use super::{Findings, Once, certificates, values};
use crate::config::document::{Issuer as WrittenIssuer, JwtPlan as Written};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::text::Words;
use crate::config::{Issuer, JwtPlan};
use crate::fetch::{Remote, Trust};
use crate::token::Settings;

pub fn check(written: &Written, path: &KeyPath, folder: &Path, findings: &mut Findings) -> Option<JwtPlan> {
    let list = path.key("issuers");
    findings.refuse_empty(written.issuers.is_empty(), &list, "issuer");
    let mut names = Once::default();
    let mut issuers = Vec::new();
    for (index, one) in written.issuers.iter().enumerate() {
        let at = list.item(index);
        let Some(issuer) = issuer(one, &at, folder, findings) else { continue };
        match names.note(issuer.name.clone(), &at) {
            Some(first) => {
                let message = format!("the issuer {} is in the list twice", quoted(&issuer.name));
                findings.add(Problem::error(at, message).first(first).help("remove one of the two"));
            }
            None => issuers.push(issuer),
        }
    }
    findings.refuse_empty(written.audiences.is_empty(), &path.key("audiences"), "audience");
    let audiences = each(&written.audiences, &path.key("audiences"), findings, values::words);
    let scopes = each(&written.scopes, &path.key("scopes"), findings, scope);
    let complete = issuers.len() == written.issuers.len() && !audiences.is_empty();
    (complete && !issuers.is_empty()).then_some(JwtPlan { issuers, audiences, scopes })
}

fn each<T>(
    written: &[Words],
    list: &KeyPath,
    findings: &mut Findings,
    parse: impl Fn(&str) -> Result<T, Refusal>,
) -> Vec<T> {
    let written = written.iter().enumerate();
    written.filter_map(|(index, text)| findings.take(list.item(index), parse(text.as_str()))).collect()
}

fn issuer(written: &WrittenIssuer, path: &KeyPath, folder: &Path, findings: &mut Findings) -> Option<Issuer> {
    let url = findings.take(path.key("issuer"), issuer_url(written.issuer.as_str()))?;
    let ca = match &written.ca {
        Some(ca) => Some(findings.take(path.key("ca"), certificates::authorities(ca.as_str(), folder))?),
        None => None,
    };
    let jwks_uri = match &written.jwks_uri {
        Some(text) => Some(findings.take(path.key("jwks_uri"), values::url(text.as_str()))?),
        None => None,
    };
    let (at, asked) = match &jwks_uri {
        Some(jwks_uri) => (path.key("jwks_uri"), jwks_uri),
        None => (path.key("issuer"), &url),
    };
    let trust = Trust { private: written.private, ..Trust::default() };
    let reachable = Remote::configured(asked, trust).map(drop).map_err(|_| {
        Refusal::new(format!("keys are not fetched from {}", quoted(&asked.to_string())))
            .help("write an `https` URL, or one of this machine")
    });
    findings.take(at, reachable)?;
    let mut algorithms = each(&written.algorithms, &path.key("algorithms"), findings, algorithm);
    if written.algorithms.is_empty() {
        algorithms = Settings::DEFAULT_ALGORITHMS.to_vec();
    }
    let types = each(&written.types, &path.key("types"), findings, values::words);
    let name = written.issuer.as_str().to_owned();
    Some(Issuer { name, url, jwks_uri, algorithms, types, ca, private: written.private })
}

/// RFC 8414 §2: without a query.
fn issuer_url(text: &str) -> Result<HttpUrl, Refusal> {
    match text.contains('?') {
        true => Err(Refusal::new(format!("{} is no issuer: it has a query", quoted(text)))
            .help("write its `iss`, which ends before the question mark")),
        false => values::url(text),
    }
}

/// RFC 7518 §3.1: those with a public key.
fn algorithm(text: &str) -> Result<Algorithm, Refusal> {
    Algorithm::named(text).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        Refusal::new(format!("{} is no algorithm that is verified here", quoted(text)))
            .help(format!("write one of {known}"))
    })
}

/// RFC 6749 §3.3.
fn scope(text: &str) -> Result<String, Refusal> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    match !text.is_empty() && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err(Refusal::new(format!("{} is no scope", quoted(text)))
            .help("write one scope for each item: visible ASCII without spaces, quotes and backslashes")),
    }
}
