//! `cors`: which web pages may call an API, besides those of the listener, and what they may know of its answers.
//!
//! A browser asks before it sends anything, without credentials (Fetch §3.2), so this is looked at before any plan: it is
//! for the gateway and for APIs, and not for plans.

use std::time::Duration;

use http::header::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_protocol::url::Origin;

use crate::pattern::Pattern;
use crate::policy::{Needs, Policy};
use crate::settings::findings::{Findings, Once};
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};
use crate::settings::text::{Duration as DurationText, FieldName, Words};
use crate::settings::values::{self, Refusal};

const MAX_AGE: Duration = Duration::from_secs(600);

/// Which web pages may call, besides those of the listener. For the gateway and for APIs: a browser asks before anybody
/// knows the plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `allowed_origins`")]
#[schemars(rename = "Cors")]
pub struct Settings {
    /// Origins of web pages, such as `https://app.example.com`; `*` stands for any characters: `https://*.example.com`.
    #[schemars(length(min = 1))]
    pub allowed_origins: Vec<Words>,

    /// Headers of answers that pages may read, besides those of MCP and OAuth.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub exposed_headers: Vec<FieldName>,

    /// How long a browser may go by what it was told.
    #[schemars(extend("default" = "10m"))]
    pub max_age: Option<DurationText>,

    /// Whether pages of public sites may call although the gateway is in a private network, or on the same machine
    /// (Private Network Access).
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub private_network: bool,
}

/// The policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Cors {
    pages: Vec<Pattern>,
    pub exposed_headers: Vec<HeaderName>,
    pub max_age: Duration,
    pub private_network: bool,
}

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<Cors> {
    let list = path.key("allowed_origins");
    findings.refuse_empty(written.allowed_origins.is_empty(), &list, "origin");
    let mut seen = Once::default();
    let mut pages = Vec::new();
    for (index, text) in written.allowed_origins.iter().enumerate() {
        let place = list.item(index);
        let Some(page) = findings.take(place.clone(), page(text.as_str())) else { continue };
        if let Some(first) = seen.note(page.text(), &place) {
            let message = format!("{} is in the list twice", quoted(text.as_str()));
            findings.add(Problem::error(place, message).first(first).help("remove one of the two"));
            continue;
        }
        if page.text() == "*" {
            let message = "any page may call, also one that a browser on this network was lured to";
            findings.add(
                Problem::warning(place, message).help("list the pages, unless every caller needs a token"),
            );
        }
        pages.push(page);
    }
    let exposed = written.exposed_headers.iter().enumerate();
    let exposed_headers = exposed.filter_map(|(index, name)| {
        findings.take(path.key("exposed_headers").item(index), header(name.as_str()))
    });
    let exposed_headers = exposed_headers.collect();
    let max_age = match &written.max_age {
        Some(written) => findings.take(path.key("max_age"), values::duration(written.as_str()))?,
        None => MAX_AGE,
    };
    Some(Cors { pages, exposed_headers, max_age, private_network: written.private_network })
}

/// An origin as browsers write it, or a pattern of such.
fn page(text: &str) -> Result<Pattern, Refusal> {
    if text == "*" {
        return Ok(Pattern::parse(text));
    }
    let refusal = || {
        let refusal = Refusal::new(format!("{} is no origin of a web page", quoted(text)));
        refusal
            .help("write a scheme and a host, such as `https://app.example.com` or `https://*.example.com`")
    };
    // Of a pattern it is one of its origins that is looked at.
    let one = |pattern: &str| pattern.replace(":*", ":1").replace('*', "x");
    let origin = Origin::parse(&one(text)).map_err(|_| refusal())?;
    // What is written has to be what browsers send: lower-case, without the port that goes without saying.
    let written = text.trim_end_matches('/').to_ascii_lowercase();
    match origin.to_string() == one(&written) {
        true => Ok(Pattern::parse(&written)),
        false => Err(refusal()),
    }
}

fn header(text: &str) -> Result<HeaderName, Refusal> {
    HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| Refusal::new(format!("{} is no name of a header", quoted(text))))
}

impl Cors {
    /// Whether pages of this origin may call.
    pub fn allows(&self, origin: &Origin) -> bool {
        let origin = origin.to_string();
        self.pages.iter().any(|page| page.fits(&origin))
    }
}

/// It is asked before there is a caller to decide about.
impl Policy for Cors {
    fn needs(&self) -> Needs {
        Needs::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(settings: &str) -> (Option<Cors>, Vec<String>) {
        let (settings, mut findings) = (serde_json::from_str(settings).unwrap(), Findings::default());
        let policy = check(&settings, &KeyPath::root(), &mut findings);
        (policy, findings.problems.iter().map(|problem| problem.path.to_string()).collect())
    }

    #[test]
    fn pages_are_allowed_by_their_whole_origin() {
        let pages = r#"{ "allowed_origins": ["https://app.example", "HTTPS://*.Example.com", "http://localhost:*"] }"#;
        let (policy, found) = checked(pages);
        let policy = policy.unwrap();
        assert_eq!(found, [""; 0]);
        for (origin, is_allowed) in [
            ("https://app.example", true),
            ("https://app.example:8443", false),
            ("http://app.example", false),
            ("https://a.b.example.com", true),
            ("https://example.com", false),
            ("https://evil.example", false),
            ("https://app.example.evil.example", false),
            ("http://localhost:3000", true),
            ("http://localhost", false),
        ] {
            assert_eq!(policy.allows(&Origin::parse(origin).unwrap()), is_allowed, "{origin}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for origin in
            ["app.example", "https://app.example/x", "https://app.example:443", "ftp://a", "null", ""]
        {
            let (_, found) = checked(&format!(r#"{{ "allowed_origins": ["{origin}"] }}"#));
            assert_eq!(found, ["allowed_origins[0]"], "{origin}");
        }
    }
}
