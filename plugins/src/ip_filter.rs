//! `ip_filter`: from which addresses an API is called.

use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::effects::Effects;
use crate::policy::{Denial, Needs, Policy, Verdict};
use crate::reason::of_policies::IP_NOT_ALLOWED;
use crate::request::Request;
use crate::settings::findings::Findings;
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};
use crate::settings::text::Network;
use crate::settings::values;

/// From which addresses callers may come. The address is that of the client behind the listener's `trusted_proxies`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `allow` or `deny`")]
#[schemars(rename = "IpFilter")]
pub struct Settings {
    /// IP addresses and networks such as `10.0.0.0/8`. With any, all others are refused.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub allow: Vec<Network>,

    /// Those that are refused although they are in `allow`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub deny: Vec<Network>,
}

/// The policy. An IPv4 address is the same in its IPv6 form (`::ffff:192.0.2.7`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpFilter {
    allow: Vec<IpNet>,
    deny: Vec<IpNet>,
}

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<IpFilter> {
    let allow = networks(&written.allow, &path.key("allow"), findings);
    let deny = networks(&written.deny, &path.key("deny"), findings);
    if written.allow.is_empty() && written.deny.is_empty() {
        let problem = Problem::error(path.clone(), "this filter lets everybody through").at_key();
        findings.add(problem.absent(path.key("allow")).help("list the networks in `allow` or in `deny`"));
        return None;
    }
    for (index, (denied, _)) in deny.iter().enumerate().filter(|_| !allow.is_empty()) {
        if !allow.iter().any(|(allowed, _)| allowed.contains(denied) || denied.contains(allowed)) {
            let message = format!("{} is refused anyway: it is not in `allow`", quoted(&denied.to_string()));
            findings
                .add(Problem::warning(path.key("deny").item(index), message).help("remove it, or allow it"));
        }
    }
    for (allowed, place) in &allow {
        if let Some((denied, _)) = deny.iter().find(|(denied, _)| denied.contains(allowed)) {
            let message = format!("{} can never come in", quoted(&allowed.to_string()));
            let help = format!("{} in `deny` holds all of it", quoted(&denied.to_string()));
            findings.add(Problem::warning(place.clone(), message).help(help));
        }
    }
    let bare = |networks: Vec<(IpNet, KeyPath)>| networks.into_iter().map(|(network, _)| network).collect();
    Some(IpFilter { allow: bare(allow), deny: bare(deny) })
}

fn networks(written: &[Network], list: &KeyPath, findings: &mut Findings) -> Vec<(IpNet, KeyPath)> {
    let places = written.iter().enumerate().map(|(index, text)| (text, list.item(index)));
    let parsed = places.filter_map(|(text, place)| {
        let network = findings.take(place.clone(), values::network(text.as_str()))?;
        Some((network, place))
    });
    parsed.collect()
}

impl IpFilter {
    fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&address));
        (self.allow.is_empty() || is_in(&self.allow)) && !is_in(&self.deny)
    }
}

impl Policy for IpFilter {
    fn needs(&self) -> Needs {
        Needs { head: true, ..Needs::default() }
    }

    fn on_head(&self, request: &Request<'_>, _: &mut Effects) -> Verdict {
        // Whose address is not known is in no network.
        match request.client.is_some_and(|client| self.admits(client)) {
            true => Verdict::Continue,
            false => Verdict::Deny(Box::new(Denial::new(&IP_NOT_ALLOWED))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(allow: &[&str], deny: &[&str], address: &str) -> bool {
        let parse = |texts: &[&str]| texts.iter().map(|text| values::network(text).unwrap()).collect();
        IpFilter { allow: parse(allow), deny: parse(deny) }.admits(address.parse().unwrap())
    }

    #[test]
    fn an_address_comes_in_from_an_allowed_network_unless_it_is_in_a_denied_one() {
        let (allow, deny) = (["10.0.0.0/8", "2001:db8::/32"], ["10.1.0.0/16", "2001:db8:bad::/48"]);
        for (address, expected) in [
            ("10.0.0.1", true),
            ("10.1.2.3", false),
            ("11.0.0.1", false),
            ("2001:db8::1", true),
            ("2001:db8:bad::1", false),
            ("2001:db9::1", false),
        ] {
            assert_eq!(admits(&allow, &deny, address), expected, "{address}");
        }
        assert!(admits(&[], &deny, "192.0.2.7"));
        assert!(!admits(&[], &deny, "10.1.0.1"));
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_its_ipv6_form() {
        assert!(admits(&["10.0.0.0/8"], &[], "::ffff:10.0.0.1"));
        assert!(!admits(&[], &["10.0.0.0/8"], "::ffff:10.0.0.1"));
        assert!(admits(&["::ffff:192.0.2.7"], &[], "192.0.2.7"));
    }
}
