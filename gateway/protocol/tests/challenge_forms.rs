//! Spellings of challenges met in the field or wanted by a parser, beyond the numbered cases.

use crate::support::*;
use tollgate_protocol::challenge::{self, Options};

#[test]
fn a_missing_comma_is_added_and_a_value_that_is_missing_goes() {
    assert_eq!(
        rewritten(&[r#"Bearer realm="x" resource_metadata="{U}"  error=invalid_token"#]),
        fill(r#"Bearer realm="x", resource_metadata="{P}", error=invalid_token"#)
    );
    assert_eq!(
        rewritten(&[r#"Bearer realm=, resource_metadata="{U}", scope="""#]),
        fill(r#"Bearer resource_metadata="{P}", scope="""#)
    );
    assert_eq!(rewritten(&["Bearer resource_metadata="]), fill(r#"Bearer resource_metadata="{P}""#));
    assert_eq!(seen(&["Bearer resource_metadata="]).metadata_url, None);
}

#[test]
fn schemes_without_parameters_and_with_them_share_a_field() {
    for field in
        ["Bearer", "Bearer, DPoP", r#"Basic realm="x", Bearer"#, "Negotiate, NTLM", r#"Digest a=b,c="d""#]
    {
        assert_eq!(rewritten(&[field]), field);
        assert!(!seen(&[field]).malformed, "{field}");
    }
}

#[test]
fn text_beyond_ascii_in_other_values_is_kept() {
    let field = "Bearer error_description=\"caf\u{e9}\", resource_metadata=\"{U}\"";
    assert_eq!(
        rewritten(&[field]),
        fill("Bearer error_description=\"caf\u{e9}\", resource_metadata=\"{P}\"")
    );
}

#[test]
fn the_first_challenge_decides_what_the_typescript_client_sees() {
    assert!(seen(&["bearer", "Basic"]).bearer_first);
    assert!(!seen(&["Basic, Bearer"]).bearer_first);
    assert!(!seen(&["Basic", "Bearer"]).bearer_first);
}

#[test]
fn a_public_url_cannot_break_out_of_its_quotes() {
    let hostile = "https://gw.example/a\",b\\c\r\n\u{e9}";
    let challenges = challenge::rewrite(
        [&b"Bearer resource_metadata=x"[..]],
        hostile,
        &upstream_origin(),
        Options::default(),
    );
    let expected = r#"Bearer resource_metadata="https://gw.example/a%22%2Cb%5Cc%0D%0A%C3%A9""#;
    assert_eq!(shown(&challenges.unwrap()), expected);
}

#[test]
fn injecting_after_rewriting_leaves_a_single_url() {
    let mut challenges =
        challenge::rewrite([&b"Bearer scope=\"s\""[..]], P, &upstream_origin(), Options::default()).unwrap();
    challenge::inject(&mut challenges, P);
    challenge::inject(&mut challenges, P);
    assert_eq!(shown(&challenges), fill(r#"Bearer resource_metadata="{P}", scope="s""#));
}

#[test]
fn a_replaced_field_needs_no_injection() {
    let mut challenges = challenge::rewrite(
        [fill("Bearer resource_metadata=\"{U}").as_bytes()],
        P,
        &upstream_origin(),
        Options::default(),
    )
    .unwrap()
    .fields
    .into_iter()
    .map(|field| field.into_owned())
    .collect::<Vec<_>>();
    let field = challenges.remove(0);
    let mut again = challenge::read([field.as_slice()]).unwrap();
    challenge::inject(&mut again, P);
    assert_eq!(shown(&again), fill(r#"Bearer resource_metadata="{P}""#));
}
