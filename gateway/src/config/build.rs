//! From the checked configuration to the snapshot that serves it. The only place that turns names into
//! references; what outlives a reload is taken over from the previous snapshot here.

use std::net::SocketAddr;
use std::sync::Arc;

use pingora_core::utils::tls::WrappedX509;
use tollgate_protocol::mount::Mount;
use tollgate_protocol::url::Scheme;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{
    Api as ApiConfig, CertificateAuthorities, Config, Endpoint as EndpointConfig, Listener as ListenerConfig,
    UpstreamHost,
};
use crate::cors::AllowedOrigins;
use crate::endpoint::{Ca, Endpoint, Options};
use crate::gateway::{Api, Gateway, Listener};
use crate::listener::tls::server_config;
use crate::origin::PublicOrigins;
use crate::plan::Plan;
use crate::route::Router;

/// Builds the snapshot of `config` for listeners bound to `bound`, which are in its order.
///
/// # Errors
/// For what only shows when a value is used; nothing that `check` accepts is known to.
pub fn build(config: &Config, bound: &[SocketAddr], running: Option<&Gateway>) -> Result<Gateway, String> {
    let listeners = listeners(config, bound)?;
    let apis = config
        .apis
        .iter()
        .map(|api| {
            build_api(api, running).map(Arc::new).map_err(|error| format!("api {}: {error}", api.name))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut router = Router::default();
    for api in &apis {
        router.publish(api);
    }
    let generation = running.map_or(0, |running| running.generation) + 1;
    Ok(Gateway { generation, listeners, router, apis })
}

/// The listeners as of now: their names, their pages, their certificates.
///
/// # Errors
/// When TLS cannot be set up with what `check` has accepted.
pub fn listeners(config: &Config, bound: &[SocketAddr]) -> Result<Vec<Listener>, String> {
    let hosts = || config.apis.iter().flat_map(|api| api.hosts.iter().map(String::as_str));
    let build_one = |(listener, address): (&ListenerConfig, &SocketAddr)| {
        let scheme = if listener.tls.is_some() { Scheme::Https } else { Scheme::Http };
        let tls = listener.tls.as_ref().map(|tls| server_config(tls, listener.http2)).transpose()?;
        Ok(Listener {
            origins: PublicOrigins::new(scheme, *address, &config.public_urls, hosts()),
            allowed_origins: AllowedOrigins {
                loopback: address.ip().is_loopback(),
                listed: listener.allowed_origins.clone(),
            },
            tls,
            limits: listener.limits,
        })
    };
    config.listeners.iter().zip(bound).map(build_one).collect()
}

fn build_api(api: &ApiConfig, running: Option<&Gateway>) -> Result<Api, String> {
    let [endpoint] = api.endpoints.as_slice() else {
        return Err("an API has exactly one endpoint".to_string());
    };
    let upstream_resource = api.authorization.upstream_resource.as_ref().map(ToString::to_string);
    let mount = Mount::new(&api.path, endpoint.url.clone());
    let endpoint = build_endpoint(endpoint, running)?;
    // The same upstream at the same place is still what was learnt about it.
    let before = running.and_then(|running| {
        running.apis.iter().find(|before| {
            before.name == api.name
                && before.mount == mount
                && before.upstream_resource == upstream_resource
                && before.endpoint.has_connections_like(&endpoint)
        })
    });
    Ok(Api {
        name: api.name.clone(),
        hosts: api.hosts.clone(),
        path: api.path.clone(),
        mount,
        endpoint: Arc::new(endpoint),
        plans: api.plans.iter().map(|plan| Plan { name: plan.name.clone() }).collect(),
        upstream_resource,
        metadata: before.map(|before| before.metadata.clone()).unwrap_or_default(),
        announced: before.map(|before| before.announced.clone()).unwrap_or_default(),
    })
}

fn build_endpoint(endpoint: &EndpointConfig, running: Option<&Gateway>) -> Result<Endpoint, String> {
    let origin = endpoint.url.origin();
    let addresses = running.and_then(|running| {
        let mut known = running.apis.iter().map(|api| &api.endpoint.addresses);
        known.find(|addresses| addresses.are_of(origin.host(), origin.port())).cloned()
    });
    let options = Options {
        name: endpoint.name.clone(),
        preserve_host: matches!(endpoint.host, UpstreamHost::Preserve),
        ca: endpoint.ca.as_ref().map(trust_anchors).transpose()?,
        addresses,
    };
    Endpoint::new(&endpoint.url, options).map_err(|error| error.to_string())
}

fn trust_anchors(ca: &CertificateAuthorities) -> Result<Ca, String> {
    let mut anchors = Vec::new();
    for certificate in &ca.certificates {
        // Pingora parses it again, and would panic where this fails.
        X509Certificate::from_der(certificate).map_err(|error| format!("{}: {error}", ca.file.display()))?;
        anchors.push(WrappedX509::new(certificate.to_vec(), pingora_core::utils::tls::parse_x509));
    }
    let fingerprint: Vec<u8> =
        ca.certificates.iter().flat_map(|certificate| certificate.iter().copied()).collect();
    Ok(Ca { certificates: anchors.into(), der: fingerprint.into() })
}
