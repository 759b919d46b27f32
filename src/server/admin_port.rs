//! The admin address: `/metrics`, `/healthz`, `/readyz` and `/readyz/read` for programs, pages for people. It is never
//! on the S3 port, and shows no secrets.

use crate::filters::CurrentRules;
use crate::server::connection::port::Respond;
use crate::server::observe::health::{Health, Readiness};
use crate::server::observe::metrics::{Metrics, Moment};
use crate::server::observe::notices::Notices;
use crate::server::observe::process;
use crate::server::pages::{Hosts, Pages, misdirected};
use crate::server::tls::Certificates;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use std::sync::Arc;

/// Answers the admin address.
pub struct AdminPort {
    /// The metrics that `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// The policy in force, which `/metrics` names.
    pub rules: Arc<CurrentRules>,
    /// The backend whose health `/readyz` reports.
    pub health: Arc<dyn Health>,
    /// Notices of the server, which `/readyz` reports, too.
    pub notices: Arc<Notices>,
    /// The hosts under which more than health is shown. Load balancers and orchestrators use any host to ask for
    /// health.
    pub hosts: Arc<Hosts>,
    /// The certificate that clients are shown; `/metrics` has its expiry.
    pub certificates: Option<Arc<Certificates>>,
    /// Pages, if they are served.
    pub pages: Option<Pages>,
}

/// The paths for programs.
const FOR_PROGRAMS: &str = "here are /metrics, /healthz, /readyz and /readyz/read\n";

/// The answer to other paths if no pages are served.
const NO_PAGES: &str = "pages for people are off; pages = true in [admin] of the settings switches them on\n";

impl AdminPort {
    /// The answer to a path for programs; `None` for other paths. Unknown hosts get only the status.
    fn for_programs(&self, path: &str, is_known: bool) -> Option<(StatusCode, String)> {
        let (status, text) = match path {
            "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => readiness(&self.noticed(self.health.readiness())),
            "/readyz/read" => readiness(&self.noticed(self.health.read_readiness())),
            "/metrics" if is_known => self.metrics_page(),
            _ => return None,
        };
        Some((status, if is_known { text } else { bare(status) }))
    }

    async fn answer(&self, session: &mut ServerSession) -> pingora::Result<()> {
        if !matches!(session.req_header().method, Method::GET | Method::HEAD) {
            return write(session, StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned()).await;
        }
        let (path, is_known) = (session.req_header().uri.path(), self.hosts.know(session));
        match (self.for_programs(path, is_known), &self.pages) {
            (Some((status, text)), _) => write(session, status, text).await,
            (None, _) if !is_known => misdirected(session).await,
            (None, Some(pages)) => pages.respond(session).await,
            (None, None) => write(session, StatusCode::NOT_FOUND, format!("{FOR_PROGRAMS}{NO_PAGES}")).await,
        }
    }

    /// The health of the backend, and the notices of the server.
    fn noticed(&self, mut readiness: Readiness) -> Readiness {
        readiness.details.extend(self.notices.lines());
        if self.notices.is_leaving() {
            readiness.failure = Some("the server is about to stop".to_owned());
        }
        readiness
    }

    fn metrics_page(&self) -> (StatusCode, String) {
        let rules = self.rules.load();
        let moment = Moment {
            policy: rules.policy.name(),
            stats: self.health.stats(),
            certificate_expires: self.certificates.as_ref().map(|certificates| certificates.expires()),
            process: process::read(),
        };
        match self.metrics.render(&moment) {
            Ok(text) => (StatusCode::OK, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }
}

fn readiness(readiness: &Readiness) -> (StatusCode, String) {
    let (status, verdict) = match &readiness.failure {
        None => (StatusCode::OK, "ready".to_owned()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}")),
    };
    let lines = [verdict].iter().chain(&readiness.details).map(|line| format!("{line}\n")).collect();
    (status, lines)
}

/// A status in a word.
fn bare(status: StatusCode) -> String {
    if status.is_success() { "ok\n".to_owned() } else { "not ready\n".to_owned() }
}

impl Respond for AdminPort {
    async fn respond(&self, session: &mut ServerSession) {
        if self.answer(session).await.is_err() {
            // The client has gone, or does not read the answer, so no other answer can follow.
            session.set_keepalive(None);
        }
    }
}

async fn write(session: &mut ServerSession, status: StatusCode, text: String) -> pingora::Result<()> {
    let mut header = ResponseHeader::build(status, Some(2))?;
    header.insert_header(header::CONTENT_TYPE, "text/plain; version=0.0.4")?;
    header.insert_header(header::CONTENT_LENGTH, text.len())?;
    header.insert_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    let head_only = session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(header)).await?;
    if head_only { Ok(()) } else { session.write_response_body(Bytes::from(text), true).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_a_status_and_lines() {
        let down = "node http://127.0.0.1:9100: down: connection refused";
        for (failure, details, status, text) in [
            (None, &[][..], 200, "ready\n".to_owned()),
            (None, &[down], 200, format!("ready\n{down}\n")),
            (Some("no node is up"), &[down], 503, format!("not ready: no node is up\n{down}\n")),
        ] {
            let details = details.iter().map(|line| (*line).to_owned()).collect();
            let answer = readiness(&Readiness { failure: failure.map(str::to_owned), details });
            assert_eq!((answer.0.as_u16(), answer.1), (status, text));
        }
    }
}
