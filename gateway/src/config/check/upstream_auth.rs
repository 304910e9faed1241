//! What the gateway shows an endpoint about itself, in place of what callers show the gateway.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::values::Refusal;
use super::{Findings, secrets};
use crate::config::document::{AuthorizationMode, UpstreamAuth as Written};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::{Secret, UpstreamAuth};
use crate::minted;

pub fn check(
    written: &Written,
    mode: AuthorizationMode,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<UpstreamAuth> {
    let Written { bearer, basic, header } = written;
    let kinds = [("bearer", bearer.is_some()), ("basic", basic.is_some()), ("header", header.is_some())];
    let mut named = kinds.iter().filter(|(_, is_written)| *is_written).map(|(key, _)| *key);
    let Some(kind) = named.next() else {
        let problem = Problem::error(path.clone(), "there is no credential here");
        findings.add(problem.absent(path.clone()).help("add `bearer`, `basic` or `header`"));
        return None;
    };
    if let Some(second) = named.next() {
        let problem =
            Problem::error(path.key(second), "an endpoint is shown one credential").at_key().hidden();
        findings.add(problem.first(path.key(kind)).help("remove one of the two"));
        return None;
    }
    if kind != "header" && mode == AuthorizationMode::Relay {
        let message = "in mode `relay` the endpoint gets the caller's own `Authorization`";
        let problem = Problem::error(path.key(kind), message).at_key().hidden();
        findings.add(problem.help("write `authorization: { mode: protect }` for the API, or remove this"));
        return None;
    }
    let read =
        |reference, path: KeyPath, findings: &mut Findings| secrets::read(reference, path, folder, findings);
    let (name, path, text) = if let Some(token) = bearer {
        let path = path.key("bearer");
        let token = read(token, path.clone(), findings)?;
        (header::AUTHORIZATION, path, Zeroizing::new(format!("Bearer {}", token.expose())))
    } else if let Some(basic) = basic {
        let username = findings.take(path.key("basic").key("username"), user(basic.username.as_str()))?;
        let path = path.key("basic").key("password");
        let password = read(&basic.password, path.clone(), findings)?;
        (header::AUTHORIZATION, path, credentials(&username, &password))
    } else {
        let written = header.as_ref()?;
        let name = findings.take(path.key("header").key("name"), field_name(written.name.as_str()))?;
        let path = path.key("header").key("value");
        let value = read(&written.value, path.clone(), findings)?;
        (name, path, Zeroizing::new(value.expose().to_owned()))
    };
    let Ok(mut value) = HeaderValue::from_str(&text) else {
        let problem = Problem::error(path, "this cannot be sent in a header: it holds control characters");
        findings.add(problem.hidden());
        return None;
    };
    value.set_sensitive(true);
    Some(UpstreamAuth { name, value })
}

/// What stands before the first colon (RFC 7617 §2).
fn user(text: &str) -> Result<String, Refusal> {
    match text.contains(':') {
        true => {
            Err(Refusal::new("a user name cannot hold a colon").help("it ends where the password begins"))
        }
        false => Ok(text.to_owned()),
    }
}

/// RFC 7617 §2.
fn credentials(username: &str, password: &Secret) -> Zeroizing<String> {
    let plain = Zeroizing::new(format!("{username}:{}", password.expose()));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_bytes())))
}

fn field_name(text: &str) -> Result<HeaderName, Refusal> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| Refusal::new(format!("{} is no name of a header", quoted(text))))?;
    let taken = minted::is_forwarding(&name) || minted::is_heeded(&name) || name == header::HOST;
    match taken || name == header::AUTHORIZATION {
        true => Err(Refusal::new(format!("{} is set otherwise", quoted(text)))
            .help("write `bearer` or `basic` for Authorization, or another name here")),
        false => Ok(name),
    }
}
