//! HAProxy in HTTP mode, reusing connections as it does by default; with rules for a JWT where that is measured.

use std::error::Error;

use tempfile::TempDir;

use super::program::{Program, free_address};
use super::{Setup, Site, Target};
use crate::keys::Algorithm;
use crate::lab::Lab;
use crate::parts::child::Child;

pub struct HaProxy(Program);

impl HaProxy {
    /// # Errors
    /// When it is not installed.
    pub fn find() -> Result<HaProxy, String> {
        Program::find("haproxy", "-v").map(HaProxy)
    }
}

impl Target for HaProxy {
    fn name(&self) -> &str {
        "haproxy"
    }

    fn version(&self) -> String {
        self.0.version.clone()
    }

    fn can(&self, setup: &Setup) -> bool {
        // It knows no Edwards curves.
        matches!(setup, Setup::Relay | Setup::Tls | Setup::Jwt(Algorithm::Rs256 | Algorithm::Es256))
    }

    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        let address = free_address()?;
        let (bind, rules) = match setup {
            Setup::Tls => {
                let file = &lab.certificate()?.both;
                (format!("ssl crt {} alpn h2,http/1.1 ssl-min-ver TLSv1.3", file.display()), String::new())
            }
            Setup::Jwt(algorithm) => (String::new(), jwt_rules(lab, *algorithm)?),
            Setup::Relay | Setup::Own(_) => (String::new(), String::new()),
        };
        let file = folder.path().join("haproxy.cfg");
        let upstream = lab.upstream.address();
        std::fs::write(
            &file,
            format!(
                "global\n  nbthread 2\n  maxconn 9500\ndefaults\n  mode http\n  maxconn 9500\n  option \
                 http-no-delay\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n  timeout http-request \
                 10s\n  timeout http-keep-alive 1h\nfrontend main\n  bind {address} {bind}\n{rules}  default_backend \
                 main\nbackend main\n  server one {upstream}\n"
            ),
        )?;
        let mut command = self.0.command();
        command.args(["-db", "-f"]).arg(&file);
        Ok(Site::new(address, Child::start(command)?, folder))
    }
}

/// Lets in what the gateway lets in: a token of this issuer, for this audience, that is good now.
fn jwt_rules(lab: &Lab, algorithm: Algorithm) -> Result<String, Box<dyn Error>> {
    let (name, issuer) = (algorithm.name(), lab.upstream.issuer());
    let key = lab.keys()?.public_key_file(algorithm).display().to_string();
    let conditions = [
        "{ http_auth_bearer -m found }".to_owned(),
        format!("{{ http_auth_bearer,jwt_header_query('$.alg') -m str {name} }}"),
        format!("{{ http_auth_bearer,jwt_payload_query('$.iss') -m str {issuer} }}"),
        format!("{{ http_auth_bearer,jwt_payload_query('$.aud') -m str {issuer} }}"),
        "{ var(txn.exp),sub(txn.now) -m int gt 0 }".to_owned(),
        format!("{{ http_auth_bearer,jwt_verify(\"{name}\",\"{key}\") -m int 1 }}"),
    ];
    let denials: String = conditions
        .iter()
        .map(|condition| format!("  http-request deny deny_status 401 unless {condition}\n"))
        .collect();
    let clock = "  http-request set-var(txn.now) date()\n  http-request set-var(txn.exp) \
                 http_auth_bearer,jwt_payload_query('$.exp','int')\n";
    Ok(format!("{clock}{denials}"))
}
