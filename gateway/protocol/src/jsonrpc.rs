//! JSON-RPC 2.0 error responses the gateway writes in its own name.

use crate::json::quote;
use std::fmt::Write;

/// An error response to the request with this `id`, which is JSON: `null` where the gateway answers before, or without,
/// reading the request's body.
///
/// MCP reserves -32099 to -32020 for itself and leaves -32019 to -32000 to implementations; the gateway's own codes
/// come from the latter. `data` holds string members only and is left out when there are none.
pub fn error_body(id: &str, code: i64, message: &str, data: &[(&str, &str)]) -> String {
    let mut body =
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{}"#, quote(message));
    for (nth, (name, value)) in data.iter().enumerate() {
        let before = if nth == 0 { r#","data":{"# } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(body, "{before}{}:{}", quote(name), quote(value));
    }
    body.push_str(if data.is_empty() { "}}" } else { "}}}" });
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_members_of_the_specification_and_the_id_of_its_request() {
        assert_eq!(
            error_body("null", -32001, "no upstream", &[]),
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"no upstream"}}"#
        );
        assert_eq!(
            error_body("\"7\"", -32001, "a \"b\"\n", &[("reason", "x"), ("request_id", "1\\2")]),
            r#"{"jsonrpc":"2.0","id":"7","error":{"code":-32001,"message":"a \"b\"\n","data":{"reason":"x","request_id":"1\\2"}}}"#
        );
    }

    #[test]
    fn every_text_gives_a_body_that_parses() {
        for text in ["", "\u{0}\u{7f}", "é😀", "</script>", "\\u0000", "{\"a\":1}"] {
            let body = error_body("1", i64::MIN, text, &[(text, text)]);
            let value: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (&value["error"]["message"], &value["error"]["data"][text]),
                (&text.into(), &text.into())
            );
        }
    }
}
