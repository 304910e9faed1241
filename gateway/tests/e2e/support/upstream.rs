//! An upstream that answers with exactly the bytes a test gives it: for what a real server will not do.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::{PATIENCE, nobody};

/// A request as it reached the upstream.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The head's lines, request line first, without their CRLF.
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn method(&self) -> &str {
        self.head[0].split(' ').next().expect("a method")
    }

    pub fn target(&self) -> &str {
        self.head[0].split(' ').nth(1).expect("a target")
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let field = |line: &'_ String| {
            let (key, _) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(())
        };
        self.head
            .iter()
            .skip(1)
            .filter(|line| field(line).is_some())
            .map(|line| line.split_once(':').expect("a field").1.trim())
            .collect()
    }
}

pub struct Upstream {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Who has connected, in this order.
    callers: Arc<Mutex<Vec<SocketAddr>>>,
    /// The connections it has accepted; `None` once it has stopped.
    open: Arc<Mutex<Option<HashMap<SocketAddr, TcpStream>>>>,
}

impl Upstream {
    /// Answers each request with what `answer` returns for it, one after the other on each connection. An
    /// empty answer closes the connection.
    pub fn start(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Upstream {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), answer)
    }

    /// At an address where there was one before, or nobody.
    pub fn start_at(
        address: SocketAddr,
        answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static,
    ) -> Upstream {
        nobody::release(address);
        Self::start_on(TcpListener::bind(address).expect("a free port"), answer)
    }

    /// On a listener that is bound.
    pub fn start_on(
        listener: TcpListener,
        answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static,
    ) -> Upstream {
        Self::serve(listener, move |seen, stream| {
            let bytes = answer(seen);
            stream.write_all(&bytes).is_ok() && !bytes.is_empty()
        })
    }

    /// Hands each request and its connection to `serve`, which returns whether the connection goes on.
    pub fn with_stream(serve: impl Fn(&Seen, &mut TcpStream) -> bool + Send + Sync + 'static) -> Upstream {
        Self::serve(TcpListener::bind("127.0.0.1:0").expect("a free port"), serve)
    }

    /// Like [`Upstream::with_stream`], on a listener that is bound.
    pub fn serve(
        listener: TcpListener,
        serve: impl Fn(&Seen, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Upstream {
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let serve = Arc::new(serve);
        let open = Arc::new(Mutex::new(Some(HashMap::new())));
        let callers = Arc::new(Mutex::new(Vec::new()));
        let (log, accepted, called) = (seen.clone(), open.clone(), callers.clone());
        std::thread::spawn(move || {
            for (stream, client) in std::iter::repeat_with(|| listener.accept()).flatten() {
                let Some(open) = &mut *accepted.lock().expect("no holder panicked") else { return };
                called.lock().expect("no holder panicked").push(client);
                open.insert(client, stream.try_clone().expect("a second handle"));
                let (serve, log, accepted) = (serve.clone(), log.clone(), accepted.clone());
                std::thread::spawn(move || {
                    connection(&stream, &log, &*serve);
                    // Both handles go before the connection is closed.
                    if let Some(open) = &mut *accepted.lock().expect("no holder panicked") {
                        open.remove(&client);
                    }
                });
            }
        });
        Upstream { address, seen, callers, open }
    }

    /// Closes its connections, and takes no more: from its return on connecting is refused.
    pub fn stop(&self) {
        let open = self.open.lock().expect("no holder panicked").take();
        open.into_iter().flatten().for_each(|(_, stream)| drop(stream.shutdown(Shutdown::Both)));
        // The first one only wakes the thread that accepts.
        while TcpStream::connect(self.address).is_ok() {
            std::thread::yield_now();
        }
        nobody::hold(self.address);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until the first request has arrived.
    pub fn is_reached(&self) {
        self.is_reached_by(1);
    }

    /// Waits until this many requests have arrived.
    pub fn is_reached_by(&self, requests: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.seen().len() < requests {
            assert!(Instant::now() < deadline, "{} of {requests} requests have arrived", self.seen().len());
            std::thread::park_timeout(PATIENCE / 2000);
        }
    }

    /// How many connections it has had until now, whatever came over them: those that only wait to be accepted are
    /// ahead of one that is made here, and counted.
    pub fn connections(&self) -> usize {
        let last = TcpStream::connect(self.address).expect("it listens");
        let last = last.local_addr().expect("an address");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut callers = self.callers.lock().expect("no holder panicked");
            if let Some(place) = callers.iter().position(|caller| *caller == last) {
                callers.remove(place);
                return place;
            }
            drop(callers);
            assert!(Instant::now() < deadline, "it does not accept");
            std::thread::yield_now();
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no connection panicked").clone()
    }
}

fn connection(
    stream: &TcpStream,
    log: &Mutex<Vec<Seen>>,
    serve: &(dyn Fn(&Seen, &mut TcpStream) -> bool + Send + Sync),
) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut stream = stream.try_clone().expect("a third handle");
    while let Some(request) = read_request(&mut reader) {
        log.lock().expect("no connection panicked").push(request.clone());
        if !serve(&request, &mut stream) {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_string()),
        }
    }
    let mut request = Seen { head, body: Vec::new() };
    let length: usize =
        request.all("content-length").first().map_or(0, |length| length.parse().expect("a length"));
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).ok()?;
    if request.all("transfer-encoding") == ["chunked"] {
        request.body = read_chunks(reader)?;
    }
    Some(request)
}

fn read_chunks(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// A response with a body and its length.
pub fn response(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for header in headers {
        head += &format!("{header}\r\n");
    }
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A gate a test opens when it is time for the upstream to go on.
pub struct Gate {
    open: Sender<()>,
}

impl Gate {
    pub fn new() -> (Gate, Arc<Mutex<Receiver<()>>>) {
        let (open, opened) = channel();
        (Gate { open }, Arc::new(Mutex::new(opened)))
    }

    pub fn open(&self) {
        self.open.send(()).expect("the upstream waits");
    }
}

/// Waits for the gate; false when the test is over.
pub fn pass(gate: &Mutex<Receiver<()>>) -> bool {
    gate.lock().expect("no holder panicked").recv_timeout(PATIENCE).is_ok()
}
