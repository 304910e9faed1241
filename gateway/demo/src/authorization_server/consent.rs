//! The one page a human sees: who wants to use what, and two buttons.

use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};

use super::authorize::AuthorizationRequest;
use super::registration::Client;

/// Not framed by anyone, not kept, no scripts; the referrer stays so that browsers send a true `Origin`.
const HEADERS: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
];

const STYLE: &str = "
:root { color-scheme: light dark; --line: #d5d9e0; --text: #1b1f27; --quiet: #5c6675; --page: #f3f5f8; --card: #fff; --go: #1f5fd0; }
@media (prefers-color-scheme: dark) {
  :root { --line: #343b47; --text: #e9ecf1; --quiet: #9ba6b6; --page: #12151a; --card: #1b2028; --go: #3f7df0; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
main { width: 100%; max-width: 27rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0 0 1.25rem; font-size: 1.3rem; line-height: 1.35; }
p { margin: 0 0 1rem; }
dl { margin: 0 0 1.75rem; } dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0 0 .8rem; font: .9rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
form { display: flex; gap: .75rem; }
button { flex: 1; padding: .7rem; font: inherit; font-weight: 600; color: inherit; cursor: pointer;
  background: none; border: 1px solid var(--line); border-radius: 8px; }
button.go { color: #fff; background: var(--go); border-color: var(--go); }
button:focus-visible { outline: 3px solid var(--go); outline-offset: 2px; }
footer { margin-top: 1.5rem; color: var(--quiet); font-size: .85rem; }";

/// Asks whether `client` may have what `request` says.
pub fn page(client: &Client, request: &AuthorizationRequest) -> Response {
    let redirect_uri = request.redirect_uri.as_deref().unwrap_or_default();
    document(
        "Allow access?",
        &format!(
            "<h1>{name} wants to use this MCP server</h1>
<dl><dt>Server</dt><dd>{resource}</dd><dt>You will be sent back to</dt><dd>{back}</dd></dl>
<form method=\"post\" action=\"/authorize\">{fields}
<button name=\"decision\" value=\"deny\">Deny</button>
<button name=\"decision\" value=\"approve\" class=\"go\" autofocus>Approve</button></form>
<footer>Tollgate's demo authorization server. It runs on this machine and has one user: you.</footer>",
            name = escape(&client.name),
            resource = escape(request.resource.as_deref().unwrap_or_default()),
            back = escape(redirect_uri.split(['?', '#']).next().unwrap_or_default()),
            fields = hidden_fields(request),
        ),
    )
}

/// Says why there is nothing to approve and nobody to send back to.
pub fn error_page(sentence: &str) -> Response {
    document("No access", &format!("<h1>This request cannot be answered</h1><p>{}</p>", escape(sentence)))
}

fn document(title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
<title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    );
    (HEADERS, Html(page)).into_response()
}

fn hidden_fields(request: &AuthorizationRequest) -> String {
    let input = |(name, value): (&str, &str)| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
    };
    request.parameters().map(input).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
