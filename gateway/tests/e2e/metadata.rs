//! Protected resource metadata as clients ask for it (RFC 9728 §3): locations, methods, caching, limits.

use crate::support::http::Response;
use crate::support::publisher::{Publisher, WELL_KNOWN};
use crate::support::tollgate::{Tollgate, api, config};

const DOCUMENT: &str = "{ \"resource\" : \"{up}/mcp\",\n \"authorization_servers\":[\"https://as.example\"], \"n\":1.50, \"x\":{\"resource\":\"y\"} }";

fn parts() -> (Publisher, Tollgate) {
    let upstream = Publisher::start();
    upstream.publish("/mcp", DOCUMENT);
    let gateway = Tollgate::start(&config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    (upstream, gateway)
}

fn ask(gateway: &Tollgate, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    gateway.connect().request(method, path, headers, b"")
}

#[test]
fn the_resource_is_the_identifier_asked_for_and_every_other_byte_is_the_upstreams() {
    let (upstream, gateway) = parts();
    for (location, resource) in [
        (format!("{WELL_KNOWN}/a/mcp"), "/a/mcp"),
        (format!("{WELL_KNOWN}/a/mcp/"), "/a/mcp/"),
        (format!("/a/mcp{WELL_KNOWN}"), "/a/mcp"),
        (WELL_KNOWN.to_string(), ""),
        (format!("{WELL_KNOWN}/"), ""),
    ] {
        let answer = gateway.get(&location);
        let expected = DOCUMENT.replacen("{up}/mcp", &format!("{}{resource}", gateway.origin()), 1);
        assert_eq!((answer.status, answer.text()), (200, expected.as_str()), "{location}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    assert_eq!(upstream.asked(), ["GET /mcp", "POST /mcp", &format!("GET {WELL_KNOWN}/mcp")], "fetched once");
}

#[test]
fn the_root_form_exists_only_where_it_has_one_meaning() {
    let upstream = Publisher::start();
    upstream.publish("/mcp", DOCUMENT);
    let apis = api("a", "/a/mcp", &upstream.url("/mcp")) + &api("b", "/b/mcp", &upstream.url("/mcp"));
    let gateway = Tollgate::start(&config(&apis));
    let root = gateway.get(WELL_KNOWN);
    assert_eq!((root.status, root.reason().as_str()), (404, "no_metadata_here"));
    assert_eq!(gateway.get(&format!("{WELL_KNOWN}/b/mcp")).status, 200);
}

#[test]
fn other_well_known_documents_are_a_json_404_and_no_upstream_hears_of_them() {
    let upstream = Publisher::start();
    let gateway = Tollgate::start(&config(&api("root", "/", &upstream.url("/"))));
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/a/mcp",
        "/.well-known/openid-configuration",
        "/a/mcp/.well-known/openid-configuration",
        "/.well-known/openid-configuration/a/mcp",
        "/.well-known/oauth-protected-resource-2",
    ] {
        let answer = gateway.get(path);
        assert_eq!((answer.status, answer.reason().as_str()), (404, "no_metadata_here"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
    }
    assert!(upstream.asked().is_empty(), "{:?}", upstream.asked());
}

#[test]
fn metadata_answers_get_head_and_options_and_nothing_else() {
    let (upstream, gateway) = parts();
    let path = format!("{WELL_KNOWN}/a/mcp");
    let get = ask(&gateway, "GET", &path, &[]);
    let head = ask(&gateway, "HEAD", &path, &[]);
    assert_eq!((head.status, head.header("content-length")), (200, get.header("content-length")));
    assert_eq!(head.header("etag"), get.header("etag"));
    let preflight = ask(
        &gateway,
        "OPTIONS",
        &path,
        &[
            ("Origin", "https://evil.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "mcp-protocol-version"),
        ],
    );
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("mcp-protocol-version"));
    assert_eq!(ask(&gateway, "OPTIONS", &path, &[]).header("allow"), Some("GET, HEAD, OPTIONS"));
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = ask(&gateway, method, &path, &[]);
        assert_eq!((answer.status, answer.reason().as_str()), (405, "method_not_allowed"), "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
    assert_eq!(upstream.times_of(&format!("{WELL_KNOWN}/mcp")).len(), 1);
}

#[test]
fn any_page_may_read_metadata_but_never_with_credentials() {
    let (_, gateway) = parts();
    let page = [("Origin", "https://evil.example")];
    for path in [format!("{WELL_KNOWN}/a/mcp"), format!("{WELL_KNOWN}/nowhere")] {
        let answer = ask(&gateway, "GET", &path, &page);
        assert_eq!(answer.all("access-control-allow-origin"), ["*"], "{path}");
        assert!(answer.all("access-control-allow-credentials").is_empty());
    }
}

#[test]
fn a_client_that_has_the_document_gets_a_304() {
    let (upstream, gateway) = parts();
    upstream.answer(
        &format!("{WELL_KNOWN}/mcp"),
        crate::support::upstream::response(
            "200 OK",
            &["ETag: \"theirs\"", "Cache-Control: max-age=30"],
            &upstream.fill(DOCUMENT),
        ),
    );
    let path = format!("{WELL_KNOWN}/a/mcp");
    let first = gateway.get(&path);
    let etag = first.header("etag").expect("a validator").to_string();
    assert_eq!(first.header("cache-control"), Some("max-age=30"));
    for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_string()] {
        let answer = ask(&gateway, "GET", &path, &[("If-None-Match", &known)]);
        assert_eq!((answer.status, answer.header("etag")), (304, Some(etag.as_str())), "{known}");
        assert_eq!(answer.all("content-length"), Vec::<&str>::new());
    }
    assert_eq!(ask(&gateway, "GET", &path, &[("If-None-Match", "\"theirs\"")]).status, 200);
    let other_identifier = gateway.get(&format!("{path}/"));
    assert_ne!(other_identifier.header("etag"), Some(etag.as_str()), "other bytes, other validator");
}

#[test]
fn an_address_that_asks_too_often_is_told_to_wait() {
    let (_, gateway) = parts();
    let mut connection = gateway.connect();
    let path = format!("{WELL_KNOWN}/a/mcp");
    let answers: Vec<_> = (0..400).map(|_| connection.get(&path)).collect();
    let refused = answers.iter().position(|answer| answer.status != 200).expect("a bound");
    assert!(refused >= 100, "a burst is fine: {refused}");
    assert_eq!((answers[refused].status, answers[refused].reason().as_str()), (429, "metadata_rate_limited"));
    assert_eq!(answers[refused].header("retry-after"), Some("1"));
    assert_eq!(gateway.get("/nowhere").reason(), "no_api", "everything else is answered");
}
