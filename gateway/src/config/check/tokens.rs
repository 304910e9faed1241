//! Plans for callers with an access token: whose tokens, for whom, and with which scopes.

use std::path::Path;
use std::time::Duration;

use tollgate_protocol::jwt::Algorithm;
use tollgate_protocol::url::HttpUrl;

use super::values::Refusal;
use super::{Findings, Once, certificates, oauth_client, values};
use crate::config::document::{
    ConsumerNeed, Issuer as WrittenIssuer, JwtPlan as WrittenJwt, OAuth2Plan as WrittenOAuth2,
    Operation as WrittenOperation,
};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::text::{Duration as WrittenDuration, FilePath, Url, Words};
use crate::config::{
    CertificateAuthorities, ClaimPath, Introspection, Issuer, Operation, Pattern, Skew, TokenCheck, TokenPlan,
};
use crate::fetch::{Remote, Trust};
use crate::token::Settings;
use crate::token::keys::KeySet;

/// For how long an answer counts that a token is good, unless the plan says otherwise.
const CACHE: Duration = Duration::from_secs(30);
/// And that it is not.
const NEGATIVE_CACHE: Duration = Duration::from_secs(5);
/// A word in place of a `typ`.
const UNTYPED: &str = "none";

pub fn jwt(
    written: &WrittenJwt,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<TokenPlan> {
    let list = path.key("issuers");
    findings.refuse_empty(written.issuers.is_empty(), &list, "issuer");
    let mut names = Once::default();
    let mut issuers = Vec::new();
    for (index, one) in written.issuers.iter().enumerate() {
        let at = list.item(index);
        let Some(issuer) = issuer(one, &at, folder, findings) else { continue };
        match names.note(issuer.name.clone(), &at) {
            Some(first) => {
                let message = format!("the issuer {} is in the list twice", quoted(&issuer.name));
                findings.add(Problem::error(at, message).first(first).help("remove one of the two"));
            }
            None => issuers.push(issuer),
        }
    }
    let complete = issuers.len() == written.issuers.len() && !issuers.is_empty();
    let check = complete.then_some(TokenCheck::Jwt(issuers));
    let WrittenJwt { audiences, scopes, optional_scopes, operations, certificate_bound, consumer, .. } =
        written;
    let common = Common { audiences: audiences.as_deref(), scopes, optional_scopes, operations };
    plan(check, &common, *certificate_bound, *consumer, path, findings)
}

pub fn oauth2(
    written: &WrittenOAuth2,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<TokenPlan> {
    let check = introspection(written, path, folder, findings)
        .map(|introspection| TokenCheck::Introspection(Box::new(introspection)));
    let WrittenOAuth2 { audiences, scopes, optional_scopes, operations, certificate_bound, consumer, .. } =
        written;
    let common = Common { audiences: audiences.as_deref(), scopes, optional_scopes, operations };
    plan(check, &common, *certificate_bound, *consumer, path, findings)
}

/// The lists that plans with tokens have in common.
struct Common<'w> {
    audiences: Option<&'w [Words]>,
    scopes: &'w [Words],
    optional_scopes: &'w [Words],
    operations: &'w [WrittenOperation],
}

/// What plans with tokens have in common.
fn plan(
    check: Option<TokenCheck>,
    Common { audiences, scopes, optional_scopes, operations }: &Common<'_>,
    certificate_bound: bool,
    consumer: ConsumerNeed,
    path: &KeyPath,
    findings: &mut Findings,
) -> Option<TokenPlan> {
    let list = path.key("audiences");
    findings.refuse_empty(audiences.is_some_and(<[Words]>::is_empty), &list, "audience");
    let audiences = each(audiences.unwrap_or_default(), &list, findings, values::words);
    let scopes = self::scopes(scopes, &path.key("scopes"), findings);
    let optional_scopes = self::scopes(optional_scopes, &path.key("optional_scopes"), findings);
    let list = path.key("operations");
    let operations = operations.iter().enumerate();
    let operations =
        operations.filter_map(|(index, one)| operation(one, &list.item(index), findings)).collect();
    let of_consumers_only = consumer == ConsumerNeed::Required;
    Some(TokenPlan {
        check: check?,
        audiences,
        scopes,
        optional_scopes,
        operations,
        certificate_bound,
        of_consumers_only,
    })
}

fn introspection(
    written: &WrittenOAuth2,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<Introspection> {
    findings.take(path.key("issuer"), issuer_url(written.issuer.as_str()))?;
    let at = path.key("introspection_endpoint");
    let endpoint = asked(&written.introspection_endpoint, &at, written.private, findings);
    let client = oauth_client::check(&written.client, &path.key("client"), folder, findings);
    let mut age = |written: &Option<WrittenDuration>, key: &str, default: Duration| match written {
        Some(written) => findings.take(path.key(key), values::duration(written.as_str())),
        None => Some(default),
    };
    let cache = age(&written.cache, "cache", CACHE);
    let negative_cache = age(&written.negative_cache, "negative_cache", NEGATIVE_CACHE);
    let ca = authorities(written.ca.as_ref(), path, folder, findings)?;
    Some(Introspection {
        issuer: written.issuer.as_str().to_owned(),
        endpoint: endpoint?,
        client: client?,
        cache: cache?,
        negative_cache: negative_cache?,
        ca,
        private: written.private,
    })
}

/// A URL that requests are sent to.
pub fn asked(written: &Url, path: &KeyPath, private: bool, findings: &mut Findings) -> Option<HttpUrl> {
    let url = findings.take(path.clone(), values::url(written.as_str()))?;
    findings.take(path.clone(), reachable(&url, private, "nothing is asked at"))?;
    Some(url)
}

fn reachable(url: &HttpUrl, private: bool, what: &str) -> Result<(), Refusal> {
    Remote::configured(url, Trust { private, ..Trust::default() }).map(drop).map_err(|_| {
        Refusal::new(format!("{what} {}", quoted(&url.to_string())))
            .help("write an `https` URL, or one of this machine")
    })
}

/// `None` when they cannot be read, `Some(None)` for those of the platform.
pub fn authorities(
    written: Option<&FilePath>,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<Option<CertificateAuthorities>> {
    let Some(ca) = written else { return Some(None) };
    findings.take(path.key("ca"), certificates::authorities(ca.as_str(), folder)).map(Some)
}

fn operation(written: &WrittenOperation, path: &KeyPath, findings: &mut Findings) -> Option<Operation> {
    let method = findings.take(path.key("method"), values::words(written.method.as_str()))?;
    let name = match &written.name {
        Some(name) => Some(findings.take(path.key("name"), values::words(name.as_str()))?),
        None => None,
    };
    let list = path.key("scopes");
    findings.refuse_empty(written.scopes.is_empty(), &list, "scope");
    let scopes = scopes(&written.scopes, &list, findings);
    Some(Operation { method, name: name.as_deref().map(Pattern::parse), scopes })
}

/// A list of scopes.
pub fn scopes(written: &[Words], list: &KeyPath, findings: &mut Findings) -> Vec<String> {
    each(written, list, findings, scope)
}

fn each<T>(
    written: &[Words],
    list: &KeyPath,
    findings: &mut Findings,
    parse: impl Fn(&str) -> Result<T, Refusal>,
) -> Vec<T> {
    let written = written.iter().enumerate();
    written.filter_map(|(index, text)| findings.take(list.item(index), parse(text.as_str()))).collect()
}

fn issuer(written: &WrittenIssuer, path: &KeyPath, folder: &Path, findings: &mut Findings) -> Option<Issuer> {
    let url = findings.take(path.key("issuer"), issuer_url(written.issuer.as_str()))?;
    let ca = authorities(written.ca.as_ref(), path, folder, findings)?;
    let jwks_uri = match &written.jwks_uri {
        Some(text) => Some(findings.take(path.key("jwks_uri"), values::url(text.as_str()))?),
        None => None,
    };
    let (at, fetched) = match &jwks_uri {
        Some(jwks_uri) => (path.key("jwks_uri"), jwks_uri),
        None => (path.key("issuer"), &url),
    };
    let keys = match &written.jwks_file {
        Some(file) => {
            if jwks_uri.is_some() {
                let problem = Problem::error(path.key("jwks_file"), "the keys are in one place").at_key();
                findings.add(problem.first(path.key("jwks_uri")).help("remove one of the two"));
                return None;
            }
            Some(findings.take(path.key("jwks_file"), keys(file.as_str(), folder))?)
        }
        None => {
            findings.take(at, reachable(fetched, written.private, "keys are not fetched from"))?;
            None
        }
    };
    let mut algorithms = each(&written.algorithms, &path.key("algorithms"), findings, algorithm);
    if written.algorithms.is_empty() {
        algorithms = Settings::DEFAULT_ALGORITHMS.to_vec();
    }
    let mut types = each(&written.types, &path.key("types"), findings, values::words);
    let untyped = types.iter().any(|kind| kind == UNTYPED);
    types.retain(|kind| kind != UNTYPED);
    let skew = match &written.skew {
        Some(written) => findings.take(path.key("skew"), skew(written.as_str()))?,
        None => Skew::default(),
    };
    let claims = path.key("claims");
    let mut claim = |written: &Option<Words>, key: &str| match written {
        Some(written) => findings.take(claims.key(key), claim_path(written.as_str())).map(Some),
        None => Some(None),
    };
    let subject = claim(&written.claims.subject, "subject")?;
    let consumer = claim(&written.claims.consumer, "consumer")?;
    let groups = claim(&written.claims.groups, "groups")?;
    let name = written.issuer.as_str().to_owned();
    let private = written.private;
    Some(Issuer {
        name,
        url,
        jwks_uri,
        keys,
        algorithms,
        types,
        untyped,
        skew,
        subject,
        consumer,
        groups,
        ca,
        private,
    })
}

/// A key set, as it is written: what it holds is looked at again when it is used.
fn keys(written: &str, folder: &Path) -> Result<Vec<u8>, Refusal> {
    let (_, text) = certificates::read_pem(written, folder)?;
    match KeySet::parse(&text) {
        Ok(_) => Ok(text),
        Err(why) => Err(Refusal::new(format!("{} holds no keys that can be used: {why}", quoted(written)))
            .help("write a JSON Web Key Set with public keys: `{ \"keys\": [...] }`")),
    }
}

fn skew(text: &str) -> Result<Skew, Refusal> {
    let duration = values::duration(text)?;
    Skew::new(duration).ok_or_else(|| {
        let most = Skew::MAX.as_secs();
        Refusal::new("clocks that differ by more tell nothing about a token").help(format!("at most {most}s"))
    })
}

fn claim_path(text: &str) -> Result<ClaimPath, Refusal> {
    ClaimPath::parse(text).ok_or_else(|| Refusal::new("the name of the claim is empty"))
}

/// RFC 8414 §2: without a query.
fn issuer_url(text: &str) -> Result<HttpUrl, Refusal> {
    match text.contains('?') {
        true => Err(Refusal::new(format!("{} is no issuer: it has a query", quoted(text)))
            .help("write its `iss`, which ends before the question mark")),
        false => values::url(text),
    }
}

/// RFC 7518 §3.1: those with a public key.
fn algorithm(text: &str) -> Result<Algorithm, Refusal> {
    Algorithm::named(text).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        Refusal::new(format!("{} is no algorithm that is verified here", quoted(text)))
            .help(format!("write one of {known}"))
    })
}

/// RFC 6749 §3.3.
fn scope(text: &str) -> Result<String, Refusal> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    match !text.is_empty() && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err(Refusal::new(format!("{} is no scope", quoted(text)))
            .help("write one scope for each item: visible ASCII without spaces, quotes and backslashes")),
    }
}
