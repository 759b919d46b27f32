//! The admin address: `/metrics`, `/healthz`, `/readyz`. Never on the S3 port, and nothing there is secret.

use crate::server::deadline::head_has_arrived;
use crate::server::metrics::Metrics;
use crate::store::{Figures, Store};
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
            "/readyz" => readiness(&self.store.figures()),
            "/metrics" => match self.metrics.render(&self.store.figures()) {
                Ok(text) => (StatusCode::OK, text),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            },
            _ => (StatusCode::NOT_FOUND, "here are /metrics, /healthz and /readyz\n".to_owned()),
        }
    }
}

/// Ready is who takes writes.
fn readiness(store: &Figures) -> (StatusCode, String) {
    let reason = store.failure.or(store.read_only.then_some("the store takes no writes"));
    match reason {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_takes_no_writes_is_not_ready_and_says_why() {
        let failed = Some("the thread that commits has stopped");
        for (read_only, failure, status, text) in [
            (false, None, 200, "ready\n"),
            (true, None, 503, "not ready: the store takes no writes\n"),
            (false, failed, 503, "not ready: the thread that commits has stopped\n"),
            (true, failed, 503, "not ready: the thread that commits has stopped\n"),
        ] {
            let answer = readiness(&Figures { read_only, failure, ..Figures::default() });
            assert_eq!((answer.0.as_u16(), answer.1.as_str()), (status, text));
        }
    }
}
