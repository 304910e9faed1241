//! What is worth telling the operator about a document that is relayed.

use super::servers::{self, Entry};
use super::splice;
use crate::json::{Kind, Object};
use crate::url::Origin;
use std::fmt;

/// One remark. Texts of the upstream are displayed escaped, so they cannot forge a log line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// The signature over the upstream's own `resource` was removed.
    SignedMetadataRemoved,
    /// MCP requires at least one authorization server; there is none.
    NoAuthorizationServer,
    /// An authorization server only the inside can reach, relayed to clients on the outside.
    PrivateAuthorizationServer(Origin),
    /// An entry that is no URL a client may be sent to was dropped. Holds its JSON text.
    AuthorizationServerDropped(String),
    /// The resource's own keys are on an internal host; the member was removed.
    PrivateJwksUriRemoved,
    /// DPoP proofs are made for the URL the client called, which the upstream does not know.
    DpopNotRelayable,
    /// Signed responses are signed by the upstream, under its own name.
    SignedResponses,
}

impl Warning {
    /// The stable name used in logs and metrics.
    pub fn slug(&self) -> &'static str {
        match self {
            Warning::SignedMetadataRemoved => "signed_metadata_removed",
            Warning::NoAuthorizationServer => "no_authorization_server",
            Warning::PrivateAuthorizationServer(_) => "private_authorization_server",
            Warning::AuthorizationServerDropped(_) => "authorization_server_dropped",
            Warning::PrivateJwksUriRemoved => "private_jwks_uri_removed",
            Warning::DpopNotRelayable => "dpop_not_relayable",
            Warning::SignedResponses => "signed_responses",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::SignedMetadataRemoved => {
                out.write_str("`signed_metadata` was removed: it vouches for the upstream's own URL")
            }
            Warning::NoAuthorizationServer => {
                out.write_str("the metadata names no authorization server; MCP clients need at least one")
            }
            Warning::PrivateAuthorizationServer(origin) => {
                write!(out, "clients outside will not reach the authorization server {origin}")
            }
            Warning::AuthorizationServerDropped(entry) => {
                write!(out, "an authorization server was dropped, it is no https URL: {}", shown(entry))
            }
            Warning::PrivateJwksUriRemoved => {
                out.write_str("`jwks_uri` was removed: it is on an internal host")
            }
            Warning::DpopNotRelayable => out.write_str(
                "the upstream takes DPoP tokens; those made for the gateway's URL will be refused",
            ),
            Warning::SignedResponses => {
                out.write_str("the upstream signs its responses in its own name, not in the gateway's")
            }
        }
    }
}

/// At most 200 characters, control and non-ASCII characters escaped.
fn shown(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_default).collect()
}

pub(super) fn warnings(object: &Object<'_>, public: &Origin) -> Vec<Warning> {
    let has = |name: &str| object.get(name).is_some_and(|member| member.value.kind != Kind::Null);
    let mut warnings = Vec::new();
    if has("signed_metadata") {
        warnings.push(Warning::SignedMetadataRemoved);
    }
    // A list of the wrong type is an error of `with_resource`, not a remark.
    if let Ok(servers) = servers::entries(object) {
        about_servers(&servers.map(|(_, entries)| entries).unwrap_or_default(), public, &mut warnings);
    }
    let jwks_uri = object.get("jwks_uri");
    if jwks_uri.is_some_and(|member| splice::is_internal(object, member, &public.to_string())) {
        warnings.push(Warning::PrivateJwksUriRemoved);
    }
    if has("dpop_signing_alg_values_supported") {
        warnings.push(Warning::DpopNotRelayable);
    }
    if has("resource_signing_alg_values_supported") {
        warnings.push(Warning::SignedResponses);
    }
    warnings
}

fn about_servers(entries: &[Entry<'_>], public: &Origin, warnings: &mut Vec<Warning>) {
    if entries.is_empty() {
        warnings.push(Warning::NoAuthorizationServer);
    }
    for entry in entries {
        match &entry.kept {
            None => warnings.push(Warning::AuthorizationServerDropped(entry.text.to_owned())),
            Some(origin) if origin.is_private() && !public.is_private() => {
                warnings.push(Warning::PrivateAuthorizationServer(origin.clone()));
            }
            Some(_) => {}
        }
    }
}
