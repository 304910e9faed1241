//! Sealed session ids: every gateway with the key finds the endpoint of a session that another has begun.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use super::{endpoint, fleet};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Gate, Upstream, pass, response};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
const ONE_KEY: &str = "one.key";
const TWO_KEYS: &str = "two.key, one.key";

/// A server with sessions `NAME-1`, `NAME-2` and so on, which repeats a session's id on every answer, and answers 404
/// to any it has not begun.
fn server(name: &'static str) -> Upstream {
    let open = Mutex::new((0, HashSet::new()));
    Upstream::start(move |seen| {
        let mut open = open.lock().expect("no connection panicked");
        if String::from_utf8_lossy(&seen.body).contains("initialize") {
            open.0 += 1;
            let id = format!("{name}-{}", open.0);
            open.1.insert(id.clone());
            return response("200 OK", &[&format!("Mcp-Session-Id: {id}")], name);
        }
        let id = seen.all("mcp-session-id").concat();
        if !open.1.contains(&id) {
            return response("404 Not Found", &[], "never heard of it");
        }
        let repeated = format!("Mcp-Session-Id: {id}");
        match seen.method() {
            "DELETE" => {
                open.1.remove(&id);
                response("204 No Content", &[&repeated], "")
            }
            "GET" => response("200 OK", &[&repeated, "Content-Type: text/event-stream"], "data: hello\n\n"),
            _ => response("200 OK", &[&repeated], name),
        }
    })
}

/// A configuration with these servers behind one API, whose session ids are sealed with these key files.
fn sealed(servers: &[&Upstream], keys: &str) -> String {
    let endpoints: Vec<_> = servers.iter().map(|server| endpoint(server, "")).collect();
    fleet(&endpoints, &format!("sessions: {{ seal_keys: [{keys}] }}"))
}

/// A gateway in a folder of its own with two key files, which are the same for all gateways.
fn start(yaml: &str) -> Tollgate {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for (file, digits) in [("one.key", "1f"), ("two.key", "2f")] {
        let file = folder.path().join(file);
        fs::write(&file, format!("{}\n", digits.repeat(32))).expect("the key is written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
    }
    fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    Tollgate::start_in(folder, 2)
}

/// Begins a session; returns its id.
fn begin(gateway: &Tollgate) -> String {
    let answer = gateway.connect().post_json("/a/mcp", &[], INITIALIZE);
    answer.header("mcp-session-id").expect("a session id").to_string()
}

fn ask(gateway: &Tollgate, method: &str, id: &str) -> Response {
    let body: &[u8] = if method == "POST" { b"{}" } else { b"" };
    let fields = [("Mcp-Session-Id", id), ("Content-Type", "application/json")];
    gateway.connect().request(method, "/a/mcp", &fields, body)
}

fn told(answer: &Response) -> (u16, String) {
    (answer.status, answer.reason())
}

/// The ids that have reached a server.
fn ids_at(server: &Upstream) -> Vec<String> {
    server.seen().iter().flat_map(|seen| seen.all("mcp-session-id").into_iter().map(str::to_string)).collect()
}

#[test]
fn a_session_begun_at_one_gateway_goes_on_at_another() {
    let (one, two) = (server("one"), server("two"));
    let here = start(&sealed(&[&one, &two], ONE_KEY));
    let there = start(&sealed(&[&two, &one], ONE_KEY));
    for (name, holder) in [("one", &one), ("two", &two)] {
        let id = begin(&here);
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()) && !id.contains(name), "{id}");
        for gateway in [&there, &here, &there] {
            let answers = ["POST", "GET"].map(|method| ask(gateway, method, &id));
            assert_eq!(answers.each_ref().map(Response::text), [name, "data: hello\n\n"]);
            for answer in answers {
                assert_eq!(answer.all("mcp-session-id"), [&id], "the client recognises its session");
            }
        }
        assert_eq!(ask(&there, "DELETE", &id).status, 204);
        let ended = ask(&here, "POST", &id);
        assert_eq!((ended.status, ended.text()), (404, "never heard of it"), "the server's own words");
        assert_eq!(ids_at(holder), vec![format!("{name}-1"); 8], "the server gets its own id");
    }
}

#[test]
fn sessions_outlive_the_gateway() {
    let (one, two) = (server("one"), server("two"));
    let yaml = sealed(&[&one, &two], ONE_KEY);
    let gateway = start(&yaml);
    let ids = [begin(&gateway), begin(&gateway)];
    drop(gateway);
    let gateway = start(&yaml);
    assert_eq!(ids.each_ref().map(|id| ask(&gateway, "POST", id).text().to_string()), ["one", "two"]);
}

#[test]
fn keys_are_replaced_without_a_lost_session() {
    let (one, two) = (server("one"), server("two"));
    let mut gateway = start(&sealed(&[&one, &two], ONE_KEY));
    let old = begin(&gateway);
    assert_eq!(gateway.reload(&sealed(&[&one, &two], TWO_KEYS)), "applied");
    let answer = ask(&gateway, "POST", &old);
    assert_eq!((answer.text(), answer.all("mcp-session-id")), ("one", vec![old.as_str()]));
    let new = begin(&gateway);
    assert_eq!(gateway.reload(&sealed(&[&one, &two], "two.key")), "applied");
    assert_eq!(ask(&gateway, "POST", &new).status, 200);
    assert_eq!(told(&ask(&gateway, "POST", &old)), (404, "session_unknown".to_string()));
}

#[test]
fn an_id_that_was_changed_anywhere_is_unknown_and_reaches_no_endpoint() {
    let (one, two) = (server("one"), server("two"));
    let mut gateway = start(&format!("log: {{ level: debug }}\n{}", sealed(&[&one, &two], ONE_KEY)));
    let id = begin(&gateway);
    let mut changed: Vec<String> = (0..id.len())
        .map(|at| {
            let other = if id.as_bytes()[at] == b'A' { "B" } else { "A" };
            format!("{}{other}{}", &id[..at], &id[at + 1..])
        })
        .collect();
    changed.extend(["one-1".to_string(), format!("{id}A"), id[1..].to_string(), "A".repeat(8_000)]);
    assert!(changed.len() > 60, "{}", changed.len());
    for id in &changed {
        let answer = ask(&gateway, "POST", id);
        assert_eq!(told(&answer), (404, "session_unknown".to_string()), "{id}");
        assert!(!answer.text().contains(id), "{}", answer.text());
    }
    assert_eq!(one.seen().len() + two.seen().len(), 1, "what began the session, and no more");
    assert_eq!(ask(&gateway, "POST", &id).text(), "one");
    gateway.process.signal("TERM");
    assert!(gateway.process.wait().success());
    let log = gateway.process.all_lines().join("\n");
    assert!(log.contains("session_unknown") && !changed.iter().chain([&id]).any(|id| log.contains(id)));
}

#[test]
fn an_id_of_another_api_is_unknown() {
    let one = server("one");
    let api = |name: &str| {
        format!(
            "  - {{ name: {name}, path: /{name}/mcp, endpoints: [\"{}\"], plans: [keyless], \
             sessions: {{ seal_keys: [one.key] }} }}\n",
            one.url("/mcp")
        )
    };
    let gateway = start(&crate::support::tollgate::config(&(api("a") + &api("b"))));
    let id = begin(&gateway);
    let fields = [("Mcp-Session-Id", id.as_str())];
    let answer = gateway.connect().post_json("/b/mcp", &fields, "{}");
    assert_eq!(told(&answer), (404, "session_unknown".to_string()));
    assert_eq!(gateway.connect().post_json("/a/mcp", &fields, "{}").text(), "one");
    assert_eq!(one.seen().len(), 2);
}

#[test]
fn the_sessions_of_one_endpoint_stay_when_another_joins_it() {
    let (one, two) = (server("one"), server("two"));
    let mut gateway = start(&sealed(&[&one], ONE_KEY));
    let id = begin(&gateway);
    assert_eq!(ask(&gateway, "POST", &id).text(), "one");
    assert_eq!(gateway.reload(&sealed(&[&two, &one], ONE_KEY)), "applied");
    assert!((0..4).all(|_| ask(&gateway, "POST", &id).text() == "one"));
}

#[test]
fn a_sealed_session_whose_endpoint_is_gone_is_lost() {
    let (one, two) = (server("one"), server("two"));
    let mut gateway = start(&sealed(&[&one, &two], ONE_KEY));
    let ids = [begin(&gateway), begin(&gateway)];
    let lost = (404, "session_lost".to_string());
    assert_eq!(gateway.reload(&sealed(&[&two], ONE_KEY)), "applied");
    assert_eq!(told(&ask(&gateway, "POST", &ids[0])), lost, "it was taken out");
    assert_eq!(gateway.reload(&sealed(&[&one, &two], ONE_KEY)), "applied");
    assert_eq!(ask(&gateway, "POST", &ids[0]).text(), "one", "and came back");
    two.stop();
    assert_eq!(told(&ask(&gateway, "POST", &ids[1])), lost, "it takes no connections");
}

#[test]
fn two_session_ids_in_one_request_are_refused_where_ids_are_sealed() {
    let one = server("one");
    let gateway = start(&sealed(&[&one], ONE_KEY));
    let id = begin(&gateway);
    let both = [("Mcp-Session-Id", id.as_str()), ("Mcp-Session-Id", id.as_str())];
    assert_eq!(
        told(&gateway.connect().post_json("/a/mcp", &both, "{}")),
        (400, "malformed_head".to_string())
    );
}

/// Answers with these fields whatever it is asked.
fn says(fields: &'static [&'static str]) -> Upstream {
    Upstream::start(move |_| response("200 OK", fields, "ok"))
}

#[test]
fn a_version_without_sessions_is_left_alone_where_ids_are_sealed() {
    let one = says(&["Mcp-Session-Id: raw"]);
    let gateway = start(&sealed(&[&one], ONE_KEY));
    let fields = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Session-Id", "left-over")];
    let answer = gateway.connect().post_json("/a/mcp", &fields, "{}");
    assert_eq!((answer.status, answer.all("mcp-session-id")), (200, vec!["raw"]));
    assert_eq!(ids_at(&one), ["left-over"]);
}

#[test]
fn the_messages_of_a_legacy_stream_are_left_alone_where_ids_are_sealed() {
    const STREAM: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\
        25\r\nevent: endpoint\ndata: /messages?s=1\n\n\r\n";
    let (gate, closed) = Gate::new();
    let server = Upstream::with_stream(move |seen, stream| match seen.method() {
        "GET" => stream.write_all(STREAM).is_ok() && pass(&closed),
        _ => stream.write_all(&response("202 Accepted", &["Mcp-Session-Id: raw"], "")).is_ok(),
    });
    let gateway = start(&sealed(&[&server], ONE_KEY));
    let mut stream = gateway.connect();
    stream.send_request("GET", "/a/mcp", &[("Accept", "text/event-stream")], b"");
    stream.head();
    let event = stream.event();
    let path = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("where messages go");
    let answer = gateway.connect().post_json(path, &[("Mcp-Session-Id", "left-over")], "{}");
    assert_eq!((answer.status, answer.all("mcp-session-id")), (202, vec!["raw"]));
    assert_eq!(ids_at(&server), ["left-over"]);
    gate.open();
}

#[test]
fn an_id_that_cannot_be_sealed_is_a_502_and_an_empty_one_is_none() {
    let unusable: [&'static [&'static str]; 2] =
        [&["Mcp-Session-Id: a b"], &["Mcp-Session-Id: a", "Mcp-Session-Id: b"]];
    for fields in unusable {
        let gateway = start(&sealed(&[&says(fields)], ONE_KEY));
        let answer = gateway.connect().post_json("/a/mcp", &[], INITIALIZE);
        assert_eq!(told(&answer), (502, "upstream_session_unusable".to_string()));
        assert!(answer.all("mcp-session-id").is_empty());
    }
    let gateway = start(&sealed(&[&says(&["Mcp-Session-Id:"])], ONE_KEY));
    let answer = gateway.connect().post_json("/a/mcp", &[], INITIALIZE);
    assert_eq!((answer.status, answer.all("mcp-session-id")), (200, vec![""]));
}

#[test]
fn a_server_that_changes_the_id_of_a_session_gets_the_new_one_sealed() {
    let fickle = Upstream::start(|seen| match seen.all("mcp-session-id")[..] {
        [] => response("401 Unauthorized", &["Mcp-Session-Id: first"], ""),
        ["first"] => response("200 OK", &["Mcp-Session-Id: second"], "second"),
        _ => response("200 OK", &[], "third"),
    });
    let gateway = start(&sealed(&[&fickle], ONE_KEY));
    let first = begin(&gateway);
    let second = ask(&gateway, "POST", &first);
    let second = second.header("mcp-session-id").expect("a session id");
    assert!(second != first && second != "second", "{second}");
    assert_eq!(ask(&gateway, "POST", second).text(), "third");
    assert_eq!(ids_at(&fickle), ["first", "second"]);
}

#[test]
fn without_a_key_ids_pass_as_they_are() {
    let (one, two) = (server("one"), server("two"));
    let gateway = start(&fleet(&[endpoint(&one, ""), endpoint(&two, "")], ""));
    assert_eq!([begin(&gateway), begin(&gateway)], ["one-1", "two-1"]);
    let answer = ask(&gateway, "POST", "two-1");
    assert_eq!((answer.text(), answer.all("mcp-session-id")), ("two", vec!["two-1"]));
    assert_eq!((ids_at(&one), ids_at(&two)), (vec![], vec!["two-1".to_string()]));
}
