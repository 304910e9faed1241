//! One line per request. The path is logged without its query, and no field value of a request is: codes
//! and tokens travel in both.

use pingora_proxy::Session;

use crate::context::Context;
use crate::logging::Fields;
use crate::plan::caller::Caller;

/// Writes the line of a request that has ended.
pub fn record(session: &Session, context: &Context, failure: Option<&pingora::Error>) {
    if !Fields::are_logged() {
        return;
    }
    let request = session.req_header();
    let status = session.response_written().map_or(0, |response| response.status.as_u16());
    let api = context.route.as_ref().map(|route| &route.api);
    let caller = context.admission.as_ref().map(|admission| &admission.caller);
    let consumer = caller.and_then(|caller| caller.consumer.as_ref());
    let plan = context.plan();
    let client = context.client.as_ref().map(|client| client.address.to_string());
    let mut fields = Fields::new("request");
    fields
        .text("request_id", &context.request_id.to_string())
        .maybe("client", client.as_deref())
        .text("method", request.method.as_str())
        .text("path", path_of(request.raw_path()).as_ref())
        .maybe("api", api.map(|api| api.name.as_str()))
        .maybe("endpoint", context.hop.as_ref().and_then(|hop| hop.endpoint.settings.name.as_deref()))
        .maybe("plan", plan.map(|plan| &*plan.name))
        .maybe("consumer", consumer.map(|consumer| &*consumer.name))
        .maybe("key", caller.and_then(|caller| caller.key.as_deref()))
        .maybe("client_id", caller.and_then(Caller::client_id))
        .maybe("subject", caller.and_then(Caller::subject))
        .number("status", status);
    let labels = consumer.iter().flat_map(|consumer| consumer.label_fields.iter().zip(&consumer.labels));
    for (name, (_, value)) in labels {
        fields.text(name, value);
    }
    if let Some(call) = &context.call {
        fields.text("rpc_method", &call.method).maybe("rpc_name", call.name.as_deref());
    }
    if let Some(upstream) = context.upstream_status {
        fields.number("upstream_status", upstream);
    }
    if !context.tried.is_empty() {
        fields.number("endpoints_tried", context.tried.len() + 1);
    }
    fields
        .maybe("reason", context.reason)
        .maybe("policy", context.refused_by.as_ref().map(|(policy, _)| &**policy))
        .maybe("rule", context.refused_by.as_ref().and_then(|(_, rule)| rule.as_deref()))
        .maybe("shadow_reason", context.effects.shadowed.first().map(|denial| denial.reason.slug))
        .maybe("shadow_rule", context.effects.shadowed.first().and_then(|denial| denial.rule.as_deref()))
        .maybe("error", failure.map(|error| error.etype().as_str()))
        .number("request_bytes", session.body_bytes_read())
        .number("response_bytes", session.body_bytes_sent())
        .number("duration_ms", format_args!("{:.3}", context.started.elapsed().as_secs_f64() * 1000.0))
        .number("generation", context.gateway.generation)
        .log();
}

/// The path of a raw request target, which may hold any bytes where it was refused. A target that is a
/// whole URL is not shown: it may hold a password.
pub fn path_of(raw: &[u8]) -> std::borrow::Cow<'_, str> {
    if !raw.starts_with(b"/") {
        return "-".into();
    }
    let end = raw.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(raw.len());
    String::from_utf8_lossy(&raw[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_no_part_of_the_logged_path() {
        assert_eq!(path_of(b"/callback?code=secret"), "/callback");
        assert_eq!(path_of(b"/a#code=secret"), "/a");
        assert_eq!(path_of(b"/\xff"), "/\u{fffd}");
        assert_eq!(path_of(b"http://user:password@host/"), "-");
    }
}
