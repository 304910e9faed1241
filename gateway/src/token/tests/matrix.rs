//! J01: every way a token can be wrong, and next to each of them the way it is right.

use ring::hmac;
use serde_json::{Value, json};
use tollgate_protocol::jwt::Algorithm;

use crate::token::keys::KeySet;
use crate::token::testing::{AUDIENCE, ISSUER, NOW, Signer, claims, encode, openssl, set_of, settings};
use crate::token::verify::{Kinds, Settings, Token};

const GOOD: &str = "accepted";

/// Tokens, each with the slug it is refused for.
#[derive(Default)]
struct Matrix {
    rows: Vec<(String, String, &'static str)>,
}

impl Matrix {
    fn row(&mut self, name: impl Into<String>, token: impl Into<String>, expected: &'static str) {
        self.rows.push((name.into(), token.into(), expected));
    }

    fn hold(self, settings: &Settings, keys: &KeySet) -> usize {
        let rows = self.rows.len();
        let wrong: Vec<String> = self
            .rows
            .into_iter()
            .map(|(name, token, expected)| (name, outcome(&token, settings, keys), expected))
            .filter(|(_, found, expected)| found != expected)
            .map(|(name, found, expected)| format!("{name}: {found} and not {expected}"))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        rows
    }
}

fn outcome(token: &str, settings: &Settings, keys: &KeySet) -> &'static str {
    let verified = Token::parse(token).and_then(|token| token.verify(settings, keys, NOW));
    verified.map_or_else(|rejected| rejected.reason().slug, |_| GOOD)
}

/// An issuer with a key for each algorithm.
fn issuer() -> (Vec<Signer>, KeySet) {
    let signers: Vec<Signer> =
        Algorithm::ALL.into_iter().map(|algorithm| Signer::new(algorithm.name(), algorithm)).collect();
    let keys: Vec<Value> = signers.iter().map(Signer::jwk).collect();
    let set = set_of(&keys);
    (signers, set)
}

/// An issuer with one key, which is quick to sign with.
fn signer() -> Signer {
    Signer::new("k1", Algorithm::Es256)
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

#[test]
fn j01_signatures() {
    let (signers, keys) = issuer();
    let mut matrix = Matrix::default();
    for signer in &signers {
        let algorithm = signer.algorithm.name();
        let token = signer.token(&claims());
        let (signed, _) = token.rsplit_once('.').expect("three parts");
        let signature = signer.sign(signed.as_bytes());
        let mut with_signature = |name: &str, signature: &[u8], expected| {
            matrix.row(format!("{algorithm}: {name}"), format!("{signed}.{}", encode(signature)), expected);
        };
        let flipped = |at: usize| {
            let mut flipped = signature.clone();
            flipped[at] ^= 1;
            flipped
        };
        with_signature("its own signature", &signature, GOOD);
        with_signature("the first byte changed", &flipped(0), "token_signature");
        with_signature("the last byte changed", &flipped(signature.len() - 1), "token_signature");
        with_signature("a byte less", &signature[1..], "token_signature");
        with_signature("a byte more", &[&signature[..], &[0]].concat(), "token_signature");
        with_signature("none", &[], "token_signature");
        with_signature("all zero", &vec![0; signature.len()], "token_signature");
        with_signature("one of something else", &signer.sign(b"something else"), "token_signature");
        let stranger = match signer.algorithm {
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => {
                Signer::new(algorithm, signer.algorithm)
            }
            // Making a second RSA key takes a while; one more of another padding is as strange.
            _ => Signer::new(algorithm, Algorithm::EdDsa),
        };
        with_signature("somebody else's", &stranger.sign(signed.as_bytes()), "token_signature");
    }
    assert!(matrix.hold(&settings(), &keys) >= 81);
}

#[test]
fn j01_algorithms_that_are_confused() {
    let (signers, keys) = issuer();
    let mut matrix = Matrix::default();
    let rsa = &signers[0];
    for name in
        ["none", "None", "NONE", "nOnE", "", "HS256", "rs256", "RS256 ", "ES512", "ES256K", "Ed448", "dir"]
    {
        let header = json!({ "alg": name, "kid": "RS256", "typ": "at+jwt" });
        let token = rsa.token_with(&header, &claims());
        let (signed, _) = token.rsplit_once('.').expect("three parts");
        matrix.row(format!("{name:?} without a signature"), format!("{signed}."), "token_algorithm");
        matrix.row(format!("{name:?} with a signature"), &token, "token_algorithm");
    }
    let pem = rsa.jwk().to_string();
    let modulus = rsa.jwk()["n"].to_string();
    for (secret, what) in [(pem.as_str(), "the JWK"), (modulus.as_str(), "the modulus"), ("", "nothing")] {
        for (name, digest) in
            [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
        {
            let header = json!({ "alg": name, "kid": "RS256", "typ": "at+jwt" });
            let signed = format!("{}.{}", encode(header.to_string()), encode(claims().to_string()));
            let tag = hmac::sign(&hmac::Key::new(digest, secret.as_bytes()), signed.as_bytes());
            matrix.row(
                format!("{name} with {what} as its secret"),
                format!("{signed}.{}", encode(tag)),
                "token_algorithm",
            );
        }
    }
    for signer in &signers {
        for other in signers.iter().filter(|other| other.algorithm != signer.algorithm) {
            let header = json!({ "alg": signer.algorithm.name(), "kid": other.id, "typ": "at+jwt" });
            matrix.row(
                format!("{} with the key for {}", signer.algorithm.name(), other.algorithm.name()),
                signer.token_with(&header, &claims()),
                "token_algorithm",
            );
        }
    }
    assert!(matrix.hold(&settings(), &keys) >= 105);
}

#[test]
fn j01_algorithms_that_are_not_allowed() {
    let (signers, keys) = issuer();
    for allowed in Algorithm::ALL {
        let settings = Settings { algorithms: vec![allowed], ..settings() };
        for signer in &signers {
            let expected = if signer.algorithm == allowed { GOOD } else { "token_algorithm" };
            assert_eq!(outcome(&signer.token(&claims()), &settings, &keys), expected);
        }
    }
}

#[test]
fn j01_headers() {
    let signer = signer();
    let mut matrix = Matrix::default();
    let mut header = |member: &str, value: Value, expected| {
        let mut header = signer.header();
        header[member] = value.clone();
        matrix.row(format!("{member}: {value}"), signer.token_with(&header, &claims()), expected);
    };
    for kind in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        header("typ", kind.into(), GOOD);
    }
    for kind in [
        "JWT",
        "",
        "jwt",
        "at+jwt ",
        "application/jwt",
        "application/application/at+jwt",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "oauth-id-jag+jwt",
        "JOSE",
    ] {
        header("typ", kind.into(), "token_type");
    }
    for strange in [json!(null), json!(1), json!(["at+jwt"])] {
        header("typ", strange.clone(), "token_malformed");
        header("kid", strange.clone(), "token_malformed");
        header("alg", strange, "token_malformed");
    }
    for id in
        ["", "K1", "k1 ", "k1\0", "../../dev/null", "' OR 1=1 --", "k1/../k1", "https://evil.example/k1", "*"]
    {
        header("kid", id.into(), "token_key_unknown");
    }
    header("kid", "k".repeat(1024).into(), "token_key_unknown");
    header("kid", "k".repeat(1025).into(), "token_malformed");
    for value in [json!(["exp"]), json!([]), json!(["b64"]), json!("exp"), json!(null)] {
        header("crit", value, "token_malformed");
    }
    for value in [json!(false), json!(true), json!("false")] {
        header("b64", value, "token_malformed");
    }
    header("enc", "A128GCM".into(), "token_malformed");
    // They may be there, and nothing is made of them.
    for (member, value) in [
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["MIIB"])),
        ("x5t#S256", json!("AAAA")),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("nonce", json!("n")),
    ] {
        header(member, value, GOOD);
    }
    assert!(matrix.hold(&settings(), &signer.set()) >= 50);
}

#[test]
fn j01_keys_in_the_header_are_not_used() {
    let (signer, stranger) = (signer(), Signer::new("k1", Algorithm::Es256));
    let mut matrix = Matrix::default();
    for id in ["k1", "other"] {
        let expected = if id == "k1" { "token_signature" } else { "token_key_unknown" };
        for (member, value) in [
            ("jwk", stranger.jwk()),
            ("jku", json!("https://evil.example/keys")),
            ("x5u", json!("https://evil.example/cert")),
        ] {
            let mut header = stranger.header();
            header["kid"] = id.into();
            header[member] = value;
            matrix.row(format!("{member} for {id}"), stranger.token_with(&header, &claims()), expected);
        }
    }
    matrix.hold(&settings(), &signer.set());
}

#[test]
fn j01_a_token_without_a_kid_needs_the_only_key_that_fits() {
    let (one, two, other) = (signer(), Signer::new("k2", Algorithm::Es256), Signer::ed25519("k3"));
    let token = one.token_with(&json!({ "alg": "ES256", "typ": "at+jwt" }), &claims());
    for (keys, expected) in [
        (vec![one.jwk()], GOOD),
        (vec![other.jwk(), one.jwk()], GOOD),
        (vec![one.jwk(), two.jwk()], "token_key_unknown"),
        (vec![other.jwk()], "token_key_unknown"),
        (vec![two.jwk()], "token_signature"),
    ] {
        assert_eq!(outcome(&token, &settings(), &set_of(&keys)), expected, "{keys:?}");
    }
}

#[test]
fn j01_times() {
    let signer = signer();
    let mut matrix = Matrix::default();
    let mut time = |name: &str, value: Value, expected| {
        matrix.row(format!("{name}: {value}"), signer.token(&with(name, value)), expected);
    };
    let skew = 30;
    for (value, expected) in [
        (json!(NOW + 1), GOOD),
        (json!(NOW), GOOD),
        (json!(NOW - skew + 1), GOOD),
        (json!(NOW - skew), "token_expired"),
        (json!(NOW - skew - 1), "token_expired"),
        (json!((NOW - skew + 1) as f64), GOOD),
        (json!(NOW as f64 + 0.5), GOOD),
        (json!((NOW - skew) as f64 + 0.9), "token_expired"),
        (json!(0), "token_expired"),
        (json!(-0.0), "token_expired"),
        (json!(1e-9), "token_expired"),
        (json!(253_402_300_799u64), GOOD),
        (json!(253_402_300_800u64), "token_malformed"),
        (json!((NOW + 300) * 1_000_000), "token_malformed"),
        (json!(-1), "token_malformed"),
        (json!(1e20), "token_malformed"),
        (json!(u64::MAX), "token_malformed"),
    ] {
        time("exp", value, expected);
    }
    for name in ["nbf", "iat"] {
        for (value, expected) in [
            (json!(NOW), GOOD),
            (json!(NOW + skew), GOOD),
            (json!(NOW + skew + 1), "token_not_yet_valid"),
            (json!((NOW + skew) as f64 + 0.1), "token_not_yet_valid"),
            (json!(0), GOOD),
            (json!(-1), "token_malformed"),
            (json!(1e20), "token_malformed"),
        ] {
            time(name, value, expected);
        }
    }
    for name in ["exp", "nbf", "iat"] {
        for strange in [json!("1000300"), json!(""), json!(null), json!(true), json!([NOW]), json!({})] {
            time(name, strange, "token_malformed");
        }
    }
    matrix.row("no exp", signer.token(&without("exp")), "token_malformed");
    matrix.row("no iat", signer.token(&without("iat")), GOOD);
    let text = claims().to_string().replace(&(NOW + 300).to_string(), "1e400");
    matrix.row("exp: 1e400", signer.token_of(&signer.header().to_string(), &text), "token_malformed");
    assert!(matrix.hold(&settings(), &signer.set()) >= 50);
}

#[test]
fn j01_issuers_and_audiences() {
    let signer = signer();
    let mut matrix = Matrix::default();
    let mut claim = |name: &str, value: Value, expected| {
        matrix.row(format!("{name}: {value}"), signer.token(&with(name, value)), expected);
    };
    for issuer in [
        "https://as.example/",
        "https://as.example.evil.example",
        "https://as.exampl",
        "https://as.example/a",
        "https://AS.example",
        "HTTPS://as.example",
        "https://as.example:443",
        "http://as.example",
        " https://as.example",
        "https://as.example\0",
        "",
    ] {
        claim("iss", issuer.into(), "token_issuer");
    }
    for strange in [json!(null), json!(1), json!([ISSUER]), json!({ "a": ISSUER })] {
        claim("iss", strange, "token_malformed");
    }
    for audience in [
        json!(AUDIENCE),
        json!([AUDIENCE]),
        json!(["https://other.example", AUDIENCE]),
        json!(format!("{AUDIENCE}/")),
        json!([format!("{AUDIENCE}/"), "x"]),
    ] {
        claim("aud", audience, GOOD);
    }
    for audience in [
        json!(""),
        json!([]),
        json!("https://gw.example/a"),
        json!("https://gw.example"),
        json!("https://gw.example/b/mcp"),
        json!("https://gw.example/a/mcp2"),
        json!("https://gw.example/a/mcp//"),
        json!("https://gw.example/a/mcp?x=1"),
        json!("https://gw.example/a/mcp#x"),
        json!("https://GW.example/a/mcp"),
        json!("http://gw.example/a/mcp"),
        json!("https://gw.example:443/a/mcp"),
        json!(format!("x {AUDIENCE}")),
        json!([format!("{AUDIENCE} x")]),
        json!(format!(" {AUDIENCE}")),
    ] {
        claim("aud", audience, "token_audience");
    }
    for strange in
        [json!(null), json!(1), json!([AUDIENCE, 1]), json!([[AUDIENCE]]), json!({ "aud": AUDIENCE })]
    {
        claim("aud", strange, "token_malformed");
    }
    matrix.row("no iss", signer.token(&without("iss")), "token_issuer");
    matrix.row("no aud", signer.token(&without("aud")), "token_audience");
    assert!(matrix.hold(&settings(), &signer.set()) >= 40);
}

#[test]
fn j01_shapes() {
    let signer = signer();
    let good = signer.token(&claims());
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let mut matrix = Matrix::default();
    for (name, token) in [
        ("nothing", String::new()),
        ("opaque", "2YotnFZFEjr1zCsicMWpAA".to_string()),
        ("one part", header.to_string()),
        ("two parts", format!("{header}.{payload}")),
        ("a dot behind", format!("{good}.")),
        ("a dot before", format!(".{good}")),
        ("five parts", format!("{header}.{payload}.{signature}.{payload}.{signature}")),
        ("six parts", format!("{good}.{good}")),
        ("no header", format!(".{payload}.{signature}")),
        ("no payload", format!("{header}..{signature}")),
        ("no header and no payload", format!("..{signature}")),
        ("only dots", "..".to_string()),
        ("a space before", format!(" {good}")),
        ("a space behind", format!("{good} ")),
        ("a line feed behind", format!("{good}\n")),
        ("a tab within", format!("{header}\t.{payload}.{signature}")),
        ("padding", format!("{header}.{payload}.{signature}==")),
        ("padding in the header", format!("{header}=.{payload}.{signature}")),
        ("standard base64", format!("{header}.{payload}.{}", "+/".repeat(43))),
        ("percent-encoding", good.replace('.', "%2E")),
        ("NUL behind", format!("{good}\0")),
        ("64 KiB", format!("{header}.{}.{signature}", "A".repeat(64 * 1024))),
        ("the scheme", format!("Bearer {good}")),
        ("quotes", format!("\"{good}\"")),
        (
            "JSON serialization",
            json!({ "payload": payload, "protected": header, "signature": signature }).to_string(),
        ),
    ] {
        matrix.row(name, token, "token_malformed");
    }
    matrix.row("good", &good, GOOD);
    let (head, text) = (signer.header().to_string(), claims().to_string());
    let inner = text.trim_start_matches('{');
    for (name, claims) in [
        ("iss twice", format!(r#"{{"iss":"https://evil.example",{inner}"#)),
        ("iss twice, once escaped", format!(r#"{{"\u0069ss":"{ISSUER}",{inner}"#)),
        ("aud twice", format!(r#"{{"aud":"{AUDIENCE}",{inner}"#)),
        ("exp twice", format!(r#"{{"exp":1,{inner}"#)),
        ("a member of a member twice", format!(r#"{{"x":{{"a":1,"a":2}},{inner}"#)),
        ("a byte order mark", format!("\u{feff}{text}")),
        ("something behind", format!("{text}{{}}")),
        ("a comment", format!("{text}//")),
        ("an array", format!("[{text}]")),
        ("a string", "\"x\"".to_string()),
        ("null", "null".to_string()),
        ("nothing", String::new()),
        ("another token", good.clone()),
        ("too deep", format!(r#"{{"x":{}{},{inner}"#, "[".repeat(20), "]".repeat(20))),
    ] {
        matrix.row(format!("claims: {name}"), signer.token_of(&head, &claims), "token_malformed");
    }
    for (name, header) in [
        ("alg twice", head.replacen('{', r#"{"alg":"none","#, 1)),
        ("kid twice", head.replacen('{', r#"{"kid":"k2","#, 1)),
        ("typ twice, once escaped", head.replacen('{', r#"{"t\u0079p":"JWT","#, 1)),
    ] {
        matrix.row(format!("header: {name}"), signer.token_of(&header, &text), "token_malformed");
    }
    matrix.row(
        "claims with spaces",
        signer.token_of(&head, &format!(" {}\n", text.replace("\":", "\" : "))),
        GOOD,
    );
    matrix.row("ISS is no iss", signer.token_of(&head, &format!(r#"{{"ISS":"x",{inner}"#)), GOOD);
    let exactly = {
        let filler = 3 * ((16 * 1024 - good.len()) / 4) - 8;
        signer.token(&with("x", "x".repeat(filler).into()))
    };
    assert!((16_300..=16_384).contains(&exactly.len()), "{}", exactly.len());
    matrix.row("just short enough", exactly, GOOD);
    matrix.row("just too long", signer.token(&with("x", "x".repeat(12_100).into())), "token_malformed");
    assert!(matrix.hold(&settings(), &signer.set()) >= 45);
}

#[test]
fn j01_bound_tokens_and_those_for_something_else() {
    let signer = signer();
    let mut matrix = Matrix::default();
    for bound in [
        json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        json!({ "jwk": { "kty": "RSA" } }),
        json!({ "kid": "k1" }),
        json!({}),
        json!(null),
        json!("x"),
        json!([]),
    ] {
        matrix.row(format!("cnf: {bound}"), signer.token(&with("cnf", bound)), "token_bound");
    }
    matrix.hold(&settings(), &signer.set());

    let mut matrix = Matrix::default();
    let settings = Settings { kinds: Kinds::default().and("JWT").or_absent(), ..settings() };
    let mut plain = signer.header();
    plain["typ"] = "JWT".into();
    let mut kinds = |name: &str, claims: Value, expected| {
        matrix.row(name, signer.token_with(&plain, &claims), expected);
    };
    kinds("an access token", claims(), GOOD);
    kinds("at_hash", with("at_hash", "x".into()), "token_type");
    kinds("c_hash", with("c_hash", "x".into()), "token_type");
    kinds(
        "nonce, for the client",
        {
            let mut claims = with("nonce", "n".into());
            claims["client_id"] = AUDIENCE.into();
            claims
        },
        "token_type",
    );
    kinds(
        "nonce, and no client",
        {
            let mut claims = without("client_id");
            claims["nonce"] = "n".into();
            claims
        },
        "token_type",
    );
    kinds("nonce, for the API", with("nonce", "n".into()), GOOD);
    kinds("token_use: id", with("token_use", "id".into()), "token_type");
    kinds("token_use: access", with("token_use", "access".into()), GOOD);
    for kind in ["ID", "Refresh", "Offline", "Logout"] {
        kinds(&format!("typ: {kind} among the claims"), with("typ", kind.into()), "token_type");
    }
    kinds("typ: Bearer among the claims", with("typ", "Bearer".into()), GOOD);
    matrix.row("no typ", signer.token_with(&json!({ "alg": "ES256", "kid": "k1" }), &claims()), GOOD);
    matrix.row("at+jwt", signer.token(&claims()), GOOD);
    matrix.row(
        "another typ",
        signer.token_with(&json!({ "alg": "ES256", "kid": "k1", "typ": "dpop+jwt" }), &claims()),
        "token_type",
    );
    assert!(matrix.hold(&settings, &signer.set()) >= 16);
}

#[test]
fn j01_keys_of_one_issuer_verify_nothing_of_another() {
    let (a, b) = (Signer::new("same", Algorithm::Es256), Signer::new("same", Algorithm::Es256));
    let other = Settings { issuer: "https://b.example".to_string(), ..settings() };
    let (of_a, of_b) = (a.token(&claims()), b.token(&with("iss", "https://b.example".into())));
    for (token, settings, keys, expected) in [
        (&of_a, &settings(), &a, GOOD),
        (&of_b, &other, &b, GOOD),
        (&of_a, &other, &b, "token_issuer"),
        (&of_b, &settings(), &a, "token_issuer"),
        (&b.token(&claims()), &settings(), &a, "token_signature"),
        (&a.token(&with("iss", "https://b.example".into())), &other, &b, "token_signature"),
    ] {
        assert_eq!(outcome(token, settings, &keys.set()), expected);
    }
}

#[test]
fn j01_an_rsa_key_of_1024_bits_verifies_nothing() {
    let key = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], b"");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key.pem");
    std::fs::write(&file, &key).expect("it is written");
    let path = file.to_str().expect("a path");
    let modulus = String::from_utf8(openssl(&["rsa", "-noout", "-modulus", "-in", path], b"")).expect("text");
    let modulus = modulus.trim().strip_prefix("Modulus=").expect("a modulus").as_bytes();
    let modulus: Vec<u8> = modulus
        .chunks(2)
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).expect("digits"), 16).expect("a byte"))
        .collect();
    assert_eq!(modulus.len(), 128);
    let weak = json!({ "kty": "RSA", "kid": "weak", "n": encode(modulus), "e": "AQAB" });
    let header = json!({ "alg": "RS256", "kid": "weak", "typ": "at+jwt" });
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims().to_string()));
    let signature = openssl(&["dgst", "-sha256", "-sign", path], signed.as_bytes());
    let token = format!("{signed}.{}", encode(signature));
    let keys = set_of(&[weak, signer().jwk()]);
    assert_eq!(outcome(&token, &settings(), &keys), "token_key_unknown");
}
