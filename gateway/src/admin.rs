//! The admin listener: whether the process lives, whether it should be sent work, and what it has counted. Loopback
//! only, GET only, and only under a loopback name, so that no web page can reach it by rebinding a name of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use http::{Method, Response, StatusCode, header};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use tollgate_protocol::url::Origin;

use crate::edge::Edge;
use crate::listener::state::{self, Phase};
use crate::metrics;

/// The application behind the admin listener.
pub struct Admin {
    pub edge: Arc<Edge>,
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        // Whatever comes next is, at the earliest, the next request: a body is not asked for.
        state::enter(Phase::Idle);
        let request = session.req_header();
        let host = request.headers.get(header::HOST).map(|host| host.as_bytes());
        let page = if !is_loopback(host) {
            Page::json(StatusCode::MISDIRECTED_REQUEST, r#"{"error":"unknown_host"}"#)
        } else if request.method != Method::GET {
            Page::json(StatusCode::METHOD_NOT_ALLOWED, r#"{"error":"method_not_allowed"}"#)
        } else {
            self.page(request.uri.path())
        };
        answer(page)
    }
}

impl Admin {
    fn page(&self, path: &str) -> Page {
        match path {
            "/healthz" => Page::json(StatusCode::OK, r#"{"status":"ok"}"#),
            "/readyz" if self.edge.draining.load(Ordering::Acquire) => {
                Page::json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#)
            }
            "/readyz" => {
                let gateway = self.edge.gateway.load();
                let (generation, apis) = (gateway.generation, gateway.apis.len());
                let body = format!(r#"{{"status":"ready","generation":{generation},"apis":{apis}}}"#);
                Page::json(StatusCode::OK, body)
            }
            "/metrics" => self.metrics(),
            _ => Page::json(StatusCode::NOT_FOUND, r#"{"error":"not_found"}"#),
        }
    }

    fn metrics(&self) -> Page {
        match metrics::exposition(&self.edge) {
            Ok(body) => Page { status: StatusCode::OK, content_type: metrics::CONTENT_TYPE, body },
            Err(_) => Page::json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"error":"internal"}"#),
        }
    }
}

/// What is answered.
struct Page {
    status: StatusCode,
    content_type: &'static str,
    body: String,
}

impl Page {
    fn json(status: StatusCode, body: impl Into<String>) -> Page {
        Page { status, content_type: "application/json", body: body.into() }
    }
}

fn is_loopback(host: Option<&[u8]>) -> bool {
    host.and_then(|host| std::str::from_utf8(host).ok())
        .and_then(|host| Origin::parse(&format!("http://{host}")).ok())
        .is_some_and(|origin| origin.is_loopback())
}

fn answer(Page { status, content_type, body }: Page) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    let length = response.body().len();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, header::HeaderValue::from_static("GET"));
    }
    response
}
