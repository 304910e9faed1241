//! Secrets are named, never written: `${NAME}` is a variable of the environment, `${file:PATH}` a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::values::Refusal;
use super::{Findings, IncludedConsumers, certificates};
use crate::config::Secret;
use crate::config::document::{Consumer, Document, OAuthClient, UpstreamAuth};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::text::Reference;

/// The largest secret that is read, in bytes.
const MAX: u64 = 16 * 1024;

/// Reads a secret. Nothing of what stands in its place is shown in an error: it may be the secret itself.
pub fn read(written: &Reference, path: KeyPath, folder: &Path, findings: &mut Findings) -> Option<Secret> {
    match resolve(written.as_str(), folder) {
        Ok(secret) => Some(secret),
        Err(refusal) => {
            let problem = Problem::error(path, refusal.message).hidden();
            findings.add(Problem { help: refusal.help, ..problem });
            None
        }
    }
}

/// The files that secrets of a document are read from, and the keys of issuers.
pub fn files(document: &Document, included: &[&IncludedConsumers], folder: &Path) -> Vec<PathBuf> {
    let of = |consumers: &[Consumer], folder: &Path| -> Vec<PathBuf> {
        let keys = consumers.iter().flat_map(|consumer| &consumer.api_keys);
        let keys = keys.filter_map(|key| file(key.value.as_ref()?));
        keys.map(|file| folder.join(file)).collect()
    };
    let of_consumers = included.iter().flat_map(|file| of(&file.consumers, &file.folder));
    let endpoints = document.apis.iter().flat_map(|api| &api.endpoints);
    let own = endpoints.filter_map(|endpoint| endpoint.auth.as_ref());
    let shared = document.apis.iter().filter_map(|api| api.upstream.auth.as_ref());
    let plans = document.apis.iter().flat_map(|api| &api.plans);
    let clients = plans.filter_map(|plan| Some(&plan.oauth2.as_ref()?.client));
    let stores = document.stores.limits.iter().filter_map(|limits| limits.redis.password.as_ref());
    let references =
        shared.chain(own).flat_map(UpstreamAuth::references).chain(clients.flat_map(OAuthClient::references));
    let references = references.chain(stores);
    let issuers = document.apis.iter().flat_map(|api| &api.plans).filter_map(|plan| plan.jwt.as_ref());
    let keys = issuers.flat_map(|plan| &plan.issuers).filter_map(|issuer| issuer.jwks_file.as_ref());
    let keys = keys.map(|file| folder.join(file.as_str()));
    let others = references.filter_map(file).map(|file| folder.join(file));
    of(&document.consumers, folder).into_iter().chain(of_consumers).chain(others).chain(keys).collect()
}

/// The file a secret is read from, if it is one.
fn file(written: &Reference) -> Option<&str> {
    inner(written.as_str())?.strip_prefix("file:")
}

fn inner(written: &str) -> Option<&str> {
    written.strip_prefix("${")?.strip_suffix('}')
}

fn resolve(written: &str, folder: &Path) -> Result<Secret, Refusal> {
    let inner = inner(written).ok_or_else(|| {
        Refusal::new("a secret is not written into the configuration")
            .help("put it into a file and write `${file:PATH}`, or into the environment and write `${NAME}`")
    })?;
    let value = match inner.strip_prefix("file:") {
        Some(file) => from_file(file, folder)?,
        None => from_environment(inner)?,
    };
    let value = Zeroizing::new(value.trim_end_matches(['\r', '\n']).to_owned());
    if value.is_empty() {
        return Err(Refusal::new(format!("{} is empty", quoted(written))));
    }
    Ok(Secret::new(value))
}

fn from_file(written: &str, folder: &Path) -> Result<Zeroizing<String>, Refusal> {
    let unreadable = |error: std::io::Error| certificates::unreadable(written, &error.to_string());
    let file = File::open(folder.join(written)).map_err(unreadable)?;
    // As large as it may become: what a buffer leaves behind when it grows would stay in memory.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MAX).unwrap_or_default() + 1));
    let read = file.take(MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    match read as u64 > MAX {
        true => Err(Refusal::new(format!("{} is larger than {MAX} bytes", quoted(written)))),
        false => Ok(text),
    }
}

fn from_environment(name: &str) -> Result<Zeroizing<String>, Refusal> {
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err(Refusal::new("this is no name of a variable").help("write `${NAME}` or `${file:PATH}`"));
    }
    std::env::var(name).map(Zeroizing::new).map_err(|_| {
        Refusal::new(format!("the environment has no variable {}", quoted(name)))
            .help("set it before the gateway starts, or write `${file:PATH}`")
    })
}
