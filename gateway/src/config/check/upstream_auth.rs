//! What the gateway shows an endpoint about itself, in place of what callers show the gateway.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::values::Refusal;
use super::{Findings, oauth_client, secrets, tokens};
use crate::config::document::{
    AuthorizationMode, Document, TokenExchange as WrittenExchange, UpstreamAuth as Written,
};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::text::Words;
use crate::config::{Api, PlanKind, Secret, TokenExchange, UpstreamAuth};
use crate::minted;

pub fn check(
    written: &Written,
    mode: AuthorizationMode,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<UpstreamAuth> {
    let Written { bearer, basic, header, token_exchange, passthrough } = written;
    let kinds = [
        ("bearer", bearer.is_some()),
        ("basic", basic.is_some()),
        ("header", header.is_some()),
        ("token_exchange", token_exchange.is_some()),
        ("passthrough", passthrough.is_some()),
    ];
    let mut named = kinds.iter().filter(|(_, is_written)| *is_written).map(|(key, _)| *key);
    let Some(kind) = named.next() else {
        let problem = Problem::error(path.clone(), "there is no credential here");
        findings
            .add(problem.absent(path.clone()).help("add `bearer`, `basic`, `header` or `token_exchange`"));
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
    if let Some(exchange) = token_exchange {
        let exchange = self::exchange(exchange, &path.key("token_exchange"), folder, findings)?;
        return Some(UpstreamAuth::Exchange(Box::new(exchange)));
    }
    if passthrough.is_some() {
        return Some(UpstreamAuth::Passthrough);
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
    Some(UpstreamAuth::Field { name, value })
}

fn exchange(
    written: &WrittenExchange,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<TokenExchange> {
    let endpoint =
        tokens::asked(&written.token_endpoint, &path.key("token_endpoint"), written.private, findings);
    let client = oauth_client::check(&written.client, &path.key("client"), folder, findings);
    let scopes = tokens::scopes(&written.scopes, &path.key("scopes"), findings);
    let ca = tokens::authorities(written.ca.as_ref(), path, folder, findings)?;
    let text = |written: &Option<Words>| written.as_ref().map(|text| text.as_str().to_owned());
    Some(TokenExchange {
        endpoint: endpoint?,
        client: client?,
        audience: text(&written.audience),
        resource: text(&written.resource),
        scope: (!scopes.is_empty()).then(|| scopes.join(" ")),
        ca,
        private: written.private,
    })
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

/// Where the caller's token goes on, or another is got for it, every caller has to have one.
pub fn check_callers_tokens(document: &Document, apis: &[Api], findings: &mut Findings) {
    let all = document.apis.iter().zip(apis).enumerate();
    for (index, (written, api)) in all.filter(|_| document.apis.len() == apis.len()) {
        let api_path = KeyPath::root().key("apis").item(index);
        let own = written.endpoints.iter().enumerate().filter_map(|(index, endpoint)| {
            Some((api_path.key("endpoints").item(index).key("auth"), endpoint.auth.as_ref()?))
        });
        let shared = written.upstream.auth.as_ref().map(|auth| (api_path.key("upstream").key("auth"), auth));
        for (path, auth) in shared.into_iter().chain(own) {
            let key = match auth {
                Written { token_exchange: Some(_), .. } => "token_exchange",
                Written { passthrough: Some(_), .. } => "passthrough",
                _ => continue,
            };
            check_one(api, &path.key(key), key == "passthrough", findings);
        }
    }
}

fn check_one(api: &Api, path: &KeyPath, is_passed_on: bool, findings: &mut Findings) {
    if let Some(plan) = api.plans.iter().find(|plan| !matches!(plan.kind, PlanKind::Tokens(_))) {
        let message = format!("the plan {} admits callers that have no token", quoted(&plan.name));
        let problem = Problem::error(path.clone(), message).at_key();
        findings.add(problem.help("give the API plans with `jwt` or `oauth2` alone"));
    } else if is_passed_on {
        let message = "the MCP server gets tokens that are for this gateway, and can use them here";
        let problem = Problem::warning(path.clone(), message).at_key();
        findings.add(problem.help("`token_exchange` gets tokens that are for the MCP server"));
    }
}
