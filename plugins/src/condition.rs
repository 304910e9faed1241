//! Conditions of the operator's on requests, in CEL.

use std::fmt;

use cel::Value;

use crate::expression::Expression;
pub use crate::expression::{Facts, NoAnswer, Sight};

/// An [`Expression`] that says true or false.
#[derive(Clone, PartialEq)]
pub struct Condition(Expression);

impl Condition {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, sight: Sight) -> Result<Condition, String> {
        let fits = |value: &Value| match value {
            Value::Bool(_) => Ok(()),
            _ => Err("it says neither true nor false"),
        };
        Expression::parse(text, sight, fits).map(Condition)
    }

    /// Whether a request fits.
    ///
    /// # Errors
    /// When that cannot be told, such as where a header is asked for that the request does not have.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, NoAnswer> {
        match self.0.evaluate(facts)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(NoAnswer),
        }
    }

    pub fn expression(&self) -> &Expression {
        &self.0
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Caller;
    use crate::request::Request;
    use http::HeaderMap;
    use http::header::{HeaderName, HeaderValue};
    use tollgate_protocol::envelope::{Batches, Envelope};

    fn holds(text: &str) -> Result<bool, NoAnswer> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-env", "prod"),
            ("x-team", "a"),
            ("x-team", "b"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "x"),
            ("mcp-param-a", "x"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let client = Some("2001:db8::1".parse().expect("an address"));
        let (method, host, path) = ("POST", "gw.example", "/a/mcp/x");
        let request =
            Request { method, host, path, headers: &headers, client, api: "a", caller: None, now: 0 };
        let condition = Condition::parse(text, Sight::Request).unwrap_or_else(|why| panic!("{text}: {why}"));
        condition.holds(&Facts::of(&request))
    }

    #[test]
    fn a_condition_sees_method_host_path_headers_and_client() {
        for text in [
            "true",
            r#"request.method == "POST" && request.host == "gw.example""#,
            r#"request.path.startsWith("/a/") && !request.path.endsWith("/mcp")"#,
            r#""x-env" in request.headers && request.headers["x-env"] == "prod""#,
            r#"request.headers["x-team"] == "a, b""#,
            r#"client.address == "2001:db8::1""#,
            r#"["GET", "POST"].exists(method, method == request.method)"#,
        ] {
            assert_eq!(holds(text), Ok(true), "{text}");
        }
        assert_eq!(holds(r#"request.method == "GET""#), Ok(false));
        assert_eq!(holds(r#"request.headers["x-none"] == "a""#), Err(NoAnswer), "no such header");
    }

    #[test]
    fn headers_that_repeat_the_message_are_nothing_to_decide_by() {
        for name in ["mcp-method", "mcp-name", "mcp-param-a"] {
            assert_eq!(holds(&format!("'{name}' in request.headers")), Ok(false), "{name}");
        }
    }

    /// What a condition of a policy says about a call of `create` with these arguments, by a caller with a token.
    fn holds_for_call(text: &str, arguments: &str) -> Result<bool, NoAnswer> {
        let headers = HeaderMap::new();
        let claims = serde_json::json!({ "role": "admin", "level": 3, "org": { "id": "o1" }, "tags": ["a"] });
        let scopes = ["crm.read".to_owned()];
        let labels = [("team".to_owned(), "red".to_owned())];
        let caller = Caller {
            plan: "gold",
            consumer: Some("acme"),
            labels: &labels,
            subject: Some("u1"),
            client_id: Some("c1"),
            scopes: &scopes,
            groups: &[],
            claims: Some(&claims),
        };
        let (method, host, path) = ("POST", "gw.example", "/a/mcp");
        let (client, caller) = (None, Some(caller));
        let request = Request { method, host, path, headers: &headers, client, api: "a", caller, now: 0 };
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"create","arguments":{arguments}}}}}"#
        );
        let envelope = Envelope::read(body.as_bytes(), Batches::Refused).unwrap();
        let facts = Facts { request: &request, message: envelope.messages().first() };
        let parsed = Condition::parse(text, Sight::Message).unwrap_or_else(|why| panic!("{text}: {why}"));
        parsed.holds(&facts)
    }

    #[test]
    fn a_condition_of_a_policy_sees_the_caller_and_the_call() {
        for text in [
            r#"claims.role == "admin" && claims.level >= 3 && claims.org.id == "o1" && "a" in claims.tags"#,
            r#"plan == "gold" && api == "a" && consumer.name == "acme" && consumer.labels.team == "red""#,
            r#"subject == "u1" && client_id == "c1" && "crm.read" in scopes && size(groups) == 0"#,
            r#"message.method == "tools/call" && message.name == "create" && session == """#,
            r#"arguments["/owner"] == "me" && arguments["/deep/n"] == 7 && !("/none" in arguments)"#,
            r#"arguments["/list"].all(item, item > 0)"#,
        ] {
            let arguments = r#"{"owner":"me","deep":{"n":7,"x":{"a":1,"a":2}},"list":[1,2]}"#;
            assert_eq!(holds_for_call(text, arguments), Ok(true), "{text}");
        }
    }

    #[test]
    fn what_two_readers_could_understand_in_two_ways_is_no_answer() {
        for (text, arguments) in [
            (r#"arguments["/a/b"] == 1"#, r#"{"a":{"b":1,"b":2}}"#),
            (r#"arguments["/a/b"] == 1"#, r#"{"a":{"b":1,"B":2}}"#),
            (r#"arguments["/a"] == 1"#, r#"{"a":{"b":1}}"#),
            (r#"arguments["/a"].size() == 1"#, r#"{"a":[{"b":1,"b":2}]}"#),
            (r#"arguments["/a"] == 1"#, "{}"),
            (r#"claims.none == 1"#, "{}"),
        ] {
            assert_eq!(holds_for_call(text, arguments), Err(NoAnswer), "{text} {arguments}");
        }
    }

    #[test]
    fn arguments_are_named_by_json_pointers() {
        for text in
            ["arguments.owner == 1", "arguments[\"owner\"] == 1", "size(arguments) == 1", "arguments == 1"]
        {
            let why = Condition::parse(text, Sight::Message).expect_err(text);
            assert!(why.contains("JSON pointer"), "{text}: {why}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_is_wrong() {
        for (text, why) in [
            ("", "at character 1: mismatched input '<EOF>'"),
            ("request.method ==", "at character 18: mismatched input '<EOF>'"),
            ("request.method", "it says neither true nor false"),
            ("token.sub == 'a'", "there is no `token`: it can be about `request` and `client`"),
            ("request.method.nope()", "there is no `nope`: it can be about `request` and `client`"),
            ("1 + true == 2", "Unsupported binary operator 'add': Int(1), Bool(true)"),
        ] {
            assert_eq!(Condition::parse(text, Sight::Request).err().as_deref(), Some(why), "{text}");
        }
        for (begin, end) in [("(", ")"), ("[", "]"), ("true ? true : ", "")] {
            for (levels, is_good) in [(16, begin != "["), (17, false), (60, false)] {
                let text = format!("{}true{}", begin.repeat(levels), end.repeat(levels));
                assert_eq!(Condition::parse(&text, Sight::Request).is_ok(), is_good, "{levels} {begin}");
            }
        }
        assert!(
            Condition::parse(&format!("{}true", "!".repeat(1020)), Sight::Request).is_ok(),
            "no level each"
        );
        assert!(Condition::parse(&" ".repeat(1025), Sight::Request).is_err());
    }
}
