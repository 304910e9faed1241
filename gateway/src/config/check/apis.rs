//! The APIs: what they are called and where they are reached. No two may answer for the same URL.

use std::path::Path;

use tollgate_protocol::url::Origin;

use super::{Findings, Once, balance, event_streams, plans, policies, upstream, values};
use crate::config::document::{Api as Written, AuthorizationMode, Document, ResourceWords};
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::text::Words;
use crate::config::{Api, Authorization};

pub fn check(document: &Document, folder: &Path, findings: &mut Findings) -> Vec<Api> {
    let list = KeyPath::root().key("apis");
    findings.refuse_empty(document.apis.is_empty(), &list, "API");
    let mut checker = Checker { folder, names: Once::default(), entrypoints: Once::default(), findings };
    let apis = document.apis.iter().enumerate();
    let apis = apis.filter_map(|(index, written)| checker.api(written, &list.item(index))).collect();
    warn_about_hosts(document, findings);
    apis
}

struct Checker<'a> {
    folder: &'a Path,
    names: Once<String>,
    /// Host (none: any) and path.
    entrypoints: Once<(Option<String>, String)>,
    findings: &'a mut Findings,
}

impl Checker<'_> {
    fn api(&mut self, written: &Written, path: &KeyPath) -> Option<Api> {
        let name = self.findings.name(&written.name, path.key("name"), &mut self.names, "API");
        let version = self.words(written.version.as_ref(), path.key("version"));
        let description = self.words(written.description.as_ref(), path.key("description"));
        let hosts = self.hosts(written, &path.key("hosts"));
        let mount = self.findings.take(path.key("path"), values::path(written.path.as_str()));
        if let Some(mount) = &mount {
            self.entrypoint(&hosts, written.hosts.is_empty(), mount, path);
        }
        let authorization = self.authorization(written, &path.key("authorization"));
        let event_streams =
            event_streams::check(&written.event_streams, &path.key("event_streams"), self.findings);
        let balance = balance::check(written, path, self.folder, self.findings);
        let endpoints = upstream::check_endpoints(written, path, self.folder, self.findings);
        let plans = plans::check(written, &path.key("plans"), self.folder, self.findings);
        let policies = policies::check(&written.policies, &path.key("policies"), self.findings);
        Some(Api {
            name: name?,
            version,
            description,
            hosts: hosts.into_iter().map(|(_, host)| host).collect(),
            path: mount?,
            authorization,
            balance: written.balance,
            sessions: balance.sessions,
            retry_budget: balance.retry_budget,
            event_streams,
            endpoints,
            plans,
            policies,
        })
    }

    fn words(&mut self, written: Option<&Words>, path: KeyPath) -> Option<String> {
        self.findings.take(path, values::words(written?.as_str()))
    }

    fn hosts(&mut self, written: &Written, list: &KeyPath) -> Vec<(KeyPath, String)> {
        let mut seen = Once::default();
        let mut hosts = Vec::new();
        for (index, text) in written.hosts.iter().enumerate() {
            let path = list.item(index);
            let Some(host) = self.findings.take(path.clone(), values::host(text.as_str())) else { continue };
            match seen.note(host.clone(), &path) {
                Some(first) => {
                    let message = format!("{} is in the list twice", quoted(&host));
                    self.findings
                        .add(Problem::error(path, message).first(first).help("remove one of the two"));
                }
                None => hosts.push((path, host)),
            }
        }
        hosts
    }

    /// Two APIs at one URL: a request could only ever reach one of them.
    fn entrypoint(&mut self, hosts: &[(KeyPath, String)], any_host: bool, mount: &str, api: &KeyPath) {
        let on_any = any_host.then_some((api.key("path"), None));
        let on_hosts = hosts.iter().map(|(_, host)| (api.key("path"), Some(host.clone())));
        for (path, host) in on_any.into_iter().chain(on_hosts) {
            let on = host.as_ref().map(|host| format!(" on host {}", quoted(host))).unwrap_or_default();
            if let Some(first) = self.entrypoints.note((host, mount.to_owned()), &path) {
                let message = format!("another API has the path {}{on}", quoted(mount));
                self.findings.add(
                    Problem::error(path, message).first(first).help("give each API its own path or host"),
                );
            }
        }
    }

    /// Members of the metadata, where that is the gateway's own.
    fn resource(
        &mut self,
        words: &ResourceWords,
        written: &Written,
        path: &KeyPath,
    ) -> Vec<(&'static str, String)> {
        if written.authorization.mode == AuthorizationMode::Relay {
            let problem =
                Problem::error(path.clone(), "in the mode `relay` the metadata is the MCP server's");
            self.findings.add(problem.at_key().help("write `mode: protect`, or remove this"));
        }
        let name = words.name.as_ref().and_then(|name| {
            let name = self.findings.take(path.key("name"), values::words(name.as_str()))?;
            Some(("resource_name", name))
        });
        let pages = [
            ("documentation", "resource_documentation", &words.documentation),
            ("policy_uri", "resource_policy_uri", &words.policy_uri),
            ("tos_uri", "resource_tos_uri", &words.tos_uri),
        ];
        let mut members: Vec<_> = name.into_iter().collect();
        for (key, member, page) in pages {
            let Some(page) = page else { continue };
            if self.findings.take(path.key(key), values::url(page.as_str())).is_some() {
                members.push((member, page.as_str().to_owned()));
            }
        }
        members
    }

    fn authorization(&mut self, written: &Written, path: &KeyPath) -> Authorization {
        let upstream_resource = written.authorization.upstream_resource.as_ref().and_then(|resource| {
            self.findings.take(path.key("upstream_resource"), values::url(resource.as_str()))
        });
        let words = written.authorization.resource.as_ref();
        let resource = words.map(|words| self.resource(words, written, &path.key("resource")));
        let mode = written.authorization.mode;
        Authorization { mode, upstream_resource, resource: resource.unwrap_or_default() }
    }
}

/// A host without a public URL of its own is reached under the scheme of its listener, which is `http`.
fn warn_about_hosts(document: &Document, findings: &mut Findings) {
    let exposed = document.listeners.iter().any(|listener| {
        values::address(listener.address.as_str()).is_ok_and(|address| !address.ip().is_loopback())
    });
    let origins: Vec<_> =
        document.public_urls.iter().filter_map(|origin| Origin::parse(origin.as_str()).ok()).collect();
    let list = KeyPath::root().key("apis");
    for (index, api) in document.apis.iter().enumerate().filter(|_| exposed) {
        for (position, text) in api.hosts.iter().enumerate() {
            let Ok(host) = values::host(text.as_str()) else { continue };
            if !origins.iter().any(|origin| origin.host() == host) {
                let path = list.item(index).key("hosts").item(position);
                let message = format!("clients reach `http://{host}` and send their tokens in clear text");
                let help =
                    format!("add `https://{host}` to `public_urls` if TLS ends in front of the gateway");
                findings.add(
                    Problem::warning(path, message).help(help).absent(KeyPath::root().key("public_urls")),
                );
            }
        }
    }
}
