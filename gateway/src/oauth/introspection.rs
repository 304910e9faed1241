//! Asking an authorization server about the tokens it has issued (RFC 7662). What it says counts for a while; while it
//! cannot be asked, nobody is let in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use log::warn;
use serde_json::Value;

use super::Client;
use super::answers::{Answer, Answers, Unanswered, wrong_status};
use crate::fetch::Fetched;
use crate::metrics::PROCESS;
use crate::token::{Rejected, Settings, Verified};

/// A longer token is not asked about.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// What is known of the tokens of one authorization server.
pub struct Introspector {
    client: Client,
    accepted: Settings,
    /// For how long answers count.
    cache: Duration,
    negative_cache: Duration,
    answers: Answers<Verdict>,
}

type Verdict = Result<Arc<Verified>, Rejected>;

impl Introspector {
    pub fn new(
        client: Client,
        accepted: Settings,
        cache: Duration,
        negative_cache: Duration,
    ) -> Introspector {
        Introspector { client, accepted, cache, negative_cache, answers: Answers::new() }
    }

    /// Who calls, at the Unix time `now` in seconds. All who have the same token wait for one answer.
    ///
    /// # Errors
    /// When the token is not one to be accepted, or nobody answers.
    pub async fn verify(&self, token: &str, now: u64) -> Result<Arc<Verified>, Rejected> {
        // RFC 6750 §2.1: the characters a token may have.
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX || !token.bytes().all(allowed) {
            return Err(Rejected::Malformed(
                "the access token has characters that no token has, or too many",
            ));
        }
        let has_expired = |verdict: &Verdict| {
            verdict.as_ref().is_ok_and(|verified| verified.is_over(self.accepted.skew, now))
        };
        let form = [("token", token), ("token_type_hint", "access_token")];
        let read = |fetched: &Fetched| self.read(fetched, now);
        match self.answers.get(token, has_expired, &self.client, &form, read).await {
            Ok(verdict) => verdict,
            Err(Unanswered(why)) => {
                if let Some(why) = why {
                    PROCESS.introspections.count("failed");
                    warn!("tokens cannot be checked at {}: {why}", self.client.endpoint());
                }
                Err(Rejected::IntrospectionUnavailable)
            }
        }
    }

    fn read(&self, fetched: &Fetched, now: u64) -> Result<Answer<Verdict>, String> {
        if fetched.status != StatusCode::OK {
            return Err(wrong_status(fetched.status));
        }
        let claims: Value =
            serde_json::from_slice(&fetched.body).map_err(|_| "its answer is no JSON".to_owned())?;
        PROCESS.introspections.count("answered");
        let says = Verified::introspected(claims, &self.accepted, now).map(Arc::new);
        let counts = if says.is_ok() { self.cache } else { self.negative_cache };
        Ok(Answer { says, until: Instant::now() + counts })
    }
}
