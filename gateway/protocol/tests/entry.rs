//! One function per fuzz target: any bytes in, an assertion out.
//!
//! Shared by the fuzz targets (`fuzz/`), by the replay of their corpus and by the property tests, so that what holds
//! for a million random inputs is what holds for the committed ones.

#[path = "entry/lists.rs"]
mod lists;

use std::borrow::Cow;
use std::iter::{empty, once};
use std::net::IpAddr;
use tollgate_protocol::audience;
use tollgate_protocol::challenge::{self, Challenges, Options};
use tollgate_protocol::client::Client;
use tollgate_protocol::envelope::{self, Batches, Envelope, Field, Headers, Message};
use tollgate_protocol::http1::Request;
use tollgate_protocol::http1::answer::Answer;
use tollgate_protocol::http2::Frames;
use tollgate_protocol::json::{Object, Reason};
use tollgate_protocol::jwt::{Algorithm, Jwt};
use tollgate_protocol::location::Outside;
use tollgate_protocol::metadata::{Metadata, Names};
use tollgate_protocol::mount::Mount;
use tollgate_protocol::path::{check_target_path, query_has_access_token};
use tollgate_protocol::proxy_protocol;
use tollgate_protocol::sse::{EndpointEvent, SseError};
use tollgate_protocol::url::{HttpUrl, Origin};

pub use lists::lists;

const PUBLIC: &str = "https://gw.example/a/mcp";
const PUBLIC_METADATA: &str = "https://gw.example/.well-known/oauth-protected-resource/a/mcp";

fn upstream() -> HttpUrl {
    HttpUrl::parse("https://up.example/mcp").expect("a constant")
}

/// Fields separated by line feeds; the first byte chooses the options.
pub fn challenge(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let options = Options { bearer_first: first % 2 == 1 };
    let rewrite = |fields: Vec<&[u8]>| {
        let rewritten = challenge::rewrite(fields, PUBLIC_METADATA, upstream().origin(), options);
        rewritten.map(|it| it.fields.into_iter().map(Cow::into_owned).collect::<Vec<_>>())
    };
    let fields: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
    let Ok(once) = rewrite(fields.clone()) else { return };
    assert_eq!(once.len(), fields.len(), "the number of fields is the upstream's");
    let once_fields: Vec<&[u8]> = once.iter().map(Vec::as_slice).collect();
    assert_clean(&once_fields);
    // Two hundred short fields may grow past the limit, then there is no second time.
    if let Ok(twice) = rewrite(once_fields.clone()) {
        assert_eq!(twice, once, "rewriting again changes nothing");
    }
    if let Ok(mut challenges) = challenge::read(once_fields) {
        challenge::inject(&mut challenges, PUBLIC_METADATA);
        let injected = challenges.clone();
        challenge::inject(&mut challenges, PUBLIC_METADATA);
        assert_eq!(challenges, injected, "injecting again changes nothing");
    }
}

fn assert_clean(fields: &[&[u8]]) {
    let splits = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    assert!(!fields.iter().any(|field| field.iter().any(splits)), "no control byte reaches the client");
    let Ok(Challenges { metadata_url, .. }) = challenge::read(fields.iter().copied()) else { return };
    assert!(metadata_url.is_none_or(|url| url == PUBLIC_METADATA), "every URL is the gateway's");
    let joined = fields.join(&b", "[..]);
    let text = String::from_utf8_lossy(&joined);
    if let Some((_, found)) = text.split_once("resource_metadata=") {
        assert!(
            found.starts_with(&format!("\"{PUBLIC_METADATA}\"")),
            "what a regular expression finds first: {text}"
        );
    }
}

/// A metadata document.
pub fn metadata(data: &[u8]) {
    let Ok(metadata) = Metadata::parse(data) else { return };
    let public = Origin::parse("https://gw.example").expect("a constant");
    for warning in metadata.warnings(&public) {
        assert!(!warning.to_string().chars().any(char::is_control), "a warning is one line");
    }
    let names = metadata.names(&upstream(), None, &[PUBLIC]);
    if names == Names::Upstream {
        assert!(HttpUrl::parse(metadata.resource()).is_ok(), "only a URL can name the upstream");
    }
    let Ok(relayed) = metadata.with_resource(PUBLIC) else { return };
    let again = Metadata::parse(&relayed).expect("what is relayed is a document");
    assert_eq!(again.resource(), PUBLIC);
    assert_eq!(again.names(&upstream(), None, &[PUBLIC]), Names::Public);
    assert_eq!(
        again.with_resource(PUBLIC).as_deref(),
        Ok(relayed.as_slice()),
        "relaying again changes nothing"
    );
}

/// A path, and a query after a question mark.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let _ = query_has_access_token(query);
    if check_target_path(path).is_err() {
        return;
    }
    let url =
        HttpUrl::parse(&format!("https://up.example{path}")).expect("an accepted path is legal in a URL");
    assert_eq!(url.path(), path);
    let resolved = url.resolve(path).expect("and it is a reference");
    assert_eq!(resolved.path(), path, "there are no dot segments to remove");
    let decoded = percent_decoded(&percent_decoded(path.as_bytes()));
    let slashes = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'/').count();
    assert_eq!(slashes(&decoded), slashes(path.as_bytes()), "decoding uncovers no slash");
    let hidden = decoded
        .split(|byte| *byte == b'/')
        .any(|it| matches!(it.split(|b| *b == b';').next(), Some(b"." | b"..")));
    assert!(!hidden && !decoded.contains(&b'\\') && !decoded.contains(&0), "decoding uncovers nothing else");
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits =
            bytes.get(at + 1..at + 3).filter(|it| bytes[at] == b'%' && it.iter().all(u8::is_ascii_hexdigit));
        let escaped = digits.and_then(|it| u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok());
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

/// A base URL and a reference, separated by a line feed.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (base, reference) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(base) = HttpUrl::parse(base) else { return };
    assert_eq!(HttpUrl::parse(&base.to_string()).as_ref(), Ok(&base), "what is shown reads back");
    assert_eq!(Origin::parse(&base.origin().to_string()).as_ref(), Ok(base.origin()));
    let Ok(resolved) = base.resolve(reference) else { return };
    if let Ok(read_back) = HttpUrl::parse(&resolved.to_string()) {
        assert_eq!(read_back, resolved);
    }
    let own_path = !reference.is_empty() && !reference.starts_with('?');
    assert!(!own_path || !resolved.path().split('/').any(|it| it == "." || it == ".."), "dot segments go");
}

/// A header value for each of the three kinds of field.
pub fn location(data: &[u8]) {
    let mount = Mount::new("/a/mcp", upstream());
    let outside = Outside { mount: &mount, public_origin: "https://gw.example" };
    if let Some(mapped) = outside.location(data, &upstream()) {
        let text = String::from_utf8(mapped).expect("a URL");
        let target = text.strip_prefix("https://gw.example").unwrap_or(&text);
        let ours =
            target.starts_with("/a/mcp") || target.starts_with("/.well-known/oauth-protected-resource/a/mcp");
        assert!(ours, "a mapped location stays inside the API: {text}");
    }
    if let Some(mapped) = outside.link(data, &upstream()) {
        let targets = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'<').count();
        assert_eq!(targets(&mapped), targets(data), "no link is added or lost");
    }
    let cookie = outside.set_cookie(data).unwrap_or_else(|| data.to_vec());
    let pair = |bytes: &[u8]| bytes.split(|byte| *byte == b';').next().map(<[u8]>::to_vec);
    assert_eq!(pair(&cookie), pair(data), "a cookie keeps its name and value");
    assert!(String::from_utf8_lossy(&cookie).contains("Path=/a/mcp") || cookie == data);
}

/// A stream; the first byte chooses the size of the chunks.
pub fn sse(data: &[u8]) {
    let (size, stream) = data.split_first().unwrap_or((&0, &[]));
    let whole = streamed(stream, stream.len().max(1));
    let cut = streamed(stream, usize::from(*size).max(1));
    assert_eq!(cut, whole, "where the stream is cut makes no difference");
    if let Ok((out, None)) = &whole {
        let kept = stream.starts_with(out);
        assert!(kept, "without an announcement nothing changes");
    }
    if let Ok((_, Some(public))) = whole {
        let ours =
            public.starts_with("/a/mcp") || public.starts_with("/.well-known/oauth-protected-resource/a/mcp");
        assert!(ours, "announced inside the API: {public}");
    }
}

fn streamed(stream: &[u8], size: usize) -> Result<(Vec<u8>, Option<String>), SseError> {
    let mount = Mount::new("/a/mcp", upstream());
    let mut endpoint = EndpointEvent::new(&mount, "https://gw.example", &upstream());
    let mut out = Vec::new();
    for chunk in stream.chunks(size) {
        out.extend_from_slice(&endpoint.push(chunk)?);
    }
    out.extend(endpoint.finish());
    Ok((out, endpoint.announced().map(|it| it.public.clone())))
}

/// A document: the scanner and serde_json agree, but for what the scanner documents.
pub fn json(data: &[u8]) {
    let theirs = serde_json::from_slice::<serde_json::Value>(data);
    match (Object::parse(data, 32), theirs) {
        (Ok(object), Ok(value)) => {
            let value = value.as_object().expect("both see an object");
            let names: Vec<_> = object.members().iter().map(|it| it.name.as_ref()).collect();
            assert_eq!(names.len(), value.len());
            for member in object.members() {
                assert!(value.contains_key(member.name.as_ref()));
                let same =
                    object.string(&member.value).is_none_or(|text| value[member.name.as_ref()] == *text);
                assert!(same, "strings read alike");
            }
        }
        (Ok(_), Err(error)) => {
            assert!(error.to_string().contains("number out of range"), "{error}");
        }
        (Err(error), Ok(_)) => {
            use Reason::*;
            let stricter = matches!(error.reason, TooDeep | DuplicateMember | NotAnObject);
            assert!(stricter, "{error}");
        }
        (Err(_), Err(_)) => {}
    }
}

/// A token as a client might send it.
pub fn audience(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let Some(audiences) = audience::audiences(token) else { return };
    assert_eq!(token.matches('.').count(), 2, "only what looks like a JWT is read");
    let length: usize = audiences.iter().map(String::len).sum();
    assert!(length <= token.len(), "nothing is said that the token does not say");
}

/// A token; or, on two lines, its header and its claims before they are encoded.
pub fn jwt(data: &[u8]) {
    let token = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => format!("{}.{}.c2ln", encode(&data[..at]), encode(&data[at + 1..])),
        None => String::from_utf8_lossy(data).into_owned(),
    };
    let Ok(jwt) = Jwt::parse(&token) else { return };
    let again = format!("{}.{}", jwt.signed, encode(&jwt.signature));
    assert_eq!(again, token, "a signature has one spelling");
    let [header, payload] = jwt.signed.split('.').collect::<Vec<_>>()[..] else {
        panic!("two parts are signed")
    };
    assert_eq!(encode(&jwt.payload), payload);
    let header = tollgate_protocol::base64url::decode(header).expect("it was decoded before");
    // A number in the header may be too large for the other reader.
    if let Ok(header) = serde_json::from_slice::<serde_json::Value>(&header) {
        let named = header["alg"].as_str().and_then(Algorithm::named);
        assert_eq!(named, Some(jwt.algorithm), "both read the same algorithm");
        assert_eq!(header["kid"].as_str(), jwt.key_id.as_deref(), "and the same key");
        assert!(header.get("crit").is_none() && header.get("b64").is_none());
    }
    if let Ok(claims) = jwt.claims()
        && let Err(error) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(claims)
    {
        assert!(error.to_string().contains("number out of range"), "{error}");
    }
}

fn encode(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let block =
            chunk.iter().fold(0u32, |block, byte| (block << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(block >> (18 - 6 * at)) as usize & 63]));
        }
    }
    out
}

/// What clients and proxies write into `Forwarded` and, behind a line feed, into `X-Forwarded-For`.
pub fn client(data: &[u8]) {
    let address = |text: &str| text.parse::<IpAddr>().expect("a constant");
    let (peer, next, real) = (address("10.0.0.1"), address("10.0.0.2"), address("203.0.113.7"));
    let trusted = |address: IpAddr| matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10);
    let mut fields = data.splitn(2, |byte| *byte == b'\n');
    let (forwarded, listed) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());

    let stranger = Client::behind(real, once(forwarded), once(listed), trusted);
    assert_eq!(stranger, Client::direct(real), "nobody believes a stranger");
    for client in [
        Client::behind(peer, once(forwarded), once(listed), trusted),
        Client::behind(peer, once(forwarded), empty(), trusted),
        Client::behind(peer, empty(), once(listed), trusted),
    ] {
        assert!(client.proxies.iter().all(|proxy| trusted(*proxy)), "only who is trusted vouches");
        let written = (client.forwarded(Some(("https", "gw.example"))), client.x_forwarded_for());
        let (forwarded, listed) = (written.0.as_bytes(), written.1.as_bytes());
        if client.proxies.len() < 31 {
            let read_back = Client::behind(next, once(forwarded), once(listed), trusted);
            assert_eq!(read_back.address, client.address, "the next hop sees the same client");
        }
    }
    // What a proxy appends is what counts, whatever stands before it.
    let appended = [listed, b", 203.0.113.7"].concat();
    assert_eq!(Client::behind(peer, empty(), once(&appended[..]), trusted).address, real);
    let appended = [forwarded, b", for=203.0.113.7"].concat();
    let client = Client::behind(peer, once(&appended[..]), empty(), trusted).address;
    assert!(client == real || client == peer, "an open quote hides who it was and names nobody else");
}

/// The first bytes of a connection.
pub fn proxy_protocol(data: &[u8]) {
    let whole = proxy_protocol::read(data);
    if let Ok(Some(preamble)) = whole {
        assert!(preamble.length <= data.len() && preamble.length <= proxy_protocol::PREAMBLE_MAX);
        assert_eq!(proxy_protocol::read(&data[..preamble.length]), whole, "nothing behind it is looked at");
        for end in 0..preamble.length {
            assert_eq!(
                proxy_protocol::read(&data[..end]),
                Ok(None),
                "it is complete at its end and not before"
            );
        }
    } else if whole == Ok(None) {
        assert!(data.len() < proxy_protocol::PREAMBLE_MAX, "the wait has an end");
    }
}

/// The bytes of an answer of HTTP/1.1; the first byte says whether it is one to HEAD.
pub fn answer(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    // How many bytes were sound is only known of those that were there at once.
    let fault = |pieces: &[&[u8]]| {
        let mut answer = Answer::to(first % 2 == 1);
        pieces.iter().try_for_each(|piece| {
            let pushed = answer.push(piece);
            pushed.map_err(|broken| {
                assert!(broken.sound < piece.len(), "a fault is among the bytes it was found in");
                assert_eq!(answer.push(piece), Ok(()), "one fault ends it");
                broken.fault
            })
        })
    };
    let whole = fault(&[rest]);
    assert_eq!(
        fault(&rest.chunks(1).collect::<Vec<_>>()),
        whole,
        "it makes no difference how the bytes arrive"
    );
    let (one, other) = rest.split_at(rest.len() / 2);
    assert_eq!(fault(&[one, other]), whole);
    if let Err(broken) = Answer::to(first % 2 == 1).push(rest) {
        let sound = rest.get(..broken.sound).unwrap_or_default();
        assert_eq!(fault(&[sound]), Ok(()), "what is sound is");
    }
}

/// The bytes of a request of HTTP/1.1.
pub fn http1(data: &[u8]) {
    let whole = Request::default().push(data);
    let mut by_byte = Request::default();
    let pieces = data.chunks(1).try_for_each(|byte| by_byte.push(byte));
    assert_eq!(pieces, whole, "it makes no difference how the bytes arrive");
    let (first, second) = data.split_at(data.len() / 2);
    let mut halves = Request::default();
    assert_eq!(halves.push(first).and_then(|()| halves.push(second)), whole);
}

/// The bytes of one direction of a connection of HTTP/2.
pub fn http2(data: &[u8]) {
    let seen = |pieces: &[&[u8]]| {
        let (mut frames, mut seen) = (Frames::default(), Vec::new());
        pieces.iter().for_each(|piece| frames.push(piece, |frame| seen.push(frame)));
        (seen, frames.is_between())
    };
    let whole = seen(&[data]);
    assert_eq!(
        seen(&data.chunks(1).collect::<Vec<_>>()),
        whole,
        "it makes no difference how the bytes arrive"
    );
    let (first, second) = data.split_at(data.len() / 2);
    assert_eq!(seen(&[first, second]), whole);
    if whole.1 {
        let bytes: usize = whole.0.iter().map(|frame| 9 + frame.length as usize).sum();
        assert_eq!(bytes, data.len(), "no byte is lost between frames");
    }
}

/// Three lines for `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name`, empty where the header is absent; then a body.
pub fn envelope(data: &[u8]) {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut field = || lines.next().filter(|line| !line.is_empty()).into_iter().collect::<Field<'_>>();
    let headers = Headers { protocol_version: field(), method: field(), name: field(), parameters: &[] };
    let body = lines.next().unwrap_or_default();
    let Ok(read) = Envelope::read(body, Batches::Allowed) else { return };
    let trimmed = body.trim_ascii();
    for cut in [0, 1, trimmed.len() / 3, trimmed.len() / 2, trimmed.len() - 1] {
        assert!(Envelope::read(&trimmed[..cut], Batches::Allowed).is_err(), "a part of a body is no body");
    }
    let single = Envelope::read(body, Batches::Refused);
    assert_eq!(single.as_ref().ok(), Some(&read).filter(|read| matches!(read, Envelope::Single(_))));
    for message in read.messages() {
        if envelope::compare(&headers, message).is_ok() {
            assert_headers_agree(&headers, message);
        }
    }
    // Half surrogate pairs and numbers beyond f64 are not read here, and are an error there.
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return };
    let values = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
    assert_eq!(read.messages().len(), values.len());
    for (message, value) in read.messages().iter().zip(values) {
        assert_reads_the_same(message, value);
    }
}

fn assert_headers_agree(headers: &Headers<'_>, message: &Message<'_>) {
    let modern = Field::Once(b"2026-07-28");
    let Some(method) = message.method().filter(|_| headers.protocol_version == modern) else { return };
    let same = matches!(headers.method, Field::Once(header) if header.trim_ascii() == method.as_bytes());
    let notification = matches!(message.kind, envelope::Kind::Notification { .. });
    assert!(same || (notification && headers.method == Field::Absent), "the method is in the header");
}

fn assert_reads_the_same(message: &Message<'_>, value: &serde_json::Value) {
    use envelope::Target;
    assert_eq!(value["jsonrpc"], "2.0");
    assert_eq!(message.method(), value["method"].as_str());
    let params = &value["params"];
    let (target, theirs) = match &message.target {
        Target::None => (None, None),
        Target::Tool(name) => (Some(name), Some(&params["name"])),
        Target::Prompt(name) if value["method"] == "prompts/get" => (Some(name), Some(&params["name"])),
        Target::Prompt(name) => (Some(name), Some(&params["ref"]["name"])),
        Target::Resource(uri) => (Some(uri), Some(&params["uri"])),
        Target::Template(uri) => (Some(uri), Some(&params["ref"]["uri"])),
        Target::Task(id) => (Some(id), Some(&params["taskId"])),
    };
    assert_eq!(target.map(|name| name.as_ref()), theirs.and_then(serde_json::Value::as_str));
    let revision = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
    assert_eq!(message.revision.as_deref(), revision.as_str());
    let parsed =
        |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("a part of JSON is JSON");
    let arguments = message.arguments.map(|arguments| parsed(arguments.text()));
    assert_eq!(arguments.as_ref(), Some(&params["arguments"]).filter(|arguments| arguments.is_object()));
    let id = match message.kind {
        envelope::Kind::Request { id, .. } => Some(id),
        envelope::Kind::Notification { .. } => None,
        envelope::Kind::Response { id } => id,
    };
    assert_eq!(id.map_or(serde_json::Value::Null, |id| parsed(id.literal())), value["id"]);
}
