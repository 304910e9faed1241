//! What holds for every input: the assertions of `entry` on bytes made of each grammar's own pieces, and that nothing
//! changes outside the spans that must.

use crate::entry;
use crate::support::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate_protocol::challenge::{self, Options};
use tollgate_protocol::metadata::Metadata;

/// Bytes made of pieces that matter to a grammar, with a few that do not.
fn made_of(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..3),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

const HTTP1: &[&str] = &[
    "POST /a HTTP/1.1\r\n",
    "GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 3\r\n",
    "\r\n",
    "\r",
    "\n",
    "3\r\nabc\r\n",
    "0\r\n",
    "3",
    "f",
    ";a=\"b\\\"\"",
    ";",
    "\"",
    "X: y\r\n",
    "abc",
    " ",
];
/// Starts of frames, whose bytes are all of ASCII.
const HTTP2: &[&str] = &[
    "\0\0\0\u{4}\0\0\0\0\0",
    "\0\0\u{8}\u{6}\0\0\0\0\0pingpong",
    "\0\0\u{8}\u{7}\0\0\0\0\0\0\0\0\0\0\0\0\u{b}",
    "\0\0\u{b}\u{7}\0\0\0\0\0",
    "\0\0\u{3}\u{7}\0",
    "\0\0\u{3}\u{1}\u{5}\0\0\0\u{1}abc",
    "\0\0\u{5}\0\0\0\0\0\u{1}hello",
    "\0\u{1}\0B",
    "\0",
    "\u{7}",
    "x",
];

const ANSWER: &[&str] = &[
    "\0",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 204",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 3\r\n",
    "Content-Length",
    ": ",
    ", 3",
    "\r\n",
    "\r",
    "\n",
    "3\r\nabc\r\n",
    "0\r\n",
    "3",
    "f",
    ";a=b",
    "X: y\r\n",
    "abc",
    " ",
    "\t",
];
const CHALLENGE: &[&str] = &[
    "Bearer",
    "DPoP",
    "Basic",
    " ",
    ", ",
    ",",
    "=",
    "\"",
    "\\",
    "\n",
    "\t",
    "resource_metadata",
    "resource_metadata=",
    "realm",
    "error_description=",
    "\"x\"",
    "\"resource_metadata=u\"",
    "scope=\"a b\"",
    "abc==",
    "up.example",
    "resource_metadata=\"https://up.example/p\"",
    "https://up.example/p",
    "\r",
];
const TOKEN: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\n",
    " ",
    "\"alg\":\"RS256\"",
    "\"alg\":\"none\"",
    "\"\\u0061lg\":\"ES256\"",
    "\"kid\":\"k\"",
    "\"kid\":1",
    "\"typ\":\"at+jwt\"",
    "\"crit\":[]",
    "\"b64\":false",
    "\"exp\":1e400",
    "{\"alg\":\"EdDSA\"}\n{}",
    "{\"a\":{\"b\":1}}",
    "eyJhbGciOiJFUzI1NiJ9",
    "e30",
    ".",
    "=",
    "Zg",
    "Zh",
    "\0",
];
const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"resource\"",
    "\"https://up.example/mcp\"",
    "\"a\"",
    "\"\\u0061\"",
    "1",
    "-0.5e3",
    "1e999",
    "true",
    "null",
    " ",
    "\n",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"signed_metadata\":\"e.y.J\"",
    "\"authorization_servers\":[\"https://as\",\"data:x\"]",
    "{\"resource\":\"https://up.example\"",
];
const ENVELOPE: &[&str] = &[
    "\n",
    "2026-07-28\n",
    "tools/call\n",
    "=?base64?YQ==?=\n",
    "\n\n\n{\"jsonrpc\":\"2.0\",",
    "2026-07-28\ntools/call\na\n{\"jsonrpc\":\"2.0\",",
    "\n\n\n[{\"jsonrpc\":\"2.0\",",
    "{",
    "}",
    "}}",
    "}]",
    "]",
    ",",
    "\"id\":1,",
    "\"id\":null,",
    "\"method\":\"tools/call\",",
    "\"method\":\"x\"}",
    "\"Method\":\"x\",",
    "\"result\":{}}",
    "\"params\":{\"name\":\"a\"",
    "\"params\":{\"name\":\"a\"}}",
    "\"arguments\":{\"a\":[1,\"\\ud800\"]}}}",
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"},",
    "\"name\":\"\\u0061\",",
    " ",
];
const LISTS: &[&str] = &[
    "{\"id\":1,\"result\":{\"tools\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}",
    "{\"result\":{\"tools\":[",
    "{\"result\":{\"nextCursor\":\"x\",\"resources\":[",
    "{\"result\":{\"cacheScope\":\"public\",\"prompts\":[",
    "]}}",
    "}}",
    "{\"name\":\"a\"}",
    "{\"name\":\"b\"},",
    "{\"uri\":\"\\u0061\"}",
    "{\"uri\":\"c\",\"name\":[{}]}",
    "\"resourceTemplates\":[{\"uriTemplate\":\"x{y}\"}]",
    "\"cacheScope\":\"public\"",
    "\"Tools\":[]",
    ",",
    "[",
    "]",
    " ",
    "data: ",
    "data:",
    "data",
    "event: message\n",
    "event: endpoint\n",
    "id: 1\r\n",
    ": comment\n",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\u{feff}",
];
const PATH: &[&str] = &[
    "/",
    "a",
    "mcp",
    ".",
    "..",
    ";",
    "%2e",
    "%2F",
    "%25",
    "2e",
    "2f",
    "5c",
    "%5c",
    "%00",
    "%c0%af",
    "%7e",
    "~",
    "?",
    "%",
    "access_token",
    "=",
    "&",
    "\\",
];
const URL: &[&str] = &[
    "https://",
    "http://",
    "up.example",
    "[::1]",
    "127.0.0.1",
    ":",
    "443",
    "8080",
    "/",
    "mcp",
    ".",
    "..",
    "?",
    "#",
    "@",
    "%41",
    "\n",
    "//",
    "a=b",
];
const FIELD: &[&str] = &[
    "https://up.example",
    "/mcp",
    "/",
    "..",
    "<",
    ">",
    ";",
    "\"",
    "\\",
    "Path",
    "=",
    "Domain=up.example",
    "s=1",
    ",",
    " ",
    "//up.example",
    "#f",
    "?q",
    "rel=next",
    "/.well-known/oauth-protected-resource",
    ".upstream",
];
const STREAM: &[&str] = &[
    "event",
    "data",
    "endpoint",
    ":",
    ": ",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "/mcp/m",
    "https://up.example/m",
    "?s=1",
    "id: 1",
    "event: endpoint\n",
    "data: /m\n",
    "\u{feff}",
    "https://evil.example/",
    "message",
];
const CLIENT: &[&str] = &[
    "for=",
    "For=",
    "by=_x",
    "proto=https",
    "host=",
    ";",
    ",",
    ", ",
    " ",
    "\"",
    "\\",
    "\n",
    "10.1.1.1",
    "203.0.113.9",
    "6.6.6.6",
    "[2001:db8::7]",
    "2001:db8::7",
    ":4711",
    "unknown",
    "_hidden",
    "for=10.2.2.2, ",
    "10.2.2.2, ",
    "for=\"[2001:db8::7]:80\"",
];
const PREAMBLE: &[&str] = &[
    "PROXY ",
    "TCP4 ",
    "TCP6 ",
    "UNKNOWN",
    "203.0.113.7 ",
    "10.0.0.1 ",
    "::1 ",
    "4711 ",
    "443",
    "\r\n",
    "\n",
    "PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n",
    "\r\n\r\n\0\r\nQUIT\n",
    "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{c}",
    "\u{20}",
    "\u{21}",
    "\u{11}",
    "\0",
    "\0\u{c}",
    "abcdefghijkl",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn clients_hold_on_pieces(data in made_of(CLIENT)) { entry::client(&data) }

    #[test]
    fn preambles_hold_on_pieces(data in made_of(PREAMBLE)) { entry::proxy_protocol(&data) }

    #[test]
    fn requests_hold_on_pieces(data in made_of(HTTP1)) { entry::http1(&data) }

    #[test]
    fn frames_hold_on_pieces(data in made_of(HTTP2)) { entry::http2(&data) }

    #[test]
    fn answers_hold_on_pieces(data in made_of(ANSWER)) { entry::answer(&data) }

    #[test]
    fn challenges_hold_on_pieces(data in made_of(CHALLENGE)) { entry::challenge(&data) }

    #[test]
    fn metadata_holds_on_pieces(data in made_of(JSON)) { entry::metadata(&data) }

    #[test]
    fn json_agrees_with_serde_on_pieces(data in made_of(JSON)) { entry::json(&data) }

    #[test]
    fn tokens_hold_on_pieces(data in made_of(TOKEN)) { entry::jwt(&data) }
    #[test]
    fn envelopes_hold_on_pieces(data in made_of(ENVELOPE)) { entry::envelope(&data) }

    #[test]
    fn lists_hold_on_pieces(first in any::<u8>(), data in made_of(LISTS)) {
        entry::lists(&[vec![first], data].concat())
    }

    #[test]
    fn paths_hold_on_pieces(data in made_of(PATH)) { entry::path(&data) }

    #[test]
    fn urls_hold_on_pieces(data in made_of(URL)) { entry::url(&data) }

    #[test]
    fn locations_hold_on_pieces(data in made_of(FIELD)) { entry::location(&data) }

    #[test]
    fn streams_hold_on_pieces(data in made_of(STREAM)) { entry::sse(&data) }

    #[test]
    fn long_streams_hold_on_pieces(before in made_of(STREAM), padding in 16_000_usize..16_500, after in made_of(STREAM)) {
        let size = vec![97];
        entry::sse(&[size, before, vec![b'x'; padding], after].concat())
    }

    #[test]
    fn nothing_panics_on_arbitrary_bytes(data in vec(any::<u8>(), 0..400)) {
        for run in [entry::challenge, entry::metadata, entry::json, entry::path, entry::url, entry::location, entry::sse, entry::jwt, entry::envelope, entry::lists, entry::client, entry::proxy_protocol, entry::http1, entry::http2, entry::answer] {
            run(&data);
        }
    }
}

/// Member values that only their bytes can tell from other spellings of the same value.
const VALUES: &[&str] = &[
    "1",
    "-2.50e3",
    "18446744073709551616",
    "null",
    "true",
    "\"\\u00e9\"",
    "\"\\/\"",
    "[1, [ ]]",
    "{ \"resource\":2}",
    "[\"https://as\" ,\"x\"]",
];

/// A parameter that has nothing to do with metadata, in the spellings the grammar allows.
fn parameter() -> impl Strategy<Value = String> {
    let value = prop_oneof!["[a-z0-9]{1,8}", "\"([a-z ,=;:/]|\\\\[\"\\\\a])*\""];
    ("(realm|scope|error|max_age|x-[a-z]{1,4})", "[ \t]?=[ \t]?", value)
        .prop_map(|(name, is, value)| name + &is + &value)
}

/// The parameters of one challenge with `{U}` among them at most once, joined by separators that must survive.
fn parameters() -> impl Strategy<Value = String> {
    (vec((parameter(), "( ?, {0,2})"), 0..4), any::<bool>(), parameter()).prop_map(|(before, named, last)| {
        let mut text: String =
            before.into_iter().map(|(parameter, separator)| parameter + &separator).collect();
        text.push_str(if named { "resource_metadata=\"{U}\"" } else { &last });
        text
    })
}

fn field() -> impl Strategy<Value = String> {
    let challenge = ("(Bearer|bearer|DPoP|Basic|Digest)", " {1,2}", parameters())
        .prop_map(|(scheme, space, rest)| scheme + &space + &rest);
    let credentials = "(Negotiate|NTLM) [A-Za-z0-9+/]{1,9}={0,2}";
    vec(prop_oneof![4 => challenge, 1 => credentials], 1..4).prop_map(|challenges| challenges.join(" , "))
}

proptest! {
    #[test]
    fn a_well_formed_field_changes_in_its_metadata_url_alone(field in field()) {
        prop_assert_eq!(rewritten(&[&field]), fill(&field.replace("{U}", "{P}")));
    }

    #[test]
    fn a_field_that_names_no_metadata_is_not_copied(field in field()) {
        let field = field.replace("resource_metadata", "x-metadata");
        let challenges = challenge::rewrite([field.as_bytes()], P, &upstream_origin(), Options::default()).unwrap();
        prop_assert!(matches!(challenges.fields[0], std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn a_document_changes_in_its_resource_alone(
        before in vec(("[b-q]{1,5}", "[ \n]?", select(VALUES)), 0..4),
        after in vec(("[s-z]{1,5}", "\t?", select(VALUES)), 0..4),
    ) {
        let member = |(at, (name, space, value)): (usize, (String, String, &str))| format!("\"{name}{at}\"{space}:{space}{value}");
        let before: String = before.into_iter().enumerate().map(|it| member(it) + " ,").collect();
        let after: String = after.into_iter().enumerate().map(|it| format!(", {}", member(it))).collect();
        let document = |resource: &str| format!("{{{before} \"resource\" : \"{resource}\"\n{after}}}");
        let relayed = Metadata::parse(document(UPSTREAM).as_bytes()).unwrap().with_resource(PUBLIC).unwrap();
        prop_assert_eq!(String::from_utf8(relayed).unwrap(), document(PUBLIC));
    }
}
