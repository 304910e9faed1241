//! What the log says, and what it never says.

use serde_json::Value;

use crate::support::publisher::{Publisher, WELL_KNOWN};
use crate::support::tollgate::{Tollgate, api, config};
use crate::support::upstream::{Upstream, response};

pub const CANARY: &str = "CANARY";

/// Requests that carry the canary wherever secrets travel; some are answered, some refused, some fail.
pub fn send_canaries(gateway: &Tollgate) {
    let secret = [
        ("Authorization", "Bearer CANARY"),
        ("Cookie", "session=CANARY"),
        ("DPoP", "CANARY"),
        ("Mcp-Session-Id", "CANARY"),
        ("X-Api-Key", "CANARY"),
        ("Referer", "http://localhost/?code=CANARY"),
    ];
    let body = b"{\"token\":\"CANARY\"}";
    for path in ["/a/mcp", "/down/mcp", "/short/mcp", "/nowhere"] {
        for method in ["GET", "POST"] {
            let target = format!("{path}?code=CANARY&state=CANARY");
            let mut connection = gateway.connect();
            connection.send_request(method, &target, &secret, if method == "POST" { body } else { b"" });
            connection.head();
        }
    }
    for target in ["/a/mcp?access_token=CANARY", "http://user:CANARY@127.0.0.1/a/mcp", "/a/../mcp?CANARY"] {
        let mut connection = gateway.connect();
        connection.send_request("GET", target, &[], b"");
        connection.head();
    }
    gateway.get(&format!("{WELL_KNOWN}/a/mcp?code=CANARY"));
    let mut connection = gateway.connect();
    connection.try_send(b"GET /a/mcp?CANARY HTTP/1.1\r\nHost : x\r\nAuthorization: Bearer CANARY\r\n\r\n");
    connection.rest();
}

pub fn parts(log: &str) -> (Vec<Upstream>, Tollgate) {
    let good = Upstream::start(|_| {
        let fields =
            ["Set-Cookie: s=CANARY", "WWW-Authenticate: Bearer realm=\"CANARY", "Location: /mcp?code=CANARY"];
        response("401 Unauthorized", &fields, "CANARY")
    });
    let short = Upstream::start(|_| b"HTTP/1.1 200 OK\r\nX: CANARY\r\nCANARY CANARY\r\n\r\n".to_vec());
    let down = "http://127.0.0.1:1/mcp";
    let apis = api("a", "/a/mcp", &good.url("/mcp"))
        + &api("down", "/down", down)
        + &api("short", "/short", &short.url("/"));
    let gateway = Tollgate::start(&format!("{log}{}", config(&apis)));
    (vec![good, short], gateway)
}

/// The log once the gateway has ended, which it does after writing what it had to say.
fn whole_log(gateway: &mut Tollgate) -> Vec<String> {
    gateway.process.signal("TERM");
    assert!(gateway.process.wait().success());
    gateway.process.all_lines()
}

#[test]
fn no_secret_reaches_the_log_at_any_level() {
    for level in ["info", "debug"] {
        let (_upstreams, mut gateway) = parts(&format!("log: {{ level: {level} }}\n"));
        send_canaries(&gateway);
        let lines = whole_log(&mut gateway);
        assert!(lines.iter().filter(|line| line.contains("\"request\"")).count() >= 11, "{lines:#?}");
        let leaks: Vec<_> = lines.iter().filter(|line| line.contains(CANARY)).collect();
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

#[test]
fn every_line_of_the_json_format_is_an_object_with_time_level_and_event() {
    let (_upstreams, mut gateway) = parts("");
    send_canaries(&gateway);
    for line in whole_log(&mut gateway) {
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for key in ["time", "level", "event"] {
            assert!(line[key].is_string(), "{key}: {line}");
        }
    }
}

#[test]
fn what_a_terminal_may_obey_is_escaped_in_json_too() {
    let (_upstreams, mut gateway) = parts("");
    gateway.connect().try_send(b"GET /nowhere/\xc2\x9b31m\xe2\x80\xae HTTP/1.1\r\nHost: h\r\n\r\n");
    let line = gateway
        .process
        .wait_for(0, "the line of the request", |line| line.contains("/nowhere/").then(|| line.to_string()));
    assert!(line.contains(r"/nowhere/\u009b31m\u202e"), "{line:?}");
}

#[test]
fn the_text_format_is_one_line_of_fields_for_each_request() {
    let upstream = Publisher::start();
    let yaml = format!("log: {{ format: text }}\n{}", config(&api("a", "/a/mcp", &upstream.url("/mcp"))));
    let mut gateway = Tollgate::start(&yaml);
    let answer = gateway.connect().get("/nowhere/%22x%20y?code=CANARY");
    let id = answer.json()["request_id"].as_str().expect("a request id").to_string();
    let line = gateway.process.wait_for(0, "the request's line", |line| {
        line.contains(&format!("request_id={id}")).then(|| line.to_string())
    });
    for part in ["event=request", "method=GET", "path=/nowhere/%22x%20y", "status=404", "reason=no_api"] {
        assert!(line.split(' ').any(|field| field == part), "{part} in {line}");
    }
}

#[test]
fn the_request_id_of_an_error_leads_to_its_line() {
    let (_upstreams, mut gateway) = parts("");
    let json_rpc = gateway.connect().post_json("/down/x", &[], "{}").json();
    let problem = gateway.connect().get("/down/y").json();
    for (path, id) in
        [("/down/x", &json_rpc["error"]["data"]["requestId"]), ("/down/y", &problem["request_id"])]
    {
        assert!(id.is_string(), "{json_rpc} {problem}");
        assert_eq!(&gateway.access_line(path)["request_id"], id);
        let explained = gateway.process.wait_for(0, "the explanation", |line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["message"].as_str()?.contains(id.as_str()?).then_some(line)
        });
        assert_eq!(explained["level"], "warn");
    }
}

#[test]
fn a_request_line_says_who_what_where_and_how_it_ended() {
    let (_upstreams, mut gateway) = parts("");
    gateway.connect().post_json("/a/mcp?x=1", &[], "{\"a\":1}");
    let line = gateway.access_line("/a/mcp");
    for (key, value) in [("client", "127.0.0.1"), ("method", "POST"), ("api", "a"), ("plan", "keyless")] {
        assert_eq!(line[key], value, "{line}");
    }
    for (key, value) in [
        ("status", 401),
        ("upstream_status", 401),
        ("request_bytes", 7),
        ("response_bytes", 6),
        ("generation", 1),
    ] {
        assert_eq!(line[key], value, "{key}: {line}");
    }
    assert!(line["duration_ms"].as_f64().is_some_and(|duration| duration > 0.0), "{line}");
}
