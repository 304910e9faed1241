//! Steps of the pure half: bytes in, bytes out.

use std::hint::black_box;

use tollgate_protocol::challenge::{self, Options};
use tollgate_protocol::envelope::{Batches, Envelope};
use tollgate_protocol::metadata::Metadata;
use tollgate_protocol::path::check_target_path;
use tollgate_protocol::url::Origin;

use crate::Step;

const PUBLIC_METADATA: &str = "https://edge.example.com/.well-known/oauth-protected-resource/crm/mcp";
const CHALLENGE: &[u8] = b"Bearer error=\"invalid_token\", scope=\"tools:read\", \
    resource_metadata=\"https://crm.internal/.well-known/oauth-protected-resource/mcp\"";
const METADATA: &[u8] =
    br#"{"resource":"https://crm.internal/mcp","authorization_servers":["https://login.example.com"],
    "scopes_supported":["tools:read","tools:write"],"bearer_methods_supported":["header"]}"#;
/// Of the usual length of a call's arguments.
const TEXT_BYTES: usize = 900;

pub fn steps() -> Vec<Step> {
    let call = call();
    let upstream = upstream();
    vec![
        Step::new("check the path of a request", || {
            let _ = black_box(check_target_path(black_box("/crm/mcp")));
        }),
        Step::new("read the envelope of a call of 1 KB", move || {
            let _ = black_box(Envelope::read(black_box(call.as_bytes()), Batches::Refused));
        }),
        Step::new("rewrite a challenge", move || {
            if let Some(upstream) = &upstream {
                let rewritten =
                    challenge::rewrite([black_box(CHALLENGE)], PUBLIC_METADATA, upstream, Options::default());
                let _ = black_box(rewritten);
            }
        }),
        Step::new("rewrite metadata", || {
            let metadata = Metadata::parse(black_box(METADATA));
            let _ = black_box(
                metadata.map(|metadata| metadata.with_resource("https://edge.example.com/crm/mcp")),
            );
        }),
    ]
}

fn upstream() -> Option<Origin> {
    Origin::parse("https://crm.internal").ok()
}

fn call() -> String {
    let text = "x".repeat(TEXT_BYTES);
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"text":"{text}"}}}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_is_taken() {
        assert_eq!(check_target_path("/crm/mcp"), Ok(()));
        assert!(Envelope::read(call().as_bytes(), Batches::Refused).is_ok());
        let upstream = upstream().expect("an origin");
        let challenges = challenge::rewrite([CHALLENGE], PUBLIC_METADATA, &upstream, Options::default())
            .expect("a challenge");
        assert!(challenges.had_metadata && challenges.has_bearer);
        let metadata = Metadata::parse(METADATA).expect("metadata");
        assert!(metadata.with_resource("https://edge.example.com/crm/mcp").is_ok());
    }
}
