//! RFC 9457 problem details, for clients that do not speak JSON-RPC.

use crate::json::quote;

/// A body of type `application/problem+json`.
///
/// `reason` is the slug that logs and metrics use as well, `request_id` what the operator can search the log for.
pub fn problem_body(status: u16, title: &str, detail: &str, reason: &str, request_id: &str) -> String {
    format!(
        r#"{{"type":"about:blank","title":{},"status":{status},"detail":{},"reason":{},"request_id":{}}}"#,
        quote(title),
        quote(detail),
        quote(reason),
        quote(request_id)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_an_object_with_the_members_of_rfc_9457() {
        let body = problem_body(502, "Bad Gateway", "it said \"no\"", "metadata_not_json", "7f");
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Bad Gateway", "status": 502,
            "detail": "it said \"no\"", "reason": "metadata_not_json", "request_id": "7f"
        });
        assert_eq!(value, expected);
    }
}
