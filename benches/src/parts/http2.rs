//! The same load over HTTP/2: connections with TLS, on each of which several requests are under way. At a rate there are as
//! many as are due and not answered yet.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, StatusCode};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use super::load::pace::{Pace, Schedule};
use super::load::{Latencies, nanoseconds};
use super::{messages, tls};

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// On so many streams of each connection, the next as soon as the answer before it is there.
    Streams(usize),
    /// So many a second, whatever the answers do.
    Rate(u32),
}

/// How they are sent.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub load: Load,
    pub connections: usize,
    pub length: Duration,
}

/// Calls a tool until the time is over. `begin` is called when all connections are open and have been answered once. Latencies
/// are counted from when a request was due.
///
/// # Errors
/// With the first answer that is not the one expected.
pub fn run<M>(
    shape: Shape,
    address: SocketAddr,
    configuration: &Arc<ClientConfig>,
    begin: impl FnOnce() -> M,
) -> Result<(M, Latencies), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let mut opened = Vec::new();
        for _ in 0..shape.connections {
            let connection = open(address, configuration).await?;
            call(connection.clone(), address).await?;
            opened.push(connection);
        }
        let begun = begin();
        let latencies = match shape.load {
            Load::Streams(streams) => {
                let until = Instant::now() + shape.length;
                one_behind_the_other(&opened, streams, address, until).await?
            }
            Load::Rate(rate) => {
                let schedule = Schedule::new(Pace::Rate(rate), shape.length, u64::MAX);
                when_they_are_due(&opened, &schedule, address).await?
            }
        };
        Ok((begun, latencies))
    })
}

async fn one_behind_the_other(
    opened: &[SendRequest<Bytes>],
    streams: usize,
    address: SocketAddr,
    until: Instant,
) -> Result<Latencies, String> {
    let clients = opened.iter().flat_map(|connection| (0..streams).map(|_| connection.clone()));
    let clients: Vec<_> = clients.map(|it| tokio::spawn(calls(it, address, until))).collect();
    let mut latencies = Vec::new();
    for client in clients {
        latencies.extend(client.await.map_err(|error| error.to_string())??);
    }
    Ok(latencies)
}

/// On the connections in turn, whatever became of the requests before. This thread serves none of them, so it may sleep: more
/// exactly than the runtime's timers, which go by milliseconds.
async fn when_they_are_due(
    opened: &[SendRequest<Bytes>],
    schedule: &Schedule,
    address: SocketAddr,
) -> Result<Latencies, String> {
    let mut calls = Vec::new();
    for client in opened.iter().cycle() {
        let (Some(turn), client) = (schedule.turn(), client.clone()) else { break };
        calls.push(tokio::spawn(async move {
            call(client, address).await?;
            Ok::<u64, String>(nanoseconds(turn.due.elapsed()))
        }));
    }
    let mut latencies = Vec::new();
    for call in calls {
        latencies.push(call.await.map_err(|error| error.to_string())??);
    }
    Ok(latencies)
}

async fn open(address: SocketAddr, configuration: &Arc<ClientConfig>) -> Result<SendRequest<Bytes>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::clone(configuration));
    let stream = connector.connect(tls::server_name(), stream).await.map_err(|error| error.to_string())?;
    let (client, connection) = h2::client::handshake(stream).await.map_err(|error| error.to_string())?;
    // What ends it early is seen by the requests on it.
    tokio::spawn(async move { connection.await.ok() });
    Ok(client)
}

async fn calls(client: SendRequest<Bytes>, address: SocketAddr, until: Instant) -> Result<Latencies, String> {
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        call(client.clone(), address).await?;
        latencies.push(nanoseconds(begun.elapsed()));
    }
    Ok(latencies)
}

async fn call(client: SendRequest<Bytes>, address: SocketAddr) -> Result<(), String> {
    let text = messages::call();
    let request = Request::post(format!("https://{address}/mcp"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("authorization", "Bearer 0123456789abcdef0123456789abcdef")
        .header("content-length", text.len())
        .body(())
        .map_err(|error| error.to_string())?;
    let mut client = client.ready().await.map_err(|error| error.to_string())?;
    let (answer, mut body) = client.send_request(request, false).map_err(|error| error.to_string())?;
    body.send_data(Bytes::from(text), true).map_err(|error| error.to_string())?;
    let answer = answer.await.map_err(|error| error.to_string())?;
    if answer.status() != StatusCode::OK {
        return Err(format!("a status of {} instead of 200", answer.status()));
    }
    let (mut body, mut received) = (answer.into_body(), Vec::new());
    while let Some(data) = body.data().await {
        let data = data.map_err(|error| error.to_string())?;
        body.flow_control().release_capacity(data.len()).map_err(|error| error.to_string())?;
        received.extend_from_slice(&data);
    }
    if received == messages::result().as_bytes() { Ok(()) } else { Err("another body".to_owned()) }
}
