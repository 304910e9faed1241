//! The known callers: what they are called, their keys, and the plans they may use.

use std::net::IpAddr;
use std::path::Path;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::values::Refusal;
use super::{Findings, IncludedConsumers, Once, secrets, values};
use crate::config::document::{
    ApiKey as WrittenKey, CertificateOwner as WrittenCertificate, Consumer as Written, Document,
    TokenOwner as WrittenToken,
};
use crate::config::included;
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::suggest;
use crate::config::text::{PlanPath, Timestamp, Words};
use crate::config::{Api, ApiKey, CertificateOwner, Consumer, KeyDigest, PlanKind, PlanState, TokenOwner};

pub fn check(
    document: &Document,
    included: &[&IncludedConsumers],
    apis: &[Api],
    folder: &Path,
    findings: &mut Findings,
) -> Vec<Consumer> {
    let mut checker = Checker {
        folder,
        names: Once::default(),
        keys: Once::default(),
        certificates: Once::default(),
        tokens: Once::default(),
        apis,
        findings,
    };
    let mut consumers = checker.consumers(&document.consumers, &KeyPath::root().key("consumers"));
    for (place, file) in included.iter().enumerate() {
        checker.folder = &file.folder;
        consumers.extend(checker.consumers(&file.consumers, &included::base(place)));
    }
    warn_about_plans_of_nobody(apis, &consumers, document, findings);
    consumers
}

struct Checker<'a> {
    folder: &'a Path,
    names: Once<String>,
    keys: Once<KeyDigest>,
    certificates: Once<CertificateOwner>,
    tokens: Once<TokenOwner>,
    apis: &'a [Api],
    findings: &'a mut Findings,
}

impl Checker<'_> {
    fn consumers(&mut self, written: &[Written], list: &KeyPath) -> Vec<Consumer> {
        let written = written.iter().enumerate();
        written.filter_map(|(index, consumer)| self.consumer(consumer, &list.item(index))).collect()
    }

    fn consumer(&mut self, written: &Written, path: &KeyPath) -> Option<Consumer> {
        let name = self.findings.name(&written.name, path.key("name"), &mut self.names, "consumer");
        let keys = path.key("api_keys");
        let api_keys = written.api_keys.iter().enumerate();
        let api_keys = api_keys.filter_map(|(index, key)| self.key(key, &keys.item(index))).collect();
        let list = path.key("certificates");
        let certificates = written.certificates.iter().enumerate();
        let certificates =
            certificates.filter_map(|(index, one)| self.certificate(one, &list.item(index))).collect();
        let list = path.key("tokens");
        let tokens = written.tokens.iter().enumerate();
        let tokens = tokens.filter_map(|(index, one)| self.token(one, &list.item(index))).collect();
        let labels = self.labels(written, &path.key("labels"));
        let list = path.key("plans");
        self.findings.refuse_empty(written.plans.is_empty(), &list, "plan");
        let plans = written.plans.iter().enumerate();
        let plans = plans.filter_map(|(index, plan)| self.plan(plan, list.item(index))).collect();
        Some(Consumer { name: name?, api_keys, certificates, tokens, labels, plans })
    }

    fn key(&mut self, written: &WrittenKey, path: &KeyPath) -> Option<ApiKey> {
        let name = written
            .name
            .as_ref()
            .and_then(|name| self.findings.take(path.key("name"), values::name(name.as_str())));
        let expires = written
            .expires
            .as_ref()
            .and_then(|time| self.findings.take(path.key("expires"), timestamp(time)));
        if expires.is_some_and(|expires| expires <= Utc::now()) {
            let problem = Problem::warning(path.key("expires"), "this key has expired");
            self.findings.add(problem.help("remove the key, or give it another time"));
        }
        let (at, digest) = self.digest(written, path)?;
        if let Some(first) = self.keys.note(digest, &at) {
            let problem = Problem::error(at, "this key is in the file already").hidden();
            self.findings.add(problem.first(first).help("give each consumer keys of its own"));
        }
        Some(ApiKey { name, digest, expires })
    }

    /// The digest of a key, and where it comes from.
    fn digest(&mut self, written: &WrittenKey, path: &KeyPath) -> Option<(KeyPath, KeyDigest)> {
        match (&written.sha256, &written.value) {
            (Some(text), None) => {
                let at = path.key("sha256");
                self.findings.take(at.clone(), values::digest(text.as_str())).map(|digest| (at, digest))
            }
            (None, Some(reference)) => {
                let at = path.key("value");
                let secret = secrets::read(reference, at.clone(), self.folder, self.findings)?;
                Some((at, Sha256::digest(secret.expose()).into()))
            }
            (Some(_), Some(_)) => {
                let problem = Problem::error(path.key("value"), "the key is said twice").at_key().hidden();
                self.findings.add(problem.first(path.key("sha256")).help("remove one of the two"));
                None
            }
            (None, None) => {
                let problem = Problem::error(path.clone(), "there is no key here");
                self.findings.add(
                    problem
                        .absent(path.clone())
                        .help("add `sha256`, which `printf %s KEY | sha256sum` prints"),
                );
                None
            }
        }
    }

    fn certificate(&mut self, written: &WrittenCertificate, path: &KeyPath) -> Option<CertificateOwner> {
        let (at, owner) = match (&written.sha256, &written.san, &written.subject) {
            (Some(text), None, None) => {
                let at = path.key("sha256");
                let digest = self.findings.take(at.clone(), values::fingerprint(text.as_str()))?;
                (at, CertificateOwner::Sha256(digest))
            }
            (None, Some(name), None) => {
                let at = path.key("san");
                (at.clone(), CertificateOwner::San(self.findings.take(at, alternative_name(name.as_str()))?))
            }
            (None, None, Some(subject)) => {
                let at = path.key("subject");
                (
                    at.clone(),
                    CertificateOwner::Subject(self.findings.take(at, subject_name(subject.as_str()))?),
                )
            }
            _ => {
                let problem = Problem::error(path.clone(), "a certificate is told by exactly one thing");
                self.findings.add(problem.help("write one of `sha256`, `san` and `subject`"));
                return None;
            }
        };
        if let Some(first) = self.certificates.note(owner.clone(), &at) {
            let problem = Problem::error(at, "this certificate is a consumer's already").first(first);
            self.findings.add(problem.help("give each consumer certificates of its own"));
        }
        Some(owner)
    }

    fn token(&mut self, written: &WrittenToken, path: &KeyPath) -> Option<TokenOwner> {
        if written.client_id.is_none() && written.subject.is_none() {
            let problem = Problem::error(path.clone(), "these are all tokens of the issuer");
            self.findings.add(problem.help("add `client_id`, `subject`, or both"));
            return None;
        }
        let text = |written: &Option<Words>| written.as_ref().map(|text| text.as_str().to_owned());
        let owner = TokenOwner {
            issuer: written.issuer.as_str().to_owned(),
            client_id: text(&written.client_id),
            subject: text(&written.subject),
        };
        if let Some(first) = self.tokens.note(owner.clone(), path) {
            let problem = Problem::error(path.clone(), "these tokens are a consumer's already").first(first);
            self.findings.add(problem.help("give each consumer clients and users of its own"));
        }
        Some(owner)
    }

    fn labels(&mut self, written: &Written, path: &KeyPath) -> Vec<(String, String)> {
        let mut labels = Vec::new();
        for (name, value) in &written.labels {
            let at = path.key(name);
            let name = self.findings.take(at.clone(), label(name));
            let value = self.findings.take(at, values::words(value.as_str()));
            labels.extend(name.zip(value));
        }
        labels
    }

    /// `api/plan`, of which both must be there.
    fn plan(&mut self, written: &PlanPath, path: KeyPath) -> Option<(String, String)> {
        let found = find_plan(written.as_str(), self.apis);
        self.findings.take(path, found)
    }
}

fn find_plan(written: &str, apis: &[Api]) -> Result<(String, String), Refusal> {
    let all = || apis.iter().flat_map(|api| api.plans.iter().map(move |plan| (api, plan)));
    let found = written.split_once('/').and_then(|(api_name, plan_name)| {
        all().find(|(api, plan)| api.name == api_name && plan.name == plan_name)
    });
    match found {
        Some((_, plan)) if matches!(plan.kind, PlanKind::Keyless) => {
            Err(Refusal::new(format!("the plan {} asks nobody who they are", quoted(written)))
                .help("name a plan of another kind"))
        }
        Some((api, plan)) => Ok((api.name.clone(), plan.name.clone())),
        None => {
            let names: Vec<String> = all().map(|(api, plan)| format!("{}/{}", api.name, plan.name)).collect();
            let refusal = Refusal::new(format!("there is no plan {}", quoted(written)));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Err(match suggest::nearest(written, &names) {
                Some(near) => refusal.help(format!("did you mean `{near}`?")),
                None => refusal.help("write the name of an API, a slash, and the name of one of its plans"),
            })
        }
    }
}

/// A kind and a name of that kind, as certificates are read.
fn alternative_name(text: &str) -> Result<String, Refusal> {
    let refusal = || {
        Refusal::new(format!("{} is no subject alternative name", quoted(text)))
            .help("write its kind before it: `dns:`, `uri:`, `email:` or `ip:`")
    };
    let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(refusal)?;
    match kind {
        "dns" => Ok(format!("dns:{}", name.to_ascii_lowercase())),
        "uri" | "email" => Ok(text.to_owned()),
        "ip" => name.parse::<IpAddr>().map(|address| format!("ip:{address}")).map_err(|_| refusal()),
        _ => Err(refusal()),
    }
}

/// Compared as it is written, so a space between two parts would never be found.
fn subject_name(text: &str) -> Result<String, Refusal> {
    let refusal = Refusal::new(format!("{} is no subject as RFC 4514 writes it", quoted(text)));
    match text.contains('=') && !text.contains(", ") {
        true => Ok(text.to_owned()),
        false => {
            Err(refusal.help("write what `openssl x509 -noout -subject -nameopt RFC2253 -in FILE` prints"))
        }
    }
}

/// Part of the name of a field of the log.
fn label(text: &str) -> Result<String, Refusal> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match !text.is_empty() && text.len() <= 32 && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err(Refusal::new(format!("{} is no name of a label", quoted(text)))
            .help("write at most 32 lower-case letters, digits and `_`")),
    }
}

/// RFC 3339.
fn timestamp(written: &Timestamp) -> Result<DateTime<Utc>, Refusal> {
    DateTime::parse_from_rfc3339(written.as_str()).map(|time| time.to_utc()).map_err(|_| {
        Refusal::new(format!("{} is not a time", quoted(written.as_str())))
            .help("write it like `2027-01-31T00:00:00Z`")
    })
}

fn warn_about_plans_of_nobody(
    apis: &[Api],
    consumers: &[Consumer],
    document: &Document,
    findings: &mut Findings,
) {
    let list = KeyPath::root().key("apis");
    for (api_index, api) in apis.iter().enumerate().filter(|_| apis.len() == document.apis.len()) {
        for (index, plan) in api.plans.iter().enumerate() {
            let path = list.item(api_index).key("plans").item(index);
            let used = || consumers.iter().filter(|consumer| consumer.may_use(&api.name, &plan.name));
            let needs_consumers = match &plan.kind {
                PlanKind::ApiKey(_) | PlanKind::Certificates => true,
                PlanKind::Tokens(plan) => plan.of_consumers_only,
                PlanKind::Keyless => false,
            };
            if needs_consumers && used().next().is_none() {
                let problem = Problem::warning(path.clone(), "no consumer may use this plan");
                findings.add(problem.help(format!("add `{}/{}` to the `plans` of one", api.name, plan.name)));
            }
            if plan.state == PlanState::Deprecated && used().next().is_some() {
                let names: Vec<&str> = used().map(|consumer| consumer.name.as_str()).collect();
                let message = format!("this plan is deprecated and still used by {}", names.join(", "));
                findings.add(Problem::warning(path.key("state"), message).help("move them to another plan"));
            }
        }
    }
}
