//! What was approved, and the codes and tokens that stand for it. The clock is the caller's.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::refusal::Refusal;
use crate::{pkce, random};

const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// Short, so that somebody who stays a while sees a refresh go through the gateway.
pub const ACCESS_LIFETIME: Duration = Duration::from_secs(10 * 60);
const REFRESH_LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);

/// One approval: this client may use this resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Ties codes and tokens together, so that a stolen code takes the tokens made from it down too.
    id: String,
    pub client_id: String,
    pub resource: String,
}

impl Grant {
    pub fn new(client_id: String, resource: String) -> Self {
        Self { id: random::unguessable(), client_id, resource }
    }
}

/// What a client shows to get tokens for a code (RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2).
pub struct Redemption<'a> {
    pub code: &'a str,
    pub client_id: &'a str,
    pub verifier: &'a str,
    /// OAuth 2.1 dropped it; one that is given must be the one of the authorization request.
    pub redirect_uri: Option<&'a str>,
    /// Absent means the one that was approved.
    pub resource: Option<&'a str>,
}

struct Code {
    grant: Grant,
    redirect_uri: String,
    challenge: String,
    spent: bool,
}

struct Timed<T> {
    value: T,
    expires: Instant,
}

/// All live codes and tokens.
#[derive(Default)]
pub struct Grants {
    codes: HashMap<String, Timed<Code>>,
    access: HashMap<String, Timed<Grant>>,
    refresh: HashMap<String, Timed<Grant>>,
}

impl Grants {
    /// A code for `grant`, good for one redemption within a minute.
    pub fn authorize(
        &mut self,
        grant: Grant,
        redirect_uri: String,
        challenge: String,
        now: Instant,
    ) -> String {
        let code = Code { grant, redirect_uri, challenge, spent: false };
        insert(&mut self.codes, code, now, CODE_LIFETIME)
    }

    /// The grant behind a code. The first try spends the code, whatever comes of it; a second one revokes the
    /// tokens made from it, because one of the two tries was not the client's (RFC 6749 §4.1.2).
    pub fn redeem(&mut self, attempt: &Redemption<'_>, now: Instant) -> Result<Grant, Refusal> {
        let code = self.codes.get_mut(attempt.code).filter(|code| code.expires > now);
        let code =
            &mut code.ok_or(Refusal::new("invalid_grant", "the code is unknown or has expired"))?.value;
        if std::mem::replace(&mut code.spent, true) {
            let id = code.grant.id.clone();
            self.revoke(&id);
            return Err(Refusal::new("invalid_grant", "the code was used before"));
        }
        if code.grant.client_id != attempt.client_id {
            return Err(Refusal::new("invalid_grant", "the code was issued to another client"));
        }
        if attempt.redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
            return Err(Refusal::new(
                "invalid_grant",
                "redirect_uri is not that of the authorization request",
            ));
        }
        if !pkce::verifies(attempt.verifier, &code.challenge) {
            return Err(Refusal::new("invalid_grant", "code_verifier does not match the code_challenge"));
        }
        same_resource(&code.grant, attempt.resource)?;
        Ok(code.grant.clone())
    }

    /// The grant behind a refresh token, which this uses up (RFC 9700 §4.14.2: public clients rotate).
    pub fn renew(
        &mut self,
        refresh_token: &str,
        client_id: &str,
        resource: Option<&str>,
        now: Instant,
    ) -> Result<Grant, Refusal> {
        let unknown = Refusal::new("invalid_grant", "the refresh token is unknown, used or expired");
        let known = self.refresh.get(refresh_token).filter(|token| token.expires > now);
        let grant = known.map(|token| token.value.clone()).filter(|grant| grant.client_id == client_id);
        let grant = grant.ok_or(unknown)?;
        same_resource(&grant, resource)?;
        self.refresh.remove(refresh_token);
        Ok(grant)
    }

    /// A new access token.
    pub fn issue_access(&mut self, grant: &Grant, now: Instant) -> String {
        insert(&mut self.access, grant.clone(), now, ACCESS_LIFETIME)
    }

    /// A new refresh token.
    pub fn issue_refresh(&mut self, grant: &Grant, now: Instant) -> String {
        insert(&mut self.refresh, grant.clone(), now, REFRESH_LIFETIME)
    }

    /// The resource of a live access token.
    pub fn audience_of(&self, access_token: &str, now: Instant) -> Option<String> {
        let token = self.access.get(access_token).filter(|token| token.expires > now)?;
        Some(token.value.resource.clone())
    }

    fn revoke(&mut self, id: &str) {
        self.access.retain(|_, token| token.value.id != id);
        self.refresh.retain(|_, token| token.value.id != id);
    }
}

/// A client may repeat the resource it was granted, not turn to another one.
fn same_resource(grant: &Grant, resource: Option<&str>) -> Result<(), Refusal> {
    match resource {
        Some(other) if other != grant.resource => {
            Err(Refusal::new("invalid_target", "resource is not the one that was approved"))
        }
        _ => Ok(()),
    }
}

/// Stores `value` under a new name and forgets what has expired.
fn insert<T>(table: &mut HashMap<String, Timed<T>>, value: T, now: Instant, lifetime: Duration) -> String {
    table.retain(|_, entry| entry.expires > now);
    let name = random::unguessable();
    table.insert(name.clone(), Timed { value, expires: now + lifetime });
    name
}

#[cfg(test)]
mod tests;
