//! nginx as a reverse proxy: both sides kept alive, answers passed on at once where streams are.

use std::error::Error;

use tempfile::TempDir;

use super::program::{Program, free_address};
use super::{Setup, Site, Target};
use crate::lab::Lab;
use crate::parts::child::Child;

pub struct Nginx(Program);

impl Nginx {
    /// # Errors
    /// When it is not installed.
    pub fn find() -> Result<Nginx, String> {
        Program::find("nginx", "-v").map(Nginx)
    }
}

impl Target for Nginx {
    fn name(&self) -> &str {
        "nginx"
    }

    fn version(&self) -> String {
        self.0.version.clone()
    }

    fn can(&self, setup: &Setup) -> bool {
        matches!(setup, Setup::Relay | Setup::Tls)
    }

    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        let address = free_address()?;
        let listen = match setup {
            Setup::Tls => {
                let certificate = lab.certificate()?;
                let (chain, key) = (certificate.chain.display(), certificate.key.display());
                format!(
                    "listen {address} ssl http2; ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols \
                     TLSv1.3;"
                )
            }
            _ => format!("listen {address};"),
        };
        let place = folder.path().display().to_string();
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(&place, &listen, &lab.upstream.address().to_string()))?;
        let mut command = self.0.command();
        command.args(["-p", &place, "-e", "errors", "-c"]).arg(&file);
        Ok(Site::new(address, Child::start(command)?, folder))
    }
}

/// Its user is root where it is started by root, as its files are in a folder that nobody else may enter.
fn configuration(folder: &str, listen: &str, upstream: &str) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .collect();
    let pass = "proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection \"\"; \
                proxy_set_header Host $http_host; proxy_read_timeout 1h;";
    format!(
        "daemon off;\nuser root root;\nworker_processes 2;\nworker_rlimit_nofile 65536;\npid {folder}/pid;\nevents {{ \
         worker_connections 20000; }}\nhttp {{\naccess_log off;\nkeepalive_requests 100000000;\nkeepalive_timeout \
         1h;\nclient_max_body_size 0;\n{temporary}upstream upstream {{ server {upstream}; keepalive 256; \
         keepalive_requests 100000000; }}\nserver {{\n{listen}\nlocation / {{ {pass} }}\nlocation /open {{ {pass} \
         proxy_buffering off; proxy_request_buffering off; }}\n}}\n}}\n"
    )
}
