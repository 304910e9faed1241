//! What an authorization server has answered about tokens: asked once for all who have the same one, kept for as long as the
//! answer counts, and not asked at all for a moment after it has failed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use moka::sync::Cache;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

use super::Client;
use super::pause::Pause;
use crate::fetch::Fetched;
use crate::token::cache::{Digest, digest};

/// Tokens that answers are kept for, each some two KiB. Whoever makes tokens up can fill it, which costs others a question.
const TOKENS_MAX: u64 = 10_000;
/// Questions under way. Others wait for their turn, as long as for an answer.
const QUESTIONS_MAX: usize = 64;
/// How long a request waits for its turn and the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// By the tokens they are about.
pub struct Answers<T> {
    known: Cache<Digest, Arc<OnceCell<Answer<T>>>>,
    places: Semaphore,
    pause: Pause,
}

/// One answer, and until when it counts.
pub struct Answer<T> {
    pub says: T,
    pub until: Instant,
}

/// Nothing came back that is an answer: why, for the log. `None` where nothing was asked.
pub struct Unanswered(pub Option<String>);

impl<T: Clone + Send + Sync + 'static> Answers<T> {
    pub fn new() -> Answers<T> {
        Answers {
            known: Cache::new(TOKENS_MAX),
            places: Semaphore::new(QUESTIONS_MAX),
            pause: Pause::default(),
        }
    }

    /// The answer about a token. `is_over` says whether a known one no longer counts, for a reason of its own; `form` is
    /// sent where there is none, and `read` makes an answer of what came back, or says why it is none.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn get(
        &self,
        token: &str,
        is_over: impl Fn(&T) -> bool,
        client: &Client,
        form: &[(&str, &str)],
        read: impl FnOnce(&Fetched) -> Result<Answer<T>, String>,
    ) -> Result<T, Unanswered> {
        let digest = digest(token);
        let mut known = self.known.get_with(digest, Arc::default);
        if known.get().is_some_and(|answer| answer.until <= Instant::now() || is_over(&answer.says)) {
            known = Arc::default();
            self.known.insert(digest, known.clone());
        }
        if let Some(answer) = known.get() {
            return Ok(answer.says.clone());
        }
        // What a question needs is many times what the rest of a request does, and would be a part of each one's future.
        let answer = Box::pin(known.get_or_try_init(|| self.ask(client, form, read))).await?;
        Ok(answer.says.clone())
    }

    /// What is known about this token is wrong.
    pub fn forget(&self, token: &str) {
        self.known.invalidate(&digest(token));
    }

    async fn ask(
        &self,
        client: &Client,
        form: &[(&str, &str)],
        read: impl FnOnce(&Fetched) -> Result<Answer<T>, String>,
    ) -> Result<Answer<T>, Unanswered> {
        if self.pause.is_on() {
            return Err(Unanswered(None));
        }
        let asked = timeout(PATIENCE, async {
            let _place = self.places.acquire().await;
            client.post(form).await
        });
        let (status, outcome) = match asked.await {
            Ok(Ok(fetched)) => (Some(fetched.status), read(&fetched)),
            Ok(Err(error)) => (None, Err(error.to_string())),
            Err(_) => (None, Err(format!("it did not answer within {} s", PATIENCE.as_secs()))),
        };
        outcome.map_err(|why| {
            self.pause.begin(status);
            Unanswered(Some(why))
        })
    }
}

/// What is said of an answer that is none.
pub fn wrong_status(status: StatusCode) -> String {
    format!("it answered with the status {}", status.as_u16())
}
