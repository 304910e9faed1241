//! The fail-closed table: every kind of plan, everything that can be wrong with a credential or with whoever has to judge
//! it, and that none of it gets anybody to the upstream.

mod faults;
mod keys;
mod tokens;

use super::{upstream, yaml};
use crate::support::http::Response;
use crate::support::tollgate::Tollgate;
use crate::support::upstream::Upstream;

/// What plans for tokens ask for, so that every challenge has a scope.
const SCOPE: &str = "crm.read";
/// Rows of the table when it was written; each is asked in two ways.
const ROWS: usize = 372;

/// What is sent, one field in a line behind an optional `?query`, and the status and the reason it is answered with.
type Row = (String, &'static str);

/// A gateway, and what it must refuse.
struct Scene {
    plans: String,
    /// Further keys of the API.
    keys: String,
    consumers: String,
    rows: Vec<Row>,
    /// Something it must admit, so that nothing but its fault is what a row is refused for. Empty: there is nothing.
    good: String,
}

fn rows(rows: &[(&str, &'static str)]) -> Vec<Row> {
    rows.iter().map(|(sent, answer)| ((*sent).to_owned(), *answer)).collect()
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

fn send(gateway: &Tollgate, method: &str, sent: &str) -> Response {
    let query = sent.lines().next().filter(|line| line.starts_with('?')).unwrap_or_default();
    let lines = sent.lines().skip(usize::from(!query.is_empty()));
    let fields = lines.map(|line| line.split_once(':').expect("a field"));
    let json = [("Content-Type", "application/json")].into_iter().filter(|_| method == "POST");
    let fields: Vec<_> = json.chain(fields.map(|(name, value)| (name, value.trim()))).collect();
    let body: &[u8] = if method == "POST" { b"{}" } else { b"" };
    gateway.connect().request(method, &format!("/a/mcp{query}"), &fields, body)
}

/// That an answer is this documented one, and sends its client to log in just where a login helps.
fn judge(origin: &str, answer: &Response, expected: &str, row: &str) {
    assert_eq!(format!("{} {}", answer.status, answer.reason()), expected, "{row}");
    let (status, slug) = expected.split_once(' ').expect("a status and a reason");
    assert!(["400", "401", "403", "503"].contains(&status), "{row}");
    let documented = format!("\n### {slug}\n\n{status}. ");
    assert!(
        include_str!("../../../../docs/reasons.md").contains(&documented),
        "{expected} is not documented"
    );
    let error = match (status, slug) {
        (_, "token_missing") => Some(""),
        (_, "insufficient_scope") => Some("error=\"insufficient_scope\", "),
        ("401", _) => Some("error=\"invalid_token\", "),
        _ => None,
    };
    let challenge = error.map(|error| {
        let metadata = format!("{origin}/.well-known/oauth-protected-resource/a/mcp");
        format!("Bearer {error}resource_metadata=\"{metadata}\", scope=\"{SCOPE}\"")
    });
    assert_eq!(answer.all("www-authenticate"), Vec::from_iter(challenge.as_deref()), "{row}");
}

/// Neither a request nor so much as a connection.
fn is_untouched(upstream: &Upstream, row: &str) {
    assert_eq!((upstream.connections(), upstream.seen().len()), (0, 0), "the upstream hears of it: {row}");
}

impl Scene {
    /// Plays it, and says how many rows it has.
    fn play(&self) -> usize {
        let upstream = upstream();
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("secret"), "resource-server-secret").expect("the file is written");
        let yaml = yaml(&self.plans, &self.keys, &upstream, &self.consumers);
        std::fs::write(folder.path().join("gateway.yaml"), yaml).expect("the file is written");
        let gateway = Tollgate::start_in(folder, 1);
        for (sent, expected) in &self.rows {
            // The errors of JSON-RPC and those of HTTP.
            for method in ["POST", "GET"] {
                let row = format!("{}: {method} {sent:?}", self.plans);
                let answer = send(&gateway, method, sent);
                is_untouched(&upstream, &row);
                judge(&gateway.origin(), &answer, expected, &row);
            }
        }
        if !self.good.is_empty() {
            assert_eq!(send(&gateway, "POST", &self.good).text(), "reached", "{}", self.plans);
            assert_eq!((upstream.connections(), upstream.seen().len()), (1, 1));
        }
        self.rows.len()
    }
}

#[test]
fn whoever_cannot_be_told_to_be_let_in_is_refused_and_the_upstream_never_hears_of_it() {
    let scenes: Vec<_> = [keys::scenes(), tokens::scenes(), faults::scenes()].into_iter().flatten().collect();
    let played: usize = std::thread::scope(|scope| {
        // Those with a slow issuer wait, and the others go on.
        let playing: Vec<_> = scenes.iter().map(|scene| scope.spawn(|| scene.play())).collect();
        playing.into_iter().map(|scene| scene.join().expect("every row holds")).sum()
    });
    let played = played + tokens::certificates();
    println!("{played} rows in {} scenes, each without an upstream connection", scenes.len() + 3);
    assert!(played >= ROWS, "{played} of {ROWS} rows were played");
}
