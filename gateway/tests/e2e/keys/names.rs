//! The keys that name things, and those whose value is fixed for now.

use crate::support::tollgate::{Tollgate, api, api_with, config};
use crate::support::upstream::{Upstream, response};

#[test]
fn the_access_log_calls_things_by_their_names() {
    let upstream = Upstream::start(|_| response("200 OK", &[], "up"));
    let url = upstream.url("/mcp");
    let named = format!(
        "  - {{ name: named, path: /named, endpoints: [{{ name: primary, url: \"{url}\" }}], \
         plans: [{{ name: public, keyless: {{}} }}] }}\n"
    );
    let mut gateway = Tollgate::start(&config(&[named, api("plain", "/plain", &url)].concat()));
    for path in ["/named", "/plain"] {
        assert_eq!(gateway.get(path).status, 200);
    }
    let named = gateway.access_line("/named");
    assert_eq!(
        (&named["api"], &named["endpoint"], &named["plan"]),
        (&"named".into(), &"primary".into(), &"public".into())
    );
    let plain = gateway.access_line("/plain");
    assert_eq!(
        (&plain["api"], plain.get("endpoint"), &plain["plan"]),
        (&"plain".into(), None, &"keyless".into())
    );
}

#[test]
fn what_is_written_for_people_is_accepted_and_must_be_text() {
    let with = |keys: &str| config(&api_with("demo", "/mcp", "http://127.0.0.1:9/mcp", keys));
    let mut gateway = Tollgate::start(&with("version: \"2\", description: \"Issues and pull requests.\""));
    assert_eq!(gateway.reload(&with("version: \"3\"")), "applied");
    for (keys, complaint) in [("version: 2", "apis[0].version"), ("description: [a]", "apis[0].description")]
    {
        assert_eq!(gateway.reload(&with(keys)), "refused");
        gateway.process.wait_for(0, complaint, |line| line.contains(complaint).then_some(()));
    }
}
