//! Where the parties are, read from Tollgate's own configuration file so that the two cannot disagree.

use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

use crate::loopback;

/// The addresses of the demo. All are loopback.
#[derive(Debug)]
pub struct Scene {
    /// The address Tollgate accepts clients on.
    pub listener: SocketAddr,
    /// The address of Tollgate's `/readyz`.
    pub admin: SocketAddr,
    /// The URL clients are given.
    pub gateway_url: String,
    /// The MCP server's own URL, which clients never learn.
    pub endpoint: String,
    /// The address in `endpoint`.
    pub mcp_server: SocketAddr,
    path: String,
}

/// The keys the demo needs; Tollgate itself checks the file as a whole.
#[derive(Deserialize)]
struct File {
    listeners: Vec<Listener>,
    admin: Listener,
    apis: Vec<Api>,
}

#[derive(Deserialize)]
struct Listener {
    address: SocketAddr,
}

#[derive(Deserialize)]
struct Api {
    path: String,
    endpoints: Vec<String>,
}

impl Scene {
    /// Reads `file`, which must have one loopback listener, a loopback admin and one API with one endpoint.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            format!("{} cannot be read ({error}); start the demo from the project's root", file.display())
        })?;
        Self::parse(&text).map_err(|error| format!("{} does not suit the demo: {error}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let [listener] = &file.listeners[..] else { return Err("it needs exactly one listener".into()) };
        let [Api { path, endpoints }] = &file.apis[..] else { return Err("it needs exactly one API".into()) };
        let [endpoint] = &endpoints[..] else { return Err("its API needs exactly one endpoint".into()) };
        let mcp_server = loopback::address_of(endpoint)?;
        for address in [listener.address, file.admin.address, mcp_server] {
            loopback::only(address)?;
        }
        Ok(Self {
            listener: listener.address,
            admin: file.admin.address,
            gateway_url: format!("http://{}{path}", listener.address),
            endpoint: endpoint.clone(),
            mcp_server,
            path: path.clone(),
        })
    }

    /// Every URL a token may be asked for: the server's own, and each name a loopback listener answers to.
    pub fn resources(&self) -> Vec<String> {
        let port = self.listener.port();
        let published =
            ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("http://{host}:{port}{}", self.path));
        std::iter::once(self.endpoint.clone()).chain(published).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../conf/demo.yaml");

    #[test]
    fn the_shipped_file_publishes_the_server_under_the_gateway_s_url() {
        let scene = Scene::parse(SHIPPED).unwrap();
        assert_eq!(scene.gateway_url, "http://127.0.0.1:8080/demo/mcp");
        assert_eq!(scene.endpoint, "http://127.0.0.1:7802/mcp");
        assert_eq!(scene.admin.to_string(), "127.0.0.1:9901");
        assert!(scene.resources().contains(&scene.gateway_url));
        assert!(scene.resources().contains(&"http://localhost:8080/demo/mcp".to_owned()));
    }

    #[test]
    fn an_address_other_machines_can_reach_is_refused() {
        for (loopback, reachable) in [
            ("address: 127.0.0.1:8080", "address: 0.0.0.0:8080"),
            ("address: 127.0.0.1:9901", "address: 0.0.0.0:9901"),
            ("http://127.0.0.1:7802/mcp", "http://192.0.2.1:7802/mcp"),
        ] {
            let text = SHIPPED.replace(loopback, reachable);
            assert!(Scene::parse(&text).unwrap_err().contains("loopback"), "{reachable}");
        }
    }
}
