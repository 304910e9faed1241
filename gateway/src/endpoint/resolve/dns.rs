//! Asking: the hosts file, then DNS servers, for the addresses of one name. Nothing here waits on a thread.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, TokioResolver};
use log::warn;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::Dns;
use super::answers::{Answer, Answers};
use super::system::{Servers, System};

/// Names that are looked up at the same time. Each may take six sockets for each server while nobody answers: three
/// packets for each family.
const LOOKUPS: usize = 32;

/// A server that takes longer is not the only one that is asked.
const NEXT_SERVER: Duration = Duration::from_millis(400);

/// Knows whom to ask.
pub struct Asker {
    /// In the order they are asked in.
    servers: Vec<TokioResolver>,
    /// The last one that answered, which is asked first.
    answering: AtomicUsize,
    /// For a name and a family.
    limit: Duration,
    search: Vec<Name>,
    ndots: usize,
    hosts: Hosts,
    places: Semaphore,
}

impl Asker {
    pub fn new(settings: &Dns, system: System) -> Asker {
        // Names of a configured server are whole: what the system would append is for its own servers.
        let Servers { addresses, search, ndots } = match settings.servers.as_slice() {
            [] => system.servers(),
            configured => Servers { addresses: configured.to_vec(), search: Vec::new(), ndots: 0 },
        };
        let limit = settings.timeout;
        Asker {
            servers: addresses.into_iter().filter_map(|address| server(address, limit)).collect(),
            answering: AtomicUsize::new(0),
            limit,
            search,
            ndots,
            hosts: system.hosts,
            places: Semaphore::new(LOOKUPS),
        }
    }

    /// Looks a name up. `heard` is told of the first addresses as soon as they are there: some servers never answer for
    /// the other family.
    pub async fn look_up(&self, host: &str, mut heard: impl FnMut(&Answers)) -> Answers {
        let Ok(name) = Name::from_ascii(host) else { return Answers::failed("it is no name") };
        if let Some(answers) = self.in_hosts_file(&name) {
            return answers;
        }
        // It is never closed.
        let _place = self.places.acquire().await;
        let mut answers = Answers::default();
        for name in self.candidates(name) {
            answers = self.ask_for_both(&name, &mut heard).await;
            // Only a name that does not exist is looked for elsewhere: a failure must not lead to another host.
            if !answers.are_negative() {
                break;
            }
        }
        answers
    }

    /// What the hosts file says is all there is.
    fn in_hosts_file(&self, name: &Name) -> Option<Answers> {
        let family = |kind| {
            let found = self.hosts.lookup_static_host(&Query::query(name.clone(), kind));
            // Its lines hold until they are changed.
            found.map_or(Answer::Nothing, |lookup| Answer::of(addresses(&lookup, kind), Duration::MAX))
        };
        let answers = Answers { v6: Some(family(RecordType::AAAA)), v4: Some(family(RecordType::A)) };
        answers.ttl().is_some().then_some(answers)
    }

    /// The whole names that may be meant (resolv.conf(5), `search` and `ndots`).
    fn candidates(&self, name: Name) -> Vec<Name> {
        let mut whole = name.clone();
        whole.set_fqdn(true);
        if name.is_fqdn() || whole.is_localhost() {
            return vec![whole];
        }
        let dots = usize::from(name.num_labels()).saturating_sub(1);
        let below = self.search.iter().filter_map(|domain| name.clone().append_domain(domain).ok());
        let mut candidates: Vec<_> = below.collect();
        candidates.insert(if dots >= self.ndots { 0 } else { candidates.len() }, whole);
        candidates
    }

    async fn ask_for_both(&self, name: &Name, heard: &mut impl FnMut(&Answers)) -> Answers {
        let mut answers = Answers::default();
        let mut v6 = pin!(self.ask(name, RecordType::AAAA));
        let mut v4 = pin!(self.ask(name, RecordType::A));
        loop {
            tokio::select! {
                answer = &mut v6, if answers.v6.is_none() => answers.v6 = Some(answer),
                answer = &mut v4, if answers.v4.is_none() => answers.v4 = Some(answer),
                else => return answers,
            }
            heard(&answers);
        }
    }

    /// Asks one server after the other until one knows. One that is slow is not waited for before the next is asked.
    async fn ask(&self, name: &Name, kind: RecordType) -> Answer {
        let first = self.answering.load(Ordering::Relaxed);
        let mut unasked = (0..self.servers.len()).map(|place| (first + place) % self.servers.len());
        let mut asked = FuturesUnordered::new();
        let end = Instant::now() + self.limit;
        let mut failure = Answer::Failed("there is no DNS server to ask".to_string());
        loop {
            if let Some(server) = unasked.next() {
                asked.push(async move { (server, self.ask_server(server, name, kind, end).await) });
            }
            let patience = if unasked.len() > 0 { NEXT_SERVER } else { self.limit };
            match timeout(patience, asked.next()).await {
                Ok(None) => return failure,
                Ok(Some((_, failed @ Answer::Failed(_)))) => failure = failed,
                Ok(Some((server, answer))) => {
                    self.answering.store(server, Ordering::Relaxed);
                    return answer;
                }
                Err(_) => {}
            }
        }
    }

    async fn ask_server(&self, server: usize, name: &Name, kind: RecordType, end: Instant) -> Answer {
        match timeout_at(end, self.servers[server].lookup(name.clone(), kind)).await {
            Ok(Ok(lookup)) => Answer::of(addresses(&lookup, kind), ttl(&lookup)),
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(_)))) => Answer::Nothing,
            Ok(Err(error)) => Answer::Failed(self.words(error)),
            Err(_) => Answer::Failed(self.words(NetError::Timeout)),
        }
    }

    fn words(&self, error: NetError) -> String {
        match error {
            NetError::Timeout => format!("no answer within {:?}", self.limit),
            NetError::Dns(DnsError::ResponseCode(code)) => format!("the DNS server answered `{code}`"),
            NetError::Io(error) => error.to_string(),
            other => other.to_string(),
        }
    }
}

/// One server, asked over UDP, and over TCP for what does not fit. Nothing is kept: a name is asked for when its time
/// to live is over, and then the server is to be heard.
fn server(address: SocketAddr, limit: Duration) -> Option<TokioResolver> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    let server = NameServerConfig::new(address.ip(), true, connections.to_vec());
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = limit;
    // Lost packets are sent again all the same; this would wait for the limit once more.
    options.attempts = 0;
    // What is too large for a packet without it comes over TCP, and every server understands that.
    options.edns0 = false;
    builder.build().inspect_err(|error| warn!("cannot ask the DNS server {address}: {error}")).ok()
}

/// Those of the family that was asked for, whatever else the answer holds.
fn addresses(lookup: &Lookup, kind: RecordType) -> impl Iterator<Item = IpAddr> {
    let of_kind = lookup.answers().iter().filter(move |record| record.record_type() == kind);
    of_kind.filter_map(|record| record.data.ip_addr())
}

/// The shortest on the way to the addresses, aliases among them.
fn ttl(lookup: &Lookup) -> Duration {
    let seconds = lookup.answers().iter().map(|record| record.ttl).min();
    Duration::from_secs(seconds.unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};
    use tokio::net::UdpSocket;

    /// Asks nobody.
    fn asker(hosts: &str, resolv_conf: &str) -> Asker {
        let system = System::new(hosts.as_bytes(), resolv_conf);
        Asker { servers: Vec::new(), ..Asker::new(&Dns::default(), system) }
    }

    async fn found(asker: &Asker, host: &str) -> Vec<String> {
        let answers = asker.look_up(host, |_| {}).await;
        answers.learn(&[]).unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[tokio::test]
    async fn names_of_the_hosts_file_need_no_server() {
        let asker = asker("192.0.2.1 up up.example # comment\n::1 up\n127.0.0.1 localhost\n", "");
        assert_eq!(found(&asker, "up").await, ["::1", "192.0.2.1"]);
        assert_eq!(found(&asker, "up.example").await, ["192.0.2.1"]);
        assert_eq!(found(&asker, "localhost").await, ["127.0.0.1"], "the file is believed");
        assert_eq!(asker.look_up("other.example", |_| {}).await.failure(), "there is no DNS server to ask");
    }

    #[tokio::test]
    async fn localhost_resolves_without_any_file() {
        let asker = Asker::new(&Dns::default(), System::new(b"", ""));
        assert_eq!(found(&asker, "localhost").await, ["::1", "127.0.0.1"]);
    }

    #[test]
    fn short_names_are_looked_for_in_the_search_list_first_and_long_ones_last() {
        let asker = asker("", "nameserver 192.0.2.53\nsearch ns.svc.local svc.local\noptions ndots:2\n");
        let candidates = |host: &str| -> Vec<String> {
            let name = Name::from_ascii(host).expect("a name");
            asker.candidates(name).iter().map(ToString::to_string).collect()
        };
        assert_eq!(candidates("up.ns"), ["up.ns.ns.svc.local.", "up.ns.svc.local.", "up.ns."]);
        assert_eq!(candidates("a.b.c"), ["a.b.c.", "a.b.c.ns.svc.local.", "a.b.c.svc.local."]);
        assert_eq!(candidates("localhost"), ["localhost."]);
        assert_eq!(candidates("up.ns."), ["up.ns."], "it says that it is whole");
    }

    /// Answers every question with this code, and tells what was asked.
    async fn server_that_answers(code: u8) -> (SocketAddr, Arc<Mutex<BTreeSet<Vec<u8>>>>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = asked.clone();
        tokio::spawn(async move {
            let mut packet = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut packet).await {
                // The name is in front of its type and class.
                seen.lock().expect("nobody panicked").insert(packet[12..length - 4].to_vec());
                packet[2] |= 0x80;
                packet[3] = code;
                socket.send_to(&packet[..length], client).await.expect("the answer is sent");
            }
        });
        (address, asked)
    }

    #[tokio::test]
    async fn a_name_is_looked_for_elsewhere_when_it_does_not_exist_and_not_when_a_server_fails() {
        for (code, failure, names) in [
            (3, "the name has no address", &["\x02up\0", "\x02up\x04test\0"][..]),
            (2, "the DNS server answered `Server Failure`", &["\x02up\x04test\0"][..]),
        ] {
            let (address, asked) = server_that_answers(code).await;
            let servers = server(address, Dns::default().timeout).into_iter().collect();
            let asker = Asker { servers, ..asker("", "nameserver 192.0.2.53\nsearch test\n") };
            assert_eq!(asker.look_up("up", |_| {}).await.failure(), failure);
            let asked = asked.lock().expect("nobody panicked");
            assert!(asked.iter().eq(names.iter().map(|name| name.as_bytes())), "{asked:?}");
        }
    }

    #[test]
    fn where_servers_are_configured_the_systems_are_not_asked_and_its_search_list_is_not_used() {
        let servers = vec!["192.0.2.1:53".parse().expect("an address"); 2];
        let system = System::new(b"", "nameserver 192.0.2.53\nsearch svc.local\n");
        let asker = Asker::new(&Dns { servers, ..Dns::default() }, system);
        assert_eq!((asker.servers.len(), asker.search.len()), (2, 0));
    }
}
