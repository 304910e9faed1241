//! Steps of the gateway that come before anything is sent: the head is checked, its API found.

use std::hint::black_box;
use std::path::Path;

use pingora::http::RequestHeader;
use tollgate::canonical;
use tollgate::config::{build, load_text};
use tollgate::gateway::Gateway;
use tollgate::origin::PublicOrigins;
use tollgate_protocol::http1::Request;
use tollgate_protocol::url::{Origin, Scheme};

use crate::Step;

const SIZES: [(usize, &str); 3] = [
    (1, "find the API of a path, of 1 API"),
    (1_000, "find the API of a path, of 1,000 APIs"),
    (10_000, "find the API of a path, of 10,000 APIs"),
];
const HEAD: &[u8] = b"POST /crm/mcp HTTP/1.1\r\nHost: edge.example.com\r\nContent-Type: application/json\r\nAccept: \
    application/json, text/event-stream\r\nAuthorization: Bearer abcdefghijklmnopqrstuvwxyz\r\nContent-Length: 1024\r\n\r\n";

pub fn steps() -> Vec<Step> {
    let find = SIZES.into_iter().filter_map(|(apis, name)| {
        let (gateway, path) = (gateway(apis)?, format!("/api-{}/mcp/deeper", apis / 2));
        Some(Step::new(name, move || {
            black_box(gateway.router.find(black_box("edge.example.com"), black_box(&path)));
        }))
    });
    let check = head().zip(origins()).map(|(head, origins)| {
        Step::new("check the head of a request", move || {
            let _ = black_box(Request::default().push(black_box(HEAD)));
            let _ = black_box(canonical::read(black_box(&head), false, &origins));
        })
    });
    find.chain(check).collect()
}

/// With so many APIs, on any host.
fn gateway(apis: usize) -> Option<Gateway> {
    let api = |number: usize| {
        format!(
            "  - {{ name: a{number}, path: /api-{number}/mcp, endpoints: [\"http://127.0.0.1:9/mcp\"], plans: [keyless] }}\n"
        )
    };
    let apis: String = (0..apis).map(api).collect();
    let yaml = format!("listeners: [{{ address: \"127.0.0.1:8080\" }}]\napis:\n{apis}");
    let checked = load_text(&yaml, "micro.yaml", Path::new(".")).ok()?;
    build::build(&checked.config, &[([127, 0, 0, 1], 8080).into()], None).ok()
}

/// What the gateway answers for.
fn origins() -> Option<PublicOrigins> {
    let public = Origin::parse("https://edge.example.com").ok()?;
    Some(PublicOrigins::new(Scheme::Http, ([0, 0, 0, 0], 8080).into(), &[public], std::iter::empty()))
}

/// The same as Pingora has parsed it.
fn head() -> Option<RequestHeader> {
    let text = std::str::from_utf8(HEAD).ok()?;
    let mut lines = text.trim_end().split("\r\n").skip(1);
    let mut head = RequestHeader::build("POST", b"/crm/mcp", None).ok()?;
    lines.try_for_each(|line| {
        let (name, value) = line.split_once(": ")?;
        head.append_header(name.to_owned(), value).ok().map(drop)
    })?;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_is_taken() {
        let (head, origins) = head().zip(origins()).expect("a head");
        assert!(Request::default().push(HEAD).is_ok());
        assert!(canonical::read(&head, false, &origins).is_ok_and(|canonical| canonical.origin.is_some()));
        let gateway = gateway(3).expect("a gateway");
        assert!(gateway.router.find("edge.example.com", "/api-1/mcp/deeper").is_some());
        assert_eq!(steps().len(), 4);
    }
}
