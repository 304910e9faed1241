//! A request as plans and policies see it.

use pingora::http::RequestHeader;
use tollgate_plugins::request::{Caller, Request};
use tollgate_protocol::client::Client;

use crate::context::Route;
use crate::plan::Admission;

/// A request as plans see it, which are asked before there is a caller.
pub fn head<'r>(
    request: &'r RequestHeader,
    client: Option<&Client>,
    route: &'r Route,
    now: u64,
) -> Request<'r> {
    Request {
        method: request.method.as_str(),
        host: &route.identifier.origin.host,
        path: &route.identifier.path,
        headers: &request.headers,
        client: client.map(|client| client.address),
        api: &route.api.name,
        caller: None,
        now,
    }
}

/// A request whose caller was admitted, as policies see it.
pub fn view<'r>(
    request: &'r RequestHeader,
    client: Option<&Client>,
    route: &'r Route,
    admission: &'r Admission,
    now: u64,
) -> Request<'r> {
    let caller = &admission.caller;
    let consumer = caller.consumer.as_deref();
    let token = caller.token.as_deref();
    Request {
        caller: Some(Caller {
            plan: admission.plan(&route.api).map(|plan| &*plan.name).unwrap_or_default(),
            consumer: consumer.map(|consumer| &*consumer.name),
            labels: consumer.map(|consumer| consumer.labels.as_slice()).unwrap_or_default(),
            subject: caller.subject(),
            client_id: caller.client_id(),
            scopes: token.map(|token| token.scopes.as_slice()).unwrap_or_default(),
            groups: token.map(|token| token.groups.as_slice()).unwrap_or_default(),
            claims: token.map(|token| &*token.claims),
        }),
        ..head(request, client, route, now)
    }
}
