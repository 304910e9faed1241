//! An issuer that goes away, and comes back with another key (R25). How long its keys serve meanwhile is for the unit tests
//! of `token/jwks.rs`, which need not wait.

use serde_json::json;

use super::issuer::{AUDIENCE, Issuer};
use super::{ask, upstream, yaml};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::{Upstream, response};

/// Tokens that a test asks with where one would do, so that no cache answers for it.
const TOKENS: usize = 50;

/// A gateway that has the keys of its issuer, and what it lets through to.
struct Outage {
    gateway: Tollgate,
    yaml: String,
    upstream: Upstream,
    issuer: Issuer,
    /// Of `issuer`, verified before it went away.
    known: String,
}

impl Outage {
    fn begin() -> Outage {
        let (issuer, upstream) = (Issuer::start(), upstream());
        let plan = format!("{{ jwt: {{ issuers: [\"{}\"], audiences: [\"{AUDIENCE}\"] }} }}", issuer.url());
        let yaml = yaml(&plan, "authorization: { mode: protect }", &upstream, "");
        let gateway = Tollgate::start(&yaml);
        let known = issuer.token(&json!({}));
        let outage = Outage { gateway, yaml, upstream, issuer, known };
        assert_eq!(outage.outcome(&outage.known), "200");
        assert_eq!(asked(&outage.issuer.server, "/jwks"), 1);
        outage.issuer.server.stop();
        outage
    }

    fn with(&self, token: &str) -> Response {
        ask(&self.gateway, &[("Authorization", &format!("Bearer {token}"))])
    }

    /// The status, and the reason for a refusal.
    fn outcome(&self, token: &str) -> String {
        let answer = self.with(token);
        match answer.status {
            200 => "200".to_owned(),
            status => {
                assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
                format!("{status} {}", answer.reason())
            }
        }
    }

    /// What becomes of each of many tokens that nobody has seen before.
    fn all(&self, token: impl Fn(&str) -> String, expected: &str) {
        for number in 0..TOKENS {
            assert_eq!(self.outcome(&token(&format!("{expected} {number}"))), expected);
        }
    }

    /// Whoever has no good token is not let in, and hears what is wrong with it: that needs no issuer.
    fn admits_nobody_else(&self) {
        let before = self.upstream.seen().len();
        let (issuer, other) = (&self.issuer, Issuer::start());
        assert_eq!(ask(&self.gateway, &[]).reason(), "token_missing");
        assert_eq!(self.outcome("opaque"), "401 token_malformed");
        assert_eq!(self.outcome(&other.token(&json!({}))), "401 token_issuer");
        assert_eq!(self.outcome(&other.token(&json!({ "iss": issuer.url() }))), "401 token_signature");
        assert_eq!(self.outcome(&issuer.token(&json!({ "exp": 1000 }))), "401 token_expired");
        assert_eq!(
            self.outcome(&issuer.token(&json!({ "aud": "https://other.example" }))),
            "401 token_audience"
        );
        assert_eq!(self.upstream.seen().len(), before);
    }
}

/// How often a server was asked for this.
fn asked(server: &Upstream, target: &str) -> usize {
    server.seen().iter().filter(|seen| seen.target() == target).count()
}

#[test]
fn an_issuer_that_goes_away_takes_nobody_with_it_and_comes_back_with_another_key() {
    let mut outage = Outage::begin();
    outage.all(|jti| outage.issuer.token(&json!({ "jti": jti })), "200");
    outage.admits_nobody_else();
    let yaml = outage.yaml.clone();
    assert_eq!(outage.gateway.reload(&yaml), "applied");
    outage.all(|jti| outage.issuer.token(&json!({ "jti": jti, "sub": "after the reload" })), "200");
    assert_eq!(outage.outcome(&outage.known), "200");
    let rotated = Issuer::start_at(outage.issuer.server.address, "2");
    assert_eq!(outage.outcome(&rotated.token(&json!({}))), "200", "the first token of the new key");
    assert_eq!(asked(&rotated.server, "/jwks"), 1);
    assert_eq!(
        outage.outcome(&outage.known),
        "401 token_key_unknown",
        "what was verified before is forgotten"
    );
    outage.all(|jti| outage.issuer.token(&json!({ "jti": jti })), "401 token_key_unknown");
    outage.all(|jti| rotated.token(&json!({ "jti": jti })), "200");
    let forged = |jti: &str| {
        outage
            .issuer
            .token_with(&json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "2" }), &json!({ "jti": jti }))
    };
    outage.all(forged, "401 token_signature");
    assert_eq!(asked(&rotated.server, "/jwks"), 1, "no key was asked for again");
    let let_in = outage.upstream.seen().len();
    assert_eq!(let_in, 3 * TOKENS + 3, "and nobody else");
}

#[test]
fn all_who_come_with_the_new_key_at_once_are_let_in_by_one_fetch() {
    let outage = Outage::begin();
    let rotated = Issuer::start_at(outage.issuer.server.address, "2");
    std::thread::scope(|scope| {
        let one = |number| outage.outcome(&rotated.token(&json!({ "jti": number })));
        let callers: Vec<_> = (0..16).map(|number| scope.spawn(move || one(number.to_string()))).collect();
        assert!(callers.into_iter().all(|caller| caller.join().expect("an answer") == "200"));
    });
    assert_eq!(asked(&rotated.server, "/jwks"), 1);
}

#[test]
fn keys_that_nobody_knows_are_asked_for_once_while_the_issuer_is_out_of_order() {
    let outage = Outage::begin();
    let address = outage.issuer.server.address;
    let broken = Upstream::start_at(address, |_| response("500 Internal Server Error", &[], ""));
    let header = |kid: &str| json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": kid });
    let unknown = |kid: &str| outage.issuer.token_with(&header(kid), &json!({}));
    // It may well be good, and a new one would fare no better.
    outage.all(unknown, "503 keys_unavailable");
    for target in broken.seen().iter().map(|seen| seen.target().to_owned()) {
        assert_eq!(asked(&broken, &target), 1, "{target}: once for all of them");
    }
    assert!(!broken.seen().is_empty());
    outage.all(|jti| outage.issuer.token(&json!({ "jti": jti })), "200");
    outage.admits_nobody_else();
    let requests = broken.seen().len();
    broken.stop();
    let rotated = Issuer::start_at(address, "2");
    assert_eq!(outage.outcome(&rotated.token(&json!({}))), "503 keys_unavailable", "within the pause");
    assert_eq!(outage.outcome(&outage.known), "200", "no other set is there yet");
    assert_eq!((rotated.server.seen().len(), broken.seen().len()), (0, requests));
    assert_eq!(outage.upstream.seen().len(), TOKENS + 2);
}
