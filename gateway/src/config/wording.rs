//! Turns the sentences of serde into those of this program: what was found, what belongs there, what was likely meant.
//!
//! serde hands a type error over as text only, so its few fixed sentences are taken apart here. One it words
//! differently some day is passed on as it stands.

use super::key_path::{KeyPath, Step};
use super::masking;
use super::problem::{Problem, quoted};
use super::suggest;

/// Words of the design that this version does not know yet, so that they are not taken for typing errors.
const NOT_YET: &[(&str, &str)] = &[("callback", "authorization mode `callback`")];

/// The problem behind a message of serde about the value at `path`.
pub fn problem(message: &str, path: &KeyPath) -> Problem {
    let words = backticked(message);
    if message.starts_with("unknown field") {
        unknown_key(&words, path)
    } else if message.starts_with("unknown variant") {
        unknown_word(&words, path)
    } else if message.starts_with("missing field") {
        missing_key(words.first().copied().unwrap_or_default(), path)
    } else if let Some((found, expected)) = mismatch(message) {
        wrong_type(found, expected, path)
    } else {
        Problem::error(path.clone(), message)
    }
}

fn unknown_key(words: &[&str], path: &KeyPath) -> Problem {
    let (key, known) = words.split_first().map(|(key, known)| (*key, known)).unwrap_or_default();
    // The tracker of paths has seen the key already, or not, depending on which visitor refused it.
    let at = match path.split() {
        Some((_, Step::Key(last))) if last == key => path.clone(),
        _ => path.key(key),
    };
    if let Some(what) = not_yet(key) {
        return Problem::error(at, format!("{what} are not available yet"))
            .at_key()
            .help("the plans for now are `keyless`, `api_key` and `jwt`");
    }
    let problem = Problem::error(at.clone(), format!("unknown key {}", quoted(key))).at_key();
    match suggest::nearest(key, known) {
        _ if key == "<<" => problem.help("merge keys are not supported; write the values out"),
        Some(meant) => match at.split() {
            Some((mapping, _)) => problem.meant(mapping.key(meant)),
            None => problem,
        }
        .help(format!("did you mean `{meant}`?")),
        None if known.is_empty() => problem.help("no keys are allowed here; write `{}`"),
        None => problem.help(format!("keys allowed here: {}", listed(known))),
    }
}

fn unknown_word(words: &[&str], path: &KeyPath) -> Problem {
    let (word, known) = words.split_first().map(|(word, known)| (*word, known)).unwrap_or_default();
    let only = match known {
        [one] => format!("the only value for now is `{one}`"),
        several => format!("write one of {}", listed(several)),
    };
    if let Some(what) = not_yet(word) {
        let are = if what.starts_with("authorization") { "is" } else { "are" };
        return Problem::error(path.clone(), format!("{what} {are} not available yet")).help(only);
    }
    let problem = Problem::error(path.clone(), format!("unknown value {}", quoted(word)));
    match suggest::nearest(word, known) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(only),
    }
}

fn missing_key(key: &str, path: &KeyPath) -> Problem {
    let message =
        if path.is_root() { format!("`{key}` is missing") } else { format!("`{key}` is missing here") };
    let problem = Problem::error(path.clone(), message).absent(path.key(key));
    match example(key) {
        Some(example) => problem.help(format!("add `{example}`")),
        None => problem,
    }
}

/// What a required key looks like when it is there.
fn example(key: &str) -> Option<&'static str> {
    Some(match key {
        "address" => "address: 127.0.0.1:8080",
        "apis" => "apis:` with at least one API under it; see `conf/gateway.yaml",
        "audiences" => "audiences: [https://gateway.example.com/github/mcp]",
        "by" => "by: consumer",
        "ca" => "ca: internal-ca.pem",
        "cert" => "cert: edge.pem",
        "certificates" => "certificates: [{ cert: edge.pem, key: edge.key }]",
        "endpoints" => "endpoints: [https://mcp.example.com/mcp]",
        "issuer" => "issuer: https://login.example.com",
        "issuers" => "issuers: [https://login.example.com]",
        "key" => "key: edge.key",
        "listeners" => "listeners: [{ address: 127.0.0.1:8080 }]",
        "name" => "name: github",
        "path" => "path: /github/mcp",
        "plans" => "plans: [keyless]",
        "to" => "to: stdout",
        "url" => "url: https://mcp.example.com/mcp",
        "windows" => "windows: [{ requests: 100, per: 1m }]",
        _ => return None,
    })
}

fn wrong_type(found: &str, expected: &str, path: &KeyPath) -> Problem {
    let (found, plain) = describe(found);
    let expected = match expected {
        "a sequence" => "a list",
        "string or map" | "a singleton map" => "one word",
        "u32" | "u64" => "a whole number that is not negative",
        other => other,
    };
    if masking::is_place(path) {
        let problem =
            Problem::error(path.clone(), format!("expected {expected}, found something else")).hidden();
        return if expected == "a list" { problem.help("put it in brackets") } else { problem };
    }
    let problem = Problem::error(path.clone(), format!("expected {expected}, found {found}"));
    match plain {
        Some(value) if expected.starts_with("a duration") => problem.help(format!("add a unit: `{value}s`")),
        Some(value) if expected.starts_with("an address") => {
            problem.help(format!("write `127.0.0.1:{value}`, or another IP address of this machine"))
        }
        Some(value) if expected == "text" || expected.starts_with("a name") => {
            problem.help(format!("put it in quotes: \"{value}\""))
        }
        Some(value) if expected == "a list" => problem.help(format!("put it in brackets: [{value}]")),
        _ => problem,
    }
}

/// serde's name for what was found in the words of YAML, and the bare value where it is a short one.
fn describe(found: &str) -> (String, Option<&str>) {
    let (kind, value) = match found.split_once([' ', '`', '"']) {
        Some((kind, _)) => (kind, found[kind.len()..].trim().trim_matches(['`', '"'])),
        None => (found, ""),
    };
    let described = match kind {
        "string" => format!("the text {}", quoted(value)),
        "integer" => format!("the number {}", quoted(value)),
        "floating" => {
            let value = value.trim_start_matches("point `");
            return (format!("the number {}", quoted(value)), Some(value));
        }
        "boolean" => format!("{}, which YAML takes for a boolean", quoted(value)),
        "sequence" => return ("a list".to_owned(), None),
        "map" => return ("a mapping".to_owned(), None),
        "unit" => return ("nothing".to_owned(), None),
        _ => return (found.to_owned(), None),
    };
    (described, Some(value).filter(|value| value.len() <= 80))
}

fn mismatch(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let middle = rest.rfind(", expected ")?;
    Some((&rest[..middle], &rest[middle + ", expected ".len()..]))
}

fn not_yet(word: &str) -> Option<&'static str> {
    NOT_YET.iter().find(|(known, _)| *known == word).map(|(_, what)| *what)
}

/// The words in backticks of one of serde's sentences, in order.
fn backticked(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
