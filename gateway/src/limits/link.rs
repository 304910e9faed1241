//! A connection to Redis that works: it is logged in, knows the script, and has counted something in time.

use std::fmt;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, RedisResult, ServerErrorKind, TlsCertificates, Value,
};
use tokio::time::timeout;
use tollgate_plugins::limiter::{Counted, Window, Windows};

use super::Settings;
use super::patience::Patience;
use super::script::{Question, SCRIPT};
use crate::config::CertificateAuthorities;

/// To connect and be told that the script is known.
const CONNECT: Duration = Duration::from_secs(1);
/// How often it may take too long until the first count is in time: what is new may have to be warmed up.
const TRIES: usize = 3;
/// Questions that wait to be written.
const QUEUE: usize = 1024;

/// One of them. All requests share it.
pub struct Link {
    connection: MultiplexedConnection,
    /// What Redis knows the script by.
    digest: String,
    pub patience: Patience,
}

/// Why there is no count.
#[derive(Debug)]
pub enum Failure {
    /// The connection is of no more use.
    Lost(String),
    Late,
    /// Redis does not count this: an error's code, or what is wrong.
    Refused(String),
}

impl Link {
    pub async fn open(settings: &Settings) -> Result<Link, Failure> {
        let opened = timeout(CONNECT, Link::connect(settings)).await.map_err(|_| Failure::Late)?;
        let link = opened.map_err(|error| Failure::of(&error))?;
        link.probe(settings).await.map(|()| link)
    }

    /// Whether it counts, and in time.
    pub async fn probe(&self, settings: &Settings) -> Result<(), Failure> {
        let window = Window { requests: NonZeroU64::MAX, per: Duration::from_secs(1) };
        let windows = Windows::new(&[window]).map_err(|why| Failure::Refused(why.to_string()))?;
        let question = Question { key: "probe", cost: 1, windows: &windows };
        for _ in 0..TRIES {
            if let Ok(counted) = timeout(settings.timeout, self.ask(question)).await {
                return counted.map(drop);
            }
        }
        Err(Failure::Late)
    }

    async fn connect(settings: &Settings) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            // Each request has its own patience.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE);
        let mut connection = client(settings)?.get_multiplexed_async_connection_with_config(&config).await?;
        let digest = redis::cmd("SCRIPT").arg("LOAD").arg(SCRIPT).query_async(&mut connection).await?;
        Ok(Link { connection, digest, patience: Patience::default() })
    }

    /// Charges all windows or none.
    pub async fn ask(&self, question: Question<'_>) -> Result<Vec<Counted>, Failure> {
        let mut answer = self.call(question.command(["EVALSHA", &self.digest])).await;
        let forgotten = ErrorKind::Server(ServerErrorKind::NoScript);
        if answer.as_ref().is_err_and(|error| error.kind() == forgotten) {
            // Somebody has flushed the scripts, or another server took over; this one will know it from now on.
            answer = self.call(question.command(["EVAL", SCRIPT])).await;
        }
        let counted = question.answer(&answer.map_err(|error| Failure::of(&error))?);
        counted.ok_or_else(|| Failure::Refused("what is no count".to_owned()))
    }

    async fn call(&self, command: Cmd) -> RedisResult<Value> {
        let answer = self.connection.clone().send_packed_command(&command).await;
        if answer.is_ok() {
            self.patience.answered();
        }
        answer?.extract_error()
    }

    pub fn is_late(&self) -> bool {
        self.patience.is_over(Instant::now())
    }
}

/// Where, and as whom. Nothing is connected to.
fn client(settings: &Settings) -> RedisResult<Client> {
    let Settings { host, port, tls, database, username, password, .. } = settings;
    let (host, port) = (host.clone(), *port);
    let address = match tls {
        Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        None => ConnectionAddr::Tcp(host, port),
    };
    let mut as_whom = RedisConnectionInfo::default().set_db(i64::from(*database));
    if let Some(username) = username {
        as_whom = as_whom.set_username(username);
    }
    if let Some(password) = password {
        as_whom = as_whom.set_password(password.expose());
    }
    let info = address.into_connection_info()?.set_redis_settings(as_whom);
    // An answer that waits for the next one to be sent along would be late.
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    match tls.as_ref().and_then(|tls| tls.ca.as_ref()) {
        Some(ca) => {
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(pem(ca)) })
        }
        None => Client::open(info),
    }
}

/// The form in which the library takes certificates.
fn pem(authorities: &CertificateAuthorities) -> Vec<u8> {
    let block = |der: &[u8]| {
        let text = BASE64_STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    };
    authorities.certificates.iter().map(|certificate| block(certificate)).collect::<String>().into_bytes()
}

impl Failure {
    /// Of an error no more is told than its code, or what the system says: the rest may quote what was sent.
    fn of(error: &RedisError) -> Failure {
        match error.code() {
            Some(code) => Failure::Refused(code.to_owned()),
            None if error.is_io_error() => Failure::Lost(error.to_string()),
            None => Failure::Lost(error.category().to_owned()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Lost(why) => out.write_str(why),
            Failure::Late => out.write_str("it does not answer in time"),
            Failure::Refused(code) => write!(out, "it answers {code}"),
        }
    }
}
