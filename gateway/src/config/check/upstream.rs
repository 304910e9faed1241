//! What stands behind an API: its endpoints.

use std::num::NonZeroU32;
use std::path::Path;

use super::{Findings, Once, capacity, health, outliers, timeouts, upstream_auth, upstream_tls, values};
use crate::config::document::{Api as Written, Balance, Endpoint as WrittenEndpoint};
use crate::config::key_path::KeyPath;
use crate::config::problem::Problem;
use crate::config::{Endpoint, Timeouts, UpstreamTls};

/// More would make the order of turns long for nothing.
const MAX_WEIGHT: u32 = 1_000;

pub fn check_endpoints(
    api: &Written,
    path: &KeyPath,
    folder: &Path,
    findings: &mut Findings,
) -> Vec<Endpoint> {
    let list = path.key("endpoints");
    let upstream = path.key("upstream");
    findings.refuse_empty(api.endpoints.is_empty(), &list, "endpoint");
    refuse_nothing_but_backups(api, &list, findings);
    let outlier_detection =
        outliers::check(&api.upstream.outlier_detection, &upstream.key("outlier_detection"), findings);
    let shared_timeouts =
        timeouts::check(&api.upstream.timeouts, &upstream.key("timeouts"), Timeouts::default(), findings);
    let limits = api.upstream.limits.as_ref();
    let limits = limits.map(|limits| capacity::check(limits, &upstream.key("limits"), findings));
    let pool = timeouts::check_pool(&api.upstream.pool, &upstream.key("pool"), findings);
    let health_check_path = upstream.key("health_check");
    let health_check = api.upstream.health_check.as_ref();
    let health_check = health_check.map(|check| health::check(check, &health_check_path, findings));
    let shared = api.upstream.tls.as_ref();
    let shared_path = upstream.key("tls");
    let shared = shared.map(|tls| (upstream_tls::check(tls, &shared_path, folder, findings), shared_path));
    let mode = api.authorization.mode;
    let auth_path = upstream.key("auth");
    let auth = api.upstream.auth.as_ref();
    let shared_auth = auth.and_then(|auth| upstream_auth::check(auth, mode, &auth_path, folder, findings));
    let mut names = Once::default();
    let mut urls = Once::default();
    let mut checked = Vec::new();
    for (index, written) in api.endpoints.iter().enumerate() {
        let path = list.item(index);
        let name =
            written.name.as_ref().map(|name| findings.name(name, path.key("name"), &mut names, "endpoint"));
        let url = findings.take(path.key("url"), values::url(written.url.as_str()));
        let (tls, tls_path) = own_or_shared(written, &path, shared.as_ref(), folder, findings);
        let weight = check_weight(written.weight, path.key("weight"), findings);
        let timeouts = timeouts::check(&written.timeouts, &path.key("timeouts"), shared_timeouts, findings);
        let auth = match &written.auth {
            Some(auth) => upstream_auth::check(auth, mode, &path.key("auth"), folder, findings),
            None => shared_auth.clone(),
        };
        let Some(url) = url else { continue };
        if let Some(first) = urls.note(url.to_string(), &path.key("url")) {
            let problem = Problem::error(path.key("url"), "another endpoint of this API has the same URL");
            findings.add(
                problem.first(first).help("remove one of the two; `weight` gives an endpoint a larger share"),
            );
        }
        if let Some(tls_path) = tls_path {
            upstream_tls::refuse_useless(&url, tls_path, findings);
        }
        let health_check = health_check.as_ref().map(|check| check.of(&url));
        let http2 = written.http2.unwrap_or(api.upstream.http2);
        if http2 {
            timeouts::refuse_without_effect(&written.timeouts, &path.key("timeouts"), findings);
            timeouts::refuse_without_effect(&api.upstream.timeouts, &upstream.key("timeouts"), findings);
        }
        let host = written.host.unwrap_or(api.upstream.host);
        let name = name.flatten();
        checked.push(Endpoint {
            name,
            url,
            host,
            tls,
            auth,
            http2,
            addresses_in_turn: api.balance != Balance::Session,
            weight,
            backup: written.backup,
            outlier_detection,
            timeouts,
            health_check,
            pool,
            limits,
        });
    }
    checked
}

fn check_weight(written: Option<u32>, path: KeyPath, findings: &mut Findings) -> NonZeroU32 {
    let written = written.unwrap_or(1);
    NonZeroU32::new(written).filter(|weight| weight.get() <= MAX_WEIGHT).unwrap_or_else(|| {
        let help = match written {
            0 => "remove the endpoint, or write `backup: true`".to_string(),
            _ => format!("write at most `{MAX_WEIGHT}`; what counts is the proportion"),
        };
        findings.add(Problem::error(path, format!("`{written}` is no weight")).help(help));
        NonZeroU32::MIN
    })
}

/// A backup stands in for something.
fn refuse_nothing_but_backups(api: &Written, list: &KeyPath, findings: &mut Findings) {
    if !api.endpoints.is_empty() && api.endpoints.iter().all(|endpoint| endpoint.backup) {
        let first = list.item(0).key("backup");
        let problem = Problem::error(first, "there is no endpoint that this one could stand in for");
        findings.add(problem.help("remove `backup: true` from at least one endpoint"));
    }
}

/// The TLS of an endpoint, and where it is written.
fn own_or_shared(
    written: &WrittenEndpoint,
    path: &KeyPath,
    shared: Option<&(UpstreamTls, KeyPath)>,
    folder: &Path,
    findings: &mut Findings,
) -> (UpstreamTls, Option<KeyPath>) {
    match (&written.tls, shared) {
        (Some(tls), _) => {
            let path = path.key("tls");
            (upstream_tls::check(tls, &path, folder, findings), Some(path))
        }
        (None, Some((tls, path))) => (tls.clone(), Some(path.clone())),
        (None, None) => (UpstreamTls::default(), None),
    }
}
