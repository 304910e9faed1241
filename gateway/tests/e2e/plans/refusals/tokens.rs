//! Tokens and certificates that are not good, or of nobody who is known.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::issuer::{AUDIENCE, Issuer, encode};
use super::super::mtls::{Partners, thumbprint};
use super::super::upstream;
use super::{Row, SCOPE, Scene, bearer, is_untouched, judge, rows};
use crate::support::http::Response;
use crate::support::upstream::{Upstream, response};

pub const CLIENT: &str = "client: { id: resource-server, secret: \"${file:secret}\" }";
pub const PROTECT: &str = "authorization: { mode: protect }";

pub fn kept<T>(it: T) -> &'static T {
    Box::leak(Box::new(it))
}

/// The plan alone, and with one behind it that asks for nothing, to which nobody with a token may fall through.
pub fn scenes_of(plan: &str, consumers: &str, rows: Vec<Row>, good: &str) -> [Scene; 2] {
    let good = if good.is_empty() { String::new() } else { bearer(good) };
    let shown = rows.iter().filter(|row| row.1 != "401 token_missing").cloned().collect();
    let scene = |plans: String, rows| {
        let (keys, consumers, good) = (PROTECT.to_owned(), consumers.to_owned(), good.clone());
        Scene { plans, keys, consumers, rows, good }
    };
    [scene(plan.to_owned(), rows), scene(format!("{plan}, keyless"), shown)]
}

pub fn jwt(issuers: &str, further: &str) -> String {
    format!("{{ jwt: {{ issuers: [{issuers}], audiences: [\"{AUDIENCE}\"], scopes: [{SCOPE}]{further} }} }}")
}

pub fn oauth2(server: &Upstream, further: &str) -> String {
    let url = server.url("");
    format!(
        "{{ oauth2: {{ issuer: \"{url}\", introspection_endpoint: \"{url}/i\", {CLIENT}, audiences: [\"{AUDIENCE}\"], \
         scopes: [{SCOPE}]{further} }} }}"
    )
}

/// What is no token, whoever judges it.
fn no_tokens(good: &str) -> Vec<Row> {
    let mut all = rows(&[
        ("", "401 token_missing"),
        ("authorization: Basic YTpi", "401 token_missing"),
        ("authorization: DPoP a.b.c", "401 token_missing"),
        ("authorization: Bearera.b.c", "401 token_missing"),
        ("authorization:", "401 token_missing"),
        ("proxy-authorization: Bearer a.b.c", "401 token_missing"),
        ("x-api-key: good", "401 token_missing"),
        ("authorization: Bearer", "401 token_malformed"),
        ("authorization: Bearer a b", "401 token_malformed"),
        ("authorization: Bearer \"a\"", "401 token_malformed"),
    ]);
    all.push((format!("{0}\n{0}", bearer(good)), "400 bad_authorization"));
    all.push((format!("{}, {}", bearer(good), bearer(good)), "401 token_malformed"));
    all.push((bearer(&"x".repeat(12_000)), "401 token_malformed"));
    all.push((format!("?access_token={good}"), "400 token_in_query"));
    all
}

/// Tokens that are judged by the issuer's keys.
fn signed() -> [Scene; 2] {
    let issuer = kept(Issuer::start());
    let other = kept(Issuer::start());
    let good = issuer.token(&json!({}));
    let [header, claims, signature] = good.splitn(3, '.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let headed = |header: Value| format!("{}.{claims}.{signature}", encode(header.to_string()));
    let of_header = |header: Value| issuer.token_with(&header, &json!({}));
    let raised = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("text");
    let raised = encode(raised.replace("alice", "admin"));
    let mut all = no_tokens(&good);
    let bad = [
        ("opaque".to_owned(), "401 token_malformed"),
        (format!("{header}.{claims}"), "401 token_malformed"),
        (format!("{good}.{signature}"), "401 token_malformed"),
        (format!("{header}.{claims}."), "401 token_signature"),
        (good[..good.len() - 10].to_owned(), "401 token_signature"),
        (format!("{header}.{raised}.{signature}"), "401 token_signature"),
        (other.token(&json!({ "iss": issuer.url() })), "401 token_signature"),
        (other.token(&json!({})), "401 token_issuer"),
        (issuer.token(&json!({ "iss": format!("{}/", issuer.url()) })), "401 token_issuer"),
        (headed(json!({ "alg": "none", "typ": "at+jwt" })), "401 token_algorithm"),
        (headed(json!({ "alg": "HS256", "typ": "at+jwt", "kid": "1" })), "401 token_algorithm"),
        (of_header(json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "2" })), "401 token_key_unknown"),
        (of_header(json!({ "alg": "RS256", "typ": "at+jwt", "kid": "1" })), "401 token_algorithm"),
        (of_header(json!({ "alg": "EdDSA", "typ": "JWT", "kid": "1" })), "401 token_type"),
        (of_header(json!({ "alg": "EdDSA", "kid": "1" })), "401 token_type"),
        (of_header(json!({ "alg": "EdDSA", "typ": "at+jwt", "crit": ["x"], "x": 1 })), "401 token_malformed"),
    ];
    all.extend(bad.into_iter().map(|(token, answer)| (bearer(&token), answer)));
    for (claims, answer) in [
        (json!({ "exp": 1000 }), "401 token_expired"),
        (json!({ "exp": "9999999999" }), "401 token_malformed"),
        (json!({ "exp": null }), "401 token_malformed"),
        (json!({ "nbf": 99_999_999_999_u64 }), "401 token_not_yet_valid"),
        (json!({ "iat": 99_999_999_999_u64 }), "401 token_not_yet_valid"),
        (json!({ "aud": "https://gw.example/b/mcp" }), "401 token_audience"),
        (json!({ "aud": null }), "401 token_malformed"),
        (json!({ "cnf": { "jkt": "x" } }), "401 token_bound"),
        (json!({ "scope": "crm.write" }), "403 insufficient_scope"),
        (json!({ "scope": null }), "401 token_malformed"),
        (json!({ "scope": "" }), "403 insufficient_scope"),
        (json!({ "scope": "CRM.READ crm.read2" }), "403 insufficient_scope"),
    ] {
        all.push((bearer(&issuer.token(&claims)), answer));
    }
    scenes_of(&jwt(&format!("\"{}\"", issuer.url()), ""), "", all, &good)
}

/// Tokens that their authorization server is asked about; what it says of each is the token itself, in base64.
fn introspected() -> [Scene; 2] {
    let server = kept(Upstream::start(|seen| {
        let form = String::from_utf8_lossy(&seen.body).into_owned();
        let token = form.split('&').find_map(|pair| pair.strip_prefix("token=")).unwrap_or_default();
        let said = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        response("200 OK", &["Content-Type: application/json"], &String::from_utf8_lossy(&said))
    }));
    let said = |change: Value| {
        let mut all = json!({ "active": true, "aud": AUDIENCE, "sub": "alice", "scope": SCOPE });
        for (name, value) in change.as_object().expect("an object") {
            all[name] = value.clone();
        }
        encode(all.to_string())
    };
    let good = said(json!({}));
    let mut all = no_tokens(&good);
    for (change, answer) in [
        (json!({ "active": false }), "401 token_inactive"),
        (json!({ "active": "true" }), "401 token_inactive"),
        (json!({ "active": 1 }), "401 token_inactive"),
        (json!({ "active": null }), "401 token_inactive"),
        (json!({ "exp": 1000 }), "401 token_expired"),
        (json!({ "exp": "never" }), "401 token_malformed"),
        (json!({ "nbf": 9_999_999_999_u64 }), "401 token_not_yet_valid"),
        (json!({ "aud": "https://gw.example/b/mcp" }), "401 token_audience"),
        (json!({ "aud": null }), "401 token_malformed"),
        (json!({ "iss": "https://other.example" }), "401 token_issuer"),
        (json!({ "token_type": "N_A" }), "401 token_type"),
        (json!({ "cnf": { "jkt": "x" } }), "401 token_bound"),
        (json!({ "scope": "crm.write" }), "403 insufficient_scope"),
        (json!({ "scope": "" }), "403 insufficient_scope"),
    ] {
        all.push((bearer(&said(change)), answer));
    }
    all.push((bearer(&encode("[]")), "401 token_inactive"));
    scenes_of(&oauth2(server, ""), "", all, &good)
}

/// Good tokens of nobody who is known.
fn unknown() -> Vec<Scene> {
    let issuer = kept(Issuer::start());
    let server = kept(Upstream::start(|seen| {
        let of = if seen.body.starts_with(b"token=good") { "alice" } else { "mallory" };
        let said = json!({ "active": true, "aud": AUDIENCE, "sub": of, "scope": SCOPE });
        response("200 OK", &["Content-Type: application/json"], &said.to_string())
    }));
    let owned = |kind: &str, url: &str| {
        format!("{{ name: acme, plans: [a/{kind}], tokens: [{{ issuer: \"{url}\", subject: alice }}] }}")
    };
    let required = ", consumer: required";
    let plan = jwt(&format!("\"{}\"", issuer.url()), required);
    let of = |claims: Value| (bearer(&issuer.token(&claims)), "403 consumer_unknown");
    let signed =
        [json!({ "sub": "mallory" }), json!({ "sub": "" }), json!({ "sub": "Alice" })].map(of).into();
    let opaque = rows(&[("authorization: Bearer other", "403 consumer_unknown")]);
    let good = issuer.token(&json!({}));
    let signed = scenes_of(&plan, &owned("jwt", &issuer.url()), signed, &good);
    let opaque = scenes_of(&oauth2(server, required), &owned("oauth2", &server.url("")), opaque, "good");
    signed.into_iter().chain(opaque).collect()
}

pub fn scenes() -> Vec<Scene> {
    let known = signed().into_iter().chain(introspected());
    known.chain(unknown()).collect()
}

/// The rows whose callers come over TLS: three gateways, each asked over both versions of HTTP.
pub fn certificates() -> usize {
    let (issuer, upstream) = (Issuer::start(), upstream());
    let owner = |_: &[&std::path::Path; 3]| {
        "{ name: c, plans: [a/mtls], certificates: [{ san: \"dns:one.example.com\" }] }".to_owned()
    };
    let protect = format!(", {PROTECT}");
    let plan = |further: &str| jwt(&format!("\"{}\"", issuer.url()), further);
    let nobody = |_: &[&std::path::Path; 3]| String::new();
    let known = Partners::start("mtls", "", &upstream, owner);
    let closed = Partners::start("{ state: closed, mtls: {} }, keyless", "", &upstream, owner);
    let bound = Partners::start(&plan(", certificate_bound: true"), &protect, &upstream, nobody);
    let of_one = issuer.token(&json!({ "cnf": { "x5t#S256": thumbprint(&bound.clients[0].0) } }));
    let (of_one, of_all) = (Some(of_one), Some(issuer.token(&json!({}))));
    let table = [
        (&known, None, &None, "403 certificate_missing"),
        (&known, None, &of_all, "403 certificate_missing"),
        (&known, Some(1), &None, "403 certificate_unknown"),
        (&known, Some(2), &None, "403 certificate_unknown"),
        (&closed, Some(0), &None, "403 plan_closed"),
        (&closed, Some(1), &None, "403 plan_closed"),
        (&bound, Some(0), &None, "401 token_missing"),
        (&bound, None, &of_one, "401 token_certificate"),
        (&bound, Some(1), &of_one, "401 token_certificate"),
        (&bound, Some(0), &of_all, "401 token_certificate"),
    ];
    for (partners, client, token, expected) in &table {
        let headers =
            token.as_ref().map_or(json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        for protocol in ["http/1.1", "h2"] {
            let row = format!("{expected}: certificate {client:?}, {headers}, {protocol}");
            let seen = partners.answer(*client, protocol, &headers);
            let fields = seen["headers"].as_object().expect("fields").iter();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let answer = Response {
                status: u16::try_from(seen["status"].as_u64().expect("a status")).expect("three digits"),
                headers: fields.map(|(name, value)| (name.clone(), text(value))).collect(),
                body: text(&seen["body"]).into_bytes(),
            };
            is_untouched(&upstream, &row);
            judge(&format!("https://{}", partners.gateway.address()), &answer, expected, &row);
        }
    }
    let admitted = known.answer(Some(0), "h2", &json!({}));
    assert_eq!((admitted["status"].as_u64(), upstream.connections()), (Some(200), 1));
    table.len()
}
