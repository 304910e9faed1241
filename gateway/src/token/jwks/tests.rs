//! K01: what an issuer can do wrong while its keys are fetched, and what is done about it.

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tollgate_protocol::jwt::Algorithm;

use super::*;
use crate::fetch::stub::{Reply, Stub};
use crate::token::testing::{ISSUER, NOW, Signer, claims, encode, settings};
use crate::token::{Rejected, Trusted, Verifier};

/// Always due, and good for an hour all the same.
const ALWAYS_DUE: Bounds = Bounds {
    age_min: Duration::ZERO,
    age_max: Duration::ZERO,
    stale: Duration::from_secs(3600),
    unknown_key_pause: Duration::from_secs(30),
    retry_pause: Duration::ZERO,
    wait: Duration::from_secs(20),
};

fn default() -> Bounds {
    Bounds { wait: Duration::from_secs(20), ..Bounds::default() }
}

fn text_of(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn pinned(stub: &Stub, bounds: Bounds) -> Arc<Jwks> {
    let url = HttpUrl::parse(&stub.url("/keys")).expect("a URL");
    Jwks::pinned(ISSUER, url, Trust::default(), bounds, Arc::default()).expect("a source")
}

fn verifier(jwks: &Arc<Jwks>) -> Verifier {
    Verifier::new(vec![Trusted { settings: settings(), keys: jwks.clone() }], 1_000_000)
}

/// An issuer that publishes one key.
async fn issuer(signer: &Signer) -> Stub {
    let keys = text_of(&[signer.jwk()]);
    Stub::start(move |_| Reply::ok(&keys)).await
}

/// Fetches once more, whatever comes of it.
async fn refresh(jwks: &Arc<Jwks>) {
    let landed = jwks.flight.next_landing();
    jwks.refresh_if_due();
    landed.await;
}

fn faults() -> Vec<(&'static str, Reply)> {
    let good = Signer::ed25519("good");
    let changed = |name: &str, value: Value| {
        let mut key = good.jwk();
        key[name] = value;
        key
    };
    let keys = |count: usize| {
        let named = |number: usize| {
            let mut key = good.jwk();
            key["kid"] = number.to_string().into();
            key
        };
        text_of(&(0..count).map(named).collect::<Vec<_>>())
    };
    let redirect = |to: &str| Reply::with("302 Found", &format!("Location: {to}\r\n"), "");
    let set = text_of(&[good.jwk()]);
    let weak = json!({ "kty": "RSA", "kid": "w", "n": encode([0xff; 128]), "e": "AQAB" });
    let bomb = {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(set.as_bytes()).expect("memory");
        gzip.write_all(&vec![b' '; 10 << 20]).expect("memory");
        gzip.finish().expect("memory")
    };
    vec![
        ("10 MiB", Reply::ok(format!("{set}{}", " ".repeat(10 << 20)))),
        ("one byte too many", Reply::ok(format!("{set}{}", " ".repeat(keys::BYTES_MAX + 1 - set.len())))),
        ("10 000 keys", Reply::ok(keys(10_000))),
        ("101 keys", Reply::ok(keys(101))),
        ("no keys", Reply::ok(text_of(&[]))),
        ("two keys of one name", Reply::ok(text_of(&[good.jwk(), good.jwk()]))),
        ("a private key", Reply::ok(text_of(&[changed("d", "AAAA".into())]))),
        ("a shared secret", Reply::ok(text_of(&[good.jwk(), json!({ "kty": "oct", "k": "AAAA" })]))),
        ("a key for encryption", Reply::ok(text_of(&[changed("use", "enc".into())]))),
        ("a key for signing only", Reply::ok(text_of(&[changed("key_ops", json!(["sign"]))]))),
        ("a weak key", Reply::ok(text_of(&[weak]))),
        ("a key of another algorithm", Reply::ok(text_of(&[changed("alg", "HS256".into())]))),
        ("a redirect to another origin", redirect("http://localhost:1/keys")),
        ("a redirect to the metadata of the cloud", redirect("http://169.254.169.254/latest/meta-data/")),
        ("a redirect to a file", redirect("file:///etc/passwd")),
        ("a redirect to itself", redirect("/keys")),
        ("404", Reply::with("404 Not Found", "", &set)),
        ("401", Reply::with("401 Unauthorized", "", &set)),
        ("500", Reply::with("500 Internal Server Error", "", &set)),
        ("204", Reply::with("204 No Content", "", "")),
        ("206", Reply::with("206 Partial Content", "", &set)),
        ("nothing", Reply::ok("")),
        ("HTML", Reply::ok("<!doctype html><title>Sign in</title>")),
        ("half a document", Reply::ok(&set[..set.len() / 2])),
        (
            "half an answer",
            Reply::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{set}").into()),
        ),
        ("a closed connection", Reply::Bytes(Vec::new())),
        ("no HTTP", Reply::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())),
        ("a gzip bomb", Reply::with("200 OK", "Content-Encoding: gzip\r\n", bomb)),
        ("broken gzip", Reply::with("200 OK", "Content-Encoding: gzip\r\n", &set)),
        ("an unknown coding", Reply::with("200 OK", "Content-Encoding: zstd\r\n", &set)),
        ("a byte order mark", Reply::ok(format!("\u{feff}{set}"))),
        ("a member twice", Reply::ok(set.replacen('{', r#"{"keys":[],"#, 1))),
        ("a set in a set", Reply::ok(json!({ "keys": { "keys": [good.jwk()] } }).to_string())),
        ("brackets without end", Reply::ok("[".repeat(100_000))),
    ]
}

#[tokio::test]
async fn k01_whatever_is_wrong_with_a_set_takes_no_keys_away_and_brings_none() {
    let signer = Signer::ed25519("good");
    for (name, fault) in faults() {
        let stub = issuer(&signer).await;
        let warm = pinned(&stub, ALWAYS_DUE);
        let keys = warm.keys().await.expect("a good set");
        refresh(&warm).await;
        let fault = std::sync::Mutex::new(Some(fault));
        let Some(Reply::Bytes(bytes)) = fault.into_inner().expect("no panic") else { panic!("bytes") };
        stub.answers(move |_| Reply::Bytes(bytes.clone()));
        refresh(&warm).await;
        assert!(warm.flight.has_failed(), "{name}");
        assert!(warm.keys().await.is_some_and(|kept| Arc::ptr_eq(&kept, &keys)), "{name}");
        assert!(pinned(&stub, default()).keys().await.is_none(), "{name}");
    }
}

#[tokio::test]
async fn k01_a_set_that_comes_a_byte_at_a_time_is_given_up_and_makes_nobody_wait() {
    let signer = Signer::ed25519("good");
    let stub = issuer(&signer).await;
    let warm = pinned(&stub, ALWAYS_DUE);
    let keys = warm.keys().await.expect("a good set");
    let slow = Reply::with("200 OK", "", text_of(&[signer.jwk()]));
    let Reply::Bytes(slow) = slow else { panic!("bytes") };
    refresh(&warm).await;
    stub.answers(move |_| Reply::Drip(slow.clone(), Duration::from_millis(200)));
    let landed = warm.flight.next_landing();
    let kept = warm.keys().now_or_never().expect("nobody waits");
    assert!(kept.is_some_and(|kept| Arc::ptr_eq(&kept, &keys)));
    let begun = Instant::now();
    let cold = pinned(&stub, Bounds { wait: Duration::from_millis(50), ..Bounds::default() });
    assert!(cold.keys().await.is_none());
    assert!(begun.elapsed() < Duration::from_secs(3), "not longer than it was told to");
    landed.await;
    assert!(warm.flight.has_failed());
}

#[tokio::test]
async fn k01_a_flood_of_unknown_keys_is_one_fetch() {
    let (signer, other) = (Signer::ed25519("good"), Signer::ed25519(""));
    let stub = issuer(&signer).await;
    let jwks = pinned(&stub, default());
    let verifier = verifier(&jwks);
    assert!(verifier.verify(&signer.token(&claims()), NOW).await.is_ok());
    for number in 0..10_000 {
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": number.to_string() });
        let token = other.token_with(&header, &claims());
        assert_eq!(verifier.verify(&token, NOW).await.err(), Some(Rejected::KeyUnknown));
    }
    assert_eq!(stub.asked().len(), 2, "the first, and one for all unknown keys");
    assert!(verifier.verify(&signer.token(&claims()), NOW).await.is_ok());
}

#[tokio::test]
async fn k01_all_who_need_keys_share_one_fetch_and_those_who_leave_do_not_end_it() {
    let signer = Signer::ed25519("good");
    let stub = issuer(&signer).await;
    let jwks = pinned(&stub, default());
    assert!(jwks.keys().now_or_never().is_none(), "it has to be waited for, and this one does not");
    let found = join_all((0..100).map(|_| jwks.keys())).await;
    assert!(found.iter().all(Option::is_some));
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn k01_without_any_keys_nothing_is_decided_and_the_issuer_is_asked_now_and_then() {
    let signer = Signer::ed25519("good");
    let stub = Stub::start(|_| Reply::with("503 Service Unavailable", "", "")).await;
    let jwks = pinned(&stub, default());
    let verifier = verifier(&jwks);
    for _ in 0..1_000 {
        let verified = verifier.verify(&signer.token(&claims()), NOW).await;
        assert_eq!(verified.err(), Some(Rejected::KeysUnavailable));
    }
    assert_eq!(stub.asked().len(), 1, "within the pause after a failure");
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let verified = verifier.verify(&signer.token_with(&header, &claims()), NOW).await;
    assert_eq!(verified.err(), Some(Rejected::Type), "what needs no key is told all the same");
}

#[tokio::test]
async fn k01_a_removed_key_is_gone_with_the_next_fetch_and_what_it_signed_is_forgotten() {
    let (old, new) = (Signer::ed25519("old"), Signer::new("new", Algorithm::Es256));
    let stub = Stub::start(|_| Reply::Silence).await;
    let both = text_of(&[old.jwk(), new.jwk()]);
    stub.answers(move |_| Reply::ok(&both));
    let jwks = pinned(&stub, ALWAYS_DUE);
    let verifier = verifier(&jwks);
    let (of_old, of_new) = (old.token(&claims()), new.token(&claims()));
    let first = verifier.verify(&of_old, NOW).await.expect("a good token");
    refresh(&jwks).await;
    let again = verifier.verify(&of_old, NOW).await.expect("a good token");
    assert!(Arc::ptr_eq(&first, &again), "a set that has not changed leaves what was verified");
    let only = text_of(&[new.jwk()]);
    stub.answers(move |_| Reply::ok(&only));
    refresh(&jwks).await;
    assert_eq!(verifier.verify(&of_old, NOW).await.err(), Some(Rejected::KeyUnknown));
    assert!(verifier.verify(&of_new, NOW).await.is_ok());
}

#[tokio::test]
async fn r25_an_issuer_that_is_down_and_comes_back_with_other_keys_loses_nobody() {
    let (old, new) = (Signer::ed25519("old"), Signer::ed25519("new"));
    let stub = issuer(&old).await;
    let bounds = Bounds { unknown_key_pause: Duration::ZERO, ..ALWAYS_DUE };
    let jwks = pinned(&stub, bounds);
    let verifier = verifier(&jwks);
    assert!(verifier.verify(&old.token(&claims()), NOW).await.is_ok());
    refresh(&jwks).await;
    stub.answers(|_| Reply::Bytes(Vec::new()));
    refresh(&jwks).await;
    let mut other = claims();
    other["jti"] = "2".into();
    assert!(verifier.verify(&old.token(&other), NOW).await.is_ok(), "one that was not seen before");
    let unknown = verifier.verify(&new.token(&claims()), NOW).await;
    assert_eq!(unknown.err(), Some(Rejected::KeysUnavailable), "it may well be good");
    let keys = text_of(&[new.jwk()]);
    stub.answers(move |_| Reply::ok(&keys));
    assert!(verifier.verify(&new.token(&claims()), NOW).await.is_ok());
    assert_eq!(verifier.verify(&old.token(&claims()), NOW).await.err(), Some(Rejected::KeyUnknown));
}

#[tokio::test]
async fn r25_keys_serve_through_an_outage_of_an_hour_and_no_longer() {
    let (old, new) = (Signer::ed25519("old"), Signer::ed25519("new"));
    let stub = issuer(&old).await;
    let jwks = pinned(&stub, Bounds { retry_pause: Duration::ZERO, ..default() });
    let verifier = verifier(&jwks);
    let known = old.token(&claims());
    assert!(verifier.verify(&known, NOW).await.is_ok());
    stub.answers(|_| Reply::Bytes(Vec::new()));
    let loaded = jwks.loaded.load_full().expect("a good set");
    let fresh_for = loaded.fresh_for;
    let minute = Duration::from_secs(60);
    for (minutes, is_good) in [(10, true), (64, true), (66, false), (24 * 60, false)] {
        let fetched = Instant::now().checked_sub(minutes * minute).expect("a time");
        jwks.loaded.store(Some(Arc::new(Loaded { keys: loaded.keys.clone(), fetched, fresh_for })));
        let mut other = claims();
        other["jti"] = minutes.into();
        for token in [&known, &old.token(&other)] {
            let verified = verifier.verify(token, NOW).await;
            let expected = (!is_good).then_some(Rejected::KeysUnavailable);
            assert_eq!(verified.err(), expected, "after {minutes} minutes");
        }
        let forged = Signer::ed25519("old").token(&claims());
        assert!(verifier.verify(&forged, NOW).await.is_err(), "after {minutes} minutes");
    }
    let keys = text_of(&[new.jwk()]);
    stub.answers(move |_| Reply::ok(&keys));
    assert!(verifier.verify(&new.token(&claims()), NOW).await.is_ok());
    assert_eq!(verifier.verify(&known, NOW).await.err(), Some(Rejected::KeyUnknown));
}

#[tokio::test]
async fn keys_that_are_too_old_verify_nothing_not_even_what_they_verified_before() {
    let signer = Signer::ed25519("good");
    let stub = issuer(&signer).await;
    let jwks = pinned(&stub, ALWAYS_DUE);
    let keys = jwks.keys().await.expect("a good set");
    let loaded = jwks.loaded.load_full().expect("a good set");
    let hour = Duration::from_secs(3600);
    assert!(loaded.is_usable(loaded.fetched + hour - Duration::from_secs(1), hour));
    assert!(!loaded.is_usable(loaded.fetched + hour, hour));
    assert!(jwks.are_current(&keys));
    let at_once = pinned(&stub, Bounds { stale: Duration::ZERO, ..ALWAYS_DUE });
    at_once.learn(KeySet::parse(text_of(&[signer.jwk()]).as_bytes()).expect("a good set"), None);
    let keys = at_once.loaded.load_full().expect("they were learnt").keys.clone();
    assert!(!at_once.are_current(&keys) && at_once.current(Instant::now()).is_none());
}

#[tokio::test]
async fn keys_are_kept_as_long_as_their_sender_says_within_bounds() {
    let signer = Signer::ed25519("good");
    for (field, seconds) in [
        ("", 300),
        ("Cache-Control: max-age=600\r\n", 600),
        ("Cache-Control: public, MAX-AGE=600, immutable\r\n", 600),
        ("Cache-Control: max-age=1\r\n", 300),
        ("Cache-Control: max-age=0\r\n", 300),
        ("Cache-Control: no-store\r\n", 300),
        ("Cache-Control: max-age=600, no-cache\r\n", 300),
        ("Cache-Control: max-age=99999999999\r\n", 24 * 3600),
        ("Cache-Control: max-age=-5\r\n", 300),
        ("Cache-Control: max-age=x\r\n", 300),
    ] {
        let body = text_of(&[signer.jwk()]);
        let stub = Stub::start(move |_| Reply::with("200 OK", field, &body)).await;
        let jwks = pinned(&stub, default());
        jwks.keys().await.expect("a good set");
        let loaded = jwks.loaded.load_full().expect("a good set");
        assert_eq!(loaded.fresh_for, Some(Duration::from_secs(seconds)), "{field}");
        let before = loaded.fetched + Duration::from_secs(seconds) * 9 / 10;
        assert!(!loaded.is_due(before - Duration::from_millis(1)) && loaded.is_due(before));
    }
}

#[tokio::test]
async fn keys_are_fetched_before_anybody_needs_them() {
    let stub = issuer(&Signer::ed25519("good")).await;
    let jwks = pinned(&stub, default());
    let landed = jwks.flight.next_landing();
    let kept = Arc::downgrade(&jwks);
    let task = tokio::spawn(keep_fresh(move || vec![kept.clone()]));
    landed.await;
    assert!(jwks.keys().now_or_never().flatten().is_some());
    task.abort();
}

fn discovered(stub: &Stub, path: &str) -> (String, Arc<Jwks>) {
    let issuer = stub.url(path);
    let url = HttpUrl::parse(&issuer).expect("a URL");
    let jwks = Jwks::discovered(&issuer, url, Trust::default(), default(), Arc::default());
    (issuer, jwks.expect("a source"))
}

fn metadata(issuer: &str, keys: &str) -> String {
    json!({ "issuer": issuer, "jwks_uri": keys, "token_endpoint": "https://as.example/token" }).to_string()
}

#[tokio::test]
async fn keys_are_found_through_the_metadata_wherever_that_is() {
    let body = text_of(&[Signer::ed25519("good").jwk()]);
    // On another origin, as with some large issuers.
    let keys = Stub::start(move |_| Reply::ok(&body)).await;
    for (path, at, asked) in [
        ("", "/.well-known/oauth-authorization-server", 1),
        ("", "/.well-known/openid-configuration", 2),
        ("/", "/.well-known/openid-configuration", 2),
        ("/t/1", "/.well-known/oauth-authorization-server/t/1", 1),
        ("/t/1", "/.well-known/openid-configuration/t/1", 2),
        ("/t/1", "/t/1/.well-known/openid-configuration", 3),
    ] {
        let stub = Stub::start(|_| Reply::Silence).await;
        let (issuer, jwks) = discovered(&stub, path);
        let document = metadata(&issuer, &keys.url("/keys"));
        stub.answers(move |target| match target == at {
            true => Reply::ok(&document),
            false => Reply::with("404 Not Found", "", ""),
        });
        assert!(jwks.keys().await.is_some(), "{at}");
        assert_eq!(stub.asked().len(), asked, "{at}");
    }
}

#[tokio::test]
async fn metadata_that_is_not_the_issuers_or_leads_elsewhere_brings_no_keys() {
    let inside = Stub::start(|_| Reply::ok("{}")).await;
    let stub = Stub::start(|_| Reply::Silence).await;
    let own = stub.url("");
    for (issuer, keys) in [
        ("https://as.example", stub.url("/keys")),
        (&format!("{own}/"), stub.url("/keys")),
        (&own.replace("127.0.0.1", "localhost"), stub.url("/keys")),
        (&own, "http://as.example/keys".to_string()),
        (&own, "https://169.254.169.254/keys".to_string()),
        (&own, "https://10.0.0.1/keys".to_string()),
        (&own, format!("http://a@127.0.0.1:{}/keys", inside.port)),
        (&own, format!("http://2130706433:{}/keys", inside.port)),
        (&own, "file:///etc/passwd".to_string()),
        (&own, "keys".to_string()),
    ] {
        let (_, jwks) = discovered(&stub, "");
        let document = metadata(issuer, &keys);
        stub.answers(move |_| Reply::ok(&document));
        assert!(jwks.keys().await.is_none(), "{issuer} {keys}");
        assert!(!stub.asked().iter().any(|asked| asked == "/keys"), "{issuer} {keys}");
    }
    assert_eq!(inside.asked().len(), 0);
}

#[test]
fn keys_are_only_fetched_from_where_they_may_be() {
    let source = |text: &str, private| {
        let url = HttpUrl::parse(text).expect("a URL");
        let trust = Trust { private, ..Trust::default() };
        Jwks::pinned(ISSUER, url.clone(), trust.clone(), default(), Arc::default()).is_ok()
            && Jwks::discovered(text, url, trust, default(), Arc::default()).is_ok()
    };
    assert!(source("https://as.example/", false) && source("http://127.0.0.1:8080", false));
    assert!(!source("http://as.example/", true) && !source("https://0.0.0.0/", true));
}
