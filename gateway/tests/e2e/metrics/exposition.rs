//! The text itself: its form, where it is answered, and the page about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{MAIN, alone, configured, ok};
use crate::support::certificates::Authority;
use crate::support::http::Connection;
use crate::support::nobody;
use crate::support::openmetrics::Exposition;
use crate::support::publisher::WELL_KNOWN;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::Upstream;

/// More would be more than anyone looks at.
const FAMILIES_MAX: usize = 60;

#[test]
fn the_metrics_are_openmetrics_text() {
    let upstream = ok();
    let gateway = alone(&upstream);
    gateway.get("/a/mcp");
    let answer = gateway.admin("/metrics");
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.all("content-type"), [content_type]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let exposition = Exposition::read(answer.text()).expect("well-formed");
    assert!((25..=FAMILIES_MAX).contains(&exposition.families.len()), "{}", exposition.families.len());
    for family in &exposition.families {
        let ours = family.name.starts_with("tollgate_") || family.name == "process_start_time_seconds";
        assert!(ours, "{}", family.name);
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(exposition.value("tollgate_build_info", &[("version", version)]), 1.0);
}

#[test]
fn a_text_that_is_not_well_formed_is_noticed() {
    let head = "# HELP a_seconds Some help.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n";
    assert!(Exposition::read(&format!("{head}a_seconds{{b=\"c\\\"\"}} 1\n# EOF\n")).is_ok());
    for (text, fault) in [
        (format!("{head}a_seconds 1\n"), "no end"),
        (format!("{head}a_seconds 1\n\n# EOF\n"), "an empty line"),
        (format!("{head}a_seconds 1\na_seconds 2\n# EOF\n"), "a series twice"),
        (format!("{head}{head}# EOF\n"), "a family twice"),
        (format!("{head}b_seconds 1\n# EOF\n"), "a sample of another family"),
        (format!("{head}a_seconds one\n# EOF\n"), "no number"),
        (format!("{head}a_seconds{{b=\"c}} 1\n# EOF\n"), "an open quote"),
        (format!("{head}a_seconds{{b=\"c\\d\"}} 1\n# EOF\n"), "an unknown escape"),
        (format!("{head}a_seconds{{b=\"c\",b=\"d\"}} 1\n# EOF\n"), "a label twice"),
        ("# HELP a_seconds Some help.\n# TYPE a_seconds gauge\n# EOF\n".to_string(), "no unit"),
        ("# HELP a Some help.\n# TYPE a counter\na 1\n# EOF\n".to_string(), "a counter without _total"),
        ("# HELP a_total Some help.\n# TYPE a_total counter\n# EOF\n".to_string(), "a doubled _total"),
        ("# HELP a_ms Some help.\n# TYPE a_ms gauge\n# EOF\n".to_string(), "no base unit"),
    ] {
        assert!(Exposition::read(&text).is_err(), "{fault}: {text}");
    }
    let histogram = "# HELP h Some help.\n# TYPE h histogram\n";
    for buckets in [
        "h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n",
        "h_bucket{le=\"1.0\"} 1\nh_count 1\n",
        "h_bucket{le=\"+Inf\"} 1\nh_count 2\n",
    ] {
        assert!(Exposition::read(&format!("{histogram}{buckets}# EOF\n")).is_err(), "{buckets}");
    }
}

#[test]
fn the_metrics_are_answered_on_the_admin_listener_alone_to_get_under_a_loopback_name() {
    let gateway = alone(&ok());
    assert_eq!(gateway.get("/metrics").status, 404);
    let ask = |method: &str, host: &str| {
        Connection::open(gateway.listener("admin")).request(method, "/metrics", &[("Host", host)], b"")
    };
    assert_eq!(ask("GET", "localhost").status, 200);
    assert_eq!(ask("GET", "evil.example").status, 421);
    assert_eq!(ask("POST", "localhost").status, 405);
}

/// Name, type and labels of each row of the page's tables.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let mut families = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| `tollgate_") || line.starts_with("| `process_"))
    {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, name, kind, labels, meaning, _] = cells[..] else { panic!("not a row of five: {row}") };
        assert!(meaning.len() > 10, "{row}");
        let labels =
            labels.split(", ").filter(|label| !label.is_empty()).map(|label| label.trim_matches('`'));
        let family = (kind.to_string(), labels.map(str::to_string).collect());
        assert!(families.insert(name.trim_matches('`').to_string(), family).is_none(), "{row}");
    }
    families
}

/// A gateway with TLS and a store of limits, and an API that follows sessions and reads messages.
fn with_everything(upstream: &Upstream) -> Tollgate {
    let folder = tempfile::tempdir().expect("a temporary directory");
    Authority::new(folder.path(), "ca").certify("edge", "DNS:edge.example.com");
    let tls = "tls: { certificates: [{ cert: edge-leaf.pem, key: edge-leaf.key }] }";
    let endpoints = ["/one", "/two"].map(|path| format!("\"{}\"", upstream.url(path))).join(", ");
    let api = format!(
        "  - {{ name: a, path: /a/mcp, endpoints: [{endpoints}], plans: [keyless], policies: [{{ mcp_acl: {{ allow: \
         [{{}}] }} }}] }}"
    );
    let listeners = [MAIN, &format!("name: secure, address: \"127.0.0.1:0\", {tls}")];
    let store = format!("stores: {{ limits: {{ redis: {{ url: \"redis://{}\" }} }} }}\n", nobody::address());
    let yaml = configured(&listeners, &api) + &store;
    std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
    Tollgate::start_in(folder, 3)
}

#[test]
fn every_family_is_on_its_page_with_its_type_and_labels_and_no_other() {
    let gateway = with_everything(&ok());
    gateway.get("/a/mcp");
    gateway.get(&format!("{WELL_KNOWN}/a/mcp"));
    gateway.connect().post_json(
        "/a/mcp",
        &[],
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#,
    );
    gateway.counts("tollgate_http_requests_total", &[], 3.0);
    let exposition = gateway.metrics();
    let mut documented = documented();
    for family in &exposition.families {
        let name = family.queried();
        let (kind, labels) = documented.remove(&name).unwrap_or_else(|| panic!("{name} is not on the page"));
        assert_eq!(family.kind, kind, "{name}");
        assert!(!family.samples.is_empty(), "{name} has no series");
        assert_eq!(family.label_names(), labels.iter().map(String::as_str).collect(), "{name}");
    }
    assert!(documented.is_empty(), "on the page only: {documented:?}");
}
