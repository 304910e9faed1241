//! Sockets of the demo: loopback only, and a taken port is said in plain words.

use std::io::ErrorKind;
use std::net::SocketAddr;

use axum::Router;
use axum::http::Uri;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// Refuses any address that another machine could reach.
pub fn only(address: SocketAddr) -> Result<(), String> {
    if address.ip().is_loopback() { Ok(()) } else { Err(format!("{address} is not a loopback address")) }
}

/// The address in an `http` URL that is written with a numeric host and a port.
pub fn address_of(url: &str) -> Result<SocketAddr, String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url} is not a URL: {error}"))?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    authority
        .and_then(|authority| authority.as_str().parse().ok())
        .ok_or_else(|| format!("{url} must look like http://127.0.0.1:7802/mcp"))
}

/// Binds `address`; `setting` is where it can be changed.
pub async fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, String> {
    only(address)?;
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!(
            "{address} is taken by another program. Stop that program, or change the port ({setting}), and try again"
        ),
        _ => format!("{address} ({setting}) cannot be listened on: {error}"),
    })
}

/// Serves `router` until the process ends.
pub fn serve(listener: TcpListener, router: Router) {
    // Otherwise an event after a response's head waits for the client's delayed acknowledgement, some 40 ms.
    let listener = listener.tap_io(|connection| {
        // A connection that is already gone is the only cause, and serving it will say so.
        let _ = connection.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_setting_that_changes_it() {
        let taken = bind("127.0.0.1:0".parse().unwrap(), "listeners").await.unwrap();
        let address = taken.local_addr().unwrap();
        let sentence = bind(address, "listeners").await.unwrap_err();
        assert!(sentence.contains(&format!("{address} is taken")), "{sentence}");
        assert!(sentence.contains("(listeners)"), "{sentence}");
    }

    #[test]
    fn only_an_http_url_with_a_numeric_host_and_a_port_has_an_address() {
        assert_eq!(address_of("http://127.0.0.1:7802/mcp"), Ok("127.0.0.1:7802".parse().unwrap()));
        for url in ["https://127.0.0.1:7802/mcp", "http://127.0.0.1/mcp", "http://example.com:80/mcp", "mcp"]
        {
            assert!(address_of(url).is_err(), "{url}");
        }
    }
}
