//! A caller's token exchanged for one that is for the MCP server (RFC 8693), so that the server knows the user and nobody
//! passes on a token that was for the gateway.

use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode};
use log::warn;
use serde_json::Value;

use super::Client;
use super::answers::{Answer, Answers, Unanswered, wrong_status};
use crate::config::TokenExchange;
use crate::endpoint::resolve::Dns;
use crate::fetch::{Fetched, Trust};
use crate::metrics::PROCESS;
use crate::reason::{self, Reason};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A token is not used in its last seconds: it takes time to arrive.
const MARGIN: Duration = Duration::from_secs(10);
/// For how long a token counts whose lifetime is not said.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(60);
/// For how long it counts that there is none.
const REFUSAL_COUNTS: Duration = Duration::from_secs(5);

/// Exchanges tokens at one authorization server for one endpoint.
pub struct Exchanger {
    settings: TokenExchange,
    dns: Dns,
    client: Client,
    answers: Answers<Field>,
}

/// What is sent as `Authorization`, or why there is nothing.
type Field = Result<HeaderValue, &'static Reason>;

impl Exchanger {
    /// # Errors
    /// When there is no way to ask, which the configuration rules out.
    pub fn new(settings: &TokenExchange, dns: &Dns) -> Result<Exchanger, String> {
        let TokenExchange { endpoint, client, ca, private, .. } = settings;
        let trust = Trust { private: *private, ca: ca.clone(), dns: dns.clone() };
        let client = Client::new(client.clone(), endpoint.clone(), endpoint.to_string(), trust)
            .map_err(|why| format!("token exchange at {endpoint}: {why:?}"))?;
        Ok(Exchanger { settings: settings.clone(), dns: dns.clone(), client, answers: Answers::new() })
    }

    pub fn looks_up_by(&self, dns: &Dns) -> bool {
        self.dns == *dns
    }

    /// The field to send in place of the caller's. `expires` is when the caller's token does, in seconds since 1970, and
    /// `now` the same of this moment: what was got for it is not used longer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn field(&self, token: &str, expires: u64, now: u64) -> Field {
        let left = Duration::from_secs(expires.saturating_sub(now));
        let read = |fetched: &Fetched| read(fetched, left);
        match self.answers.get(token, |_| false, &self.client, &self.form(token), read).await {
            Ok(field) => field,
            Err(Unanswered(why)) => {
                if let Some(why) = why {
                    PROCESS.token_exchanges.count("failed");
                    warn!("tokens cannot be exchanged at {}: {why}", self.client.endpoint());
                }
                Err(&reason::TOKEN_EXCHANGE_UNAVAILABLE)
            }
        }
    }

    /// The server has not accepted what was got for this token.
    pub fn forget(&self, token: &str) {
        self.answers.forget(token);
    }

    /// RFC 8693 §2.1.
    fn form<'f>(&'f self, token: &'f str) -> Vec<(&'f str, &'f str)> {
        let mut form = vec![
            ("grant_type", GRANT_TYPE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
        ];
        let TokenExchange { audience, resource, scope, .. } = &self.settings;
        let further = [("audience", audience), ("resource", resource), ("scope", scope)];
        form.extend(further.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
        form
    }
}

fn read(fetched: &Fetched, left: Duration) -> Result<Answer<Field>, String> {
    if fetched.status == StatusCode::OK {
        let answer = got(&fetched.body, left).ok_or("its answer has no bearer token")?;
        PROCESS.token_exchanges.count("exchanged");
        return Ok(answer);
    }
    if refuses_the_token(fetched.status, &fetched.body) {
        PROCESS.token_exchanges.count("refused");
        let until = Instant::now() + REFUSAL_COUNTS;
        return Ok(Answer { says: Err(&reason::TOKEN_EXCHANGE_REFUSED), until });
    }
    Err(wrong_status(fetched.status))
}

/// RFC 8693 §2.2.1. A token that is bound to a key cannot be used.
fn got(body: &[u8], left: Duration) -> Option<Answer<Field>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    if !answer["token_type"].as_str()?.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut field = HeaderValue::from_str(&format!("Bearer {}", answer["access_token"].as_str()?)).ok()?;
    field.set_sensitive(true);
    let lifetime = answer["expires_in"].as_u64().map_or(UNKNOWN_LIFETIME, Duration::from_secs);
    let until = Instant::now() + lifetime.min(left).saturating_sub(MARGIN);
    Some(Answer { says: Ok(field), until })
}

/// RFC 8693 §2.2.2: the caller's token is not good there, or there is nothing for it. Other errors are about the gateway.
fn refuses_the_token(status: StatusCode, body: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let about_the_token =
        ["invalid_request", "invalid_grant", "invalid_target", "invalid_scope", "access_denied"];
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN)
        && answer["error"].as_str().is_some_and(|error| about_the_token.contains(&error))
}
