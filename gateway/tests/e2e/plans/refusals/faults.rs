//! Tokens that nobody can judge, and tokens for which none is to be had that the upstream would accept.

use serde_json::{Value, json};

use super::super::issuer::Issuer;
use super::tokens::{CLIENT, PROTECT, jwt, kept, oauth2, scenes_of};
use super::{Scene, bearer, rows};
use crate::support::upstream::{Upstream, response};

/// Servers of which no answer is to be had, each in its way.
fn faulty() -> Vec<&'static Upstream> {
    let gone = Upstream::start(|_| Vec::new());
    gone.stop();
    let slow = Upstream::with_stream(|_, _| {
        loop {
            std::thread::park();
        }
    });
    let answers = |status: &'static str, header: &'static str, body: &'static str| {
        Upstream::start(move |_| response(status, &["Content-Type: application/json", header], body))
    };
    let other = kept(Upstream::start(|_| response("200 OK", &[], r#"{"active":true,"keys":[]}"#)));
    let to = kept(format!("Location: {}", other.url("/")));
    let redirect = Upstream::start(move |_| response("302 Found", &[to], ""));
    let refused = answers("401 Unauthorized", "A: b", r#"{"error":"invalid_client"}"#);
    let broken = answers("500 Internal Server Error", "A: b", r#"{"active":true}"#);
    let garbage = answers("200 OK", "A: b", "<!doctype html><title>Sign in</title>");
    let half = answers("200 OK", "A: b", r#"{"active":true,"#);
    let coded = answers("200 OK", "Content-Encoding: gzip", r#"{"active":true}"#);
    let closing = Upstream::start(|_| Vec::new());
    [gone, slow, redirect, refused, broken, garbage, half, coded, closing]
        .map(|server| kept(server) as &_)
        .into()
}

/// Plans whose tokens nobody can judge.
fn unjudged() -> Vec<Scene> {
    let signer = kept(Issuer::start());
    let (own, good) = (signer.url(), signer.token(&json!({})));
    let mut scenes = Vec::new();
    for server in faulty() {
        // Of one issuer the metadata cannot be had, of another the keys.
        let (metadata, keys) = (server.url(""), server.url("/keys"));
        let issuers =
            format!("\"{own}\", \"{metadata}\", {{ issuer: \"{metadata}/k\", jwks_uri: \"{keys}\" }}");
        let of = |issuer: &str| bearer(&signer.token(&json!({ "iss": issuer })));
        let asked = vec![
            (of(&metadata), "503 keys_unavailable"),
            (of(&format!("{metadata}/k")), "503 keys_unavailable"),
            (String::new(), "401 token_missing"),
            (bearer("x"), "401 token_malformed"),
        ];
        scenes.extend(scenes_of(&jwt(&issuers, ""), "", asked, &good));
        let asked = rows(&[
            ("authorization: Bearer opaque", "503 introspection_unavailable"),
            ("", "401 token_missing"),
            ("authorization: Bearer \"", "401 token_malformed"),
        ]);
        scenes.extend(scenes_of(&oauth2(server, ""), "", asked, ""));
    }
    scenes
}

/// Callers that are let in, and for whom there is no token that the upstream would accept.
fn exchanged() -> Vec<Scene> {
    let issuer = kept(Issuer::start());
    let says = |status: &'static str, body: Value| -> &'static Upstream {
        kept(Upstream::start(move |_| {
            response(status, &["Content-Type: application/json"], &body.to_string())
        }))
    };
    let refusing = ["invalid_request", "invalid_grant", "invalid_target", "invalid_scope"]
        .map(|error| says("400 Bad Request", json!({ "error": error })));
    let denying = says("403 Forbidden", json!({ "error": "access_denied" }));
    let useless = [
        json!({ "access_token": "x", "token_type": "DPoP" }),
        json!({ "access_token": "x" }),
        json!({ "token_type": "Bearer" }),
        json!({ "access_token": "a\nb", "token_type": "Bearer" }),
        json!({ "error": "invalid_grant" }),
    ]
    .map(|body| says("200 OK", body));
    let unavailable = faulty().into_iter().chain(useless).map(|it| (it, "503 token_exchange_unavailable"));
    let refused = refusing.into_iter().chain([denying]).map(|it| (it, "403 token_exchange_refused"));
    let token = bearer(&issuer.token(&json!({})));
    let expired = bearer(&issuer.token(&json!({ "exp": 1000 })));
    let scene = |(server, answer): (&Upstream, &'static str)| {
        let exchange = format!("{{ token_endpoint: \"{}\", {CLIENT} }}", server.url("/token"));
        Scene {
            plans: jwt(&format!("\"{}\"", issuer.url()), ""),
            keys: format!("{PROTECT}, upstream: {{ auth: {{ token_exchange: {exchange} }} }}"),
            consumers: String::new(),
            rows: vec![(token.clone(), answer), (expired.clone(), "401 token_expired")],
            good: String::new(),
        }
    };
    unavailable.chain(refused).map(scene).collect()
}

pub fn scenes() -> Vec<Scene> {
    unjudged().into_iter().chain(exchanged()).collect()
}
