//! X01: where a configured URL, and what is named there, may lead.

use super::*;
use crate::fetch::stub::{Reply, Stub};
use crate::fetch::{FetchError, Fetcher};

fn url(text: &str) -> HttpUrl {
    HttpUrl::parse(text).expect("a URL")
}

fn configured(text: &str, private: bool) -> Result<Reach, NoRemote> {
    Remote::configured(&url(text), Trust { private, ..Trust::default() }).map(|remote| remote.reach)
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn x01_a_configured_url_reaches_what_it_says_and_no_more() {
    for (text, private, expected) in [
        ("https://as.example", false, Ok(Reach::Global)),
        ("https://as.example:8443/keys?x=1", false, Ok(Reach::Global)),
        ("https://as.example", true, Ok(Reach::Private)),
        ("https://as", false, Ok(Reach::Global)),
        ("https://localhost", false, Ok(Reach::Loopback)),
        ("http://localhost:8080", false, Ok(Reach::Loopback)),
        ("http://localhost:8080", true, Ok(Reach::Loopback)),
        ("https://localhost.", false, Ok(Reach::Global)),
        ("http://127.0.0.1:8080", false, Ok(Reach::Configured(address("127.0.0.1")))),
        ("http://[::1]:8080", false, Ok(Reach::Configured(address("::1")))),
        ("https://10.0.0.1", false, Ok(Reach::Configured(address("10.0.0.1")))),
        ("https://[fd00::1]", false, Ok(Reach::Configured(address("fd00::1")))),
        ("https://8.8.8.8", false, Ok(Reach::Configured(address("8.8.8.8")))),
        ("http://as.example", false, Err(NoRemote::ClearText)),
        ("http://as.example", true, Err(NoRemote::ClearText)),
        ("http://10.0.0.1", true, Err(NoRemote::ClearText)),
        ("http://localhost.", false, Err(NoRemote::ClearText)),
        ("http://localhost.example", false, Err(NoRemote::ClearText)),
        ("http://[::ffff:127.0.0.1]", false, Err(NoRemote::ClearText)),
        ("https://0.0.0.0", true, Err(NoRemote::Address(address("0.0.0.0")))),
        ("https://[::]", true, Err(NoRemote::Address(address("::")))),
        ("https://255.255.255.255", true, Err(NoRemote::Address(address("255.255.255.255")))),
        ("https://224.0.0.1", true, Err(NoRemote::Address(address("224.0.0.1")))),
    ] {
        assert_eq!(configured(text, private), expected, "{text} {private}");
    }
}

#[test]
fn x01_what_a_document_names_reaches_no_further_than_what_was_configured() {
    let public = "https://as.example";
    let local = "http://127.0.0.1:8080";
    for (from, private, named, expected) in [
        (public, false, "https://keys.example", Ok(Reach::Global)),
        (public, true, "https://keys.example", Ok(Reach::Private)),
        (public, false, "https://as.example/keys", Ok(Reach::Global)),
        (public, false, "https://8.8.8.8", Ok(Reach::Global)),
        (public, false, "http://keys.example", Err(NoRemote::ClearText)),
        (public, true, "http://127.0.0.1", Err(NoRemote::ClearText)),
        (public, false, "https://127.0.0.1", Err(NoRemote::Address(address("127.0.0.1")))),
        (public, false, "https://[::1]", Err(NoRemote::Address(address("::1")))),
        (public, false, "https://[::ffff:127.0.0.1]", Err(NoRemote::Address(address("::ffff:127.0.0.1")))),
        (public, false, "https://10.0.0.1", Err(NoRemote::Address(address("10.0.0.1")))),
        (public, false, "https://169.254.169.254/latest", Err(NoRemote::Address(address("169.254.169.254")))),
        (public, true, "https://169.254.169.254/latest", Err(NoRemote::Address(address("169.254.169.254")))),
        (public, true, "https://10.0.0.1", Ok(Reach::Private)),
        (public, true, "https://0.0.0.0", Err(NoRemote::Address(address("0.0.0.0")))),
        (public, false, "https://localhost", Ok(Reach::Global)),
        ("https://10.0.0.1", false, "https://10.0.0.1/keys", Ok(Reach::Configured(address("10.0.0.1")))),
        ("https://10.0.0.1", false, "https://10.0.0.1:8443", Err(NoRemote::Address(address("10.0.0.1")))),
        ("https://10.0.0.1", false, "https://10.0.0.2", Err(NoRemote::Address(address("10.0.0.2")))),
        (local, false, "http://127.0.0.1:8080/keys", Ok(Reach::Configured(address("127.0.0.1")))),
        (local, false, "http://127.0.0.1:9090/keys", Ok(Reach::Loopback)),
        (local, false, "http://localhost:9090", Ok(Reach::Loopback)),
        (local, false, "http://keys.example", Err(NoRemote::ClearText)),
        (local, false, "https://keys.example", Ok(Reach::Global)),
        (local, false, "https://169.254.169.254", Err(NoRemote::Address(address("169.254.169.254")))),
    ] {
        let from = Remote::configured(&url(from), Trust { private, ..Trust::default() }).expect("a remote");
        assert_eq!(from.named(&url(named)).map(|remote| remote.reach), expected, "{named} {private}");
    }
}

#[test]
fn x01_the_address_a_name_leads_to_is_looked_at_each_time() {
    let own = Reach::Configured(address("10.0.0.1"));
    let [loopback, global, private] = [Reach::Loopback, Reach::Global, Reach::Private];
    for (text, reached_by) in [
        ("8.8.8.8", &[global, private][..]),
        ("2606:4700::1111", &[global, private]),
        ("127.0.0.1", &[loopback, private]),
        ("127.8.8.8", &[loopback, private]),
        ("::1", &[loopback, private]),
        ("::ffff:127.0.0.1", &[loopback, private]),
        ("10.0.0.1", &[own, private]),
        ("10.0.0.2", &[private]),
        ("::ffff:10.0.0.1", &[private]),
        ("172.16.0.1", &[private]),
        ("192.168.1.1", &[private]),
        ("100.64.0.1", &[private]),
        ("fd00::1", &[private]),
        ("169.254.169.254", &[]),
        ("::ffff:169.254.169.254", &[]),
        ("64:ff9b::a9fe:a9fe", &[]),
        ("fe80::1", &[]),
        ("0.0.0.0", &[]),
        ("::", &[]),
        ("198.18.0.1", &[]),
        ("224.0.0.1", &[]),
        ("255.255.255.255", &[]),
        ("ff02::1", &[]),
        ("2001:db8::1", &[]),
    ] {
        for reach in [own, loopback, global, private] {
            assert_eq!(reach.includes(address(text)), reached_by.contains(&reach), "{text} {reach:?}");
        }
    }
}

/// Forms that other parsers take for an address, ports that are none, and schemes: none is a URL here.
#[test]
fn x01_what_could_be_taken_for_another_url_is_none() {
    for text in [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.0.0.1./",
        "https://[::ffff:127.0.0.1%25lo]/",
        "https://as.example:0/",
        "https://as.example:99999/",
        "https://as.example:25 /",
        "https://as.example@127.0.0.1/",
        "https://a:b@as.example/",
        "https://as.example\\@127.0.0.1/",
        "https://as。example/",
        "https://as.example#@127.0.0.1/",
        "https://127%2e0%2e0%2e1/",
        "file:///etc/passwd",
        "gopher://as.example/",
        "ftp://as.example/",
        "dict://as.example:6379/",
        "//as.example/",
        "javascript:alert(1)",
    ] {
        assert!(HttpUrl::parse(text).is_err(), "{text}");
    }
}

async fn fetch(remote: &Remote, at: &str) -> Result<u16, FetchError> {
    remote.resolve().await;
    Fetcher::default().document(remote, &url(at)).await.map(|fetched| fetched.status.as_u16())
}

#[tokio::test]
async fn x01_a_name_that_leads_inside_is_never_connected_to() {
    let stub = Stub::start(|_| Reply::ok("{}")).await;
    let at = format!("http://localhost:{}/", stub.port);
    let refused = Remote::new(&url(&at), Reach::Global, Trust::default()).expect("a remote");
    assert!(matches!(fetch(&refused, &at).await, Err(FetchError::Address(found)) if found.is_loopback()));
    assert_eq!(stub.asked().len(), 0);
    let allowed = Remote::configured(&url(&at), Trust::default()).expect("a remote");
    assert_eq!(fetch(&allowed, &at).await, Ok(200));
    assert_eq!(stub.asked(), ["/"]);
}

#[tokio::test]
async fn x01_redirects_leave_the_origin_for_nobody() {
    let inside = Stub::start(|_| Reply::ok("secret")).await;
    let stub = Stub::start(|_| Reply::Silence).await;
    let remote = Remote::configured(&url(&stub.url("/")), Trust { private: true, ..Trust::default() })
        .expect("a remote");
    for status in [301, 302, 303, 307, 308] {
        for to in [
            inside.url("/"),
            format!("http://localhost:{}/", stub.port),
            format!("https://127.0.0.1:{}/", stub.port),
            format!("http://127.0.0.1:{}@127.0.0.1:{}/", stub.port, inside.port),
            format!("//127.0.0.1:{}/", inside.port),
            "http://169.254.169.254/latest/meta-data/".to_string(),
            "https://169.254.169.254/".to_string(),
            "file:///etc/passwd".to_string(),
            "gopher://127.0.0.1:6379/_x".to_string(),
            "/\\evil.example".to_string(),
        ] {
            let location = format!("Location: {to}\r\n");
            stub.answers(move |_| Reply::with(&format!("{status} X"), &location, ""));
            let before = stub.asked().len();
            let fetched = fetch(&remote, &stub.url("/")).await;
            assert!(matches!(fetched, Err(FetchError::Redirect(_))), "{status} {to}: {fetched:?}");
            assert_eq!(stub.asked().len(), before + 1, "{status} {to}: nothing more is asked for");
        }
    }
    assert_eq!(inside.asked().len(), 0);
}

#[tokio::test]
async fn three_redirects_within_the_origin_are_followed_and_no_fourth() {
    let stub = Stub::start(|target| match target {
        "/0" => Reply::ok("{}"),
        other => {
            let left: u32 = other[1..].parse().expect("a number");
            Reply::with("302 Found", &format!("Location: /{}\r\n", left - 1), "")
        }
    })
    .await;
    let remote = Remote::configured(&url(&stub.url("/")), Trust::default()).expect("a remote");
    assert_eq!(fetch(&remote, &stub.url("/3")).await, Ok(200));
    assert!(matches!(fetch(&remote, &stub.url("/4")).await, Err(FetchError::Redirect(_))));
}
