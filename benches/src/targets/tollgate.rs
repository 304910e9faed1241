//! The gateway.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::program::{Program, free_address};
use super::{Setup, Site, Target};
use crate::lab::Lab;
use crate::parts::child::Child;

pub struct Tollgate(Program);

/// The name of its configuration file, in its folder.
const FILE: &str = "gateway.yaml";
/// And of the one with its secret.
const SECRET: &str = "secret";

impl Tollgate {
    /// # Errors
    /// When it has not been built.
    pub fn find(path: &Path) -> Result<Tollgate, String> {
        Program::at(path.to_owned(), "tollgate", "--version").map(Tollgate)
    }
}

impl Target for Tollgate {
    fn name(&self) -> &str {
        "tollgate"
    }

    fn version(&self) -> String {
        self.0.version.clone()
    }

    fn can(&self, setup: &Setup) -> bool {
        !matches!(setup, Setup::Jwt(_))
    }

    fn check(&self, site: &Site) -> Result<Option<Duration>, String> {
        let begun = Instant::now();
        let done = self.0.command().args(["check", "-c"]).arg(site.folder.path().join(FILE)).status();
        match done {
            Ok(status) if status.success() => Ok(Some(begun.elapsed())),
            done => Err(format!("its configuration is refused: {done:?}")),
        }
    }

    fn start(&self, lab: &Lab, setup: &Setup, folder: TempDir) -> Result<Site, Box<dyn Error>> {
        // It would tell a port that it has chosen in a line of its log, which is off.
        let address = free_address()?;
        let text = match setup {
            Setup::Own(apis) => listener(address, "") + apis,
            Setup::Tls => listener(address, &tls(lab)?) + &relay(lab),
            Setup::Relay | Setup::Jwt(_) => listener(address, "") + &relay(lab),
        };
        let file = folder.path().join(FILE);
        std::fs::write(folder.path().join(SECRET), "secret")?;
        std::fs::write(&file, text)?;
        let mut command = self.0.command();
        command.args(["run", "-c"]).arg(&file).stderr(Stdio::inherit());
        Ok(Site::new(address, Child::start(command)?, folder))
    }
}

/// No line for a request, and one listener: that is the beginning of every configuration here. It believes the load about
/// the addresses of clients, as there is a limit on what one may ask for.
fn listener(address: SocketAddr, further: &str) -> String {
    format!(
        "log: {{ level: error }}\nlisteners: [{{ address: \"{address}\", trusted_proxies: [127.0.0.1]{further} }}]\n"
    )
}

fn tls(lab: &Lab) -> Result<String, Box<dyn Error>> {
    let certificate = lab.certificate()?;
    let (chain, key) = (certificate.chain.display(), certificate.key.display());
    Ok(format!(", tls: {{ certificates: [{{ cert: \"{chain}\", key: \"{key}\" }}] }}"))
}

/// Two APIs that relay the upstream's own OAuth, as the smallest configuration does.
pub fn relay(lab: &Lab) -> String {
    let (secured, open) = (lab.upstream.secured(), lab.upstream.open());
    format!(
        "apis:\n  - {{ name: mcp, path: /mcp, endpoints: [\"{secured}\"], plans: [keyless] }}\n  - {{ name: open, path: \
         /open, endpoints: [\"{open}\"], plans: [keyless] }}\n"
    )
}

/// The same, with messages looked at while they pass.
pub fn observed(lab: &Lab) -> String {
    "messages: { observe: true }\n".to_owned() + &relay(lab)
}

/// The SHA-256 of the word `benchmark`.
const KEY: &str = "0e89820860c342f2c7ec694d144023b10301c2accdd078cb5167a06d0c3d5bcc";

/// As above, and an API for each kind of plan and policy, before the server that wants no token.
pub fn plans(lab: &Lab) -> String {
    let (open, issuer) = (lab.upstream.open(), lab.upstream.issuer());
    let protected = |name: &str, plan: &str| {
        format!(
            "  - {{ name: {name}, path: /{name}, endpoints: [\"{open}\"], authorization: {{ mode: protect }}, plans: \
             [{plan}] }}\n"
        )
    };
    let jwt = format!(
        "issuers: [{{ issuer: \"{issuer}\", jwks_uri: \"{issuer}/jwks\" }}], audiences: [\"{issuer}\"]"
    );
    let operations = "operations: [{ method: tools/call, name: \"delete_*\", scopes: [admin] }]";
    let introspection = format!(
        "issuer: \"{issuer}\", introspection_endpoint: \"{issuer}/introspect\", audiences: [\"{issuer}\"], cache: 1h, \
         client: {{ id: bench, secret: \"${{file:{SECRET}}}\" }}"
    );
    [
        format!("consumers: [{{ name: bench, plans: [keys/api-key], api_keys: [{{ sha256: {KEY} }}] }}]\n"),
        relay(lab),
        protected("keys", "{ name: api-key, api_key: {} }"),
        protected("opaque", &format!("{{ oauth2: {{ {introspection} }} }}")),
        protected("jwt", &format!("{{ jwt: {{ {jwt} }} }}")),
        protected("operations", &format!("{{ jwt: {{ {jwt}, {operations} }} }}")),
        restricted(lab, "acl", "mcp_acl: { allow: [{ tools: [\"*\"] }], deny: [{ tools: [\"delete_*\"] }] }"),
        restricted(
            lab,
            "condition",
            "mcp_acl: { allow: [{ tools: [\"*\"], when: \"message.name != 'x' && plan == 'keyless'\" }] }",
        ),
        restricted(lab, "concurrency", "concurrency: { by: address, max: 100000 }"),
        restricted(lab, "limit", LIMIT),
        restricted(lab, "audit", "audit: { to: stdout }"),
    ]
    .concat()
}

const LIMIT: &str = "rate_limit: { by: address, windows: [{ requests: 1000000000, per: 1h }] }";

/// One API with a limit that is counted in Redis.
pub fn shared_limit(lab: &Lab, redis: SocketAddr) -> String {
    let limit = restricted(lab, "limit", LIMIT);
    format!(
        "stores: {{ limits: {{ redis: {{ url: \"redis://{redis}\", timeout: 1s, on_failure: closed }} }} }}\napis:\n{limit}"
    )
}

/// An API that lets everybody in, under a policy.
fn restricted(lab: &Lab, name: &str, policy: &str) -> String {
    let open = lab.upstream.open();
    format!(
        "  - {{ name: {name}, path: /{name}, endpoints: [\"{open}\"], plans: [keyless], policies: [{{ {policy} }}] }}\n"
    )
}

/// So many APIs, the last of them at `/mcp`.
pub fn many(lab: &Lab, count: usize) -> String {
    let secured = lab.upstream.secured();
    let others: String = (1..count)
        .map(|number| {
            format!("  - {{ name: api-{number}, path: /api-{number}/mcp, endpoints: [\"{secured}\"], plans: [keyless] }}\n")
        })
        .collect();
    format!("apis:\n{others}  - {{ name: mcp, path: /mcp, endpoints: [\"{secured}\"], plans: [keyless] }}\n")
}
