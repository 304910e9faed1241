use super::*;

fn encode(text: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.chunks(3) {
        let block =
            chunk.iter().fold(0u32, |block, byte| (block << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(block >> (18 - 6 * at)) as usize & 63]));
        }
    }
    out
}

fn token(header: &str, claims: &str) -> String {
    format!("{}.{}.c2ln", encode(header.as_bytes()), encode(claims.as_bytes()))
}

fn refused(header: &str) -> JwtError {
    Jwt::parse(&token(header, "{}")).unwrap_err()
}

#[test]
fn a_token_is_read_into_what_its_verification_needs() {
    let text = token(r#"{"alg":"ES256","kid":"k\u0031","typ":"Application/AT+JWT","x":[1]}"#, r#"{"a":1}"#);
    let jwt = Jwt::parse(&text).unwrap();
    assert_eq!((jwt.algorithm, jwt.key_id.as_deref()), (Algorithm::Es256, Some("k1")));
    assert_eq!(jwt.kind.as_deref(), Some("at+jwt"));
    assert_eq!(jwt.signed, text.strip_suffix(".c2ln").unwrap());
    assert_eq!((&jwt.payload[..], &jwt.signature[..]), (&br#"{"a":1}"#[..], &b"sig"[..]));
    assert_eq!(jwt.claims(), Ok(&br#"{"a":1}"#[..]));
}

#[test]
fn every_algorithm_is_known_by_its_name_and_no_other() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
    }
    assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDsa));
    for name in
        ["none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "ES512", "ES256K", "Ed448", "rs256", ""]
    {
        assert_eq!(refused(&format!(r#"{{"alg":"{name}"}}"#)), JwtError::Algorithm, "{name}");
    }
}

#[test]
fn a_header_that_demands_more_than_is_understood_is_refused() {
    for member in [r#""crit":["exp"]"#, r#""crit":[]"#, r#""crit":null"#, r#""b64":false"#, r#""b64":true"#] {
        assert_eq!(refused(&format!(r#"{{"alg":"RS256",{member}}}"#)), JwtError::Critical, "{member}");
    }
    assert_eq!(refused(r#"{"alg":"RS256","enc":"A128GCM"}"#), JwtError::Encrypted);
}

#[test]
fn keys_in_the_header_mean_nothing() {
    for member in [
        r#""jwk":{"kty":"RSA"}"#,
        r#""jku":"https://evil.example/""#,
        r#""x5u":"https://evil.example/""#,
        r#""x5c":["MA=="]"#,
    ] {
        let header = format!(r#"{{"alg":"RS256",{member}}}"#);
        assert_eq!(Jwt::parse(&token(&header, "{}")).unwrap().key_id, None, "{header}");
    }
}

#[test]
fn a_header_that_two_readers_could_read_differently_is_refused() {
    for header in [
        "",
        "[]",
        "null",
        "{",
        "{}",
        "{} {}",
        r#"{"alg":1}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["RS256"]}"#,
        r#"{"alg":"RS256","alg":"RS256"}"#,
        r#"{"alg":"RS256","\u0061lg":"none"}"#,
        r#"{"alg":"RS256","kid":1}"#,
        r#"{"alg":"RS256","typ":1}"#,
        r#"{"alg":"RS256","x":{"a":1,"a":2}}"#,
        r#"{"ALG":"RS256"}"#,
        "\u{feff}{\"alg\":\"RS256\"}",
    ] {
        assert_eq!(refused(header), JwtError::Header, "{header}");
    }
    assert_eq!(refused(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(1025))), JwtError::Header);
}

#[test]
fn claims_must_be_an_object_with_each_member_once_at_every_level() {
    for claims in [
        "",
        "[]",
        "1",
        r#"{"a":1,"a":1}"#,
        r#"{"a":{"b":1,"b":1}}"#,
        r#"{"a":[{"b":1,"\u0062":1}]}"#,
        r#"{"a":[[{},{"b":{"c":0,"c":0}}]]}"#,
        "{\"a\":\"\n\"}",
    ] {
        let text = token(r#"{"alg":"RS256"}"#, claims);
        assert_eq!(Jwt::parse(&text).unwrap().claims().unwrap_err(), JwtError::Claims, "{claims}");
    }
    let text = token(r#"{"alg":"RS256"}"#, r#"{"a":{"b":1},"b":[{"a":1},{"a":1}]}"#);
    assert!(Jwt::parse(&text).unwrap().claims().is_ok());
}

#[test]
fn what_does_not_have_three_parts_in_base64url_is_refused() {
    let good = token(r#"{"alg":"RS256"}"#, "{}");
    let [header, claims] = [encode(br#"{"alg":"RS256"}"#), encode(b"{}")];
    for (text, error) in [
        (String::new(), JwtError::Parts),
        (header.clone(), JwtError::Parts),
        (format!("{header}.{claims}"), JwtError::Parts),
        (format!("{good}."), JwtError::Parts),
        (format!("{good}.."), JwtError::Encrypted),
        (format!("{good}..."), JwtError::Parts),
        (format!(".{claims}.c2ln"), JwtError::Header),
        (format!("{header}=.{claims}.c2ln"), JwtError::Base64),
        (format!("{header}.{claims}=.c2ln"), JwtError::Base64),
        (format!("{header}.{claims}.c2ln="), JwtError::Base64),
        (format!("{header}.{claims}.c2lo\n"), JwtError::Base64),
        (format!(" {good}"), JwtError::Base64),
        (format!("{header}.{claims}.{}", "A".repeat(MAX_TOKEN)), JwtError::TooLong),
    ] {
        assert_eq!(Jwt::parse(&text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn no_part_of_a_token_is_printed() {
    let text = token(r#"{"alg":"RS256","kid":"secret"}"#, r#"{"sub":"secret"}"#);
    let printed = format!("{:?}", Jwt::parse(&text).unwrap());
    assert_eq!(printed, "Jwt { algorithm: Rs256, .. }");
}
