//! What all measurements of a run share: the upstream, keys, a certificate, and a folder for files.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio_rustls::rustls::ClientConfig;

use crate::keys::{Keys, openssl};
use crate::options::Options;
use crate::parts::redis::Redis;
use crate::parts::tls;
use crate::parts::upstream::Upstream;
use crate::targets::{self, Found, Target};

pub struct Lab {
    pub upstream: Upstream,
    pub targets: Vec<Box<dyn Target>>,
    /// Why others are not among them.
    pub missing: Vec<String>,
    keys: Result<Keys, String>,
    certificate: Result<Certificate, String>,
    redis: Result<Redis, String>,
    folder: TempDir,
}

/// Of `localhost`, with its key, and both in one file.
pub struct Certificate {
    pub chain: PathBuf,
    pub key: PathBuf,
    pub both: PathBuf,
}

impl Lab {
    /// # Errors
    /// When the upstream does not start, or a target of the command line makes no sense.
    pub fn new(options: &Options) -> Result<Lab, Box<dyn Error>> {
        let folder = tempfile::Builder::new().prefix("tollgate-bench-").tempdir()?;
        let keys = Keys::new(folder.path()).map_err(|error| error.to_string());
        let certificate = Certificate::new(folder.path()).map_err(|error| error.to_string());
        let file = folder.path().join("keys.json");
        std::fs::write(&file, keys.as_ref().map(Keys::key_set).unwrap_or_default())?;
        let upstream = Upstream::start(options.upstream, &file)?;
        let Found { targets, mut missing } = targets::all(options)?;
        let redis = Redis::start().map_err(|error| error.to_string());
        missing.extend(redis.as_ref().err().cloned());
        Ok(Lab { upstream, targets, missing, keys, certificate, redis, folder })
    }

    /// # Errors
    /// Says why there are none.
    pub fn keys(&self) -> Result<&Keys, String> {
        self.keys.as_ref().map_err(Clone::clone)
    }

    /// # Errors
    /// Says why there is none.
    pub fn certificate(&self) -> Result<&Certificate, String> {
        self.certificate.as_ref().map_err(Clone::clone)
    }

    /// A client that trusts the certificate and speaks this protocol.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn client(&self, protocol: &[u8]) -> Result<Arc<ClientConfig>, String> {
        tls::configuration(&self.certificate()?.chain, protocol).map_err(|error| error.to_string())
    }

    /// Where Redis listens, if it is there.
    pub fn redis(&self) -> Option<SocketAddr> {
        self.redis.as_ref().ok().map(|redis| redis.address)
    }

    /// Where all its files are.
    pub fn place(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// A new folder, gone when it is dropped.
    ///
    /// # Errors
    /// When the file system has no place for it.
    pub fn folder(&self) -> std::io::Result<TempDir> {
        tempfile::tempdir_in(self.folder.path())
    }

    pub fn target(&self, name: &str) -> Option<&dyn Target> {
        self.targets.iter().map(Box::as_ref).find(|target| target.name() == name)
    }
}

impl Certificate {
    fn new(folder: &Path) -> Result<Certificate, Box<dyn Error>> {
        let file = |name: &str| folder.join(name);
        let (chain, key, both) = (file("edge.pem"), file("edge.key"), file("edge-both.pem"));
        let (chain_name, key_name) = (chain.display().to_string(), key.display().to_string());
        let what =
            ["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
        let who = [
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ];
        openssl(&[&what[..], &who, &["-keyout", &key_name, "-out", &chain_name]].concat())?;
        std::fs::write(&both, [std::fs::read(&chain)?, std::fs::read(&key)?].concat())?;
        Ok(Certificate { chain, key, both })
    }
}
