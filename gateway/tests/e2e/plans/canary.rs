//! Secrets canary (A02): secrets of every kind go through a gateway that logs all it can, and none of them, nor a piece of
//! one, is in anything it says: to its log, its clients, its operator.

mod broken;
mod search;

use std::path::Path;
use std::process::Command;

use serde_json::json;

use self::search::{Canaries, plain_secret, secret};
use super::issuer::{AUDIENCE, Issuer};
use crate::support::certificates::Authority;
use crate::support::http::Connection;
use crate::support::node::tls_client;
use crate::support::tollgate::{Tollgate, binary};
use crate::support::upstream::{Seen, Upstream, response};

const VARIABLE: &str = "TOLLGATE_CANARY_KEY";
/// The secrets in files, each in one of its name.
const FILES: [&str; 6] = ["key", "header", "bearer", "password", "client", "post"];

struct Scene {
    canaries: Canaries,
    issuer: Issuer,
    /// Introspects and exchanges, and says all that it was sent where it does neither.
    login: Upstream,
    upstream: Upstream,
    /// The callers' own: a JWT, one that is not good, opaque ones.
    tokens: Vec<String>,
    /// What was searched, in bytes and outputs.
    searched: (usize, usize),
    found: Vec<String>,
}

fn said_back(seen: &Seen) -> String {
    format!("{} {}", seen.head.join(" "), String::from_utf8_lossy(&seen.body))
}

fn login() -> Upstream {
    let json = ["Content-Type: application/json"];
    Upstream::start(move |seen| match seen.target() {
        "/introspect" => {
            let active = String::from_utf8_lossy(&seen.body).contains(&plain_secret("opaque"));
            let claims =
                json!({ "active": active, "aud": AUDIENCE, "sub": "alice", "email": secret("claim") });
            response("200 OK", &json, &claims.to_string())
        }
        "/token" => {
            let token =
                json!({ "access_token": secret("exchanged"), "token_type": "Bearer", "expires_in": 300 });
            response("200 OK", &json, &token.to_string())
        }
        "/refuse" => {
            let error = json!({ "error": "invalid_grant", "error_description": said_back(seen) });
            response("400 Bad Request", &json, &error.to_string())
        }
        "/elsewhere" => {
            let to = format!("Location: http://127.0.0.1:1/?{}", String::from_utf8_lossy(&seen.body));
            response("302 Found", &[&to], &said_back(seen))
        }
        "/garbage" => response("200 OK", &json, &said_back(seen)),
        _ => response("500 Internal Server Error", &json, &said_back(seen)),
    })
}

fn upstream() -> Upstream {
    Upstream::start(|seen| match seen.all("x-do").first().copied().unwrap_or_default() {
        "401" => response("401 Unauthorized", &["WWW-Authenticate: Bearer realm=\"up\""], "no"),
        "500" => response("500 Internal Server Error", &[], "no"),
        "close" => Vec::new(),
        "garbage" => b"garbage\r\n\r\n".to_vec(),
        // Clients are to get it sealed.
        _ if seen.target().starts_with("/sealed") => {
            response("200 OK", &[&format!("Mcp-Session-Id: {}", plain_secret("session"))], "reached")
        }
        _ => response("200 OK", &[], "reached"),
    })
}

/// What is between the first line and the last.
fn body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

impl Scene {
    /// With the files of the configuration in `folder`.
    fn new(folder: &Path) -> Scene {
        let mut canaries = Canaries::default();
        let write =
            |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("the file is written");
        for name in FILES {
            canaries.add(name, secret(name));
            write(name, &secret(name));
        }
        Authority::new(folder, "ca").certify("edge", "IP:127.0.0.1,DNS:localhost");
        let mut openssl = Command::new("openssl");
        openssl.args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(folder.join("client.pem"));
        assert!(openssl.output().expect("openssl is installed").status.success());
        for name in ["client.pem", "edge-leaf.key"] {
            let pem = std::fs::read_to_string(folder.join(name)).expect("a key");
            canaries.add(name, body(&pem));
        }
        for (name, digits) in [("seal-1", sha(1)), ("seal-2", sha(2))] {
            canaries.add(name, &digits);
            let bytes = digits.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned());
            let bytes: Vec<u8> = bytes.map(|pair| u8::from_str_radix(&pair, 16).expect("digits")).collect();
            canaries.add(&format!("{name} as bytes"), bytes);
            write(name, &digits);
        }
        let issuer = Issuer::start();
        let claims = json!({ "email": secret("claim") });
        let mut expired = claims.clone();
        expired["exp"] = json!(1000);
        let other = Issuer::start().token(&json!({ "iss": issuer.url(), "email": secret("claim") }));
        let tokens = vec![
            issuer.token(&claims),
            issuer.token(&expired),
            other,
            plain_secret("opaque"),
            plain_secret("revoked"),
            secret("mistyped key"),
        ];
        tokens.iter().enumerate().for_each(|(number, token)| canaries.add(&format!("token {number}"), token));
        for name in ["claim", "exchanged"] {
            canaries.add(name, secret(name));
        }
        for name in ["variable", "session"] {
            canaries.add(name, plain_secret(name));
        }
        let (login, upstream) = (login(), upstream());
        Scene { canaries, issuer, login, upstream, tokens, searched: (0, 0), found: Vec::new() }
    }

    fn search(&mut self, what: &str, output: &[u8]) {
        self.searched.0 += output.len();
        self.searched.1 += 1;
        let found = self.canaries.in_output(output).into_iter();
        self.found.extend(found.map(|found| format!("{what}: {found}")));
    }

    /// The whole configuration; every secret's place is on a line of its own reference.
    fn yaml(&self, format: &str) -> String {
        let (issuer, login) = (self.issuer.url(), self.login.url(""));
        let mut apis = String::new();
        let mut api = |name: &str, plans: &str, keys: &str| {
            let url = self.upstream.url(if keys.contains("seal_keys") { "/sealed" } else { "/mcp" });
            apis += &format!(
                "  - {{ name: {name}, path: /{name}, endpoints: [\"{url}\", \"{url}/2\"], plans: [{plans}], {keys} }}\n"
            );
        };
        let auth =
            |auth: &str| format!("authorization: {{ mode: protect }}, upstream: {{ auth: {{ {auth} }} }}");
        let sealed = "sessions: { seal_keys: [seal-1, seal-2] }";
        let jwt = format!("{{ jwt: {{ issuers: [\"{issuer}\"], audiences: [\"{AUDIENCE}\"] }} }}");
        let header = "upstream: { auth: { header: { name: x-edge, value: \"${file:header}\" } } }";
        api("relay", "api_key", &format!("{header}, {sealed}"));
        api("query", "{ api_key: { query: key } }", &auth("bearer: \"${file:bearer}\""));
        api(
            "bearer",
            "{ api_key: { bearer: {} } }",
            &auth("basic: { username: edge, password: \"${file:password}\" }"),
        );
        api("keyless", "keyless", sealed);
        api("signed", &jwt, &auth("passthrough: {}"));
        for (name, client) in [
            ("basic", "secret: \"${file:client}\""),
            ("post", "secret: \"${file:post}\", authentication: client_secret_post"),
            ("assertion", "private_key: \"${file:client.pem}\""),
        ] {
            for endpoint in ["introspect", "fail", "garbage", "elsewhere"] {
                let plan = format!(
                    "{{ oauth2: {{ issuer: \"{issuer}\", introspection_endpoint: \"{login}/{endpoint}\", audiences: \
                     [\"{AUDIENCE}\"], client: {{ id: gate, {client} }} }} }}"
                );
                api(&format!("{name}-{endpoint}"), &plan, "authorization: { mode: protect }");
            }
            for endpoint in ["token", "fail", "garbage", "elsewhere", "refuse"] {
                let exchange = format!(
                    "token_exchange: {{ token_endpoint: \"{login}/{endpoint}\", client: {{ id: gate, {client} }} }}"
                );
                api(&format!("{name}-exchange-{endpoint}"), &jwt, &auth(&exchange));
            }
        }
        format!(
            "log: {{ level: debug, format: {format} }}\nadmin: {{ address: \"127.0.0.1:0\" }}\nlisteners:\n  - {{ name: main, \
             address: \"127.0.0.1:0\" }}\n  - {{ name: tls, address: \"127.0.0.1:0\", tls: {{ certificates: [{{ cert: \
             edge-leaf.pem, key: edge-leaf.key }}] }} }}\nconsumers:\n  - {{ name: acme, plans: [relay/api_key, \
             query/api_key, bearer/api_key], api_keys: [{{ value: \"${{file:key}}\" }}, {{ value: \"${{{VARIABLE}}}\" }}] \
             }}\napis:\n{apis}"
        )
    }

    /// Sends every credential to every API, and has the upstream do all it can; then what is no HTTP.
    fn drive(&mut self, gateway: &Tollgate, apis: &[String]) {
        let credentials = [secret("key"), plain_secret("variable")].into_iter().chain(self.tokens.clone());
        for (api, credential) in apis.iter().flat_map(|api| credentials.clone().map(move |it| (api, it))) {
            let bearer = format!("Bearer {credential}");
            for (fields, query) in [
                (vec![("X-Api-Key", credential.as_str())], String::new()),
                (vec![("Authorization", bearer.as_str()), ("X-Edge", &credential)], String::new()),
                (vec![("Authorization", bearer.as_str()), ("X-Api-Key", &credential)], String::new()),
                (vec![("Mcp-Session-Id", credential.as_str()), ("X-Api-Key", &credential)], String::new()),
                (vec![], format!("?key={credential}")),
            ] {
                for does in ["", "401", "500", "close", "garbage"] {
                    let fields = [fields.as_slice(), &[("X-Do", does)]].concat();
                    let answer = gateway.connect().post_json(&format!("{api}{query}"), &fields, "{}");
                    self.search(&format!("{api}{query} {does}"), format!("{answer:?}").as_bytes());
                    self.search(api, &answer.body);
                }
            }
        }
        for token in self.tokens.clone() {
            for head in [
                format!("GET /relay?key={token}&access_token={token} HTTP/1.1\r\nHost: h"),
                format!("GET /relay/../x?key={token} HTTP/1.1\r\nHost: h"),
                format!("GET http://h/query?key={token} HTTP/1.1\r\nHost: h"),
                format!("GET /query?key={token}#{token} HTTP/1.1\r\nHost: h"),
                format!("BREW /query?key={token} HTTP/1.1\r\nHost: h"),
                format!("GET /nowhere?key={token} HTTP/1.1\r\nHost: other.example"),
                format!("GET /query?key={token}\r\nHost: h"),
                format!("GET /query?key={token} HTTP/9.9\r\nHost: h"),
                format!("GET /signed HTTP/1.1\r\nHost: h\r\nAuthorization : Bearer {token}"),
                format!(
                    "GET /signed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nauthorization: Bearer {token}"
                ),
                format!("GET /signed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer\r\n {token}"),
                format!("GET /signed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\u{1}"),
                format!("GET /signed HTTP/1.1\r\nHost: h\r\nX_Forwarded_For: {token}"),
                format!("GET /signed HTTP/1.1\r\nHost: h\r\nCookie: {}", token.repeat(300)),
                format!(
                    "POST /signed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: {token}"
                ),
                format!("POST /signed HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{token}"),
            ] {
                let head = head.replace("Host: h", &format!("Host: {}", gateway.address()));
                let mut connection = Connection::open(gateway.address());
                connection.try_send(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes());
                self.search(&head, &connection.rest());
            }
        }
    }
}

fn sha(number: u8) -> String {
    super::sha256(&format!("canary seal {number}"))
}

#[test]
fn no_secret_gets_out_where_the_log_is_json() {
    nothing_gets_out("json");
}

#[test]
fn no_secret_gets_out_where_the_log_is_text() {
    nothing_gets_out("text");
}

/// By the log, the answers, the metrics, or what `check` says.
fn nothing_gets_out(format: &str) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut scene = Scene::new(folder.path());
    let yaml = scene.yaml(format);
    std::fs::write(folder.path().join("gateway.yaml"), &yaml).expect("the file is written");
    let environment = [(VARIABLE, plain_secret("variable"))];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut gateway = Tollgate::start_with(folder, 3, &environment);
    let apis: Vec<_> =
        yaml.split(" path: ").skip(1).map(|api| api[..api.find(',').expect("a path")].to_owned()).collect();
    scene.drive(&gateway, &apis);
    let ca = gateway.config_path().with_file_name("ca.pem");
    for (protocol, path) in [("http/1.1", "/relay"), ("h2", "/relay"), ("h2", "/signed"), ("h2", "/nowhere")]
    {
        let headers =
            json!({ "authorization": format!("Bearer {}", scene.tokens[0]), "x-api-key": secret("key") });
        let asked = json!([{ "method": "POST", "path": path, "headers": headers, "body": "{}" }]);
        let script = json!({ "port": gateway.listener("tls").port(), "ca": ca, "protocols": [protocol], "requests": asked });
        scene.search("over TLS", tls_client(&script).to_string().as_bytes());
    }
    let upstream: Vec<_> = scene.upstream.seen().iter().map(said_back).collect();
    for name in ["header", "bearer", "exchanged"] {
        assert!(upstream.iter().any(|seen| seen.contains(&secret(name))), "{name} was used");
    }
    assert!(upstream.iter().any(|seen| seen.contains(&scene.tokens[0])), "a token was passed on");
    for path in ["/metrics", "/healthz", "/readyz", "/", "/debug", "/config"] {
        let answer = gateway.admin(path);
        scene.search(path, format!("{answer:?}").as_bytes());
        scene.search(path, &answer.body);
    }
    broken::try_all(&mut scene, &mut gateway, &yaml);
    gateway.process.signal("TERM");
    assert!(gateway.process.wait().success());
    let lines = gateway.process.all_lines();
    lines.iter().for_each(|line| scene.search(&format!("the log: {line:.200}"), line.as_bytes()));
    let (bytes, outputs) = scene.searched;
    println!(
        "{} canaries in {outputs} outputs of {bytes} bytes, {} lines of them logged",
        scene.canaries.names.len(),
        lines.len()
    );
    assert!(lines.len() > 5_000 && outputs > 15_000 && bytes > 3_000_000, "too little was searched");
    assert!(scene.found.is_empty(), "{} hits:\n{}", scene.found.len(), scene.found.join("\n"));
}

/// What `tollgate` prints, to either of its outputs, for this file.
fn printed(arguments: &[&str], file: &Path) -> (bool, Vec<u8>) {
    let mut command = binary();
    command.env(VARIABLE, plain_secret("variable")).args(arguments).arg("-c").arg(file);
    let output = command.output().expect("it runs");
    (output.status.success(), [output.stdout, output.stderr].concat())
}
