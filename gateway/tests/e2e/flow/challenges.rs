//! The challenge on its way to the client, for every method clients read one from, and what passes untouched:
//! credentials on their way up, and answers of servers that do not know what they were asked.

use serde_json::{Value, json};

use crate::support::authorization::Temper;
use crate::support::http::Response;
use crate::support::node::{Server, connection_to};
use crate::support::secured::Secured;
use crate::support::tollgate::{Tollgate, api, config};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

#[test]
fn head_get_and_delete_without_a_token_are_challenged_like_post() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let mut connection = secured.gateway.connect();
    for path in ["/demo/mcp", "/demo/mcp/"] {
        for method in ["HEAD", "GET", "DELETE", "POST"] {
            let answer = connection.request(method, path, &[], b"");
            assert_eq!(answer.status, 401, "{method}");
            let challenge = answer.header("www-authenticate").expect("a challenge");
            let named = format!(
                "resource_metadata=\"{}/.well-known/oauth-protected-resource{path}\"",
                secured.gateway.origin()
            );
            assert!(challenge.starts_with("Bearer ") && challenge.contains(&named), "{method}: {challenge}");
            assert!(challenge.contains("error=\"invalid_token\""), "the rest of it stays: {challenge}");
            assert!(
                !format!("{answer:?}").contains(&secured.upstream.ready["port"].to_string()),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn each_spelling_of_the_loopback_host_is_challenged_with_its_own_metadata_url() {
    let secured = Secured::start(Temper::Ignore, &[]);
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let authority = format!("{host}:{}", secured.gateway.address().port());
        let answer = secured.gateway.connect().request("GET", "/demo/mcp", &[("Host", &authority)], b"");
        let metadata = format!("http://{authority}/.well-known/oauth-protected-resource/demo/mcp");
        assert!(
            answer.header("www-authenticate").is_some_and(|field| field.contains(&metadata)),
            "{answer:?}"
        );
        let path = "/.well-known/oauth-protected-resource/demo/mcp";
        let document = secured.gateway.connect().request("GET", path, &[("Host", &authority)], b"").json();
        assert_eq!(document["resource"], format!("http://{authority}/demo/mcp"));
    }
}

#[test]
fn every_field_and_every_challenge_of_an_answer_is_relayed_in_order() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let fields =
        ["Basic realm=\"a, b\"", "Bearer scope=\"x\", resource_metadata=\"{prm}\", DPoP algs=\"ES256\""];
    secured.upstream.control("/challenge", &json!({ "fields": fields }));
    let answer = secured.gateway.get("/demo/mcp");
    let prm = format!("{}/.well-known/oauth-protected-resource/demo/mcp", secured.gateway.origin());
    assert_eq!(
        answer.all("www-authenticate").join(", "),
        fields.map(|field| field.replace("{prm}", &prm)).join(", ")
    );
}

#[test]
fn the_metadata_differs_from_the_upstreams_in_its_resource_and_in_nothing_else() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let members =
        json!({ "x_number": 12345678901234567890_u64, "resource_documentation": "https://docs.example" });
    secured.upstream.control("/prm", &json!({ "members": members }));
    let mut upstream =
        connection_to(secured.upstream.text("origin")).get("/.well-known/oauth-protected-resource/mcp");
    let own = format!("\"resource\":\"{}\"", secured.upstream.url());
    let ours = format!("\"resource\":\"{}\"", secured.url);
    upstream.body = upstream.text().replace(&own, &ours).into_bytes();
    let relayed = secured.gateway.get("/.well-known/oauth-protected-resource/demo/mcp");
    assert_eq!(relayed.text(), upstream.text());
}

#[test]
fn credentials_reach_the_upstream_byte_for_byte_and_the_log_never() {
    let mut secured = Secured::start(Temper::Ignore, &[]);
    for field in ["bEaReR  two.spaces-and_dots~+/==", "Basic dXNlcjpwYXNz", "Bearer \"quoted, list\", x=1"] {
        let answer = secured.gateway.connect().post_json("/demo/mcp", &[("Authorization", field)], PING);
        assert_eq!(answer.status, 401);
        let journal = secured.upstream.journal();
        let last = journal.last().expect("a request");
        let raw = last["rawHeaders"].as_array().expect("a list of pairs").iter();
        let sent: Vec<&Value> = raw.filter(|pair| pair[0] == "Authorization").map(|pair| &pair[1]).collect();
        assert_eq!(sent, [field]);
    }
    secured.gateway.access_line("/demo/mcp");
    for line in secured.gateway.process.lines() {
        for secret in ["two.spaces", "dXNlcjpwYXNz", "quoted, list"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn server_discover_reaches_a_legacy_server_and_its_own_error_comes_back_untouched() {
    let upstream = Server::mcp_server(&[]);
    let gateway = Tollgate::start(&config(&api("demo", "/demo/mcp", upstream.url())));
    let discover = r#"{"jsonrpc":"2.0","id":"d","method":"server/discover","params":{"_meta":{}}}"#;
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "server/discover")];
    let unknown_session = [("Mcp-Session-Id", "gone")];
    for (headers, status) in [(&headers[..], 400), (&unknown_session[..], 404)] {
        let direct = connection_to(upstream.text("origin")).post_json("/mcp", headers, discover);
        let through = gateway.connect().post_json("/demo/mcp", headers, discover);
        assert_eq!((direct.status, through.status), (status, status));
        assert_eq!(through.body, direct.body);
        assert_eq!(through.header("content-type"), direct.header("content-type"));
    }
    let [direct, through] = [last_but(&upstream, 3), last_but(&upstream, 2)];
    assert_eq!(direct["bodySha256"], through["bodySha256"], "the body went up byte for byte");
    assert_eq!(direct["headers"]["mcp-method"], through["headers"]["mcp-method"]);
}

fn last_but(upstream: &Server, before_the_last: usize) -> Value {
    let journal = upstream.journal();
    journal[journal.len() - 1 - before_the_last].clone()
}

#[test]
fn a_path_of_no_api_has_no_challenge_and_no_metadata() {
    let secured = Secured::start(Temper::Ignore, &[]);
    let nothing = |answer: Response| (answer.status, answer.header("www-authenticate").is_none());
    assert_eq!(nothing(secured.gateway.get("/demo/mcpx")), (404, true));
    assert_eq!(nothing(secured.gateway.get("/.well-known/oauth-protected-resource/demo/mcpx")), (404, true));
    assert_eq!(nothing(secured.gateway.get("/.well-known/oauth-authorization-server")), (404, true));
    assert!(secured.upstream.journal().is_empty(), "the upstream was not asked");
}
