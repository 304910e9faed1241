//! A DNS server that says what a test wants, over UDP and TCP (RFC 1035 §4).

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::PATIENCE;

const A: u16 = 1;
const AAAA: u16 = 28;

/// How a question about a name is answered.
#[derive(Clone)]
pub enum Says {
    /// Those of these addresses that are of the family asked for, with a time to live in seconds.
    Addresses(u32, Vec<IpAddr>),
    /// The same, over TCP only: a packet is too small for it.
    Truncated(u32, Vec<IpAddr>),
    NxDomain,
    ServFail,
    /// Nothing, ever.
    Nothing,
}

pub struct Nameserver {
    pub address: SocketAddr,
    zone: Arc<Zone>,
}

#[derive(Default)]
struct Zone {
    names: Mutex<HashMap<(String, u16), Says>>,
    /// When each name was asked for, in each family.
    asked: Mutex<Vec<(String, u16, Instant)>>,
}

/// Addresses with a time to live in seconds.
pub fn addresses(ttl: u32, texts: &[&str]) -> Says {
    Says::Addresses(ttl, texts.iter().map(|text| text.parse().expect("an address")).collect())
}

impl Nameserver {
    /// One that knows no name yet.
    pub fn start() -> Nameserver {
        let (udp, tcp) = bind_both();
        let address = udp.local_addr().expect("an address");
        let zone = Arc::new(Zone::default());
        let (over_udp, over_tcp) = (zone.clone(), zone.clone());
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, client)) = udp.recv_from(&mut packet) {
                if let Some(answer) = over_udp.answer(&packet[..length], false) {
                    udp.send_to(&answer, client).expect("the answer is sent");
                }
            }
        });
        std::thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                let zone = over_tcp.clone();
                std::thread::spawn(move || zone.serve(stream));
            }
        });
        Nameserver { address, zone }
    }

    /// From now on, for both families.
    pub fn says(&self, name: &str, what: Says) {
        self.says_for(name, A, what.clone());
        self.says_for(name, AAAA, what);
    }

    pub fn never_answers_for_ipv6(&self, name: &str) {
        self.says_for(name, AAAA, Says::Nothing);
    }

    fn says_for(&self, name: &str, family: u16, what: Says) {
        self.zone.names.lock().expect("nobody panicked").insert((name.to_string(), family), what);
    }

    /// When a name was asked for, as far as its IPv4 addresses go. A question nobody answers is sent several times.
    pub fn asked(&self, name: &str) -> Vec<Instant> {
        self.asked_for(name, A)
    }

    pub fn asked_for_ipv6(&self, name: &str) -> Vec<Instant> {
        self.asked_for(name, AAAA)
    }

    fn asked_for(&self, name: &str, family: u16) -> Vec<Instant> {
        let asked = self.zone.asked.lock().expect("nobody panicked");
        asked.iter().filter(|(of, kind, _)| of == name && *kind == family).map(|(_, _, at)| *at).collect()
    }

    /// Waits until a name has been asked for this often.
    pub fn is_asked(&self, name: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.asked(name).len() < times {
            assert!(Instant::now() < deadline, "{name} was asked for {} times", self.asked(name).len());
            std::thread::park_timeout(PATIENCE / 2000);
        }
    }

    /// Waits until a name has been asked for this often from now on.
    pub fn is_asked_again(&self, name: &str, times: usize) {
        self.is_asked(name, self.asked(name).len() + times);
    }

    /// The shortest time between two questions about a name.
    pub fn shortest_pause(&self, name: &str) -> Duration {
        let asked = self.asked(name);
        let pauses = asked.windows(2).map(|pair| pair[1] - pair[0]);
        pauses.min().unwrap_or_else(|| panic!("{name} was asked for {} times", asked.len()))
    }
}

/// The same port for both.
fn bind_both() -> (UdpSocket, TcpListener) {
    let bind = || {
        let udp = UdpSocket::bind("127.0.0.1:0").ok()?;
        let tcp = TcpListener::bind(udp.local_addr().ok()?).ok()?;
        Some((udp, tcp))
    };
    (0..64).find_map(|_| bind()).expect("a port that is free for UDP and TCP")
}

impl Zone {
    /// Messages over TCP have their length in front.
    fn serve(&self, mut stream: TcpStream) {
        let mut length = [0; 2];
        while stream.read_exact(&mut length).is_ok() {
            let mut question = vec![0; u16::from_be_bytes(length).into()];
            if stream.read_exact(&mut question).is_err() {
                return;
            }
            let Some(answer) = self.answer(&question, true) else { continue };
            let length = u16::try_from(answer.len()).expect("a short answer").to_be_bytes();
            if stream.write_all(&[&length[..], &answer].concat()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, message: &[u8], over_tcp: bool) -> Option<Vec<u8>> {
        let (name, end) = read_name(message, 12);
        let family = u16::from_be_bytes([message[end], message[end + 1]]);
        self.asked.lock().expect("nobody panicked").push((name.clone(), family, Instant::now()));
        let says = self.names.lock().expect("nobody panicked").get(&(name, family)).cloned();
        let (flags, ttl, ips) = match says.unwrap_or(Says::NxDomain) {
            Says::Addresses(ttl, ips) => (0, ttl, ips),
            Says::Truncated(ttl, ips) if over_tcp => (0, ttl, ips),
            Says::Truncated(..) => (0x0200, 0, Vec::new()),
            Says::NxDomain => (3, 0, Vec::new()),
            Says::ServFail => (2, 0, Vec::new()),
            Says::Nothing => return None,
        };
        let records = ips.iter().filter(|ip| ip.is_ipv6() == (family == AAAA));
        let records: Vec<_> = records.map(|ip| record(family, ttl, *ip)).collect();
        // A response with recursion desired and available; one question.
        let count = u16::try_from(records.len()).expect("few records").to_be_bytes();
        let flags = (0x8180_u16 | flags).to_be_bytes();
        let head = [&message[..2], &flags, &[0, 1], &count, &[0, 0, 0, 0]].concat();
        Some([head, message[12..end + 4].to_vec(), records.concat()].concat())
    }
}

/// A name that is written out, in lower case, and where it ends.
fn read_name(message: &[u8], mut at: usize) -> (String, usize) {
    let mut labels = Vec::new();
    while message[at] > 0 {
        let end = at + 1 + usize::from(message[at]);
        labels.push(String::from_utf8_lossy(&message[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}

/// An address of the name that was asked for.
fn record(family: u16, ttl: u32, ip: IpAddr) -> Vec<u8> {
    let data = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let length = u16::try_from(data.len()).expect("an address").to_be_bytes();
    let question: &[u8] = &[0xc0, 12];
    [question, &family.to_be_bytes(), &[0, 1], &ttl.to_be_bytes(), &length, &data].concat()
}
