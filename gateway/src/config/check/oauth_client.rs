//! The gateway as a client of an authorization server: who it is, and one way to prove it.

use std::path::Path;

use super::{Findings, secrets, values};
use crate::config::document::{OAuthClient as Written, SecretAuthentication};
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;
use crate::config::{ClientAuthentication, OAuthClient, SigningKey};

pub fn check(
    written: &Written,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<OAuthClient> {
    let id = findings.take(path.key("id"), values::words(written.id.as_str()));
    let authentication = authentication(written, path, folder, findings);
    Some(OAuthClient { id: id?, authentication: authentication? })
}

fn authentication(
    written: &Written,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Option<ClientAuthentication> {
    match (&written.secret, &written.private_key) {
        (Some(reference), None) => {
            refuse(written.key_id.is_some(), "key_id", "a secret has no `kid`", path, findings)?;
            let secret = secrets::read(reference, path.key("secret"), folder, findings)?;
            Some(match written.authentication {
                Some(SecretAuthentication::ClientSecretPost) => ClientAuthentication::SecretPost(secret),
                Some(SecretAuthentication::ClientSecretBasic) | None => {
                    ClientAuthentication::SecretBasic(secret)
                }
            })
        }
        (None, Some(reference)) => {
            let is_said = written.authentication.is_some();
            refuse(is_said, "authentication", "a key is used in one way", path, findings)?;
            let at = path.key("private_key");
            let pem = secrets::read(reference, at.clone(), folder, findings)?;
            let id = written.key_id.as_ref().map(|id| id.as_str().to_owned());
            match SigningKey::parse(pem.expose(), id) {
                Ok(key) => Some(ClientAuthentication::PrivateKey(key)),
                Err(why) => {
                    let problem = Problem::error(at, format!("the key cannot be used: {why}")).hidden();
                    findings.add(problem.help("`openssl genpkey -algorithm ed25519` makes one"));
                    None
                }
            }
        }
        (Some(_), Some(_)) => {
            let problem = Problem::error(path.key("private_key"), "a client proves itself in one way");
            findings.add(problem.at_key().hidden().first(path.key("secret")).help("remove one of the two"));
            None
        }
        (None, None) => {
            let problem = Problem::error(path.clone(), "the client has nothing to prove itself with");
            findings.add(problem.absent(path.clone()).help("add `secret` or `private_key`"));
            None
        }
    }
}

fn refuse(
    is_written: bool,
    key: &'static str,
    why: &str,
    path: &KeyPath,
    findings: &mut Findings,
) -> Option<()> {
    if is_written {
        findings.add(Problem::error(path.key(key), why).at_key().help("remove the line"));
    }
    (!is_written).then_some(())
}
