//! A record as a line.

use log::Level;
use tollgate_plugins::audit::{Record, Text};

use crate::config::LogFormat;
use crate::logging::Fields;

pub fn of(record: &Record<'_>, format: LogFormat) -> String {
    let mut fields = Fields::formatted("audit", format);
    let client = record.client.map(|client| client.to_string());
    fields
        .text("request_id", record.request_id)
        .text("api", record.api)
        .text("plan", record.plan)
        .maybe("consumer", record.consumer)
        .maybe("key", record.key)
        .maybe("subject", record.subject)
        .maybe("client_id", record.client_id)
        .maybe("client", client.as_deref())
        .maybe("session_sha256", record.session);
    match record.call {
        Some(call) => {
            text(&mut fields, ["method", "method_bytes"], &call.method);
            call.name.iter().for_each(|name| text(&mut fields, ["name", "name_bytes"], name));
            fields.maybe("arguments_sha256", call.arguments_sha256.as_deref());
        }
        None => {
            fields.number("unread", true);
        }
    }
    fields
        .text("verdict", if record.is_denied { "denied" } else { "allowed" })
        .maybe("reason", record.reason)
        .maybe("policy", record.policy)
        .maybe("rule", record.rule)
        .number("status", record.status);
    if let Some(status) = record.upstream_status {
        fields.number("upstream_status", status);
    }
    let milliseconds = record.duration.as_secs_f64() * 1000.0;
    fields.number("duration_ms", format_args!("{milliseconds:.3}")).line(Level::Info)
}

/// The text, and how long it was if this is not all of it.
fn text(fields: &mut Fields, [name, length]: [&str; 2], text: &Text) {
    fields.text(name, &text.shown);
    if let Some(bytes) = text.cut_from {
        fields.number(length, bytes);
    }
}

/// Instead of records that were lost.
pub fn of_lost(records: u64) -> String {
    Fields::formatted("audit_records_dropped", LogFormat::Json).number("dropped", records).line(Level::Warn)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use tollgate_plugins::audit::Call;

    use super::*;

    fn text(text: &str) -> Text {
        Text { shown: text.to_owned(), cut_from: None }
    }

    /// Parsed, without its time.
    fn parsed(line: &str) -> Value {
        let mut parsed: Value = serde_json::from_str(line).expect("one JSON object");
        let time = parsed["time"].take();
        let time = time.as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok() && time.len() == 24, "{time}");
        parsed.as_object_mut().unwrap().remove("time");
        parsed
    }

    #[test]
    fn a_record_says_who_called_what_and_what_became_of_it() {
        let hash = Some("0f".repeat(32));
        let call = Call { method: text("tools/call"), name: Some(text("pay")), arguments_sha256: hash };
        let record = Record {
            request_id: "1f",
            api: "bank",
            plan: "gold",
            consumer: Some("acme"),
            client: Some("2001:db8::1".parse().unwrap()),
            session: Some("0123456789abcdef"),
            call: Some(&call),
            is_denied: true,
            reason: Some("access_denied"),
            policy: Some("tools"),
            rule: Some("rules[2]"),
            status: 200,
            duration: Duration::from_micros(1500),
            ..Record::default()
        };
        let expected = json!({
            "level": "info", "event": "audit", "request_id": "1f", "api": "bank", "plan": "gold",
            "consumer": "acme", "client": "2001:db8::1", "session_sha256": "0123456789abcdef",
            "method": "tools/call", "name": "pay", "arguments_sha256": "0f".repeat(32),
            "verdict": "denied", "reason": "access_denied", "policy": "tools", "rule": "rules[2]",
            "status": 200, "duration_ms": 1.5,
        });
        assert_eq!(parsed(&of(&record, LogFormat::Json)), expected);
    }

    #[test]
    fn a_message_that_was_not_read_has_no_method() {
        let record = Record { upstream_status: Some(202), status: 202, ..Record::default() };
        let line = parsed(&of(&record, LogFormat::Json));
        assert_eq!((&line["unread"], &line["verdict"]), (&json!(true), &json!("allowed")));
        assert_eq!((line.get("method"), &line["upstream_status"]), (None, &json!(202)));
    }

    #[test]
    fn no_text_of_a_client_can_end_a_line_or_begin_a_field() {
        let hostile =
            "x\",\"verdict\":\"allowed\"}\r\n{\"event\":\"audit\"}\u{2028}\u{85}\u{1b}[2K\u{202e}\0";
        let name = Some(Text { shown: hostile.to_owned(), cut_from: Some(5000) });
        let call = Call { method: text(hostile), name, arguments_sha256: None };
        let (subject, client_id) = (Some(hostile), Some(hostile));
        let record = Record { call: Some(&call), is_denied: true, subject, client_id, ..Record::default() };
        for format in [LogFormat::Json, LogFormat::Text] {
            let line = of(&record, format);
            let line = line.strip_suffix('\n').expect("one line");
            assert!(
                !line.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}')),
                "{line}"
            );
        }
        let line = parsed(&of(&record, LogFormat::Json));
        for field in ["method", "name", "subject", "client_id"] {
            assert_eq!(line[field], hostile, "{field}");
        }
        assert_eq!((&line["verdict"], &line["name_bytes"]), (&json!("denied"), &json!(5000)));
    }

    #[test]
    fn lost_records_are_told_by_a_record() {
        let expected = json!({ "level": "warn", "event": "audit_records_dropped", "dropped": 7 });
        assert_eq!(parsed(&of_lost(7)), expected);
    }
}
