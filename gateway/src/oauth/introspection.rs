//! Asking an authorization server about the tokens it has issued (RFC 7662). What it says counts for a while; while it
//! cannot be asked, nobody is let in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use log::warn;
use moka::sync::Cache;
use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};

use super::Client;
use super::pause::Pause;
use crate::metrics::PROCESS;
use crate::token::cache::{Digest, digest};
use crate::token::{Rejected, Settings, Verified};

/// A longer token is not asked about.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Tokens that answers are kept for, each some two KiB. Whoever makes tokens up can fill it, which costs others a question.
const TOKENS_MAX: u64 = 10_000;
/// Questions under way. Others wait for their turn, as long as for an answer.
const QUESTIONS_MAX: usize = 64;
/// How long a request waits for its turn and the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the tokens of one authorization server.
pub struct Introspector {
    client: Client,
    accepted: Settings,
    /// For how long answers count.
    cache: Duration,
    negative_cache: Duration,
    known: Cache<Digest, Arc<OnceCell<Answer>>>,
    places: Semaphore,
    pause: Pause,
}

struct Answer {
    verdict: Result<Arc<Verified>, Rejected>,
    until: Instant,
}

impl Introspector {
    pub fn new(
        client: Client,
        accepted: Settings,
        cache: Duration,
        negative_cache: Duration,
    ) -> Introspector {
        Introspector {
            client,
            accepted,
            cache,
            negative_cache,
            known: Cache::new(TOKENS_MAX),
            places: Semaphore::new(QUESTIONS_MAX),
            pause: Pause::default(),
        }
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
        let digest = digest(token);
        let mut known = self.known.get_with(digest, Arc::default);
        if known.get().is_some_and(|answer| answer.is_over(&self.accepted, now)) {
            known = Arc::default();
            self.known.insert(digest, known.clone());
        }
        let answer = known.get_or_try_init(|| self.ask(token, now)).await?;
        answer.verdict.clone()
    }

    async fn ask(&self, token: &str, now: u64) -> Result<Answer, Rejected> {
        if self.pause.is_on() {
            return Err(Rejected::IntrospectionUnavailable);
        }
        let answered = tokio::time::timeout(PATIENCE, async {
            let _place = self.places.acquire().await;
            self.client.post(&[("token", token), ("token_type_hint", "access_token")]).await
        });
        let answered = answered.await;
        let status = answered.as_ref().ok().and_then(|fetched| Some(fetched.as_ref().ok()?.status));
        let why = match answered {
            Ok(Ok(fetched)) if fetched.status == StatusCode::OK => {
                match serde_json::from_slice::<Value>(&fetched.body) {
                    Ok(claims) => {
                        PROCESS.introspections.count("answered");
                        return Ok(self.judge(claims, now));
                    }
                    Err(_) => "its answer is no JSON".to_owned(),
                }
            }
            Ok(Ok(fetched)) => format!("it answered with the status {}", fetched.status.as_u16()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {} s", PATIENCE.as_secs()),
        };
        PROCESS.introspections.count("failed");
        self.pause.begin(status);
        warn!("tokens cannot be checked at {}: {why}", self.client.endpoint());
        Err(Rejected::IntrospectionUnavailable)
    }

    fn judge(&self, claims: Value, now: u64) -> Answer {
        let verdict = Verified::introspected(claims, &self.accepted, now).map(Arc::new);
        let counts = if verdict.is_ok() { self.cache } else { self.negative_cache };
        Answer { verdict, until: Instant::now() + counts }
    }
}

impl Answer {
    fn is_over(&self, accepted: &Settings, now: u64) -> bool {
        let has_expired = |verified: &Arc<Verified>| verified.is_over(accepted.skew, now);
        self.until <= Instant::now() || self.verdict.as_ref().is_ok_and(has_expired)
    }
}
