//! The configuration: one YAML file, read whole, checked whole, and used or refused whole.
//!
//! A file becomes a [`Config`] in four steps, each a module: [`position`] indexes where everything stands, [`load`]
//! reads the text into a [`document::Document`] (the file as written), [`check`] decides whether it makes sense and
//! parses every value, and [`diagnostic`] shows what is wrong. All errors of a file are reported in one run.

pub mod build;
pub mod diagnostic;
pub mod document;
pub mod probe;
pub mod schema;

mod check;
mod dropped;
mod file;
mod included;
mod load;
mod masking;
mod position;
mod secret;
mod short_form;
mod source;
mod suggest;
mod wording;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{HeaderName, HeaderValue};
use ipnet::IpNet;
use pingora_core::protocols::tls::SslDigest;
use pingora_core::tls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

pub use crate::endpoint::breaker::OutlierDetection;
pub use crate::endpoint::capacity::Limits as UpstreamLimits;
pub use crate::endpoint::connection::Pool;
pub use crate::endpoint::health::HealthCheck;
pub use crate::endpoint::resolve::Dns;
pub use crate::endpoint::retries::Budget as RetryBudget;
pub use crate::endpoint::seal::Key as SealKey;
pub use crate::endpoint::sessions::Bounds as SessionBounds;
pub use crate::endpoint::timeouts::Timeouts;
pub use crate::limits::Settings as LimitsStore;
pub use crate::listener::comments::EventStreams;
pub use crate::listener::limits::Limits;
pub use crate::message::Bounds as MessageBounds;
pub use crate::oauth::signing::SigningKey;
pub use crate::plan::operations::Operation;
pub use crate::token::verify::{ClaimPath, Skew};
pub use tollgate_plugins::catalogue::Checked as Policy;
pub use tollgate_plugins::condition::Condition;
pub use tollgate_plugins::pattern::Pattern;
pub use tollgate_plugins::settings::text;
use tollgate_plugins::settings::{key_path, problem};

pub use self::diagnostic::{Diagnostic, Report, Severity};
pub use self::document::{
    AuthorizationMode, Balance, ClientAuthMode, LogFormat, LogLevel, PlanState, UpstreamHost,
};
pub use self::secret::Secret;
use self::source::Source;
use tollgate_protocol::jwt::Algorithm;
use tollgate_protocol::url::{HttpUrl, Origin};

/// A configuration that can be used, and what should be looked at all the same.
#[derive(Debug)]
pub struct Checked {
    pub config: Config,
    /// The text it was read from, to read again when only files it names have changed.
    pub text: String,
    pub warnings: Vec<Diagnostic>,
}

/// The whole configuration: defaults filled in, every value parsed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The origins under which clients reach the gateway, in the order of the file.
    pub public_urls: Vec<Origin>,
    /// At least one; no two that could not be bound together.
    pub listeners: Vec<Listener>,
    /// On loopback.
    pub admin: Option<SocketAddr>,
    pub log: Log,
    /// How long requests may take to end after SIGTERM.
    pub drain: Duration,
    /// Where secrets were read from.
    pub secret_files: Vec<PathBuf>,
    /// The files with consumers, and the folders where more may appear.
    pub included_files: Vec<PathBuf>,
    /// No two with the same name, or the same key.
    pub consumers: Vec<Consumer>,
    pub dns: Dns,
    /// How much of messages is read, where policies decide by them.
    pub messages: MessageBounds,
    /// Where several gateways count together; absent: each counts for itself.
    pub limits: Option<LimitsStore>,
    /// For all APIs.
    pub policies: Vec<Policy>,
    /// At least one; no two with the same name, or the same path on the same host.
    pub apis: Vec<Api>,
}

/// An address to accept connections on.
#[derive(Debug, Clone)]
pub struct Listener {
    pub name: Option<String>,
    /// Port 0: the system chooses.
    pub address: SocketAddr,
    /// Origins of web pages, beside those of loopback on a loopback address.
    pub allowed_origins: Vec<Origin>,
    /// Who is believed about the address of a client.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether they, and nobody else, connect and announce their clients; never without any of them.
    pub proxy_protocol: bool,
    /// Whether it sends everybody to a public URL with TLS; never with TLS of its own.
    pub redirect_to_https: bool,
    /// Absent: clear text.
    pub tls: Option<ListenerTls>,
    /// Whether HTTP/2 is spoken besides HTTP/1.1.
    pub http2: bool,
    pub limits: Limits,
}

impl Config {
    /// The files that are read again when they change: certificates of listeners, secrets, and consumers.
    pub fn watched_files(&self) -> Vec<PathBuf> {
        let tls = self.listeners.iter().filter_map(|listener| listener.tls.as_ref());
        let files = tls.flat_map(|tls| &tls.files).chain(&self.secret_files);
        files.chain(&self.included_files).cloned().collect()
    }
}

/// TLS on a listener, with everything read from its files.
#[derive(Debug, Clone)]
pub struct ListenerTls {
    /// At least one; the first is the default.
    pub certificates: Vec<ServerCertificate>,
    pub client_auth: Option<ClientAuth>,
    /// All the files this was read from.
    pub files: Vec<PathBuf>,
}

/// A certificate that belongs to its key, with the names it is for.
#[derive(Clone)]
pub struct ServerCertificate {
    pub certified: Arc<CertifiedKey>,
    /// In lower case; a wildcard begins with `*.`.
    pub names: Vec<String>,
    /// In seconds since 1970.
    pub not_after: i64,
}

/// Names alone: a key is never printed.
impl std::fmt::Debug for ServerCertificate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ServerCertificate").field("names", &self.names).finish_non_exhaustive()
    }
}

/// The certificates of clients that are accepted.
#[derive(Debug, Clone)]
pub struct ClientAuth {
    pub authorities: Vec<CertificateDer<'static>>,
    pub revoked: Vec<CertificateRevocationListDer<'static>>,
    pub mode: ClientAuthMode,
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

/// One published MCP server.
#[derive(Debug, Clone)]
pub struct Api {
    pub name: String,
    pub version: Option<String>,
    pub description: Option<String>,
    /// In lower case, IPv6 in brackets, no ports. Empty: any host the gateway has an origin for.
    pub hosts: Vec<String>,
    /// Begins with a slash and does not end with one, unless it is `/`.
    pub path: String,
    pub authorization: Authorization,
    pub balance: Balance,
    pub sessions: Sessions,
    pub retry_budget: RetryBudget,
    pub event_streams: EventStreams,
    /// At least one, not all of them backups, no two with the same URL.
    pub endpoints: Vec<Endpoint>,
    /// At least one, each of which can be reached.
    pub plans: Vec<Plan>,
    /// For all its plans.
    pub policies: Vec<Policy>,
}

/// How the endpoint of an MCP session is found again, with `balance: session`.
#[derive(Debug, Clone)]
pub enum Sessions {
    /// This process remembers it, where there are several.
    Remembered(SessionBounds),
    /// The session's id holds it, sealed with the first of these keys. At least one.
    Sealed(Arc<[SealKey]>),
}

/// Who owns the OAuth of an API.
#[derive(Debug, Clone)]
pub struct Authorization {
    pub mode: AuthorizationMode,
    /// The `resource` the metadata of the upstream must have, where it is not the endpoint's URL.
    pub upstream_resource: Option<HttpUrl>,
    /// Members of the gateway's own metadata, and their values.
    pub resource: Vec<(&'static str, String)>,
}

/// One MCP server, with what it takes over from `upstream` filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    pub name: Option<String>,
    pub url: HttpUrl,
    pub host: UpstreamHost,
    /// Of no effect without TLS.
    pub tls: UpstreamTls,
    /// What the gateway shows about itself. Absent: nothing.
    pub auth: Option<UpstreamAuth>,
    /// Whether HTTP/2 is spoken with it.
    pub http2: bool,
    /// Whether requests begin at one address of its name after the other.
    pub addresses_in_turn: bool,
    /// Its share of the requests, among those of the same kind.
    pub weight: NonZeroU32,
    /// Whether it is asked only when no other takes requests.
    pub backup: bool,
    pub outlier_detection: OutlierDetection,
    pub timeouts: Timeouts,
    pub health_check: Option<HealthCheck>,
    pub pool: Pool,
    pub limits: Option<UpstreamLimits>,
}

impl Endpoint {
    /// An endpoint of which nothing but the URL was written.
    pub fn at(url: HttpUrl) -> Endpoint {
        Endpoint {
            name: None,
            url,
            host: UpstreamHost::default(),
            tls: UpstreamTls::default(),
            auth: None,
            http2: false,
            addresses_in_turn: true,
            weight: NonZeroU32::MIN,
            backup: false,
            outlier_detection: OutlierDetection::default(),
            timeouts: Timeouts::default(),
            health_check: None,
            pool: Pool::default(),
            limits: None,
        }
    }
}

/// What an endpoint is shown, in place of what the gateway was.
#[derive(Debug, Clone, PartialEq)]
pub enum UpstreamAuth {
    /// A field with a credential of the gateway's. Its value is marked as sensitive, so it is never printed.
    Field { name: HeaderName, value: HeaderValue },
    /// A token that was got for the caller's.
    Exchange(Box<TokenExchange>),
    /// The caller's own token, although it was for the gateway.
    Passthrough,
}

/// How a caller's token becomes one for an endpoint (RFC 8693).
#[derive(Debug, Clone, PartialEq)]
pub struct TokenExchange {
    pub endpoint: HttpUrl,
    pub client: OAuthClient,
    pub audience: Option<String>,
    pub resource: Option<String>,
    /// Separated by spaces.
    pub scope: Option<String>,
    pub ca: Option<CertificateAuthorities>,
    /// Whether its names may lead into private networks.
    pub private: bool,
}

/// TLS to an endpoint, with everything read from its files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpstreamTls {
    /// Absent: the authorities of the platform.
    pub ca: Option<CertificateAuthorities>,
    /// What the gateway shows about itself.
    pub client: Option<ClientCertificate>,
    /// Whose certificate is expected, where that is not the host of the URL.
    pub server_name: Option<String>,
    /// The SHA-256 of the certificates that are accepted; any, if there is none.
    pub pins: Vec<[u8; 32]>,
}

impl UpstreamTls {
    /// Whether the certificate the other side has shown is one of those that are pinned, if any are.
    pub fn accepts(&self, shown: Option<&SslDigest>) -> bool {
        self.pins.is_empty()
            || shown.is_some_and(|shown| self.pins.iter().any(|pin| shown.cert_digest == *pin))
    }
}

/// A certificate, its intermediates, and its key.
#[derive(Debug, PartialEq)]
pub struct ClientCertificate {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Clone for ClientCertificate {
    fn clone(&self) -> Self {
        ClientCertificate { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

/// The certificates of a PEM file, each fit to be a trust anchor. At least one.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificateAuthorities {
    pub file: PathBuf,
    pub certificates: Vec<CertificateDer<'static>>,
}

/// How callers prove who they are.
#[derive(Debug, Clone)]
pub struct Plan {
    /// No other of the API has it.
    pub name: String,
    pub state: PlanState,
    /// Absent: for every request.
    pub when: Option<Condition>,
    pub kind: PlanKind,
    pub policies: Vec<Policy>,
}

/// What a plan asks for.
#[derive(Debug, Clone)]
pub enum PlanKind {
    Keyless,
    ApiKey(ApiKeyPlan),
    Tokens(TokenPlan),
    Certificates,
}

impl PlanKind {
    /// What the file calls it.
    pub fn word(&self) -> &'static str {
        match self {
            PlanKind::Keyless => "keyless",
            PlanKind::ApiKey(_) => "api_key",
            PlanKind::Tokens(TokenPlan { check: TokenCheck::Jwt(_), .. }) => "jwt",
            PlanKind::Tokens(TokenPlan { check: TokenCheck::Introspection(_), .. }) => "oauth2",
            PlanKind::Certificates => "mtls",
        }
    }

    /// Where its kind of credential is.
    pub fn source(&self) -> Option<&ApiKeySource> {
        match self {
            PlanKind::ApiKey(plan) => Some(&plan.source),
            PlanKind::Keyless | PlanKind::Tokens(_) | PlanKind::Certificates => None,
        }
    }

    /// Whether it has to see the certificates of callers.
    pub fn needs_certificates(&self) -> bool {
        match self {
            PlanKind::Certificates => true,
            PlanKind::Tokens(plan) => plan.certificate_bound,
            PlanKind::Keyless | PlanKind::ApiKey(_) => false,
        }
    }
}

/// A plan for callers with a key.
#[derive(Debug, Clone)]
pub struct ApiKeyPlan {
    pub source: ApiKeySource,
}

/// A plan for callers with an access token.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenPlan {
    pub check: TokenCheck,
    /// Empty: the public URLs of the API.
    pub audiences: Vec<String>,
    /// All that a token must have.
    pub scopes: Vec<String>,
    /// Those that clients are told of besides.
    pub optional_scopes: Vec<String>,
    /// What needs further scopes.
    pub operations: Vec<Operation>,
    /// Each token is bound to the certificate that its caller shows.
    pub certificate_bound: bool,
    /// Each token is a consumer's.
    pub of_consumers_only: bool,
}

/// How it is found out whether a token is good.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenCheck {
    /// By the signature of one of these: at least one, and no two of one name.
    Jwt(Vec<Issuer>),
    /// By asking whoever issued it.
    Introspection(Box<Introspection>),
}

/// An authorization server that is asked about its tokens (RFC 7662).
#[derive(Debug, Clone, PartialEq)]
pub struct Introspection {
    /// Its issuer identifier, as it was written.
    pub issuer: String,
    pub endpoint: HttpUrl,
    pub client: OAuthClient,
    /// For how long it counts that a token is good.
    pub cache: Duration,
    /// And that it is not.
    pub negative_cache: Duration,
    pub ca: Option<CertificateAuthorities>,
    /// Whether its names may lead into private networks.
    pub private: bool,
}

/// The gateway as a client of an authorization server.
#[derive(Debug, Clone, PartialEq)]
pub struct OAuthClient {
    pub id: String,
    pub authentication: ClientAuthentication,
}

/// How it proves that it is that client.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientAuthentication {
    SecretBasic(Secret),
    SecretPost(Secret),
    PrivateKey(SigningKey),
}

/// An authorization server whose tokens are accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Issuer {
    /// Its `iss`, as it was written.
    pub name: String,
    /// The same as a URL.
    pub url: HttpUrl,
    pub jwks_uri: Option<HttpUrl>,
    /// The text of its keys, which parses, where they are not fetched.
    pub keys: Option<Vec<u8>>,
    /// At least one.
    pub algorithms: Vec<Algorithm>,
    /// Of its tokens, besides `at+jwt`.
    pub types: Vec<String>,
    /// Whether they may have none.
    pub untyped: bool,
    pub skew: Skew,
    pub subject: Option<ClaimPath>,
    /// Where its tokens name their consumer.
    pub consumer: Option<ClaimPath>,
    /// Where its tokens have the groups of the user.
    pub groups: Option<ClaimPath>,
    pub ca: Option<CertificateAuthorities>,
    /// Whether its names may lead into private networks.
    pub private: bool,
}

/// Where a key is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiKeySource {
    Header(HeaderName),
    Query(String),
    /// `Authorization: Bearer`.
    Bearer,
}

/// A known caller.
#[derive(Debug, Clone)]
pub struct Consumer {
    pub name: String,
    pub api_keys: Vec<ApiKey>,
    pub certificates: Vec<CertificateOwner>,
    pub tokens: Vec<TokenOwner>,
    pub labels: Vec<(String, String)>,
    /// By the names of API and plan.
    pub plans: Vec<(String, String)>,
}

impl Consumer {
    pub fn may_use(&self, api: &str, plan: &str) -> bool {
        self.plans.iter().any(|(its_api, its_plan)| its_api == api && its_plan == plan)
    }
}

/// What tells a certificate of a consumer from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CertificateOwner {
    /// Of the whole certificate.
    Sha256([u8; 32]),
    /// A subject alternative name with its kind.
    San(String),
    /// The subject as RFC 4514 writes it.
    Subject(String),
}

/// What tells a token of a consumer from others: a client, a user, or both. At least one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenOwner {
    pub issuer: String,
    pub client_id: Option<String>,
    pub subject: Option<String>,
}

/// The SHA-256 of a key.
pub type KeyDigest = [u8; 32];

/// A key of a consumer.
#[derive(Debug, Clone)]
pub struct ApiKey {
    pub name: Option<String>,
    pub digest: KeyDigest,
    pub expires: Option<DateTime<Utc>>,
}

/// Reads and checks the file at `path`. Relative paths inside it start at its folder.
pub fn load(path: &Path) -> Result<Checked, Report> {
    load_as(path, &path.display().to_string())
}

/// Checks `text`, which was read from `path` before, with the files it names as they are now.
pub fn load_again(text: &str, path: &Path) -> Result<Checked, Report> {
    load_text(text, &path.display().to_string(), path.parent().unwrap_or(Path::new("")))
}

/// Like [`load`], with another name for the file in what is reported.
pub fn load_as(path: &Path, name: &str) -> Result<Checked, Report> {
    let text = file::read(path).map_err(|unreadable| source::report_unreadable(name, unreadable))?;
    load_text(&text, name, path.parent().unwrap_or(Path::new("")))
}

/// Checks a configuration that is already in memory. `name` stands for the file in what is reported; relative paths
/// start at `folder`.
pub fn load_text(text: &str, name: &str, folder: &Path) -> Result<Checked, Report> {
    // Editors on Windows write a byte order mark; one of the two parsers would take it for a document.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (source, mut found) = Source::index(name, text)?;
    let read = load::read_document::<document::Document>(text)
        .map_err(|(place, message)| source.report_yaml(place, &message))?;
    found.extend(read.problems.iter().map(|problem| source.locate(problem)));
    let mut config = None;
    if let Some(document) = &read.document {
        let mut problems = Vec::new();
        let files = included::find(document, folder, &mut problems);
        let watched = included::watched(document, folder, &files);
        let (texts, unreadable) = included::read_texts(files, folder);
        found.extend(unreadable);
        let files = included::read(&texts, &mut found);
        let consumers: Vec<_> = files.iter().map(|file| &file.consumers).collect();
        let (checked, more) = check::check(document, &consumers, folder);
        config = checked.map(|checked| Config { included_files: watched, ..checked });
        let all = problems.into_iter().chain(more);
        found.extend(all.filter_map(|problem| included::locate(problem, (&source, &read.dropped), &files)));
    }
    let place = |found: &Diagnostic| (found.file != name, found.file.clone(), found.line, found.column);
    found.sort_by_cached_key(place);
    let refused = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match config {
        Some(config) if !refused => Ok(Checked { config, text: text.to_owned(), warnings: found }),
        _ => Err(Report::new(name, found)),
    }
}
