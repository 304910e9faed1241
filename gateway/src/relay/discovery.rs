//! Finding an upstream's protected resource metadata, in the order RFC 9728 and MCP give:
//!
//! 1. the URL the upstream's own challenge names, if it is on the endpoint's origin; where no challenge has
//!    been seen yet, a harmless probe without credentials asks for one;
//! 2. the path-inserted well-known URL;
//! 3. the root well-known URL, only when (2) does not exist: a root document may describe another resource.

use http::{Method, StatusCode, header};
use log::warn;
use tollgate_protocol::challenge;
use tollgate_protocol::metadata::upstream_locations;
use tollgate_protocol::url::HttpUrl;

use super::document::{Document, Expected};
use super::metadata::Unavailable;
use crate::endpoint::Endpoint;
use crate::fetch::{FetchError, Fetched, Fetcher, Probe};
use crate::reason;

/// What is known of the upstream's challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Challenge {
    /// None seen yet.
    #[default]
    Unknown,
    /// It challenges, and names no metadata URL; or it was asked and did not challenge.
    Unnamed,
    /// It names this metadata URL, as sent.
    Named(String),
}

/// What a search came to. `Ok(None)`: the upstream publishes no metadata.
pub type Found = Result<Option<Document>, Unavailable>;

/// Looks for the metadata of `expected.upstream`. Also returns the challenge, learnt on the way if it was
/// unknown.
pub async fn discover(
    fetcher: &Fetcher,
    endpoint: &Endpoint,
    expected: &Expected,
    known: Challenge,
) -> (Challenge, Found) {
    let challenge = match known {
        Challenge::Unknown => match ask(fetcher, endpoint, &expected.upstream).await {
            Ok(challenge) => challenge,
            Err(error) => return (Challenge::Unknown, Err(unreachable(&expected.upstream, &error))),
        },
        known => known,
    };
    let found = search(fetcher, endpoint, expected, &challenge).await;
    (challenge, found)
}

/// Asks the upstream for its challenge: GET first, since that is what a client that reads a challenge off a
/// GET or a HEAD would see; then a `ping`, for servers that challenge a POST only.
async fn ask(fetcher: &Fetcher, endpoint: &Endpoint, url: &HttpUrl) -> Result<Challenge, FetchError> {
    for probe in [Probe::Get, Probe::Ping] {
        let answer = fetcher.probe(endpoint, url, probe).await?;
        if let Some(named) = named_in(&answer) {
            return Ok(Challenge::Named(named));
        }
    }
    Ok(Challenge::Unnamed)
}

/// The metadata URL a challenge names, if there is a challenge and it is no longer than one may be.
fn named_in(answer: &Fetched) -> Option<String> {
    let fields = answer.headers.get_all(header::WWW_AUTHENTICATE);
    challenge::read(fields.iter().map(|value| value.as_bytes())).ok()?.metadata_url
}

async fn search(fetcher: &Fetcher, endpoint: &Endpoint, expected: &Expected, challenge: &Challenge) -> Found {
    for url in candidates(endpoint, &expected.upstream, challenge) {
        let fetched = fetcher.document(endpoint, &url).await.map_err(|error| unreachable(&url, &error))?;
        match fetched.status.as_u16() {
            200 => return Document::check(fetched.body, &fetched.headers, expected).map(Some),
            404 | 405 | 410 => {}
            401 => {
                if let Some(found) = behind_a_challenge(fetcher, endpoint, expected, &url, &fetched).await {
                    return found;
                }
            }
            _ => return Err(unexpected(&url, fetched.status)),
        }
    }
    Ok(None)
}

/// A metadata URL that challenges itself may name the right one in its challenge.
async fn behind_a_challenge(
    fetcher: &Fetcher,
    endpoint: &Endpoint,
    expected: &Expected,
    asked: &HttpUrl,
    answer: &Fetched,
) -> Option<Found> {
    let named = named_in(answer)?;
    let url = on_the_endpoint(endpoint, &expected.upstream, &named).filter(|url| url != asked)?;
    let fetched = match fetcher.document(endpoint, &url).await {
        Ok(fetched) => fetched,
        Err(error) => return Some(Err(unreachable(&url, &error))),
    };
    match fetched.status {
        StatusCode::OK => Some(Document::check(fetched.body, &fetched.headers, expected).map(Some)),
        status => Some(Err(unexpected(&url, status))),
    }
}

/// The URLs to try, each once.
fn candidates(endpoint: &Endpoint, upstream: &HttpUrl, challenge: &Challenge) -> Vec<HttpUrl> {
    let mut urls = Vec::new();
    if let Challenge::Named(named) = challenge {
        match on_the_endpoint(endpoint, upstream, named) {
            Some(url) => urls.push(url),
            None => warn!(
                "the challenge of {upstream} names metadata at {}, which is not on the endpoint's origin and is \
                 not fetched; trying the well-known locations instead",
                named.escape_default()
            ),
        }
    }
    for url in upstream_locations(upstream) {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

/// A URL the upstream named, if the gateway may fetch it: only the endpoint's own origin is ever asked, so a
/// hostile upstream cannot send the gateway anywhere else (SSRF).
fn on_the_endpoint(endpoint: &Endpoint, upstream: &HttpUrl, named: &str) -> Option<HttpUrl> {
    upstream.resolve(named).ok().filter(|url| url.origin() == endpoint.url().origin())
}

fn unreachable(url: &HttpUrl, error: &FetchError) -> Unavailable {
    Unavailable {
        reason: &reason::UPSTREAM_METADATA_UNREACHABLE,
        log: format!("{url}: {error}"),
        transient: error.is_transient(),
    }
}

fn unexpected(url: &HttpUrl, status: StatusCode) -> Unavailable {
    Unavailable {
        reason: &reason::UPSTREAM_METADATA_UNREACHABLE,
        log: format!("{} {url} answered {status}", Method::GET),
        transient: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
    }
}
