//! From which addresses callers may come.

use super::{call, post, reached, start, yaml};
use crate::support::tollgate::Tollgate;

#[test]
fn callers_come_in_from_allowed_networks_that_are_not_denied() {
    let upstream = reached();
    for (policy, is_admitted) in [
        ("{ ip_filter: { allow: [127.0.0.0/8] } }", true),
        ("{ ip_filter: { allow: [10.0.0.0/8] } }", false),
        ("{ ip_filter: { deny: [10.0.0.0/8] } }", true),
        ("{ ip_filter: { allow: [127.0.0.0/8], deny: [127.0.0.1] } }", false),
    ] {
        let mut gateway = start(&upstream, policy);
        let before = upstream.seen().len();
        let answer = post(&gateway, &call("echo"));
        if is_admitted {
            assert_eq!(answer.text(), "\"reached\"", "{policy}");
            continue;
        }
        assert_eq!((answer.status, answer.reason().as_str()), (403, "ip_not_allowed"), "{policy}");
        assert_eq!(upstream.seen().len(), before, "{policy}");
        let line = gateway.access_line("/a/mcp");
        assert_eq!((&line["policy"], &line["reason"]), (&"ip_filter".into(), &"ip_not_allowed".into()));
    }
}

#[test]
fn the_address_is_the_clients_behind_a_trusted_proxy() {
    let upstream = reached();
    let policy = "{ name: office, ip_filter: { allow: [192.0.2.0/24] } }";
    let trusting =
        yaml(&upstream, policy, "").replace("127.0.0.1:0\"", "127.0.0.1:0\", trusted_proxies: [127.0.0.1]");
    let ask = |gateway: &Tollgate, client: &str| {
        let headers = [("X-Forwarded-For", client)];
        gateway.connect().post_json("/a/mcp", &headers, &call("echo").to_string()).status
    };
    let gateway = Tollgate::start(&trusting);
    assert_eq!((ask(&gateway, "192.0.2.7"), ask(&gateway, "198.51.100.7")), (200, 403));
    assert_eq!(ask(&start(&upstream, policy), "192.0.2.7"), 403, "anybody could say so");
}
