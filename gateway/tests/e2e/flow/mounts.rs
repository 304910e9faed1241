//! Several MCP servers on one gateway: exact and prefix mounts, layouts that differ, and slashes at the end.

use serde_json::json;

use crate::support::authorization::{self, Temper};
use crate::support::node::Server;
use crate::support::report::Report;
use crate::support::secured::{identifier, run, secured_upstream};
use crate::support::tollgate::{Tollgate, api, config};

/// Makes tokens for these paths of the gateway good at `upstream`.
fn accept(gateway: &Tollgate, upstream: &Server, paths: &[&str]) {
    let urls: Vec<String> = paths.iter().map(|path| format!("{}{path}", gateway.origin())).collect();
    let urls: Vec<&str> = urls.iter().map(|url| identifier(url)).collect();
    authorization::server(Temper::Bind).list_resources(&urls);
    upstream.control("/audiences", &json!({ "accept": urls }));
}

/// Logs in at a path of the gateway and asks the server who is calling: the token must be for what was dialled.
fn dial(gateway: &Tollgate, upstream: &Server, sdk: &str, path: &str) -> Report {
    let url = format!("{}{path}", gateway.origin());
    let steps = json!([{ "connect": true }, { "callTool": { "name": "whoami" } }]);
    let report = run(gateway, upstream, &url, json!({ "sdk": sdk }), steps).expect_ok();
    assert_eq!(report.result(1)["json"]["audience"], json!([identifier(&url)]));
    report
}

/// The paths at which an upstream answered calls.
fn served_at(upstream: &Server) -> Vec<String> {
    let served =
        upstream.journal().into_iter().filter(|entry| entry["method"] == "POST" && entry["status"] == 200);
    let mut paths: Vec<String> =
        served.map(|entry| entry["path"].as_str().expect("a path").to_string()).collect();
    paths.dedup();
    paths
}

#[test]
fn a_client_logs_in_at_each_of_several_apis_whose_paths_and_layouts_differ() {
    let issuer = authorization::server(Temper::Bind);
    let (first, second) =
        (secured_upstream(issuer, &[]), secured_upstream(issuer, &["--path", "/v1/tools/mcp"]));
    let gateway = Tollgate::start(&config(
        &[
            api("prefix", "/github", &first.at("/")),
            api("exact", "/exact/mcp", first.url()),
            api("inner", "/exact/mcp/inner", second.url()),
            api("half", "/half", &second.at("/v1")),
        ]
        .concat(),
    ));
    accept(&gateway, &first, &["/github/mcp", "/exact/mcp"]);
    accept(&gateway, &second, &["/exact/mcp/inner", "/half/tools/mcp"]);

    dial(&gateway, &first, "v1", "/github/mcp");
    dial(&gateway, &first, "v2", "/exact/mcp");
    assert_eq!((served_at(&first), served_at(&second)), (vec!["/mcp".to_string()], vec![]));
    dial(&gateway, &second, "v1", "/exact/mcp/inner");
    dial(&gateway, &second, "v2", "/half/tools/mcp");
    assert_eq!(served_at(&second), ["/v1/tools/mcp"]);
}

#[test]
fn a_slash_at_the_end_reaches_the_same_server_and_the_token_is_for_what_was_dialled() {
    let issuer = authorization::server(Temper::Bind);
    let (with, without) = (secured_upstream(issuer, &["--path", "/mcp/"]), secured_upstream(issuer, &[]));
    let apis = [api("with", "/with", with.url()), api("without", "/without/mcp", without.url())].concat();
    let gateway = Tollgate::start(&config(&apis));
    accept(&gateway, &with, &["/with", "/with/"]);
    accept(&gateway, &without, &["/without/mcp/"]);

    dial(&gateway, &with, "v1", "/with");
    dial(&gateway, &with, "v2", "/with/");
    dial(&gateway, &without, "v1", "/without/mcp/");
    assert_eq!(
        (served_at(&with), served_at(&without)),
        (vec!["/mcp/".to_string()], vec!["/mcp".to_string()])
    );
}

#[test]
fn an_api_at_the_root_is_an_exact_mount_and_a_prefix_too() {
    let upstream = secured_upstream(authorization::server(Temper::Bind), &[]);
    let mut gateway = Tollgate::start(&config(&api("root", "/", upstream.url())));
    accept(&gateway, &upstream, &["/", "/mcp"]);

    let report = dial(&gateway, &upstream, "v1", "/");
    let asked = &report.oauth("resourceMetadata")[0]["url"];
    assert_eq!(*asked, format!("{}/.well-known/oauth-protected-resource", gateway.origin()));

    assert_eq!(gateway.reload(&config(&api("root", "/", &upstream.at("/")))), "applied");
    dial(&gateway, &upstream, "v2", "/mcp");
    assert_eq!(served_at(&upstream), ["/mcp"]);
}
