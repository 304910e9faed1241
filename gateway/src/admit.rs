//! Whether a caller is let in: its request and its certificate, shown to the plans of the API.

use std::sync::Arc;

use pingora_proxy::Session;
use tollgate_plugins::request::unix_millis;
use tollgate_protocol::client::Client;

use crate::context::Route;
use crate::listener::client_certificate::{self, ClientCertificate};
use crate::plan::{self, Admission, Shown};
use crate::policies;
use crate::respond::Refusal;

/// Asks the plans of the API about the caller.
///
/// # Errors
/// When it is not let in.
pub async fn caller(session: &Session, client: Option<&Client>, route: &Route) -> Result<Admission, Refusal> {
    let certificate = route.api.asks_for_certificates.then(|| shown_certificate(session)).flatten();
    let request = policies::head(session.req_header(), client, route, unix_millis());
    plan::admit(route, &Shown { request, certificate }).await
}

/// What the client has shown on its connection.
fn shown_certificate(session: &Session) -> Option<Arc<ClientCertificate>> {
    client_certificate::of(&session.digest()?.ssl_digest.as_ref()?.cert_digest)
}
