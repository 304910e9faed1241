//! The setting of the cases: client URL `https://gw.example/a/mcp`, upstream `https://up.example/mcp`.

use tollgate_protocol::challenge::{self, Challenges, Options};
use tollgate_protocol::mount::Mount;
use tollgate_protocol::sse::{EndpointEvent, SseError};
use tollgate_protocol::url::{HttpUrl, Origin};

pub const PUBLIC: &str = "https://gw.example/a/mcp";
pub const UPSTREAM: &str = "https://up.example/mcp";
/// Where the gateway publishes the metadata (`P` of the cases).
pub const P: &str = "https://gw.example/.well-known/oauth-protected-resource/a/mcp";
/// Where the upstream publishes it (`U` of the cases).
pub const U: &str = "https://up.example/.well-known/oauth-protected-resource/mcp";

pub fn url(text: &str) -> HttpUrl {
    HttpUrl::parse(text).unwrap()
}

pub fn upstream_origin() -> Origin {
    url(UPSTREAM).origin().clone()
}

pub fn mount() -> Mount {
    Mount::new("/a/mcp", url(UPSTREAM))
}

/// Writes the cases with `{P}` and `{U}` where the URLs stand.
pub fn fill(text: &str) -> String {
    text.replace("{P}", P).replace("{U}", U)
}

/// Rewrites a response's fields with the options and shows them as text, a `|` between two fields.
pub fn rewritten_with(fields: &[&str], options: Options) -> String {
    let fields: Vec<String> = fields.iter().map(|field| fill(field)).collect();
    let bytes = fields.iter().map(|field| field.as_bytes());
    shown(&challenge::rewrite(bytes, P, &upstream_origin(), options).unwrap())
}

pub fn rewritten(fields: &[&str]) -> String {
    rewritten_with(fields, Options::default())
}

/// What the gateway sees in the fields, the metadata URL included.
pub fn seen<'a>(fields: &[&'a str]) -> Challenges<'a> {
    challenge::read(fields.iter().map(|field| field.as_bytes())).unwrap()
}

pub fn shown(challenges: &Challenges<'_>) -> String {
    let fields = challenges.fields.iter().map(|field| String::from_utf8_lossy(field).into_owned());
    fields.collect::<Vec<_>>().join("|")
}

/// Runs a whole stream, cut into chunks of `size` bytes, and returns everything sent on.
pub fn streamed(stream: &[u8], size: usize) -> Result<(Vec<u8>, EndpointEvent), SseError> {
    let mut endpoint = EndpointEvent::new(&mount(), "https://gw.example", &url("https://up.example/sse"));
    let mut out = Vec::new();
    for chunk in stream.chunks(size.max(1)) {
        out.extend_from_slice(&endpoint.push(chunk)?);
    }
    out.extend(endpoint.finish());
    Ok((out, endpoint))
}
