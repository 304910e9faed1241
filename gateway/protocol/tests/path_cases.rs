//! Case 59 and the spellings of `robustness.md`'s S23: no spelling of another API's path is accepted.

use tollgate_protocol::path::check_target_path;

#[test]
fn case_59_a_metadata_path_cannot_lead_into_another_api() {
    for path in [
        "/.well-known/oauth-protected-resource/..%2fb/mcp",
        "/.well-known/oauth-protected-resource/%2e%2e/b/mcp",
        "/.well-known/oauth-protected-resource/../b/mcp",
        "/.well-known/oauth-protected-resource//b/mcp",
        "/.well-known/oauth-protected-resource/a\\..\\b",
    ] {
        assert!(check_target_path(path).is_err(), "{path}");
    }
}

/// Every way to spell one character that a lenient upstream might undo.
fn spellings(character: char) -> Vec<String> {
    let byte = u32::from(character);
    let low = format!("%{byte:02x}");
    let high = format!("%{byte:02X}");
    let double = format!("%25{byte:02x}");
    let triple = format!("%2525{byte:02x}");
    let overlong = format!("%c0%{:02x}", 0x80 | byte);
    vec![low, high, double, triple, overlong, format!("%u00{byte:02x}")]
}

#[test]
fn a_segment_spelled_with_escapes_is_refused_in_each_of_several_hundred_spellings() {
    let mut tried = 0;
    for at in 0.."admin".len() {
        for spelled in spellings("admin".as_bytes()[at].into()) {
            for tail in ["", "/", "/x", ";v=1", "%20", "?"] {
                let path = format!("/{}{spelled}{}{tail}", &"admin"[..at], &"admin"[at + 1..]);
                assert!(check_target_path(&path).is_err(), "{path}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 180);
}

#[test]
fn a_way_into_a_neighbouring_segment_is_refused_in_each_spelling() {
    let mut separators =
        vec!["//".to_owned(), "/./".to_owned(), "/x/../".to_owned(), "/x/..;/".to_owned(), "\\".to_owned()];
    for character in ['/', '\\', '\0', '.'] {
        separators.extend(spellings(character));
    }
    for up in ["..", "%2e%2e", ".%2e", "%2e.", "%252e%252e", "..;x", "..%3b", "..%253b"] {
        separators.push(format!("/x/{up}/"));
    }
    for separator in separators {
        for path in
            [format!("/a{separator}admin"), format!("/a/mcp{separator}admin"), format!("/a{separator}")]
        {
            assert!(check_target_path(&path).is_err(), "{path}");
        }
    }
}
