//! Every document the gateway fetches itself: on Pingora's own connector, so with the pinned address and CA of the
//! endpoint or [`Remote`] it comes from, within limits, and never across origins.
//!
//! The limits are those of the MCP security guidance for servers that fetch OAuth URLs (SSRF): only the
//! place's own origin, at most three redirects within it, five seconds, one mebibyte. No field of a
//! client's request is ever sent along.

pub mod address;
pub mod remote;
#[cfg(test)]
pub mod stub;

use std::io::Read;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pingora::http::RequestHeader;
use pingora::upstreams::peer::HttpPeer;
use pingora_core::connectors::ConnectorOptions;
use pingora_core::connectors::http::v1::Connector;
use pingora_core::protocols::http::v1::client::HttpSession;
use tokio::time::timeout;
use tollgate_protocol::url::{HttpUrl, Origin};

pub use self::remote::{NoRemote, Remote, Trust};
use crate::endpoint::Endpoint;

const TIME_LIMIT: Duration = Duration::from_secs(5);
const BODY_BYTES_MAX: usize = 1024 * 1024;
const REDIRECTS_MAX: usize = 3;

/// Fetches from the endpoints of the gateway; connections are pooled like those of requests.
pub struct Fetcher {
    connector: Connector,
}

/// One origin, and how it is reached.
pub trait Place {
    fn origin(&self) -> &Origin;
    /// The `Host` it is sent.
    fn host(&self) -> &HeaderValue;
    /// One for each address, in the order they are tried. Empty while its name has never been resolved.
    ///
    /// # Errors
    /// When none of its addresses may be connected to.
    fn peers(&self) -> Result<Vec<HttpPeer>, FetchError>;
    /// One of them took a connection, or did not.
    fn tried(&self, _: &HttpPeer, _: bool) {}
}

impl Place for Endpoint {
    fn origin(&self) -> &Origin {
        self.url().origin()
    }

    fn host(&self) -> &HeaderValue {
        &self.host
    }

    fn peers(&self) -> Result<Vec<HttpPeer>, FetchError> {
        let in_order = self.walk(Instant::now()).in_order(&self.addresses);
        Ok(in_order.into_iter().map(|address| self.peer_at(address)).collect())
    }

    fn tried(&self, peer: &HttpPeer, works: bool) {
        if let Some(address) = peer._address.as_inet() {
            self.addresses.tried(*address, works, Instant::now());
        }
    }
}

/// What came back, whatever its status.
#[derive(Debug)]
pub struct Fetched {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// For how long the sender lets an answer be kept (RFC 9111 §5.2.2): zero for `no-store` and `no-cache`, `None` where it
/// does not say.
pub fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let field = headers.get(header::CACHE_CONTROL)?.to_str().ok()?.to_ascii_lowercase();
    let mut directives = field.split(',').map(str::trim);
    if directives.clone().any(|directive| directive == "no-store" || directive == "no-cache") {
        return Some(Duration::ZERO);
    }
    directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().map(Duration::from_secs).ok())
}

/// Why nothing came back.
#[derive(Debug, PartialEq, Eq)]
pub enum FetchError {
    /// No address, no connection, or the connection broke.
    Unreachable(String),
    /// Its name leads to an address that is not for it to lead to.
    Address(IpAddr),
    TimedOut,
    /// More bytes than this, before or after decoding.
    TooLarge(usize),
    /// A redirect to another origin, or too many.
    Redirect(String),
    /// A content coding the gateway did not ask for and cannot undo.
    Coding(String),
}

impl FetchError {
    /// Whether a later try may succeed without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, FetchError::Unreachable(_) | FetchError::TimedOut)
    }
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FetchError::Unreachable(why) => write!(out, "it could not be reached: {why}"),
            FetchError::TimedOut => write!(out, "it did not answer within {} s", TIME_LIMIT.as_secs()),
            FetchError::Address(address) => {
                write!(out, "its name leads to {address}, which is no public address")
            }
            FetchError::TooLarge(limit) => write!(out, "it is larger than {limit} bytes"),
            FetchError::Redirect(to) => write!(out, "it redirects to {to}, which is not followed"),
            FetchError::Coding(coding) => {
                write!(out, "it came in the content coding {coding}, which was not asked for")
            }
        }
    }
}

/// A question that has no effect: `initialize` would mint a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    Get,
    Ping,
    /// What every server of 2026-07-28 answers, where there is no `ping`.
    Discover,
}

impl Probe {
    fn message(self) -> Option<&'static [u8]> {
        match self {
            Probe::Get => None,
            Probe::Ping => Some(br#"{"jsonrpc":"2.0","id":"tollgate-probe","method":"ping"}"#),
            Probe::Discover => Some(DISCOVER.as_bytes()),
        }
    }
}

const DISCOVER: &str = concat!(
    r#"{"jsonrpc":"2.0","id":"tollgate-probe","method":"server/discover","params":{"_meta":{"#,
    r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
    r#""io.modelcontextprotocol/clientInfo":{"name":"tollgate","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"io.modelcontextprotocol/clientCapabilities":{}}}}"#
);

impl Default for Fetcher {
    fn default() -> Self {
        Fetcher { connector: Connector::new(Some(ConnectorOptions::new(POOL_SIZE))) }
    }
}

const POOL_SIZE: usize = 16;

impl Fetcher {
    /// Fetches a JSON document from the place's own origin.
    pub async fn document(&self, place: &impl Place, url: &HttpUrl) -> Result<Fetched, FetchError> {
        self.document_within(place, url, BODY_BYTES_MAX).await
    }

    /// Like [`Fetcher::document`], one of at most so many bytes.
    pub async fn document_within(
        &self,
        place: &impl Place,
        url: &HttpUrl,
        bytes_max: usize,
    ) -> Result<Fetched, FetchError> {
        match timeout(TIME_LIMIT, self.follow(place, url, bytes_max)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(FetchError::TimedOut),
        }
    }

    /// Sends a form and returns the answer, whatever its status. Redirects are answers.
    pub async fn form(
        &self,
        place: &impl Place,
        url: &HttpUrl,
        form: &[u8],
        authorization: Option<HeaderValue>,
    ) -> Result<Fetched, FetchError> {
        let request = form_head(place, url, form.len(), authorization).map_err(unreachable)?;
        let exchange = async {
            let (mut session, peer) = self.send(place, request, Some(form)).await?;
            let (status, headers) = head(&mut session).await?;
            let body = read_body(&mut session, &headers, BODY_BYTES_MAX).await?;
            self.connector.release_http_session(session, &peer, peer.options.idle_timeout).await;
            Ok(Fetched { status, headers, body })
        };
        timeout(TIME_LIMIT, exchange).await.unwrap_or(Err(FetchError::TimedOut))
    }

    /// Sends a request without credentials to the upstream and returns the head of its answer.
    pub async fn probe(
        &self,
        endpoint: &Endpoint,
        url: &HttpUrl,
        probe: Probe,
    ) -> Result<Fetched, FetchError> {
        match timeout(TIME_LIMIT, self.probe_once(endpoint, url, probe)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(FetchError::TimedOut),
        }
    }

    async fn follow(
        &self,
        place: &impl Place,
        url: &HttpUrl,
        bytes_max: usize,
    ) -> Result<Fetched, FetchError> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let request = get(place, &url, "application/json").map_err(unreachable)?;
            let (mut session, peer) = self.send(place, request, None).await?;
            let (status, headers) = head(&mut session).await?;
            let Some(location) = redirect(status, &headers) else {
                let body = read_body(&mut session, &headers, bytes_max).await?;
                self.connector.release_http_session(session, &peer, peer.options.idle_timeout).await;
                return Ok(Fetched { status, headers, body });
            };
            url = next_hop(place, &url, &location)?;
        }
        Err(FetchError::Redirect(url.to_string()))
    }

    /// Only the head is of interest; dropping the session closes a stream the answer may have opened.
    ///
    /// # Errors
    /// When there is none; the caller says how long it may take.
    pub async fn probe_once(
        &self,
        endpoint: &Endpoint,
        url: &HttpUrl,
        probe: Probe,
    ) -> Result<Fetched, FetchError> {
        let request = question(endpoint, url, probe).map_err(unreachable)?;
        let (mut session, _) = self.send(endpoint, request, probe.message()).await?;
        let (status, headers) = head(&mut session).await?;
        Ok(Fetched { status, headers, body: Bytes::new() })
    }

    async fn send(
        &self,
        place: &impl Place,
        request: RequestHeader,
        body: Option<&[u8]>,
    ) -> Result<(HttpSession, HttpPeer), FetchError> {
        let (mut session, peer) = self.connect(place).await?;
        session.write_request_header(Box::new(request)).await.map_err(unreachable)?;
        if let Some(body) = body {
            session.write_body(body).await.map_err(unreachable)?;
        }
        session.finish_body().await.map_err(unreachable)?;
        Ok((session, peer))
    }

    async fn connect(&self, place: &impl Place) -> Result<(HttpSession, HttpPeer), FetchError> {
        let mut failure = FetchError::Unreachable("its name could not be resolved".to_string());
        for peer in place.peers()? {
            match self.connector.get_http_session(&peer).await {
                Ok((session, reused)) => {
                    if !reused {
                        place.tried(&peer, true);
                    }
                    return Ok((session, peer));
                }
                Err(error) => failure = unreachable(error),
            }
            place.tried(&peer, false);
        }
        Err(failure)
    }
}

/// The cause alone: Pingora's own text may quote what it sent.
fn unreachable(error: impl std::borrow::Borrow<pingora::Error>) -> FetchError {
    FetchError::Unreachable(error.borrow().etype().as_str().to_string())
}

fn get(place: &impl Place, url: &HttpUrl, accept: &str) -> pingora::Result<RequestHeader> {
    let mut request = RequestHeader::build(Method::GET, url.target().as_bytes(), Some(5))?;
    request.insert_header(header::HOST, place.host().clone())?;
    request.insert_header(header::ACCEPT, accept)?;
    request.insert_header(header::ACCEPT_ENCODING, "identity")?;
    request.insert_header(header::USER_AGENT, concat!("tollgate/", env!("CARGO_PKG_VERSION")))?;
    Ok(request)
}

fn question(endpoint: &Endpoint, url: &HttpUrl, probe: Probe) -> pingora::Result<RequestHeader> {
    let mut request = get(endpoint, url, "application/json, text/event-stream")?;
    if let Some(message) = probe.message() {
        request.set_method(Method::POST);
        request.insert_header(header::CONTENT_TYPE, "application/json")?;
        request.insert_header(header::CONTENT_LENGTH, message.len())?;
    }
    if probe == Probe::Discover {
        request.insert_header("mcp-protocol-version", "2026-07-28")?;
        request.insert_header("mcp-method", "server/discover")?;
    }
    Ok(request)
}

fn form_head(
    place: &impl Place,
    url: &HttpUrl,
    length: usize,
    authorization: Option<HeaderValue>,
) -> pingora::Result<RequestHeader> {
    let mut request = get(place, url, "application/json")?;
    request.set_method(Method::POST);
    request.insert_header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")?;
    request.insert_header(header::CONTENT_LENGTH, length)?;
    if let Some(authorization) = authorization {
        request.insert_header(header::AUTHORIZATION, authorization)?;
    }
    Ok(request)
}

async fn head(session: &mut HttpSession) -> Result<(StatusCode, HeaderMap), FetchError> {
    loop {
        session.read_response().await.map_err(unreachable)?;
        let Some(head) = session.resp_header() else {
            return Err(FetchError::Unreachable("no response head".to_string()));
        };
        // A 1xx is not the answer yet (RFC 9110 §15.2).
        if !head.status.is_informational() {
            return Ok((head.status, head.headers.clone()));
        }
    }
}

fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = headers.get(header::LOCATION).filter(|_| redirects)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

fn next_hop(place: &impl Place, from: &HttpUrl, location: &str) -> Result<HttpUrl, FetchError> {
    match from.resolve(location) {
        Ok(next) if next.origin() == place.origin() => Ok(next),
        _ => Err(FetchError::Redirect(location.escape_default().to_string())),
    }
}

async fn read_body(
    session: &mut HttpSession,
    headers: &HeaderMap,
    bytes_max: usize,
) -> Result<Bytes, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = session.read_body_bytes().await.map_err(unreachable)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(FetchError::TooLarge(bytes_max));
        }
        body.extend_from_slice(&chunk);
    }
    decode(body, headers, bytes_max)
}

/// Undoes a content coding the upstream applied although `identity` was asked for.
fn decode(body: Vec<u8>, headers: &HeaderMap, bytes_max: usize) -> Result<Bytes, FetchError> {
    let coding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    match coding.as_deref() {
        None | Some(b"identity") => Ok(body.into()),
        Some(b"gzip" | b"x-gzip") => inflate(flate2::read::GzDecoder::new(body.as_slice()), bytes_max),
        Some(b"br") => inflate(brotli::Decompressor::new(body.as_slice(), BROTLI_BUFFER), bytes_max),
        Some(other) => Err(FetchError::Coding(other.escape_ascii().to_string())),
    }
}

const BROTLI_BUFFER: usize = 4096;

fn inflate(decoder: impl Read, bytes_max: usize) -> Result<Bytes, FetchError> {
    let mut plain = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    match decoder.take(limit).read_to_end(&mut plain) {
        Ok(_) if plain.len() > bytes_max => Err(FetchError::TooLarge(bytes_max)),
        Ok(_) => Ok(plain.into()),
        Err(_) => Err(FetchError::Coding("a broken one".to_string())),
    }
}
