//! What the system says about names: its hosts file and `resolv.conf`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use hickory_resolver::Hosts;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::parse_resolv_conf;
use log::{info, warn};

const HOSTS: &str = "/etc/hosts";
const RESOLV_CONF: &str = "/etc/resolv.conf";
const PORT: u16 = 53;

/// The files as they were read.
pub struct System {
    pub hosts: Hosts,
    resolv_conf: Vec<u8>,
}

/// Whom to ask, and for what.
pub struct Servers {
    /// In the order to ask them in. At least one.
    pub addresses: Vec<SocketAddr>,
    /// Where names are looked for that are not found as they are.
    pub search: Vec<Name>,
    /// A name with fewer dots is looked for there first.
    pub ndots: usize,
}

impl System {
    /// As it is now. What is not there, or cannot be read, is as good as empty.
    pub fn read() -> System {
        let read = |file: &str| std::fs::read(file).unwrap_or_default();
        Self::new(&read(HOSTS), read(RESOLV_CONF))
    }

    /// What it is read from.
    pub fn files() -> Vec<PathBuf> {
        vec![HOSTS.into(), RESOLV_CONF.into()]
    }

    pub fn new(hosts_file: &[u8], resolv_conf: impl Into<Vec<u8>>) -> System {
        let mut hosts = Hosts::default();
        if let Err(error) = hosts.read_hosts_conf(hosts_file) {
            warn!("{HOSTS} is read only as far as it is text: {error}");
        }
        System { hosts, resolv_conf: resolv_conf.into() }
    }

    /// Those of `resolv.conf`, or where it names none the one on this machine (resolv.conf(5)).
    pub fn servers(&self) -> Servers {
        let (ips, search, ndots) = match parse_resolv_conf(&self.resolv_conf) {
            Ok((config, options)) => {
                let ips = config.name_servers().iter().map(|server| server.ip);
                (ips.collect(), config.search().to_vec(), options.ndots)
            }
            Err(error) => {
                info!("{RESOLV_CONF}: {error}; a DNS server on this machine is asked");
                (vec![IpAddr::from(Ipv4Addr::LOCALHOST)], Vec::new(), 1)
            }
        };
        let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, PORT)).collect();
        Servers { addresses, search, ndots }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(resolv_conf: &str) -> Vec<String> {
        System::new(b"", resolv_conf).servers().addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_servers_are_those_of_resolv_conf_or_else_this_machine() {
        let both = servers("search svc.local\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n");
        assert_eq!(both, ["192.0.2.53:53", "[2001:db8::53]:53"]);
        for without in ["", "# nothing\n", "search svc.local\n", "\u{1}\u{2}"] {
            assert_eq!(servers(without), ["127.0.0.1:53"], "{without:?}");
        }
    }
}
