//! From the checked configuration to the snapshot that serves it. The only place that turns names into
//! references; what outlives a reload is taken over from the previous snapshot here.

use std::net::SocketAddr;
use std::sync::Arc;

use tollgate_plugins::catalogue::{Checked as PolicyConfig, Kind as PolicyKind};
use tollgate_protocol::mount::Mount;
use tollgate_protocol::url::Scheme;

use super::{
    Api as ApiConfig, Balance, Config, Consumer as ConsumerConfig, Endpoint as EndpointConfig, KeyDigest,
    Listener as ListenerConfig, Plan as PlanConfig, PlanKind, ServerCertificate, SessionBounds,
    Sessions as SessionsConfig, TokenPlan as TokenPlanConfig,
};
use crate::affinity::Affinity;
use crate::cors::{AllowedOrigins, PageTerms};
use crate::endpoint::Endpoint;
use crate::endpoint::addresses::Hosts;
use crate::endpoint::balance::Strategy;
use crate::endpoint::group::Endpoints;
use crate::endpoint::seal::Seal;
use crate::endpoint::sessions::Sessions;
use crate::gateway::{Api, Expiry, Gateway, Listener};
use crate::limits::{Redis, Store};
use crate::listener::tls::server_config;
use crate::listener::trusted::TrustedProxies;
use crate::metrics::counts::ApiCounts;
use crate::origin::PublicOrigins;
use crate::plan::api_key::{ApiKeys, Entry};
use crate::plan::caller::Consumer;
use crate::plan::mtls::CertificateOwners;
use crate::plan::owners::TokenOwners;
use crate::plan::tokens::Tokens;
use crate::plan::{Kind, Plan, TokenPlan};
use crate::policies::{Chain, Started, Starter};
use crate::route::Router;
use crate::to_https::HttpsOrigins;

/// Builds the snapshot of `config` for listeners bound to `bound`, which are in its order.
///
/// # Errors
/// For what only shows when a value is used; nothing that `check` accepts is known to.
pub fn build(config: &Config, bound: &[SocketAddr], running: Option<&Gateway>) -> Result<Gateway, String> {
    let listeners = listeners(config, bound, running)?;
    let endpoints = running.into_iter().flat_map(Gateway::endpoints);
    let mut hosts = Hosts::known(endpoints.map(|endpoint| &endpoint.addresses));
    let consumers: Vec<_> = config.consumers.iter().map(consumer).collect();
    let limits = limits(config, running);
    let on_failure = limits.as_ref().map(|limits| limits.settings.on_failure);
    let mut starter = Starter::after(running.map(|running| &running.memories), on_failure);
    let policies = starter.start("", &config.policies)?;
    let known = Known {
        config,
        consumers: &consumers,
        listeners: &listeners,
        limits: limits.as_ref(),
        policies: &policies,
    };
    let apis = config
        .apis
        .iter()
        .map(|api| {
            build_api(api, &known, running, &mut starter, &mut hosts)
                .map(Arc::new)
                .map_err(|error| format!("api {}: {error}", api.name))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut router = Router::default();
    for api in &apis {
        router.publish(api);
    }
    let generation = running.map_or(0, |running| running.generation) + 1;
    let (dns, messages, memories) = (config.dns.clone(), config.messages, starter.memories);
    Ok(Gateway { generation, listeners, router, dns, messages, limits, memories, apis })
}

/// What the parts of an API refer to.
struct Known<'k> {
    config: &'k Config,
    /// In the order of the configuration.
    consumers: &'k [Arc<Consumer>],
    listeners: &'k [Listener],
    limits: Option<&'k Arc<Redis>>,
    /// Of the whole gateway.
    policies: &'k [Started],
}

impl Known<'_> {
    /// The consumers that may use a plan.
    fn users<'u>(
        &'u self,
        api: &'u str,
        plan: &'u str,
    ) -> impl Iterator<Item = (&'u ConsumerConfig, &'u Arc<Consumer>)> {
        let all = self.config.consumers.iter().zip(self.consumers);
        all.filter(move |(consumer, _)| consumer.may_use(api, plan))
    }

    /// The URLs of an API, each of which is a resource that a client may name.
    fn resources(&self, api: &ApiConfig) -> Vec<String> {
        let mut resources = Vec::new();
        for origin in self.listeners.iter().flat_map(|listener| listener.origins.all()) {
            let resource = format!("{}{}", origin.text, api.path);
            let is_its_own = api.hosts.is_empty() || api.hosts.contains(&origin.host);
            if is_its_own && !resources.contains(&resource) {
                resources.push(resource);
            }
        }
        resources
    }
}

/// The same store goes on with its connection.
fn limits(config: &Config, running: Option<&Gateway>) -> Option<Arc<Redis>> {
    let settings = config.limits.as_ref()?;
    let running = running.and_then(|running| running.limits.as_ref());
    match running.filter(|running| *running.settings == *settings) {
        Some(running) => Some(running.clone()),
        None => Some(Arc::new(Redis::new(settings.clone()))),
    }
}

fn consumer(consumer: &ConsumerConfig) -> Arc<Consumer> {
    let labels: Vec<_> = consumer.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let label_fields = labels.iter().map(|(name, _)| format!("label_{name}")).collect();
    Arc::new(Consumer { name: consumer.name.as_str().into(), labels, label_fields })
}

/// The listeners as of now: their names, their pages, their certificates.
///
/// # Errors
/// When TLS cannot be set up with what `check` has accepted.
fn listeners(
    config: &Config,
    bound: &[SocketAddr],
    running: Option<&Gateway>,
) -> Result<Vec<Listener>, String> {
    let hosts = || config.apis.iter().flat_map(|api| api.hosts.iter().map(String::as_str));
    let build_one = |(index, (listener, address)): (usize, (&ListenerConfig, &SocketAddr))| {
        // A reload does not change which listeners there are.
        let before = running.and_then(|running| running.listeners.get(index));
        let scheme = if listener.tls.is_some() { Scheme::Https } else { Scheme::Http };
        let tls = listener.tls.as_ref().map(|tls| server_config(tls, listener.http2)).transpose()?;
        Ok(Listener {
            name: listener.name.clone().unwrap_or_else(|| address.to_string()),
            origins: PublicOrigins::new(scheme, *address, &config.public_urls, hosts()),
            redirect_to: listener.redirect_to_https.then(|| HttpsOrigins::new(&config.public_urls)),
            allowed_origins: AllowedOrigins {
                loopback: address.ip().is_loopback(),
                listed: listener.allowed_origins.clone(),
            },
            trusted_proxies: TrustedProxies::new(&listener.trusted_proxies),
            proxy_protocol: listener.proxy_protocol,
            tls,
            expiries: listener.tls.iter().flat_map(|tls| &tls.certificates).map(expiry).collect(),
            limits: listener.limits,
            counts: before.map(|before| before.counts.clone()).unwrap_or_default(),
        })
    };
    config.listeners.iter().zip(bound).enumerate().map(build_one).collect()
}

fn expiry(certificate: &ServerCertificate) -> Expiry {
    Expiry { name: certificate.names.first().cloned(), at: certificate.not_after }
}

fn build_api(
    api: &ApiConfig,
    known: &Known<'_>,
    running: Option<&Gateway>,
    starter: &mut Starter<'_>,
    hosts: &mut Hosts,
) -> Result<Api, String> {
    let before = running.and_then(|running| running.apis.iter().find(|before| before.name == api.name));
    let endpoint = |settings: &EndpointConfig| build_endpoint(settings, api, known, before, hosts);
    let endpoints = api.endpoints.iter().map(endpoint).collect::<Result<_, _>>()?;
    let endpoints = Endpoints::new(endpoints, strategy(api.balance), affinity(api, before), api.retry_budget);
    let labels = endpoints.all().map(|endpoint| label(&endpoint.settings, api));
    let own = starter.start(&api.name, &api.policies)?;
    let policies: Vec<_> = known.policies.iter().cloned().chain(own).collect();
    Ok(Api {
        counts: ApiCounts::new(labels, before.map(|before| &before.counts)),
        name: api.name.clone(),
        hosts: api.hosts.clone(),
        path: api.path.clone(),
        mode: api.authorization.mode,
        resource: api.authorization.resource.clone(),
        endpoints,
        plans: api
            .plans
            .iter()
            .map(|plan| build_plan(plan, api, known, &policies, starter, before))
            .collect::<Result<_, String>>()?,
        asks_for_certificates: api.plans.iter().any(|plan| plan.kind.needs_certificates()),
        cors: cors(known.config.policies.iter().chain(&api.policies)),
        announced: before.map(|before| before.announced.clone()).unwrap_or_default(),
        event_streams: api.event_streams,
        tools: before.map(|before| before.tools.clone()).unwrap_or_default(),
    })
}

/// The API's own goes after the gateway's; the first that lets a page call says what it may know.
fn cors<'p>(policies: impl Iterator<Item = &'p PolicyConfig>) -> Vec<Arc<PageTerms>> {
    let cors = policies.filter_map(|policy| match &policy.kind {
        PolicyKind::Cors(cors) => Some(Arc::new(PageTerms::of(cors))),
        _ => None,
    });
    cors.collect()
}

fn build_plan(
    plan: &PlanConfig,
    api: &ApiConfig,
    known: &Known<'_>,
    policies: &[Started],
    starter: &mut Starter<'_>,
    before: Option<&Arc<Api>>,
) -> Result<Plan, String> {
    let users = known.users(&api.name, &plan.name);
    let kind = match &plan.kind {
        PlanKind::Keyless => Kind::Keyless,
        PlanKind::ApiKey(settings) => {
            Kind::ApiKey(ApiKeys::new(settings.source.clone(), users.flat_map(keys)))
        }
        PlanKind::Tokens(settings) => {
            let mut owners = TokenOwners::default();
            users.for_each(|(settings, consumer)| owners.add(consumer, &settings.tokens));
            let tokens = tokens(settings, api, known, before)?;
            Kind::Tokens(TokenPlan { tokens, owners, of_consumers_only: settings.of_consumers_only })
        }
        PlanKind::Certificates => {
            let mut owners = CertificateOwners::default();
            users.for_each(|(settings, consumer)| owners.add(consumer, &settings.certificates));
            Kind::Certificates(owners)
        }
    };
    let own = starter.start(&format!("{}/{}", api.name, plan.name), &plan.policies)?;
    let store = known.limits.cloned().map(|limits| limits as Arc<dyn Store>);
    let policies = Chain::new(policies.iter().chain(&own), store);
    Ok(Plan { name: plan.name.as_str().into(), state: plan.state, when: plan.when.clone(), kind, policies })
}

/// The keys that were fetched for the same settings go on to serve.
fn tokens(
    settings: &TokenPlanConfig,
    api: &ApiConfig,
    known: &Known<'_>,
    before: Option<&Arc<Api>>,
) -> Result<Arc<Tokens>, String> {
    let mut settings = settings.clone();
    if settings.audiences.is_empty() {
        settings.audiences = known.resources(api);
    }
    let dns = &known.config.dns;
    let before = before.into_iter().flat_map(|before| &before.plans).filter_map(Plan::tokens);
    match before.into_iter().find(|tokens| tokens.are_for(&settings, dns)) {
        Some(tokens) => Ok(tokens.clone()),
        None => Tokens::new(&settings, dns).map(Arc::new),
    }
}

fn keys<'c>(
    (settings, consumer): (&'c ConsumerConfig, &'c Arc<Consumer>),
) -> impl Iterator<Item = (KeyDigest, Entry)> + 'c {
    settings.api_keys.iter().map(move |key| {
        let named = key.name.as_deref().map(Arc::from);
        (key.digest, Entry { consumer: consumer.clone(), key: named, expires: key.expires })
    })
}

/// What metrics call an endpoint: never by its URL, which may hold what is nobody's business.
fn label(endpoint: &EndpointConfig, api: &ApiConfig) -> String {
    let position = || api.endpoints.iter().position(|other| other.url == endpoint.url).unwrap_or_default();
    endpoint.name.clone().unwrap_or_else(|| format!("endpoints[{}]", position()))
}

/// The same endpoint at the same place is still what was learnt about it.
fn build_endpoint(
    settings: &EndpointConfig,
    api: &ApiConfig,
    known: &Known<'_>,
    before: Option<&Arc<Api>>,
    hosts: &mut Hosts,
) -> Result<Arc<Endpoint>, String> {
    let upstream_resource = api.authorization.upstream_resource.as_ref().map(ToString::to_string);
    let mount = Mount::new(&api.path, settings.url.clone());
    let is_same = |endpoint: &&Arc<Endpoint>| {
        endpoint.settings == *settings
            && endpoint.mount == mount
            && endpoint.upstream_resource == upstream_resource
            && endpoint.exchanger.as_ref().is_none_or(|exchanger| exchanger.looks_up_by(&known.config.dns))
    };
    if let Some(endpoint) = before.and_then(|before| before.endpoints.all().find(is_same)) {
        return Ok(endpoint.clone());
    }
    let origin = settings.url.origin();
    let addresses = hosts.addresses(origin.host(), origin.port());
    let dns = &known.config.dns;
    Endpoint::new(settings.clone(), &api.path, upstream_resource, addresses, dns).map(Arc::new)
}

fn strategy(balance: Balance) -> Strategy {
    match balance {
        Balance::Session | Balance::RoundRobin => Strategy::RoundRobin,
        Balance::Random => Strategy::Random,
        Balance::LeastRequests => Strategy::LeastRequests,
    }
}

/// Where there is one endpoint it knows its sessions itself, unless others may join it one day.
fn affinity(api: &ApiConfig, before: Option<&Arc<Api>>) -> Affinity {
    match &api.sessions {
        SessionsConfig::Sealed(keys) => Affinity::Sealed(Seal::new(&api.name, keys.clone())),
        SessionsConfig::Remembered(bounds) if api.balance == Balance::Session && api.endpoints.len() > 1 => {
            Affinity::Learnt(sessions(*bounds, before))
        }
        SessionsConfig::Remembered(_) => Affinity::None,
    }
}

fn sessions(bounds: SessionBounds, before: Option<&Arc<Api>>) -> Arc<Sessions> {
    match before.map(|before| &before.endpoints.affinity) {
        Some(Affinity::Learnt(known)) if known.bounds == bounds => known.clone(),
        _ => Arc::new(Sessions::new(bounds)),
    }
}
