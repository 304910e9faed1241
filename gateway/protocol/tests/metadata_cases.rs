//! Cases 30 to 55 that are about the metadata document and its identifiers.

use crate::support::*;
use tollgate_protocol::metadata::{self, Metadata, MetadataError, Names, Warning};
use tollgate_protocol::url::Origin;

fn relayed(document: &str) -> Result<String, MetadataError> {
    let metadata = Metadata::parse(document.as_bytes())?;
    metadata.with_resource(PUBLIC).map(|bytes| String::from_utf8(bytes).unwrap())
}

fn named(resource: &str) -> Names {
    let document = format!(r#"{{"resource":"{resource}"}}"#);
    Metadata::parse(document.as_bytes()).unwrap().names(&url(UPSTREAM), None, &[PUBLIC])
}

fn warned(document: &str) -> Vec<Warning> {
    let public = Origin::parse("https://gw.example.com").unwrap();
    Metadata::parse(document.as_bytes()).unwrap().warnings(&public)
}

fn slugs(document: &str) -> Vec<&'static str> {
    warned(document).iter().map(Warning::slug).collect()
}

#[test]
fn case_30_the_document_is_the_upstreams_but_for_its_resource() {
    assert_eq!(
        relayed(r#"{"resource":"https://up.example/mcp","authorization_servers":["https://as"]}"#).unwrap(),
        r#"{"resource":"https://gw.example/a/mcp","authorization_servers":["https://as"]}"#
    );
}

#[test]
fn case_31_a_resource_above_the_endpoint_becomes_the_public_url() {
    let document = r#"{"resource":"https://up.example"}"#;
    assert_eq!(named("https://up.example"), Names::Upstream);
    assert_eq!(relayed(document).unwrap(), r#"{"resource":"https://gw.example/a/mcp"}"#);
}

#[test]
fn case_32_the_well_known_path_is_inserted_between_host_and_path() {
    for (path, expected) in [
        ("", "/.well-known/oauth-protected-resource"),
        ("/", "/.well-known/oauth-protected-resource"),
        ("/a/mcp", "/.well-known/oauth-protected-resource/a/mcp"),
        ("/a/mcp/", "/.well-known/oauth-protected-resource/a/mcp/"),
    ] {
        assert_eq!(metadata::well_known_path(path), expected);
    }
}

#[test]
fn case_33_a_document_for_somebody_else_is_foreign() {
    assert_eq!(named("https://evil.example/mcp"), Names::Foreign);
}

#[test]
fn case_34_lookalikes_are_foreign_and_spellings_are_not() {
    for (resource, expected) in [
        ("https://up.example.evil.com/mcp", Names::Foreign),
        ("https://up.example@evil/mcp", Names::Foreign),
        ("https://up.example/mcp2", Names::Foreign),
        ("https://UP.EXAMPLE:443/mcp", Names::Upstream),
        ("https:\\/\\/up.example\\/mcp", Names::Upstream),
    ] {
        assert_eq!(named(resource), expected, "{resource}");
    }
}

#[test]
fn case_35_a_document_without_one_clear_resource_is_refused() {
    for (document, slug) in [
        (r#"{"authorization_servers":["https://as"]}"#, "metadata_resource_missing"),
        (r#"{"resource":["https://up.example/mcp"]}"#, "metadata_resource_not_string"),
        (r#"{"resource":null}"#, "metadata_resource_not_string"),
        (r#"{"resource":"a","resource":"b"}"#, "metadata_duplicate_member"),
        (r#"{"resource":"a","\u0072esource":"b"}"#, "metadata_duplicate_member"),
        (r#"{"resource":"a"} {}"#, "metadata_not_json"),
        ("<!doctype html>", "metadata_not_json"),
        ("", "metadata_not_json"),
        ("[]", "metadata_not_json"),
        ("\u{feff}{\"resource\":\"a\"}", "metadata_not_json"),
    ] {
        assert_eq!(Metadata::parse(document.as_bytes()).unwrap_err().slug(), slug, "{document}");
    }
    let deep = format!(r#"{{"resource":"a","x":{}{}}}"#, "[".repeat(32), "]".repeat(32));
    assert_eq!(Metadata::parse(deep.as_bytes()).unwrap_err().slug(), "metadata_too_deep");
    let large = format!(r#"{{"resource":"{}"}}"#, "a".repeat(metadata::MAX_DOCUMENT));
    assert_eq!(Metadata::parse(large.as_bytes()).unwrap_err(), MetadataError::TooLarge);
}

#[test]
fn case_36_signed_metadata_is_cut_out_wherever_it_stands() {
    for (document, expected) in [
        (
            r#"{ "signed_metadata" : "e.y.J" , "resource":"x" }"#,
            r#"{ "resource":"https://gw.example/a/mcp" }"#,
        ),
        (r#"{"resource":"x", "signed_metadata":"e.y.J"}"#, r#"{"resource":"https://gw.example/a/mcp"}"#),
        (
            "{\"a\":1,\n \"signed_metadata\":\"e.y.J\",\n \"resource\":\"x\"}",
            "{\"a\":1,\n \"resource\":\"https://gw.example/a/mcp\"}",
        ),
    ] {
        assert_eq!(relayed(document).unwrap(), expected);
        assert!(warned(document).contains(&Warning::SignedMetadataRemoved));
    }
}

#[test]
fn case_37_tokens_bound_to_a_key_or_a_connection_cannot_be_relayed() {
    for member in ["dpop_bound_access_tokens_required", "tls_client_certificate_bound_access_tokens"] {
        let refused = relayed(&format!(r#"{{"resource":"x","{member}":true}}"#)).unwrap_err();
        assert_eq!(refused, MetadataError::NotRelayable(member));
        assert_eq!(refused.slug(), "metadata_not_relayable");
        assert!(relayed(&format!(r#"{{"resource":"x","{member}":false}}"#)).is_ok());
    }
    assert!(
        slugs(r#"{"resource":"x","dpop_signing_alg_values_supported":["ES256"]}"#)
            .contains(&"dpop_not_relayable")
    );
}

#[test]
fn case_38_a_private_authorization_server_is_relayed_with_a_warning() {
    let document = r#"{"resource":"x","authorization_servers":["http://10.0.0.5/realms/x"]}"#;
    assert!(relayed(document).unwrap().ends_with(r#""authorization_servers":["http://10.0.0.5/realms/x"]}"#));
    assert_eq!(
        warned(document)[0].to_string(),
        "clients outside will not reach the authorization server http://10.0.0.5"
    );
    let loopback = Origin::parse("http://127.0.0.1:8080").unwrap();
    assert_eq!(Metadata::parse(document.as_bytes()).unwrap().warnings(&loopback), []);
}

#[test]
fn case_39_entries_no_client_may_follow_are_dropped() {
    let list = |entries: &str| {
        let document = format!(r#"{{"resource":"x","authorization_servers":{entries},"z":[1]}}"#);
        let prefix = r#"{"resource":"https://gw.example/a/mcp","authorization_servers":"#;
        relayed(&document)
            .map(|text| text.strip_prefix(prefix).unwrap().strip_suffix(r#","z":[1]}"#).unwrap().to_owned())
    };
    assert_eq!(list(r#"["javascript:alert(1)","https://as"]"#).unwrap(), r#"["https://as"]"#);
    assert_eq!(
        list(r#"[ "https://a" , "data:x", "https://u@b", 7, "https:\/\/c", "https://d#f", "http://as.example.com", "https://" ]"#)
            .unwrap(),
        r#"["https://a","https:\/\/c"]"#
    );
    assert_eq!(
        list(r#"[ "https://a" ,"http://localhost:1" ]"#).unwrap(),
        r#"[ "https://a" ,"http://localhost:1" ]"#
    );
    assert_eq!(list(r#"["javascript:alert(1)"]"#), Err(MetadataError::NoUsableAuthorizationServer));
    assert_eq!(list(r#""https://as""#), Err(MetadataError::AuthorizationServersNotArray));
    let warnings =
        warned(r#"{"resource":"x","authorization_servers":["javascript:\n","https://as.example"]}"#);
    assert_eq!(warnings, [Warning::AuthorizationServerDropped(r#""javascript:\n""#.to_owned())]);
    assert!(!warnings[0].to_string().contains('\n'));
}

#[test]
fn case_40_a_document_without_authorization_servers_is_relayed_with_a_warning() {
    for document in [
        r#"{"resource":"x"}"#,
        r#"{"resource":"x","authorization_servers":[]}"#,
        r#"{"resource":"x","authorization_servers":null}"#,
    ] {
        assert_eq!(relayed(document).unwrap(), document.replace(r#""x""#, &format!("\"{PUBLIC}\"")));
        assert_eq!(warned(document), [Warning::NoAuthorizationServer]);
    }
}

#[test]
fn case_41_everything_unknown_is_kept_byte_for_byte() {
    let document = "\r\n{\"n\":18446744073709551616,\"f\":1e999 ,\t\"resource\" : \"\\u0078\" ,\"resource_name#it\":\"Caff\\u00e8 é\",\
        \"o\":{\"resource\":\"inner\",\"signed_metadata\":[ ]},\"s\":\"\\/\\\"\" }\n";
    let expected = document.replace(r#""\u0078""#, &format!("\"{PUBLIC}\""));
    assert_eq!(relayed(document).unwrap(), expected);
}

#[test]
fn case_47_the_upstreams_metadata_is_looked_for_at_its_path_then_at_its_root() {
    let locations = |text: &str| {
        let all = metadata::upstream_locations(&url(text));
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let known = "https://up.example/.well-known/oauth-protected-resource";
    assert_eq!(locations("https://up.example/mcp"), format!("{known}/mcp {known}"));
    assert_eq!(locations("https://up.example/mcp/?t=1"), format!("{known}/mcp/?t=1 {known}"));
    assert_eq!(locations("https://up.example/"), known);
    assert_eq!(locations("https://up.example"), known);
}

#[test]
fn internal_keys_are_not_shown_outside() {
    let document = r#"{"jwks_uri":"https://keys.internal/jwks","resource":"x","signed_metadata":"e.y.J"}"#;
    let public = Metadata::parse(document.as_bytes()).unwrap();
    assert_eq!(relayed(document).unwrap(), r#"{"resource":"https://gw.example/a/mcp"}"#);
    assert!(slugs(document).contains(&"private_jwks_uri_removed"));
    let local = String::from_utf8(public.with_resource("http://localhost:8080/a/mcp").unwrap()).unwrap();
    assert!(local.contains("keys.internal"));
}

#[test]
fn a_resource_is_written_so_that_it_reads_back() {
    let metadata = Metadata::parse(br#"{"resource":"x"}"#).unwrap();
    let written = metadata.with_resource("https://gw.example/\"\\\n").unwrap();
    assert_eq!(Metadata::parse(&written).unwrap().resource(), "https://gw.example/\"\\\n");
}
