//! The admin listener: whether the process lives and whether it should be sent work. Loopback only, GET
//! only, and only under a loopback name, so that no web page can reach it by rebinding a name of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use tollgate_protocol::url::Origin;

use crate::edge::Edge;
use crate::listener::state::{self, Phase};

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
        let (status, body) = if !is_loopback(host) {
            (StatusCode::MISDIRECTED_REQUEST, r#"{"error":"unknown_host"}"#.to_string())
        } else if request.method != Method::GET {
            (StatusCode::METHOD_NOT_ALLOWED, r#"{"error":"method_not_allowed"}"#.to_string())
        } else {
            self.page(request.uri.path())
        };
        answer(status, body.into())
    }
}

impl Admin {
    fn page(&self, path: &str) -> (StatusCode, String) {
        let gateway = self.edge.gateway.load();
        match path {
            "/healthz" => (StatusCode::OK, r#"{"status":"ok"}"#.to_string()),
            "/readyz" if self.edge.draining.load(Ordering::Acquire) => {
                (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#.to_string())
            }
            "/readyz" => {
                let (generation, apis) = (gateway.generation, gateway.apis.len());
                (StatusCode::OK, format!(r#"{{"status":"ready","generation":{generation},"apis":{apis}}}"#))
            }
            _ => (StatusCode::NOT_FOUND, r#"{"error":"not_found"}"#.to_string()),
        }
    }
}

fn is_loopback(host: Option<&[u8]>) -> bool {
    host.and_then(|host| std::str::from_utf8(host).ok())
        .and_then(|host| Origin::parse(&format!("http://{host}")).ok())
        .is_some_and(|origin| origin.is_loopback())
}

fn answer(status: StatusCode, body: Bytes) -> Response<Vec<u8>> {
    let mut response = Response::new(body.to_vec());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, header::HeaderValue::from_static("GET"));
    }
    response
}
