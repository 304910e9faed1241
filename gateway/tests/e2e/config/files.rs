//! What is refused before a line of YAML is read, and what one run reports.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tollgate::cli::{check, schema};
use tollgate::config::{self, Checked, Report, Severity, UpstreamHost};

const SMALL: &str = "\
listeners:
  - address: 127.0.0.1:8080
apis:
  - name: github
    path: /github/mcp/
    endpoints: [https://mcp.example.com/mcp/]
    plans: [keyless]
";

fn load(bytes: &[u8]) -> Result<Checked, Report> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.yaml");
    fs::write(&file, bytes).unwrap();
    config::load_as(&file, "gateway.yaml")
}

fn refusal(bytes: &[u8]) -> String {
    load(bytes).unwrap_err().to_string()
}

/// Severity, line and message of everything found in a text that is accepted or refused.
fn findings(text: &str) -> Vec<(Severity, usize, String)> {
    let found = match config::load_text(text, "gateway.yaml", Path::new("")) {
        Ok(checked) => checked.warnings,
        Err(report) => report.diagnostics().to_vec(),
    };
    found.into_iter().map(|found| (found.severity, found.line.unwrap(), found.message)).collect()
}

#[test]
fn the_defaults_are_filled_in_and_values_are_parsed() {
    let config = load(SMALL.as_bytes()).unwrap().config;
    assert_eq!(config.drain, Duration::from_secs(30));
    assert_eq!(config.listeners[0].address, "127.0.0.1:8080".parse().unwrap());
    assert_eq!((config.log.format, config.log.level), Default::default());
    assert!(config.admin.is_none() && config.public_urls.is_empty());
    let api = &config.apis[0];
    assert_eq!((api.name.as_str(), api.path.as_str()), ("github", "/github/mcp"));
    assert_eq!(api.endpoints[0].url.to_string(), "https://mcp.example.com/mcp/");
    assert_eq!(api.endpoints[0].host, UpstreamHost::Endpoint);
    assert_eq!(api.plans[0].name, "keyless");
}

#[test]
fn an_endpoint_says_otherwise_than_its_upstream_section() {
    let text = SMALL
        .replace("[https://mcp.example.com/mcp/]", "[{ url: https://mcp.example.com/mcp, host: endpoint }]");
    let config = load(format!("{text}    upstream: {{ host: preserve }}\n").as_bytes()).unwrap().config;
    assert_eq!(config.apis[0].endpoints[0].host, UpstreamHost::Endpoint);
}

#[test]
fn a_missing_file_a_directory_and_an_empty_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = config::load_as(&folder.path().join("no.yaml"), "no.yaml").unwrap_err().to_string();
    assert!(missing.starts_with("error: cannot open the file: No such file"), "{missing}");
    assert!(missing.contains("--> no.yaml\n") && missing.contains("1 error in no.yaml; nothing was started"));
    let directory = config::load_as(folder.path(), "conf").unwrap_err().to_string();
    assert!(directory.starts_with("error: this is a directory"), "{directory}");
    assert!(refusal(b"").starts_with("error: the file is empty\n  --> gateway.yaml:1:1\n"));
}

#[test]
fn a_file_of_four_mebibytes_is_read_and_a_byte_more_is_not() {
    let mut text = SMALL.as_bytes().to_vec();
    text.resize(4 * 1024 * 1024 - 1, b'#');
    text.insert(SMALL.len(), b'#');
    assert!(load(&text).is_ok());
    text.push(b'#');
    assert!(refusal(&text).starts_with("error: the file is larger than 4 MiB"));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    assert!(load(format!("\u{feff}{SMALL}").as_bytes()).is_ok());
    let report = refusal(format!("\u{feff}drain: 5\n{SMALL}").as_bytes());
    assert!(report.contains("gateway.yaml:1:8\n"), "{report}");
}

#[test]
fn a_byte_that_is_not_utf_8_is_located() {
    let text = [SMALL.as_bytes(), "# é".as_bytes(), b" \xff\n"].concat();
    let report = refusal(&text);
    assert!(report.starts_with("error: the file is not UTF-8 text\n  --> gateway.yaml:8:5\n"), "{report}");
}

#[test]
fn one_run_reports_the_errors_of_every_step() {
    let text = SMALL.replace("address: 127.0.0.1:8080", "address: 127.0.0.1").replace("/github", "github");
    let text = format!("drain: 5\n{text}    drain: 1s\n    path: /again\n    name:\n");
    let lines: Vec<usize> = findings(&text).iter().map(|(_, line, _)| *line).collect();
    assert_eq!(lines, [1, 3, 6, 9, 10, 11], "{:?}", findings(&text));
}

#[test]
fn a_consequence_of_an_error_is_not_another_error() {
    // Without its `public_urls`, which are refused, the listener would need them; without its plan, the list is empty.
    let text = SMALL.replace("127.0.0.1", "0.0.0.0").replace("keyless", "saml");
    let found = findings(&format!("public_urls: https://edge.example.com\n{text}"));
    let lines: Vec<usize> = found.iter().map(|(_, line, _)| *line).collect();
    assert_eq!(lines, [1, 8], "{found:?}");
}

#[test]
fn items_after_a_refused_one_are_reported_where_they_stand() {
    let api = |path: &str| {
        format!("  - name: x{path}\n    path: {path}\n    endpoints: [http://h/]\n    plans: [keyless]\n")
    };
    let text =
        format!("listeners: [{{ address: 127.0.0.1:0 }}]\napis:\n  - 1\n{}  - 2\n{}", api("a"), api("/b/.."));
    let report = config::load_text(&text, "f", Path::new("")).unwrap_err();
    let paths: Vec<&str> = report.diagnostics().iter().map(|found| found.key_path.as_str()).collect();
    assert_eq!(paths, ["apis[0]", "apis[1].path", "apis[2]", "apis[3].name", "apis[3].path"], "{report}");
}

#[test]
fn a_thousand_errors_end_in_a_hundred_lines() {
    let keys: String = (0..1000).map(|i| format!("key{i}: 1\n")).collect();
    assert_eq!(findings(&format!("{SMALL}{keys}")).len(), 100);
}

#[test]
fn tokens_in_clear_text_are_warned_about() {
    let public = SMALL.replace("127.0.0.1", "0.0.0.0");
    let warned = |text: String| {
        let found = findings(&text);
        assert!(found.iter().all(|(severity, ..)| *severity == Severity::Warning), "{found:?}");
        found.into_iter().map(|(_, line, _)| line).collect::<Vec<_>>()
    };
    assert_eq!(warned(format!("public_urls: [http://edge.example.com]\n{public}")), [1]);
    assert_eq!(warned(format!("public_urls: [https://edge.example.com]\n{public}")), [0; 0]);
    assert_eq!(warned(format!("public_urls: [http://localhost:8080]\n{SMALL}")), [0; 0]);
    assert_eq!(warned(format!("{public}    hosts: [edge.example.com]\n")), [8]);
    let both = format!("public_urls: [https://edge.example.com]\n{public}    hosts: [Edge.example.com]\n");
    assert_eq!(warned(both), [0; 0]);
}

#[test]
fn a_lone_certificate_and_an_outdated_list_are_warned_about() {
    let text = format!(
        "listeners:\n  - address: 127.0.0.1:8443\n    tls:\n      certificates:\n        \
         - {{ cert: direct.pem, key: edge.key }}\n        - {{ cert: good.pem, key: edge.key }}\n      \
         client_auth: {{ ca: root.pem, crl: outdated.crl }}\n{}",
        SMALL.split_once("8080\n").unwrap().1
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/config/broken/files/tls");
    let warnings = config::load_text(&text, "gateway.yaml", &folder).unwrap().warnings;
    let said: Vec<_> = warnings.iter().map(|warning| (warning.line.unwrap(), warning.to_string())).collect();
    assert_eq!(said.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [5, 7], "{said:#?}");
    assert!(said[0].1.contains("unless it is a root that clients know"), "{}", said[0].1);
    assert!(said[1].1.contains("was to be replaced by Jan  2"), "{}", said[1].1);
}

/// What is said of an API with these key files, each a name, what it holds and who may read it.
fn key_findings(files: &[(&str, &str, u32)]) -> Vec<(Severity, String)> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, mode) in files {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(*mode)).unwrap();
    }
    let names: Vec<&str> = files.iter().map(|(name, ..)| *name).collect();
    let text = format!("{SMALL}    sessions: {{ seal_keys: [{}] }}\n", names.join(", "));
    let found = match config::load_text(&text, "gateway.yaml", folder.path()) {
        Ok(checked) => checked.warnings,
        Err(report) => report.diagnostics().to_vec(),
    };
    found.iter().map(|found| (found.severity, found.to_string())).collect()
}

const KEY: &str = "0f1E2d3C4b5A69788796a5b4c3d2e1f00f1E2d3C4b5A69788796a5b4c3d2e1f0";
const KEY_IN_BASE64: &str = "Dx4tPEtaaXiHlqW0w9Lh8A8eLTxLWml4h5altMPS4fA=";

#[test]
fn a_seal_key_is_hexadecimal_or_base64_and_others_may_neither_read_nor_change_it() {
    for (text, mode) in [(KEY, 0o600), (&format!(" {KEY}\r\n\n"), 0o400), (KEY_IN_BASE64, 0o660)] {
        assert_eq!(key_findings(&[("a.key", text, mode)]), [], "{text} {mode:o}");
    }
    for mode in [0o604, 0o602, 0o644] {
        let found = key_findings(&[("a.key", KEY, mode)]);
        assert_eq!(found.len(), 1, "{mode:o}");
        assert_eq!(found[0].0, Severity::Warning, "{mode:o}");
        assert!(found[0].1.contains("in `a.key`"), "{}", found[0].1);
    }
}

#[test]
fn the_same_seal_key_twice_is_refused_however_it_is_written_and_never_shown() {
    let found = key_findings(&[("a.key", KEY, 0o600), ("b.key", KEY_IN_BASE64, 0o600)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, Severity::Error);
    assert!(found[0].1.contains("`b.key` holds a key that is in the list already"), "{}", found[0].1);
    let unusable = key_findings(&[("a.key", &KEY[1..], 0o600), ("b.key", &KEY_IN_BASE64[4..], 0o600)]);
    assert_eq!(unusable.len(), 2, "{unusable:?}");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.key"), KEY).unwrap();
    let text = format!("{SMALL}    sessions: {{ seal_keys: [a.key] }}\n");
    let config = config::load_text(&text, "gateway.yaml", folder.path()).unwrap().config;
    for shown in [format!("{config:?}"), format!("{found:?}"), format!("{unusable:?}")] {
        assert!(!shown.contains("1E2d3C") && !shown.contains("aaXiHlqW") && !shown.contains("30, 45, 60"));
    }
}

#[test]
fn addresses_that_can_be_bound_together_are_accepted() {
    let listeners = |addresses: &str| SMALL.replace("  - address: 127.0.0.1:8080\n", addresses);
    for addresses in [
        "  - address: 127.0.0.1:0\n  - address: 127.0.0.1:0\n",
        "  - address: 127.0.0.1:8080\n  - address: \"[::1]:8080\"\n",
        "  - address: 127.0.0.1:8080\n  - address: 127.0.0.2:8080\n",
    ] {
        assert!(load(listeners(addresses).as_bytes()).is_ok(), "{addresses}");
    }
}

#[test]
fn anchors_and_aliases_work_within_reason() {
    let text = SMALL.replace("8080\n", "8080\n    allowed_origins: &pages [https://app.example.com]\n  - address: 127.0.0.1:8081\n    allowed_origins: *pages\n");
    let config = load(text.as_bytes()).unwrap().config;
    assert_eq!(config.listeners[0].allowed_origins, config.listeners[1].allowed_origins);
}

#[test]
fn a_refused_password_is_in_no_output() {
    let text = SMALL.replace("https://mcp.", "https://user:hunter2@mcp.");
    let report = config::load_text(&text, "f", Path::new("")).unwrap_err();
    let json = serde_json::to_string(report.diagnostics()).unwrap();
    assert!(!report.to_string().contains("hunter2") && !json.contains("hunter2"), "{report}\n{json}");
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    let text = SMALL.replace("/github/mcp/", "\"/\\e[2J\\x07\"");
    let report = config::load_text(&text, "f", Path::new("")).unwrap_err().to_string();
    assert!(!report.contains(|c: char| c.is_control() && c != '\n'), "{report:?}");
}

mod command {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        check: check::CheckArgs,
    }

    /// Whether `tollgate check` succeeds, and what it prints.
    fn check(text: &str, format: &str) -> (bool, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gateway.yaml");
        fs::write(&file, text).unwrap();
        let line = Line::parse_from(["check", "--config", file.to_str().unwrap(), "--format", format]);
        let mut out = Vec::new();
        let code = check::run(&line.check, &mut out).unwrap();
        let printed = String::from_utf8(out).unwrap().replace(file.to_str().unwrap(), "gateway.yaml");
        (format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS), printed)
    }

    #[test]
    fn check_counts_what_a_good_file_holds() {
        assert_eq!(check(SMALL, "text"), (true, "ok: 1 API, 1 listener\n".to_owned()));
    }

    #[test]
    fn check_prints_warnings_and_succeeds() {
        let (ok, printed) = check(&format!("public_urls: [http://edge.example.com]\n{SMALL}"), "text");
        assert!(ok && printed.starts_with("warning: ") && printed.contains("gateway.yaml:1:15"), "{printed}");
        assert!(printed.ends_with("\n1 warning in gateway.yaml\nok: 1 API, 1 listener\n"), "{printed}");
    }

    #[test]
    fn check_fails_on_an_error_and_says_so_last() {
        let (ok, printed) = check(&SMALL.replace("keyless", "saml"), "text");
        assert!(!ok && printed.ends_with("\n1 error in gateway.yaml; nothing was started\n"), "{printed}");
    }

    #[test]
    fn check_prints_one_json_object_for_programs() {
        let (ok, printed) = check(&SMALL.replace("keyless", "saml"), "json");
        let outcome: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert!(!ok);
        assert_eq!(
            (&outcome["ok"], &outcome["errors"], &outcome["warnings"]),
            (&false.into(), &1.into(), &0.into())
        );
        let found = &outcome["diagnostics"][0];
        assert_eq!(found["severity"], "error");
        assert_eq!((&found["line"], &found["column"]), (&7.into(), &13.into()));
        assert_eq!(found["key_path"], "apis[0].plans[0]");
    }

    #[test]
    fn schema_prints_json() {
        let mut out = Vec::new();
        schema::run(&schema::SchemaArgs {}, &mut out).unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(schema["title"], "Tollgate configuration");
    }
}
