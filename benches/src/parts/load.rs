//! The load generator: HTTP/1.1 with an open loop.
//!
//! It is the harness's own, and small, for what oha, wrk and h2load do not do together: requests that are due at a rate
//! with latency counted from then on, a look at every answer, and a begin and an end at which the processor time of the
//! target is read, with all connections open and warm before.

pub mod connection;
pub mod exchange;
pub mod pace;

use std::sync::Barrier;
use std::time::{Duration, Instant};

use connection::{Connect, Connection};
use exchange::{Exchange, Request};
use pace::{Pace, Schedule};

/// How requests are sent.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub pace: Pace,
    pub connections: usize,
    pub length: Duration,
    /// Of requests; for those that can be sent once only.
    pub most: u64,
    /// Whether each has a connection of its own.
    pub fresh: bool,
}

/// How long each request, or all those that are counted as one, took from when it was due, in nanoseconds.
pub type Latencies = Vec<u64>;

/// Sends requests to a target. `begin` is called when all connections are open and have been answered once, and what it
/// returns is given back.
///
/// # Errors
/// With the first answer that is not what it has to be.
pub fn run<M>(
    shape: Shape,
    target: &dyn Connect,
    exchange: &Exchange,
    begin: impl FnOnce() -> M,
) -> Result<(M, Latencies), String> {
    let ready = Barrier::new(shape.connections + 1);
    let schedule = std::sync::OnceLock::new();
    std::thread::scope(|scope| {
        let client = || {
            let opened = if shape.fresh { Ok(None) } else { open(target, exchange) };
            ready.wait();
            ready.wait();
            let schedule: &Schedule = schedule.get().ok_or("the run has not begun")?;
            ask(schedule, target, exchange, opened?, shape.fresh)
        };
        let clients: Vec<_> = (0..shape.connections).map(|_| scope.spawn(client)).collect();
        ready.wait();
        let begun = begin();
        schedule.get_or_init(|| Schedule::new(shape.pace, shape.length, shape.most));
        ready.wait();
        let mut latencies = Vec::new();
        for client in clients {
            latencies.extend(client.join().map_err(|_| "a client has panicked")??);
        }
        Ok((begun, latencies))
    })
}

/// A connection on which the last turn has been answered as it should be: that of the request that is sent last, if at
/// all, where each can be sent once only. There is none where the target has closed it then.
///
/// # Errors
/// When an answer is not what it has to be.
pub fn open(target: &dyn Connect, exchange: &Exchange) -> Result<Option<Connection>, String> {
    let last = exchange.requests.len() as u64 - 1;
    exchange.turn(last).iter().try_fold(None, |opened, request| send(target, exchange, request, opened))
}

/// Sends a request, over a new connection where none is open. Gives the connection back unless the answer closes it.
fn send(
    target: &dyn Connect,
    exchange: &Exchange,
    request: &Request,
    opened: Option<Connection>,
) -> Result<Option<Connection>, String> {
    let mut connection = match opened {
        Some(connection) => connection,
        None => Connection::new(target.connect().map_err(|error| error.to_string())?),
    };
    let answer = connection.ask(request.bytes()).map_err(|error| error.to_string())?;
    exchange.expect.check(&answer)?;
    let closes = answer.closes;
    Ok((!closes).then_some(connection))
}

fn ask(
    schedule: &Schedule,
    target: &dyn Connect,
    exchange: &Exchange,
    mut opened: Option<Connection>,
    fresh: bool,
) -> Result<Latencies, String> {
    let mut latencies = Vec::new();
    while let Some(turn) = schedule.turn() {
        for request in exchange.turn(turn.number) {
            opened = send(target, exchange, request, opened)?;
        }
        latencies.push(nanoseconds(turn.due.elapsed()));
        if fresh {
            opened = None;
        }
    }
    Ok(latencies)
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Asks until the answer is right, as a target that has just been started may take a while.
///
/// # Errors
/// With what was wrong last, once patience has run out.
pub fn wait_for(target: &dyn Connect, exchange: &Exchange, patience: Duration) -> Result<(), String> {
    let until = Instant::now() + patience;
    loop {
        match open(target, exchange) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > until => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
