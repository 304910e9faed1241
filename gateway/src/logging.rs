//! Log lines, as JSON or as text, one object or one line per event.
//!
//! Two kinds share the output: operational lines (`log::info!` and so on, a sentence) and lines made of
//! fields ([`Fields`]: requests, and events other programs wait for). Neither ever carries a token, a
//! code or a query string: nothing that could hold one is handed to this module.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use chrono::{SecondsFormat, Utc};
use env_logger::{Builder, Target};
use log::{Level, LevelFilter};
use once_cell::sync::OnceCell;

use crate::config::{Log, LogFormat, LogLevel};
use crate::log_output::{self, LogOutput};

/// Set once at start: the format of a running process does not change under its reader.
static FORMAT: OnceCell<LogFormat> = OnceCell::new();
/// The `log` target of lines that are made of fields already.
const FIELDS: &str = "tollgate::fields";

/// Sends everything logged from now on to standard output.
///
/// # Errors
/// When the writing thread cannot be started.
pub fn start(settings: Log) -> io::Result<()> {
    FORMAT.get_or_init(|| settings.format);
    let level = filter(settings.level);
    let output = LogOutput::start(lost_line)?;
    log_output::install(output.clone());
    Builder::new()
        .filter_level(level)
        // Pingora quotes whole request heads below this level, credentials and all.
        .filter_module("pingora", LevelFilter::Off)
        .filter_module("pingora_core", level.min(LevelFilter::Warn))
        .filter_module("pingora_proxy", level.min(LevelFilter::Warn))
        // What clients get wrong in a handshake; theirs to send as often as they like.
        .filter_module("rustls", level.min(LevelFilter::Error))
        .format(|out, record| {
            let message = record.args().to_string();
            let fields = record.target() == FIELDS;
            writeln!(out, "{}", line(current_format(), record.level(), fields, &message))
        })
        .target(Target::Pipe(Box::new(output)))
        .try_init()
        .map_err(io::Error::other)
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::Error,
        LogLevel::Warn => LevelFilter::Warn,
        LogLevel::Info => LevelFilter::Info,
        LogLevel::Debug => LevelFilter::Debug,
    }
}

/// How log lines are written.
pub fn current_format() -> LogFormat {
    FORMAT.get().copied().unwrap_or_default()
}

fn line(format: LogFormat, level: Level, fields: bool, message: &str) -> String {
    let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let level = level.as_str().to_ascii_lowercase();
    match (format, fields) {
        (LogFormat::Json, true) => format!(r#"{{"time":"{time}","level":"{level}",{message}}}"#),
        (LogFormat::Json, false) => {
            let message = json_text(message);
            format!(r#"{{"time":"{time}","level":"{level}","event":"message","message":{message}}}"#)
        }
        (LogFormat::Text, true) => format!("{time} {level} {message}"),
        // Escaped, so that no name an upstream chose can start a line of its own.
        (LogFormat::Text, false) => {
            format!("{time} {level} {}", message.escape_debug().to_string().replace("\\\"", "\""))
        }
    }
}

/// A text as JSON, with what a terminal may obey escaped as well: JSON itself escapes only the controls below U+0020.
fn json_text(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    if !json.contains(is_obeyed) {
        return json;
    }
    json.chars().fold(String::with_capacity(json.len() + 16), |mut escaped, c| {
        let _ = match is_obeyed(c) {
            true => write!(escaped, "\\u{:04x}", u32::from(c)),
            false => escaped.write_char(c),
        };
        escaped
    })
}

/// The other controls, what ends a line elsewhere, and what changes the direction of writing.
fn is_obeyed(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn lost_line(lost: u64) -> String {
    Fields::new("log_lines_dropped").number("dropped", lost).line(Level::Warn)
}

/// A line made of fields, in the order they are added.
pub struct Fields {
    format: LogFormat,
    text: String,
}

impl Fields {
    /// `event` says what kind of line this is.
    pub fn new(event: &str) -> Fields {
        Fields::formatted(event, current_format())
    }

    /// For a line that goes elsewhere than to the log.
    pub fn formatted(event: &str, format: LogFormat) -> Fields {
        let mut fields = Fields { format, text: String::with_capacity(256) };
        fields.text("event", event);
        fields
    }

    /// Adds a text; any bytes a client sent are escaped.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Fields {
        self.name(name);
        // Writing to a String cannot fail.
        let _ = match self.format {
            LogFormat::Json => write!(self.text, "{}", json_text(value)),
            LogFormat::Text if is_plain(value) => write!(self.text, "{value}"),
            LogFormat::Text => write!(self.text, "{value:?}"),
        };
        self
    }

    /// Adds a text if there is one.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut Fields {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds a number.
    pub fn number(&mut self, name: &str, value: impl std::fmt::Display) -> &mut Fields {
        self.name(name);
        let _ = write!(self.text, "{value}");
        self
    }

    /// Whether lines are written at all.
    pub fn are_logged() -> bool {
        log::log_enabled!(target: FIELDS, Level::Info)
    }

    /// Writes the line.
    pub fn log(&self) {
        log::info!(target: FIELDS, "{}", self.text);
    }

    /// The whole line, with its end.
    pub fn line(&self, level: Level) -> String {
        line(self.format, level, true, &self.text) + "\n"
    }

    fn name(&mut self, name: &str) {
        let first = self.text.is_empty();
        let _ = match self.format {
            LogFormat::Json => write!(self.text, r#"{}"{name}":"#, if first { "" } else { "," }),
            LogFormat::Text => write!(self.text, "{}{name}=", if first { "" } else { " " }),
        };
    }
}

fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'=' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\r\n{\"level\":\"error\"}\u{1b}[31m\u{202e}";

    #[test]
    fn what_a_client_sends_cannot_start_a_line_or_end_a_field() {
        for fields in [true, false] {
            let message = match fields {
                true => Fields::new("request").text("path", HOSTILE).text.clone(),
                false => HOSTILE.to_string(),
            };
            let line = line(LogFormat::Json, Level::Info, fields, &message);
            assert!(!line.contains(['\r', '\n', '\u{1b}']), "{line}");
            let parsed: serde_json::Value = serde_json::from_str(&line).expect("one JSON object");
            assert_eq!(parsed[if fields { "path" } else { "message" }], HOSTILE);
            assert_eq!(parsed["level"], "info");
        }
    }

    #[test]
    fn text_lines_quote_what_is_not_plain() {
        let mut fields = Fields { format: LogFormat::Text, text: String::new() };
        fields.text("path", "/a b\n").number("status", 200).maybe("api", None).text("method", "GET");
        assert_eq!(fields.text, r#"path="/a b\n" status=200 method=GET"#);
        assert!(!line(LogFormat::Text, Level::Info, false, HOSTILE).contains(['\r', '\n', '\u{1b}']));
    }
}
