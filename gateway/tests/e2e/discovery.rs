//! Where the gateway looks for an upstream's metadata, what it accepts, and what it never sends along.

use std::io::Write;

use crate::support::publisher::{Publisher, WELL_KNOWN};
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::response;

/// One gateway whose API `/p` stands for the whole upstream: each path below it is a resource of its own.
fn parts() -> (Publisher, Tollgate) {
    let upstream = Publisher::start();
    let gateway = Tollgate::start(&config(&api("p", "/p", &upstream.url("/"))));
    (upstream, gateway)
}

/// Status and reason of the metadata of `/p{path}`, and what the upstream was asked for it.
fn metadata(upstream: &Publisher, gateway: &Tollgate, path: &str) -> (u16, String, Vec<String>) {
    let before = upstream.asked().len();
    let answer = gateway.get(&format!("{WELL_KNOWN}/p{path}"));
    let what = match answer.status {
        200 => answer.json()["resource"].as_str().expect("a resource").replace(&gateway.origin(), ""),
        _ => answer.reason(),
    };
    (answer.status, what, upstream.asked().split_off(before))
}

#[test]
fn the_url_of_the_challenge_comes_first_and_is_learnt_without_an_effect() {
    let (upstream, gateway) = parts();
    upstream.challenge("GET /get", "Bearer resource_metadata=\"{up}/custom/get.json\"");
    upstream
        .answer("/custom/get.json", response("200 OK", &[], &upstream.fill("{\"resource\":\"{up}/get\"}")));
    let (status, what, asked) = metadata(&upstream, &gateway, "/get");
    assert_eq!((status, what.as_str()), (200, "/p/get"));
    assert_eq!(asked, ["GET /get", "GET /custom/get.json"]);

    upstream.challenge("POST /post", "Bearer resource_metadata=\"/custom/post.json\"");
    upstream
        .answer("/custom/post.json", response("200 OK", &[], &upstream.fill("{\"resource\":\"{up}/post\"}")));
    let (status, _, asked) = metadata(&upstream, &gateway, "/post");
    assert_eq!(status, 200);
    assert_eq!(asked, ["GET /post", "POST /post", "GET /custom/post.json"]);
    let probe = upstream.seen().into_iter().find(|seen| seen.method() == "POST").expect("a probe");
    let probe: serde_json::Value = serde_json::from_slice(&probe.body).expect("JSON-RPC");
    assert_eq!(probe["method"], "ping", "initialize would mint a session");
}

#[test]
fn the_root_is_asked_only_where_the_inserted_location_does_not_exist() {
    let (upstream, gateway) = parts();
    upstream.answer(WELL_KNOWN, response("200 OK", &[], &upstream.fill("{\"resource\":\"{up}/\"}")));
    for (path, status, expected) in [
        ("/none", "404 Not Found", 200),
        ("/method", "405 Method Not Allowed", 200),
        ("/gone", "410 Gone", 200),
        ("/failing", "500 Internal Server Error", 502),
        ("/forbidden", "403 Forbidden", 502),
    ] {
        upstream.answer(&format!("{WELL_KNOWN}{path}"), response(status, &[], ""));
        let (given, _, asked) = metadata(&upstream, &gateway, path);
        assert_eq!(given, expected, "{path}");
        assert_eq!(
            asked.last().is_some_and(|last| last == &format!("GET {WELL_KNOWN}")),
            expected == 200,
            "{asked:?}"
        );
    }
    upstream.publish("/there", "{\"resource\":\"{up}/there\"}");
    let (_, _, asked) = metadata(&upstream, &gateway, "/there");
    assert_eq!(asked.last(), Some(&format!("GET {WELL_KNOWN}/there")));
}

#[test]
fn a_location_that_challenges_may_name_the_right_one() {
    let (upstream, gateway) = parts();
    upstream.challenge(&format!("{WELL_KNOWN}/x"), "Bearer resource_metadata=\"{up}/custom.json\"");
    upstream.answer("/custom.json", response("200 OK", &[], &upstream.fill("{\"resource\":\"{up}/x\"}")));
    assert_eq!(metadata(&upstream, &gateway, "/x").0, 200);
}

#[test]
fn a_challenge_that_names_another_origin_is_not_followed() {
    let (upstream, gateway) = parts();
    let elsewhere = Publisher::start();
    upstream.publish("/x", "{\"resource\":\"{up}/x\"}");
    for (path, url) in [
        ("/x", elsewhere.url("/prm.json")),
        ("/y", "http://169.254.169.254/".to_string()),
        ("/z", "file:///etc/passwd".to_string()),
    ] {
        upstream.challenge(path, &format!("Bearer resource_metadata=\"{url}\""));
        let (status, _, asked) = metadata(&upstream, &gateway, path);
        assert_eq!(status, if path == "/x" { 200 } else { 404 }, "{path}");
        assert_eq!(asked[1], format!("GET {WELL_KNOWN}{path}"));
    }
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn a_document_of_another_resource_is_refused_and_the_log_says_what_to_write() {
    let (upstream, mut gateway) = parts();
    for resource in
        ["https://evil.example/mcp", "{up}/x2", "{up}/x/below", "{up}.evil.example/x", "urn:mcp:x"]
    {
        let path = format!("/x{}", resource.len());
        upstream.publish(&path, &format!("{{\"resource\":\"{resource}\"}}"));
        let (status, reason, _) = metadata(&upstream, &gateway, &path);
        assert_eq!((status, reason.as_str()), (502, "upstream_resource_mismatch"), "{resource}");
        let named = format!("upstream_resource: \\\"{}\\\"", upstream.fill(resource));
        gateway.process.wait_for(0, &named, |line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            line["message"].as_str()?.contains(&named.replace('\\', "")).then_some(())
        });
    }
}

#[test]
fn a_server_may_know_itself_by_the_name_the_operator_wrote() {
    let upstream = Publisher::start();
    upstream.publish("/mcp", "{\"resource\":\"https://real.example/mcp\"}");
    let pinned = api("a", "/a/mcp", &upstream.url("/mcp"))
        .replace("plans:", "authorization: { upstream_resource: \"https://real.example/mcp\" }, plans:");
    let gateway = Tollgate::start(&config(&pinned));
    let answer = gateway.get(&format!("{WELL_KNOWN}/a/mcp"));
    assert_eq!(answer.json()["resource"], format!("{}/a/mcp", gateway.origin()));
}

#[test]
fn an_upstream_that_names_the_gateway_itself_passes_byte_for_byte() {
    let (upstream, gateway) = parts();
    let document = format!("{{ \"x\" : [ 1.0 ],\n\"resource\":\"{}/p/mcp\"  }}\n", gateway.origin());
    upstream.publish("/mcp", &document);
    assert_eq!(gateway.get(&format!("{WELL_KNOWN}/p/mcp")).text(), document);
}

#[test]
fn what_is_no_valid_document_is_a_502() {
    let (upstream, gateway) = parts();
    let big = format!("{{\"resource\":\"{{up}}/big\",\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
    for (path, body, reason) in [
        ("/html", "<!doctype html>", "upstream_metadata_invalid"),
        ("/list", "[]", "upstream_metadata_invalid"),
        ("/missing", "{}", "upstream_metadata_invalid"),
        ("/number", "{\"resource\":1}", "upstream_metadata_invalid"),
        ("/twice", "{\"resource\":\"{up}/twice\",\"resource\":\"{up}/twice\"}", "upstream_metadata_invalid"),
        ("/escaped", "{\"resource\":\"{up}/escaped\",\"\\u0072esource\":\"x\"}", "upstream_metadata_invalid"),
        ("/cut", "{\"resource\":\"{up}/cut\"", "upstream_metadata_invalid"),
        ("/big", &big, "upstream_metadata_unreachable"),
        (
            "/dpop",
            "{\"resource\":\"{up}/dpop\",\"dpop_bound_access_tokens_required\":true}",
            "upstream_not_relayable",
        ),
    ] {
        upstream.publish(path, body);
        let (status, given, _) = metadata(&upstream, &gateway, path);
        assert_eq!((status, given.as_str()), (502, reason), "{path}");
    }
    let latin = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"resource\":\"\xe9x\"}";
    upstream.answer(&format!("{WELL_KNOWN}/latin"), latin.to_vec());
    assert_eq!(metadata(&upstream, &gateway, "/latin").1, "upstream_metadata_invalid");
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"resource\"";
    upstream.answer(&format!("{WELL_KNOWN}/short"), short.to_vec());
    assert_eq!(metadata(&upstream, &gateway, "/short").0, 502);
}

#[test]
fn a_compressed_document_is_decoded() {
    let (upstream, gateway) = parts();
    for coding in ["gzip", "br"] {
        let document = upstream.fill(&format!("{{\"resource\":\"{{up}}/{coding}\"}}"));
        let body = compressed(coding, document.as_bytes());
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        upstream.answer(&format!("{WELL_KNOWN}/{coding}"), [head.into_bytes(), body].concat());
        let answer = gateway.get(&format!("{WELL_KNOWN}/p/{coding}"));
        assert_eq!(answer.json()["resource"], format!("{}/p/{coding}", gateway.origin()));
        assert!(answer.all("content-encoding").is_empty());
    }
}

fn compressed(coding: &str, plain: &[u8]) -> Vec<u8> {
    if coding == "br" {
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
        writer.write_all(plain).expect("memory");
        return writer.into_inner();
    }
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(plain).expect("memory");
    writer.finish().expect("memory")
}

#[test]
fn redirects_are_followed_within_the_origin_and_no_further() {
    let (upstream, gateway) = parts();
    let elsewhere = Publisher::start();
    let hop = |from: &str, to: &str| {
        upstream.answer(from, response("302 Found", &[&format!("Location: {to}")], ""));
    };
    hop(&format!("{WELL_KNOWN}/near"), "/1");
    hop("/1", &upstream.url("/2"));
    hop("/2", "3.json");
    upstream.answer("/3.json", response("200 OK", &[], &upstream.fill("{\"resource\":\"{up}/near\"}")));
    assert_eq!(metadata(&upstream, &gateway, "/near").0, 200, "three hops");
    hop(&format!("{WELL_KNOWN}/far"), "/0");
    hop("/0", "/1");
    assert_eq!(metadata(&upstream, &gateway, "/far").1, "upstream_metadata_unreachable", "four hops");
    hop(&format!("{WELL_KNOWN}/out"), &elsewhere.url("/x"));
    assert_eq!(metadata(&upstream, &gateway, "/out").1, "upstream_metadata_unreachable");
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn nothing_a_client_sent_goes_along_with_a_fetch() {
    let (upstream, gateway) = parts();
    upstream.publish("/x", "{\"resource\":\"{up}/x\"}");
    let headers =
        [("Authorization", "Bearer t"), ("Cookie", "c=d"), ("X-Private", "x"), ("User-Agent", "me")];
    let answer = gateway.connect().request("GET", &format!("{WELL_KNOWN}/p/x?secret=1"), &headers, b"");
    assert_eq!(answer.status, 200);
    assert_eq!(upstream.seen().len(), 3);
    for seen in upstream.seen() {
        let head = seen.head.join("\n").to_ascii_lowercase();
        for private in ["authorization", "cookie", "x-private", "secret", "user-agent: me", "x-forwarded"] {
            assert!(!head.contains(private), "{head}");
        }
    }
}
