//! Envoy with two workers, and what its guide to edge proxies says of paths; with its filter for JWTs where that is
//! measured.

use std::error::Error;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{Program, free_address};
use super::{Setup, Site, Target};
use crate::lab::Lab;
use crate::parts::child::Child;

pub struct Envoy(Program);

impl Envoy {
    /// # Errors
    /// When it is not installed.
    pub fn find() -> Result<Envoy, String> {
        Program::find("envoy", "--version").map(Envoy)
    }
}

impl Target for Envoy {
    fn name(&self) -> &str {
        "envoy"
    }

    fn version(&self) -> String {
        self.0.version.clone()
    }

    fn can(&self, setup: &Setup) -> bool {
        !matches!(setup, Setup::Own(_))
    }

    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        let address = free_address()?;
        let file = folder.path().join("envoy.json");
        std::fs::write(&file, configuration(lab, setup, address.port())?.to_string())?;
        let mut command = self.0.command();
        command.args(["--concurrency", "2", "--disable-hot-restart", "-l", "off", "-c"]).arg(&file);
        Ok(Site::new(address, Child::start(command)?, folder))
    }
}

const TYPES: &str = "type.googleapis.com/envoy.extensions";

fn configuration(lab: &Lab, setup: &Setup, port: u16) -> Result<Value, Box<dyn Error>> {
    let address = |port: u16| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
    let router = json!({ "name": "router", "typed_config": { "@type": format!("{TYPES}.filters.http.router.v3.Router") } });
    let mut filters = vec![router];
    if let Setup::Jwt(_) = setup {
        filters.insert(0, jwt_filter(lab)?);
    }
    let route = json!({ "match": { "prefix": "/" }, "route": { "cluster": "upstream", "timeout": "0s" } });
    let connections = json!({
        "@type": format!("{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "main", "normalize_path": true, "merge_slashes": true,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": { "headers_with_underscores_action": "REJECT_REQUEST" },
        "stream_idle_timeout": "0s", "http_filters": filters,
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [route] }] },
    });
    let mut chain = json!({ "filters": [{ "name": "http", "typed_config": connections }] });
    if *setup == Setup::Tls {
        chain["transport_socket"] = tls(lab)?;
    }
    // The default ends at 1,024 of each, which is less than the streams that are held open.
    let limits =
        json!({ "max_connections": 100_000, "max_pending_requests": 100_000, "max_requests": 100_000 });
    let endpoint = json!({ "endpoint": { "address": address(lab.upstream.address().port()) } });
    let cluster = json!({
        "name": "upstream", "connect_timeout": "5s", "circuit_breakers": { "thresholds": [limits] },
        "load_assignment": { "cluster_name": "upstream", "endpoints": [{ "lb_endpoints": [endpoint] }] },
    });
    let listener = json!({ "name": "main", "address": address(port), "filter_chains": [chain] });
    Ok(json!({ "static_resources": { "listeners": [listener], "clusters": [cluster] } }))
}

fn tls(lab: &Lab) -> Result<Value, Box<dyn Error>> {
    let certificate = lab.certificate()?;
    let chain = json!({
        "certificate_chain": { "filename": certificate.chain }, "private_key": { "filename": certificate.key },
    });
    let common = json!({
        "alpn_protocols": ["h2", "http/1.1"], "tls_certificates": [chain],
        "tls_params": { "tls_minimum_protocol_version": "TLSv1_3" },
    });
    let context = format!("{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext");
    Ok(json!({ "name": "tls", "typed_config": { "@type": context, "common_tls_context": common } }))
}

/// Tokens that were verified are remembered, as the gateway remembers them.
fn jwt_filter(lab: &Lab) -> Result<Value, Box<dyn Error>> {
    let issuer = lab.upstream.issuer();
    let provider = json!({
        "issuer": issuer, "audiences": [issuer], "forward": false,
        "local_jwks": { "inline_string": lab.keys()?.key_set() },
        "jwt_cache_config": { "jwt_cache_size": 1000 },
    });
    let rule = json!({ "match": { "prefix": "/" }, "requires": { "provider_name": "issuer" } });
    let kind = format!("{TYPES}.filters.http.jwt_authn.v3.JwtAuthentication");
    Ok(json!({
        "name": "jwt",
        "typed_config": { "@type": kind, "providers": { "issuer": provider }, "rules": [rule] },
    }))
}
