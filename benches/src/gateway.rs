//! A gateway under test: a process of its own, with one API for each kind of plan or policy.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::upstream::Upstream;

/// Ends with this.
pub struct Gateway {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
}

/// The SHA-256 of the word `benchmark`.
const KEY: &str = "0e89820860c342f2c7ec694d144023b10301c2accdd078cb5167a06d0c3d5bcc";

impl Gateway {
    pub fn start(binary: &str, upstream: &Upstream) -> Result<Gateway, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("tollgate-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("secret"), "secret")?;
        let file = folder.join("gateway.yaml");
        std::fs::write(&file, configuration(upstream))?;
        let mut command = Command::new(binary);
        command
            .args(["run", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut process = command.spawn().map_err(|error| format!("{binary} does not start: {error}"))?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let address = loop {
            let line = lines.next().ok_or("the gateway has ended")??;
            let line: serde_json::Value = serde_json::from_str(&line)?;
            if line["event"] == "listening" {
                break line["address"].as_str().ok_or("no address")?.parse()?;
            }
        };
        // Its lines have to go somewhere, or it would wait.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Gateway { process, address, folder })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has used of the processor, in and outside of the kernel (proc(5), `stat`).
    pub fn processor_seconds(&self) -> Result<f64, Box<dyn Error>> {
        const TICKS_A_SECOND: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, after_the_name) = stat.rsplit_once(')').ok_or("no such format")?;
        let ticks = after_the_name.split_whitespace().skip(11).take(2);
        Ok(ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_A_SECOND)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Nothing is left to do where that fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn configuration(upstream: &Upstream) -> String {
    let url = upstream.url();
    let api = |name: &str, plan: &str| {
        format!(
            "  - {{ name: {name}, path: /{name}, endpoints: [\"{url}\"], authorization: {{ mode: protect }}, plans: \
             [{plan}] }}\n"
        )
    };
    let restricted = |name: &str, policy: &str| {
        format!(
            "  - {{ name: {name}, path: /{name}, endpoints: [\"{url}\"], authorization: {{ mode: protect }}, plans: \
             [keyless], policies: [{{ {policy} }}] }}\n"
        )
    };
    let jwt = format!("issuers: [{{ issuer: \"{url}\", jwks_uri: \"{url}/jwks\" }}], audiences: [\"{url}\"]");
    let oauth2 = format!(
        "issuer: \"{url}\", introspection_endpoint: \"{url}/introspect\", audiences: [\"{url}\"], cache: 1h, client: \
         {{ id: bench, secret: \"${{file:secret}}\" }}"
    );
    let operations = "operations: [{ method: tools/call, name: \"delete_*\", scopes: [admin] }]";
    [
        "listeners: [{ address: \"127.0.0.1:0\" }]\n".to_owned(),
        format!(
            "consumers: [{{ name: bench, plans: [keys/api-key], api_keys: [{{ sha256: {KEY} }}] }}]\napis:\n"
        ),
        api("keyless", "keyless"),
        api("keys", "{ name: api-key, api_key: {} }"),
        api("jwt", &format!("{{ jwt: {{ {jwt} }} }}")),
        api("opaque", &format!("{{ oauth2: {{ {oauth2} }} }}")),
        api("operations", &format!("{{ jwt: {{ {jwt}, {operations} }} }}")),
        restricted("acl", "mcp_acl: { allow: [{ tools: [\"*\"] }], deny: [{ tools: [\"delete_*\"] }] }"),
        restricted(
            "condition",
            "mcp_acl: { allow: [{ tools: [\"*\"], when: \"message.name != 'x' && plan == 'keyless'\" }] }",
        ),
        restricted("limit", "rate_limit: { by: address, windows: [{ requests: 1000000000, per: 1h }] }"),
        restricted("concurrency", "concurrency: { by: address, max: 100000 }"),
        restricted("audit", "audit: { to: stdout }"),
    ]
    .concat()
}
