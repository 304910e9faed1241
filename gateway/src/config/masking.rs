//! Where secrets belong, or may have been put in place of what belongs there. Nothing that stands there is shown.

use super::key_path::{KeyPath, Step};

/// Keys whose value is a secret, or holds one.
const PLACES: &[&str] = &[
    "api_keys",
    "auth",
    "basic",
    "bearer",
    "client",
    "password",
    "private_key",
    "seal_keys",
    "secret",
    "sha256",
    "value",
];

/// Whether a value of the wrong kind at this path may be a secret.
pub fn is_place(path: &KeyPath) -> bool {
    let mut keys = path.steps().iter().rev().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Item(_) => None,
    });
    match (keys.next(), keys.next()) {
        (Some("header"), around) => around == Some("auth"),
        (Some(key), _) => PLACES.contains(&key),
        (None, _) => false,
    }
}

/// A line of a configuration with what stands in the place of a secret masked, unless it says where the secret is. It
/// goes by the text alone: a line is shown of a file that is not YAML, too.
pub fn mask(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    let mut at = 0;
    while at < shown.len() {
        let key: String =
            shown[at..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
        at += key.len();
        let is_place = match key.as_str() {
            "header" => is_of_auth(&shown[..at - key.len()]),
            key => PLACES.contains(&key),
        };
        if is_place {
            let is_ahead = |c: &char| matches!(c, '"' | '\'' | ':' | ' ' | '[');
            let ahead: String = shown[at..].iter().take_while(|c| is_ahead(c)).collect();
            if ahead.contains(':') {
                at = mask_value(&mut shown, at + ahead.len(), &ahead, &key);
            }
        } else if key.is_empty() {
            at += 1;
        }
    }
    shown.into_iter().collect()
}

/// Whether the mapping that a line has begun is that of `auth`, whose `header` is no name.
fn is_of_auth(before: &[char]) -> bool {
    let before: String = before.iter().filter(|c| !matches!(c, ' ' | '"' | '\'')).collect();
    before.ends_with("auth:{")
}

/// Masks the value that begins at `start`, behind a quote where `ahead` ends with one. Returns its end.
fn mask_value(shown: &mut [char], start: usize, ahead: &str, key: &str) -> usize {
    let quote = ahead.chars().next_back().filter(|last| matches!(last, '"' | '\''));
    let ends = |c: &char| match quote {
        Some(quote) => *c == quote,
        None => matches!(c, ',' | ']' | '}' | '{') || (*c == '#' && key != "private_key"),
    };
    let is_reference = shown[start..].starts_with(&['$', '{']);
    let end = shown[start..].iter().position(|c| if is_reference { *c == '}' } else { ends(c) });
    let end = end.map_or(shown.len(), |length| start + length);
    let value: String = shown[start..end].iter().collect();
    let is_shown = match key {
        "seal_keys" => value.len() < 43,
        _ => value.strip_prefix("${").is_some_and(|inner| {
            inner.starts_with("file:")
                || inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }),
    };
    if !is_shown {
        shown[start..end].iter_mut().filter(|c| **c != ' ').for_each(|c| *c = '*');
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_place_of_a_secret_is_masked_and_nothing_else_is() {
        for (line, shown) in [
            ("bearer: s3cret", "bearer: ******"),
            ("{ bearer: \"s3,et\", typo: 1 }", "{ bearer: \"*****\", typo: 1 }"),
            ("{ \"secret\": 's3cret', id: a }", "{ \"secret\": '******', id: a }"),
            ("password: \"s3cret", "password: \"******"),
            ("api_keys: [s3cret]", "api_keys: [******]"),
            ("secret: ${not/a+name}", "secret: ************}"),
            ("auth: { bearer: \"${file:token}\" }", "auth: { bearer: \"${file:token}\" }"),
            ("value: ${A_NAME}, name: b", "value: ${A_NAME}, name: b"),
            ("auth: { header: s3cret }", "auth: { header: ****** }"),
            ("api_key: { header: x-acme-key }", "api_key: { header: x-acme-key }"),
            ("seal_keys: [sessions.key]", "seal_keys: [sessions.key]"),
            ("- { api_key: { bearer: {} } }", "- { api_key: { bearer: {} } }"),
            ("issuer: https://a.example # the secret", "issuer: https://a.example # the secret"),
        ] {
            assert_eq!(mask(line), shown);
        }
    }

    #[test]
    fn the_places_of_secrets_are_told_by_their_paths() {
        let api = KeyPath::root().key("apis").item(0);
        let auth = api.key("upstream").key("auth");
        let plan = api.key("plans").item(0).key("api_key");
        for place in [auth.clone(), auth.key("header"), auth.key("bearer").item(0)] {
            assert!(is_place(&place), "{place}");
        }
        for other in [KeyPath::root(), plan.key("header"), api.key("path")] {
            assert!(!is_place(&other), "{other}");
        }
    }
}
