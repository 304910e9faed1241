//! Cross-origin access for clients that run in a browser, such as MCP Inspector.
//!
//! Only for documents and endpoints that use no cookies: what a page may read here, any program may.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers preflights, and lets any origin read the other answers.
pub async fn any_origin(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "accept, authorization, content-type, mcp-protocol-version"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
