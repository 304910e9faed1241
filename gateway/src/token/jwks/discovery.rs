//! Where an issuer's keys are, by its own metadata: at the URLs of RFC 8414 §3.1 and of OpenID Connect Discovery §4.1,
//! in the order MCP gives. Metadata that names another issuer is not the issuer's (RFC 8414 §3.3).

use serde_json::Value;
use tollgate_protocol::json;
use tollgate_protocol::url::HttpUrl;

use super::get;
use crate::fetch::{Fetcher, Remote};

const MAX_DEPTH: usize = 16;

/// The first that is there and is the issuer's own; or what was wrong with each of them.
pub(super) async fn keys_url(
    fetcher: &Fetcher,
    remote: &Remote,
    url: &HttpUrl,
    issuer: &str,
) -> Result<(Remote, HttpUrl), String> {
    let mut failures = Vec::new();
    for location in locations(url) {
        let found = match get(fetcher, remote, &location).await {
            Ok(fetched) => read(&fetched.body, issuer).map_err(|why| format!("{location}: {why}")),
            Err(why) => Err(why),
        };
        match found {
            Ok(keys) => {
                let at =
                    remote.named(&keys).map_err(|why| format!("{location}: its jwks_uri {keys}: {why}"))?;
                return Ok((at, keys));
            }
            Err(why) => failures.push(why),
        }
    }
    Err(failures.join("; "))
}

/// Where the metadata of an issuer may be.
fn locations(issuer: &HttpUrl) -> Vec<HttpUrl> {
    let (origin, path) = (issuer.origin(), issuer.path().trim_end_matches('/'));
    let mut texts = vec![
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{origin}/.well-known/openid-configuration{path}"),
    ];
    if !path.is_empty() {
        texts.push(format!("{origin}{path}/.well-known/openid-configuration"));
    }
    // Put together of parts of a URL, each of them is one.
    texts.iter().filter_map(|text| HttpUrl::parse(text).ok()).collect()
}

fn read(document: &[u8], issuer: &str) -> Result<HttpUrl, String> {
    json::check_unique_at_every_level(document, MAX_DEPTH).map_err(|error| error.to_string())?;
    let document: Value = serde_json::from_slice(document).map_err(|error| error.to_string())?;
    let named = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if named != issuer {
        return Err(format!("it is the metadata of \"{}\"", named.escape_default()));
    }
    let keys = document.get("jwks_uri").and_then(Value::as_str).ok_or("it names no jwks_uri")?;
    HttpUrl::parse(keys).map_err(|error| format!("its jwks_uri: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations_of(issuer: &str) -> Vec<String> {
        locations(&HttpUrl::parse(issuer).expect("a URL")).iter().map(HttpUrl::to_string).collect()
    }

    #[test]
    fn metadata_is_looked_for_where_the_specifications_say() {
        for issuer in ["https://as.example", "https://as.example/"] {
            assert_eq!(
                locations_of(issuer),
                [
                    "https://as.example/.well-known/oauth-authorization-server",
                    "https://as.example/.well-known/openid-configuration"
                ]
            );
        }
        for issuer in ["https://as.example/a/b", "https://as.example/a/b/"] {
            assert_eq!(
                locations_of(issuer),
                [
                    "https://as.example/.well-known/oauth-authorization-server/a/b",
                    "https://as.example/.well-known/openid-configuration/a/b",
                    "https://as.example/a/b/.well-known/openid-configuration"
                ]
            );
        }
    }

    #[test]
    fn metadata_must_name_the_issuer_character_by_character_and_its_keys() {
        let read = |text: &str| read(text.as_bytes(), "https://as.example").map(|url| url.to_string());
        let good = r#"{"issuer":"https://as.example","jwks_uri":"https://keys.example/k"}"#;
        assert_eq!(read(good), Ok("https://keys.example/k".to_string()));
        for text in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"issuer":"https://as.example"}"#,
            r#"{"issuer":"https://as.example/","jwks_uri":"https://keys.example/k"}"#,
            r#"{"issuer":"https://AS.example","jwks_uri":"https://keys.example/k"}"#,
            r#"{"issuer":"https://as.example.evil.example","jwks_uri":"https://keys.example/k"}"#,
            r#"{"issuer":["https://as.example"],"jwks_uri":"https://keys.example/k"}"#,
            r#"{"issuer":"https://as.example","issuer":"https://as.example","jwks_uri":"https://k.example/"}"#,
            r#"{"issuer":"https://as.example","jwks_uri":"file:///etc/passwd"}"#,
            r#"{"issuer":"https://as.example","jwks_uri":"gopher://as.example/"}"#,
            r#"{"issuer":"https://as.example","jwks_uri":"https://a@keys.example/k"}"#,
            r#"{"issuer":"https://as.example","jwks_uri":"https://2130706433/k"}"#,
            r#"{"issuer":"https://as.example","jwks_uri":"https://0x7f.1/k"}"#,
            r#"{"issuer":"https://as.example","jwks_uri":"/k"}"#,
            r#"{"issuer":"https://as.example","jwks_uri":7}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
