//! Cases 1 to 28 that are about the bytes of `WWW-Authenticate`.

use crate::support::*;
use tollgate_protocol::challenge::{self, Options, TooLarge};

#[test]
fn case_01_only_the_metadata_url_of_a_challenge_changes() {
    assert_eq!(rewritten(&[r#"Bearer resource_metadata="{U}""#]), fill(r#"Bearer resource_metadata="{P}""#));
}

#[test]
fn case_02_what_follows_the_url_is_kept() {
    assert_eq!(
        rewritten(&[r#"Bearer resource_metadata="{U}", scope="files:read", realm="x""#]),
        fill(r#"Bearer resource_metadata="{P}", scope="files:read", realm="x""#)
    );
}

#[test]
fn case_03_order_and_spacing_are_kept() {
    assert_eq!(
        rewritten(&[r#"Bearer  scope="a b" ,resource_metadata="{U}",	error="invalid_token""#]),
        fill(r#"Bearer  scope="a b" ,resource_metadata="{P}",	error="invalid_token""#)
    );
}

#[test]
fn case_04_a_step_up_challenge_is_rewritten_and_recognised() {
    let field = r#"Bearer error="insufficient_scope", scope="w", resource_metadata="{U}""#;
    assert_eq!(
        rewritten(&[field]),
        fill(r#"Bearer error="insufficient_scope", scope="w", resource_metadata="{P}""#)
    );
    assert!(seen(&[field]).insufficient_scope);
    assert!(!seen(&[r#"Bearer error="invalid_token""#]).insufficient_scope);
    assert!(!seen(&[r#"Basic error="insufficient_scope""#]).insufficient_scope);
}

#[test]
fn case_06_the_name_is_emitted_in_lower_case() {
    assert_eq!(rewritten(&[r#"bearer Resource_Metadata="{U}""#]), fill(r#"bearer resource_metadata="{P}""#));
}

#[test]
fn case_07_spaces_around_the_equals_sign_go() {
    assert_eq!(
        rewritten(&["Bearer resource_metadata \t= \"{U}\" , realm = \"x\""]),
        fill(r#"Bearer resource_metadata="{P}" , realm = "x""#)
    );
}

#[test]
fn case_08_an_unquoted_url_is_quoted() {
    assert_eq!(
        rewritten(&[r#"Bearer resource_metadata={U}, scope="s""#]),
        fill(r#"Bearer resource_metadata="{P}", scope="s""#)
    );
    assert_eq!(rewritten(&["Bearer resource_metadata={U}"]), fill(r#"Bearer resource_metadata="{P}""#));
}

#[test]
fn case_09_an_escaped_url_is_read_without_its_escapes() {
    let field =
        r#"Bearer resource_metadata="https:\/\/up.example\/.well-known\/oauth-protected-resource\/mcp""#;
    assert_eq!(seen(&[field]).metadata_url.as_deref(), Some(U));
    assert_eq!(rewritten(&[field]), fill(r#"Bearer resource_metadata="{P}""#));
}

#[test]
fn case_10_fields_keep_their_number_and_order_unless_bearer_goes_first() {
    let fields = [r#"Basic realm="x""#, r#"Bearer resource_metadata="{U}""#];
    assert_eq!(rewritten(&fields), fill(r#"Basic realm="x"|Bearer resource_metadata="{P}""#));
    let first = Options { bearer_first: true };
    assert_eq!(rewritten_with(&fields, first), fill(r#"Bearer resource_metadata="{P}"|Basic realm="x""#));
    assert_eq!(
        rewritten_with(
            &[r#"DPoP algs="ES256", Basic realm="a, b" , Bearer scope="s", resource_metadata="{U}""#],
            first
        ),
        fill(r#"Bearer scope="s", resource_metadata="{P}", DPoP algs="ES256", Basic realm="a, b""#)
    );
    assert_eq!(rewritten_with(&[r#"Basic realm="x""#, "Digest"], first), r#"Basic realm="x"|Digest"#);
}

#[test]
fn case_11_a_comma_inside_quotes_is_no_boundary() {
    assert_eq!(
        rewritten(&[r#"Basic realm="a, b", Bearer resource_metadata="{U}", scope="s""#]),
        fill(r#"Basic realm="a, b", Bearer resource_metadata="{P}", scope="s""#)
    );
}

#[test]
fn case_12_a_token68_is_preserved() {
    for credentials in ["YII==", "YII=", "YII", "a/b+c~d"] {
        assert_eq!(
            rewritten(&[&format!(r#"Negotiate {credentials}, Bearer resource_metadata="{{U}}""#)]),
            fill(&format!(r#"Negotiate {credentials}, Bearer resource_metadata="{{P}}""#))
        );
    }
}

#[test]
fn case_13_a_dpop_challenge_is_rewritten_and_recognised() {
    let field = r#"DPoP algs="ES256", resource_metadata="{U}""#;
    assert_eq!(rewritten(&[field]), fill(r#"DPoP algs="ES256", resource_metadata="{P}""#));
    let seen = seen(&[field]);
    assert!(seen.has_dpop && seen.had_metadata && !seen.has_bearer);
}

#[test]
fn case_14_every_challenge_of_a_field_is_rewritten() {
    assert_eq!(
        rewritten(&[r#"Bearer resource_metadata="{U}", DPoP resource_metadata="{U}""#]),
        fill(r#"Bearer resource_metadata="{P}", DPoP resource_metadata="{P}""#)
    );
}

#[test]
fn case_15_empty_elements_are_accepted_and_not_repeated() {
    assert_eq!(
        rewritten(&[r#", ,Bearer resource_metadata="{U}","#]),
        fill(r#"Bearer resource_metadata="{P}""#)
    );
    assert_eq!(
        rewritten(&[r#"Bearer , resource_metadata="{U}",, scope="s" , "#]),
        fill(r#"Bearer resource_metadata="{P}", scope="s""#)
    );
    assert_eq!(rewritten(&[r#"Basic realm="x","#]), r#"Basic realm="x""#);
}

#[test]
fn case_16_a_value_that_looks_like_the_parameter_cannot_mislead_a_client() {
    assert_eq!(
        rewritten(&[
            r#"Bearer error_description="see resource_metadata=https://evil/x", resource_metadata="{U}""#
        ]),
        fill(r#"Bearer resource_metadata="{P}""#)
    );
    assert_eq!(
        rewritten(&[
            r#"Bearer realm="resource_metadata=https://evil/x", scope="s", resource_metadata="{U}", a="b""#
        ]),
        fill(r#"Bearer resource_metadata="{P}", realm="resource_metadata=https://evil/x", scope="s", a="b""#)
    );
    assert_eq!(
        rewritten(&[
            r#"Basic realm="Resource_Metadata=x", Bearer x_resource_metadata="u", resource_metadata="{U}""#
        ]),
        fill(r#"Basic, Bearer resource_metadata="{P}", x_resource_metadata="u""#)
    );
}

#[test]
fn case_17_escaped_quotes_are_stepped_over_and_descriptions_kept() {
    let description = r#"Bearer error_description="up.example said \"no, resource_metadata\"", "#;
    assert_eq!(
        rewritten(&[&format!(r#"{description}resource_metadata="{{U}}""#)]),
        fill(&format!(r#"{description}resource_metadata="{{P}}""#))
    );
}

#[test]
fn case_18_a_field_that_cannot_be_read_is_replaced_when_it_would_leak() {
    let plain = fill(r#"Bearer resource_metadata="{P}""#);
    for field in [
        r#"Bearer resource_metadata="{U}"#,
        r#"Bearer realm=MCP Server, resource_metadata="{U}""#,
        r#"Bearer realm="x"resource_metadata="{U}""#,
        r#"Bearer realm="on UP.example"#,
        r#"resource_metadata="{U}""#,
        r#"Negotiate YII==, resource_metadata="{U}""#,
        r#"Bearer xresource_metadata=="#,
        r#"Bearer, a==, resource_metadata="{U}""#,
    ] {
        assert_eq!(rewritten(&[field]), plain, "{field}");
        assert!(seen(&[field]).malformed, "{field}");
    }
    for harmless in ["", "Bearer realm=\"x", "=", "Basic realm", "Basic a b", "\"\""] {
        assert_eq!(rewritten(&[harmless]), harmless);
    }
}

#[test]
fn case_19_a_second_url_in_one_challenge_goes_and_the_first_is_looked_up() {
    let field = r#"Bearer resource_metadata="https://up.example/1", scope="s", resource_metadata="https://up.example/2""#;
    assert_eq!(rewritten(&[field]), fill(r#"Bearer resource_metadata="{P}", scope="s""#));
    let seen = seen(&[field]);
    assert_eq!(seen.metadata_url.as_deref(), Some("https://up.example/1"));
    assert!(seen.duplicate_metadata);
}

#[test]
fn case_20_a_bearer_challenge_without_metadata_gets_it() {
    let injected = |field: &str| {
        let mut challenges = seen(&[field]);
        challenge::inject(&mut challenges, P);
        shown(&challenges)
    };
    for (field, expected) in [
        ("Bearer", r#"Bearer resource_metadata="{P}""#),
        (r#"bearer realm="x""#, r#"bearer resource_metadata="{P}", realm="x""#),
        (r#"Bearer, Basic realm="x""#, r#"Bearer resource_metadata="{P}", Basic realm="x""#),
        (
            r#"Basic realm="x", Bearer error="e""#,
            r#"Basic realm="x", Bearer resource_metadata="{P}", error="e""#,
        ),
        ("Bearer abc", r#"Bearer abc|Bearer resource_metadata="{P}""#),
        (r#"Bearer resource_metadata="x""#, r#"Bearer resource_metadata="x""#),
        (r#"DPoP resource_metadata="x""#, r#"DPoP resource_metadata="x""#),
    ] {
        assert_eq!(injected(field), fill(expected), "{field}");
    }
}

#[test]
fn case_21_an_answer_without_a_bearer_challenge_gets_one() {
    let mut none = seen(&[]);
    challenge::inject(&mut none, P);
    assert_eq!(shown(&none), fill(r#"Bearer resource_metadata="{P}""#));
    let mut basic = seen(&[r#"Basic realm="x""#]);
    challenge::inject(&mut basic, P);
    assert_eq!(shown(&basic), fill(r#"Basic realm="x"|Bearer resource_metadata="{P}""#));
}

#[test]
fn case_23_a_url_on_another_origin_is_seen_as_what_it_is_and_replaced() {
    let field = r#"Bearer resource_metadata="https://cdn.example/prm.json""#;
    let named = url(&seen(&[field]).metadata_url.unwrap());
    assert_ne!(named.origin(), &upstream_origin());
    assert_eq!(rewritten(&[field]), fill(r#"Bearer resource_metadata="{P}""#));
}

#[test]
fn case_24_a_relative_url_resolves_against_the_upstream() {
    let field = r#"Bearer resource_metadata="/.well-known/oauth-protected-resource/mcp""#;
    let named = seen(&[field]).metadata_url.unwrap();
    assert_eq!(url(UPSTREAM).resolve(&named).unwrap().to_string(), U);
    assert_eq!(rewritten(&[field]), fill(r#"Bearer resource_metadata="{P}""#));
}

#[test]
fn case_25_a_url_that_must_not_be_fetched_is_foreign_or_no_url() {
    for named in [
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//evil.example/x",
        "https://up.example@evil/",
    ] {
        let field = format!(r#"Bearer resource_metadata="{named}""#);
        let seen = seen(&[&field]).metadata_url.unwrap();
        let same_origin = url(UPSTREAM).resolve(&seen).is_ok_and(|it| it.origin() == &upstream_origin());
        assert!(!same_origin, "{named}");
        assert_eq!(rewritten(&[&field]), fill(r#"Bearer resource_metadata="{P}""#));
    }
}

#[test]
fn case_26_a_url_that_is_right_already_passes_byte_for_byte() {
    let field = fill(r#"Bearer  scope="s" ,resource_metadata="{P}""#);
    let challenges =
        challenge::rewrite([field.as_bytes()], P, &upstream_origin(), Options::default()).unwrap();
    assert!(matches!(challenges.fields[0], std::borrow::Cow::Borrowed(_)));
    assert_eq!(shown(&challenges), field);
    assert_eq!(challenges.metadata_url.as_deref(), Some(P));
}

#[test]
fn case_27_control_bytes_and_text_beyond_ascii_cannot_reach_the_client() {
    for field in [
        &b"Bearer resource_metadata=\"https://up.example/\xe9\""[..],
        b"Bearer resource_metadata=\"https://up.example/\r\nSet-Cookie: x\"",
        b"Bearer realm=\"a\r\nSet-Cookie: x\"",
        b"Bearer realm=\"a\\\r\\\n\"",
        b"Bearer realm=\"\0\"",
        b"\r\n",
    ] {
        let challenges = challenge::rewrite([field], P, &upstream_origin(), Options::default()).unwrap();
        assert_eq!(shown(&challenges), fill(r#"Bearer resource_metadata="{P}""#));
        assert!(challenges.malformed);
    }
}

#[test]
fn case_28_too_many_or_too_long_fields_are_refused() {
    let rewrite = |fields: Vec<Vec<u8>>| {
        let fields = fields.iter().map(Vec::as_slice);
        challenge::rewrite(fields, P, &upstream_origin(), Options::default()).map(|it| it.fields.len())
    };
    assert_eq!(rewrite(vec![b"Bearer".to_vec(); challenge::MAX_FIELDS]), Ok(64));
    assert_eq!(rewrite(vec![b"Bearer".to_vec(); 200]), Err(TooLarge));
    assert_eq!(rewrite(vec![vec![b'a'; challenge::MAX_BYTES]]), Ok(1));
    assert_eq!(rewrite(vec![vec![b'a'; 64 * 1024]]), Err(TooLarge));
    assert_eq!(challenge::read(vec![&[b'a'; 40_000][..]]).map(|_| ()), Err(TooLarge));
}
