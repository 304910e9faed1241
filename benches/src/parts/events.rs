//! A client of event streams: what each event is late by, and whether all come, one by one and in order.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::clock;
use super::http1::{Body, Head};
use super::load::connection::{self, Plain};
use super::load::exchange::Request;

/// What has come on all streams of a round.
#[derive(Default)]
pub struct Received {
    /// Of each event, from when it was sent, in nanoseconds.
    pub delays: Vec<u64>,
    /// Of each stream, from its request to the first byte of its answer, in nanoseconds.
    pub first_bytes: Vec<u64>,
}

/// Holds so many streams open for so long, and calls `begin` when all are.
///
/// # Errors
/// When an event is missing, merged with another or out of its place.
pub fn run<M>(
    target: &Plain,
    request: &Request,
    streams: usize,
    length: Duration,
    begin: impl FnOnce() -> M,
) -> Result<(M, Received), String> {
    let ready = Barrier::new(streams + 1);
    std::thread::scope(|scope| {
        let client = |number: usize| {
            // Their events are not to come all at the same time.
            std::thread::sleep(BETWEEN.mul_f64(number as f64 / streams as f64));
            let stream = EventStream::open(target.0, request);
            ready.wait();
            let mut stream = stream?;
            let until = Instant::now() + length;
            // Those that came while others were being opened are looked at, and not measured.
            stream.receive()?;
            stream.delays.clear();
            while Instant::now() < until {
                stream.receive()?;
            }
            Ok::<_, String>(stream)
        };
        let clients: Vec<_> = (0..streams).map(|number| scope.spawn(move || client(number))).collect();
        ready.wait();
        let begun = begin();
        let mut received = Received::default();
        for client in clients {
            let stream = client.join().map_err(|_| "a client has panicked")??;
            received.delays.extend(stream.delays);
            received.first_bytes.push(stream.first_byte);
        }
        Ok((begun, received))
    })
}

/// Spread over the time between two events.
const BETWEEN: Duration = Duration::from_millis(100);

struct EventStream {
    stream: TcpStream,
    body: Body,
    order: Order,
    text: Vec<u8>,
    first_byte: u64,
    delays: Vec<u64>,
}

impl EventStream {
    fn open(address: SocketAddr, request: &Request) -> Result<EventStream, String> {
        let mut stream = connection::tcp(address).map_err(|error| error.to_string())?;
        let asked = clock::now();
        stream.write_all(request.bytes()).map_err(|error| error.to_string())?;
        let (mut received, mut first_byte) = (Vec::new(), 0);
        let (length, framing) = loop {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).map_err(|error| error.to_string())?;
            if first_byte == 0 {
                first_byte = clock::now().saturating_sub(asked);
            }
            received.extend_from_slice(&buffer[..read]);
            match Head::find(&received).map_err(|error| error.to_string())? {
                Some(head) if head.status() == 200 => break (head.length(), head.answer_framing()),
                Some(head) => return Err(format!("a status of {} for a stream", head.status())),
                None if read == 0 => return Err("a stream ended before its head".to_owned()),
                None => {}
            }
        };
        let (order, delays) = (Order::default(), Vec::new());
        let mut opened =
            EventStream { stream, body: Body::new(framing), order, text: Vec::new(), first_byte, delays };
        opened.take(&received[length..])?;
        Ok(opened)
    }

    fn receive(&mut self) -> Result<(), String> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer).map_err(|error| format!("a stream broke off: {error}"))? {
            0 => Err("a stream ended".to_owned()),
            read => self.take(&buffer[..read]),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let now = clock::now();
        self.body
            .take(bytes, &mut |data| self.text.extend_from_slice(data))
            .map_err(|error| error.to_string())?;
        if self.body.is_complete() {
            return Err("a stream ended".to_owned());
        }
        while let Some(end) = self.text.windows(2).position(|end| end == b"\n\n") {
            let event: Vec<u8> = self.text.drain(..end + 2).collect();
            if let Some(sent) = self.order.next(&String::from_utf8_lossy(&event))? {
                self.delays.push(now.saturating_sub(sent));
            }
        }
        Ok(())
    }
}

/// Which event comes next.
#[derive(Default)]
struct Order(u64);

impl Order {
    /// When the event was sent; nothing for a comment.
    fn next(&mut self, event: &str) -> Result<Option<u64>, String> {
        let mut data = event.lines().filter_map(|line| line.strip_prefix("data: "));
        let Some(text) = data.next() else {
            return Ok(None);
        };
        if data.next().is_some() {
            return Err(format!("event {} is merged with another", self.0));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|_| format!("event {} is broken: {text}", self.0))?;
        let (number, sent) = (value["number"].as_u64(), value["sent"].as_u64());
        match number {
            Some(number) if number == self.0 => self.0 += 1,
            Some(number) if number > self.0 => {
                return Err(format!("events {} to {} are lost", self.0, number - 1));
            }
            _ => return Err(format!("an event came again or late where {} was expected", self.0)),
        }
        sent.map(Some).ok_or_else(|| "an event does not say when it was sent".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64) -> String {
        format!("id: {number}\ndata: {{\"sent\":7,\"number\":{number}}}\n\n")
    }

    fn read(events: &[String]) -> Result<Vec<u64>, String> {
        let mut order = Order::default();
        events.iter().filter_map(|event| order.next(event).transpose()).collect()
    }

    #[test]
    fn events_in_order_are_all_there() {
        assert_eq!(read(&[event(0), ": comment\n\n".to_owned(), event(1), event(2)]).unwrap(), [7, 7, 7]);
    }

    #[test]
    fn a_lost_event_is_found_even_if_it_is_the_first() {
        assert_eq!(read(&[event(0), event(3)]).unwrap_err(), "events 1 to 2 are lost");
        assert_eq!(read(&[event(1)]).unwrap_err(), "events 0 to 0 are lost");
    }

    #[test]
    fn merged_and_broken_events_are_found() {
        let merged = event(0).trim_end().to_owned() + "\n" + &event(1);
        assert_eq!(read(&[merged]).unwrap_err(), "event 0 is merged with another");
        let joined = event(0).trim_end().to_owned() + event(1).trim_start_matches("id: 1\ndata: ");
        assert!(read(&[joined]).unwrap_err().starts_with("event 0 is broken"));
    }

    #[test]
    fn an_event_that_comes_again_or_late_is_found() {
        assert!(read(&[event(0), event(0)]).unwrap_err().contains("where 1 was expected"));
    }
}
