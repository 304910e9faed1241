//! An upstream behind TLS with a private certificate authority. Trust belongs to the API, or to the endpoint,
//! and is never lent to another one through a pooled connection.

use std::path::Path;

use serde_json::json;

use crate::support::authorization::{self, Temper};
use crate::support::certificates::Authority;
use crate::support::node::Server;
use crate::support::secured::{run, secured_upstream};
use crate::support::tollgate::{Tollgate, api, api_with, config};

struct Behind {
    upstream: Server,
    right: Authority,
    wrong: Authority,
    folder: tempfile::TempDir,
}

/// A server whose certificate `right` issued.
fn upstream_behind_tls() -> Behind {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (right, wrong) = (Authority::new(folder.path(), "right"), Authority::new(folder.path(), "wrong"));
    let (certificate, key) = right.certify_this_machine();
    let [certificate, key] = [&certificate, &key].map(|file| file.to_str().expect("a UTF-8 path"));
    let options = ["--tls-cert", certificate, "--tls-key", key, "--public-url", "https://localhost:0"];
    let upstream = secured_upstream(authorization::server(Temper::Ignore), &options);
    Behind { upstream, right, wrong, folder }
}

fn trusting(name: &str, ca: &Path, upstream: &Server) -> String {
    let tls = format!("upstream: {{ tls: {{ ca: \"{}\" }} }}", ca.display());
    api_with(name, &format!("/{name}"), upstream.url(), &tls)
}

fn ping(gateway: &Tollgate, path: &str) -> u16 {
    gateway.connect().post_json(path, &[], r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).status
}

#[test]
fn a_client_logs_in_at_a_server_whose_certificate_a_private_authority_issued() {
    let Behind { upstream, right, folder: _kept, .. } = upstream_behind_tls();
    let gateway = Tollgate::start(&config(&trusting("demo", &right.ca, &upstream)));
    let url = format!("{}/demo", gateway.origin());
    let report =
        run(&gateway, &upstream, &url, json!({}), json!([{ "connect": true }, { "listTools": true }]));
    assert_eq!(report.expect_ok().logins(), 1);
}

#[test]
fn apis_with_different_authorities_share_no_connection_to_the_same_address() {
    let Behind { upstream, right, wrong, folder: _kept } = upstream_behind_tls();
    let platform = api("platform", "/platform", upstream.url());
    let apis = [trusting("right", &right.ca, &upstream), trusting("wrong", &wrong.ca, &upstream), platform];
    let gateway = Tollgate::start(&config(&apis.concat()));
    for _ in 0..2 {
        assert_eq!(ping(&gateway, "/right"), 401, "now a verified connection is in the pool");
        for distrusting in ["/wrong", "/platform"] {
            assert_eq!(ping(&gateway, distrusting), 502, "{distrusting}");
            let metadata = gateway.get(&format!("/.well-known/oauth-protected-resource{distrusting}"));
            let answer = (metadata.status, metadata.reason());
            assert_eq!(answer, (502, "upstream_metadata_unreachable".to_string()), "{distrusting}");
        }
        assert_eq!(gateway.get("/.well-known/oauth-protected-resource/right").status, 200);
    }
}

#[test]
fn an_endpoint_may_trust_another_authority_than_its_api() {
    let Behind { upstream, folder, .. } = upstream_behind_tls();
    let endpoint = format!("{{ url: \"{}\", tls: {{ ca: right.pem }} }}", upstream.url());
    let api = format!(
        "  - {{ name: demo, path: /demo, upstream: {{ tls: {{ ca: wrong.pem }} }}, endpoints: [{endpoint}], plans: [keyless] }}\n"
    );
    std::fs::write(folder.path().join("gateway.yaml"), config(&api)).expect("the file is written");
    let gateway = Tollgate::start_in(folder, 2);
    assert_eq!(ping(&gateway, "/demo"), 401);
}
