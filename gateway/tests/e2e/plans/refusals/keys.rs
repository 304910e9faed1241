//! Plans for keys, plans that are closed, and conditions.

use serde_json::json;

use super::super::issuer::{AUDIENCE, Issuer};
use super::super::{consumer, sha256};
use super::{Row, SCOPE, Scene, bearer, rows};

const PROTECT: &str = "authorization: { mode: protect }";

/// The consumers of the plan `keys` and of another: `good` opens the one, `old` did, and `other` opens the other.
fn consumers(other: &str) -> String {
    let expired = format!("api_keys: [{{ sha256: {}, expires: \"2020-01-01T00:00:00Z\" }}]", sha256("old"));
    let past = format!("{{ name: past, plans: [a/keys], {expired} }}");
    let other = if other.is_empty() { String::new() } else { format!(", {}", consumer("b", "other", other)) };
    format!("{}, {past}{other}", consumer("acme", "good", "a/keys"))
}

fn scene(plans: &str, keys: &str, rows: Vec<Row>, good: &str) -> Scene {
    let other = if plans.contains("name: other") { "a/other" } else { "" };
    let consumers = if plans.contains("name: keys") { consumers(other) } else { String::new() };
    Scene { plans: plans.to_owned(), keys: keys.to_owned(), consumers, rows, good: good.to_owned() }
}

pub fn scenes() -> Vec<Scene> {
    let issuer: &'static Issuer = Box::leak(Box::new(Issuer::start()));
    let jwt =
        format!("jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"], scopes: [{SCOPE}] }}", issuer.url());
    let oauth2 = format!(
        "oauth2: {{ issuer: \"{0}\", introspection_endpoint: \"{0}/i\", client: {{ id: g, secret: \
         \"${{file:secret}}\" }}, scopes: [{SCOPE}] }}",
        issuer.url()
    );
    let token = bearer(&issuer.token(&json!({})));
    let long = format!("x-api-key: {}", "x".repeat(2000));
    let mut by_header = rows(&[
        ("", "403 api_key_missing"),
        ("x-api-key: bad", "403 api_key_invalid"),
        ("x-api-key:", "403 api_key_invalid"),
        ("x-api-key: GOOD", "403 api_key_invalid"),
        ("x-api-key: good bad", "403 api_key_invalid"),
        ("x-api-key: good, good", "403 api_key_invalid"),
        ("x-api-key: other", "403 api_key_invalid"),
        ("x-api-key: old", "403 api_key_expired"),
        ("x-api-key: good\nx-api-key: good", "403 api_key_invalid"),
        ("x-api-key: good\nX-API-Key: bad", "403 api_key_invalid"),
        ("x-api-key: bad\nx-other: other", "403 api_key_invalid"),
        ("x-other: good", "403 api_key_invalid"),
        ("x_api_key: good", "403 api_key_missing"),
        ("authorization: Bearer good", "403 api_key_missing"),
        ("authorization: Basic good", "403 api_key_missing"),
        ("cookie: x-api-key=good", "403 api_key_missing"),
        ("?x-api-key=good", "403 api_key_missing"),
        ("?access_token=good", "400 token_in_query"),
        ("authorization: Bearer a\nauthorization: Bearer a\nx-api-key: good", "400 bad_authorization"),
    ]);
    by_header.push((long, "403 api_key_invalid"));
    let by_query = rows(&[
        ("", "403 api_key_missing"),
        ("?key", "403 api_key_missing"),
        ("?Key=good", "403 api_key_missing"),
        ("?monkey=good", "403 api_key_missing"),
        ("?key=", "403 api_key_invalid"),
        ("?key=bad", "403 api_key_invalid"),
        ("?key=g%6fod", "403 api_key_invalid"),
        ("?key=good&key=good", "403 api_key_invalid"),
        ("?key=good&a=1&key=bad", "403 api_key_invalid"),
        ("?key=old", "403 api_key_expired"),
        ("x-api-key: good", "403 api_key_missing"),
        ("key: good", "403 api_key_missing"),
        ("authorization: Bearer good", "403 api_key_missing"),
    ]);
    let by_bearer = rows(&[
        ("", "403 api_key_missing"),
        ("authorization: Bearer bad", "403 api_key_invalid"),
        ("authorization: Bearer", "403 api_key_invalid"),
        ("authorization: Bearer good good", "403 api_key_invalid"),
        ("authorization: Bearer good, Bearer good", "403 api_key_invalid"),
        ("authorization: Bearer old", "403 api_key_expired"),
        ("authorization: Bearer good\nauthorization: Bearer good", "400 bad_authorization"),
        ("authorization: Bearergood", "403 api_key_missing"),
        ("authorization: Basic good", "403 api_key_missing"),
        ("authorization: good", "403 api_key_missing"),
        ("proxy-authorization: Bearer good", "403 api_key_missing"),
        ("x-api-key: good", "403 api_key_missing"),
    ]);
    let test = "'request.headers[\"x-env\"] == \"test\"'";
    let untold = rows(&[("", "400 plan_condition_failed"), ("x-api-key: good", "400 plan_condition_failed")]);
    let elsewhere = rows(&[
        ("x-env: live", "403 no_plan"),
        ("x-env: ", "403 no_plan"),
        ("x-env: test\nx-env: test", "403 no_plan"),
    ]);
    let closed = |credential: &str| {
        vec![(String::new(), "403 plan_closed"), (credential.to_owned(), "403 plan_closed")]
    };
    let key_closed = rows(&[
        ("x-api-key: good", "403 plan_closed"),
        ("x-api-key: bad", "403 plan_closed"),
        ("x-api-key: old", "403 plan_closed"),
    ]);
    let token_closed = |bad| vec![(token.clone(), "403 plan_closed"), (bearer(bad), "403 plan_closed")];
    let and_token = |mut rows: Vec<Row>| {
        rows.push((token.clone(), "400 plan_condition_failed"));
        rows
    };
    vec![
        scene(
            "{ name: keys, api_key: {} }, { name: other, api_key: { header: x-other } }",
            "",
            by_header,
            "x-api-key: good",
        ),
        scene("{ name: keys, api_key: { query: key } }", "", by_query, "?key=good"),
        scene("{ name: keys, api_key: { bearer: {} } }", PROTECT, by_bearer, "authorization: bearer good"),
        scene(
            &format!("{{ name: keys, when: {test}, api_key: {{}} }}, keyless"),
            "",
            untold.clone(),
            "x-env: live",
        ),
        scene(
            &format!("{{ when: {test}, keyless: {{}} }}"),
            "",
            [untold.clone(), elsewhere.clone()].concat(),
            "x-env: test",
        ),
        scene(
            &format!("{{ when: {test}, {jwt} }}"),
            PROTECT,
            [and_token(untold.clone()), elsewhere].concat(),
            &format!("x-env: test\n{token}"),
        ),
        scene(&format!("{{ when: {test}, {oauth2} }}, keyless"), PROTECT, and_token(untold), "x-env: live"),
        scene("{ name: keys, state: closed, api_key: {} }, keyless", "", key_closed, "x-other: good"),
        scene("{ name: keys, state: closed, api_key: {} }", "", closed("x-api-key: good"), ""),
        scene("{ name: keys, state: closed, api_key: { query: key } }", "", closed("?key=good"), ""),
        scene(
            "{ name: keys, state: closed, api_key: { bearer: {} } }",
            PROTECT,
            closed("authorization: Bearer good"),
            "",
        ),
        scene("{ state: closed, keyless: {} }", "", closed("x-api-key: good"), ""),
        scene(&format!("{{ state: closed, {jwt} }}"), PROTECT, closed(&token), ""),
        scene(&format!("{{ state: closed, {oauth2} }}"), PROTECT, closed("authorization: Bearer opaque"), ""),
        scene(&format!("{{ state: closed, {jwt} }}, keyless"), PROTECT, token_closed("bad"), "x-env: live"),
        scene(
            &format!("{{ state: closed, {oauth2} }}, keyless"),
            PROTECT,
            token_closed("opaque"),
            "x-env: live",
        ),
    ]
}
