//! The admin address: `/metrics`, `/healthz`, `/readyz`. Never on the S3 port, and nothing there is secret.

use crate::server::deadline::head_has_arrived;
use crate::server::metrics::Metrics;
use crate::store::Store;
use async_trait::async_trait;
use http::{Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;
use std::sync::Arc;

/// Answers the admin address.
pub struct Admin {
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// Whose health `/readyz` tells.
    pub store: Store,
}

impl Admin {
    fn page(&self, path: &str) -> (StatusCode, String) {
        match path {
            "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
            "/readyz" if !self.store.figures().read_only => (StatusCode::OK, "ready\n".to_owned()),
            "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "not ready: the store takes no writes\n".to_owned()),
            "/metrics" => match self.metrics.render(&self.store.figures()) {
                Ok(text) => (StatusCode::OK, text),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            },
            _ => (StatusCode::NOT_FOUND, "here are /metrics, /healthz and /readyz\n".to_owned()),
        }
    }
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        head_has_arrived();
        let (status, text) = match session.req_header().method.as_str() {
            "GET" | "HEAD" => self.page(session.req_header().uri.path()),
            _ => (StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned()),
        };
        let mut response = Response::new(Vec::new());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; version=0.0.4"));
        headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(text.len()));
        if session.req_header().method != "HEAD" {
            *response.body_mut() = text.into_bytes();
        }
        response
    }
}
