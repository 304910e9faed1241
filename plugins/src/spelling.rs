//! Spellings of a field's name that servers take for one.
//!
//! CGI and its descendants (WSGI, Rack, PHP) turn `X-User`, `X_User` and, some of them, `X.User` into one variable.

use http::header::HeaderName;

/// The spelling with `-` alone.
pub fn plain(name: &HeaderName) -> String {
    name.as_str().replace(['_', '.'], "-")
}

/// Whether a server could take one for the other. Letter case makes no other name.
pub fn are_one(name: &HeaderName, other: &HeaderName) -> bool {
    let folded = |byte| if matches!(byte, b'_' | b'.') { b'-' } else { byte };
    name.as_str().bytes().map(folded).eq(other.as_str().bytes().map(folded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_underscores_and_dots_alone_are_one() {
        let name = |text: &str| text.parse::<HeaderName>().unwrap();
        for (one, other, are) in [
            ("x-user-id", "X-User-Id", true),
            ("x-user-id", "x_user_id", true),
            ("x_user_id", "x-user-id", true),
            ("x.user-id", "x-user_id", true),
            ("x-user-id", "x-userid", false),
            ("x-user-id", "x-user-i", false),
            ("x-user-id", "x~user~id", false),
        ] {
            assert_eq!(are_one(&name(one), &name(other)), are, "{one} {other}");
            assert_eq!(plain(&name(one)) == plain(&name(other)), are, "{one} {other}");
        }
    }
}
