//! Asking a node whether it is well: a request on a connection of its own, and any error is a reason to leave it.

use crate::server::remote::nodes::failure::in_words;
use crate::server::remote::nodes::node::{Health, Node};
use crate::upstream::HealthCheck;
use async_trait::async_trait;
use http::{StatusCode, header};
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::lb::Backend;
use pingora::upstreams::peer::HttpPeer;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a check may take, from the connection to the answer's head.
const CHECK_TIME: Duration = Duration::from_secs(2);

/// Keeps checks out of the pool of requests: a connection that is still open says nothing of whether a new one would be
/// taken.
const POOL_OF_CHECKS: u64 = 1;

/// Checks nodes.
pub(super) struct Check {
    pub(super) connector: Arc<Connector>,
    pub(super) rule: HealthCheck,
}

impl Check {
    /// Asks, and says why the node is not well.
    async fn ask(&self, node: &Node) -> Result<(), String> {
        match timeout(CHECK_TIME, self.status(node)).await {
            Ok(Ok(status)) => verdict(&self.rule, status),
            Ok(Err(error)) => Err(in_words(&error)),
            Err(_) => Err(format!("no answer within {} s", CHECK_TIME.as_secs())),
        }
    }

    async fn status(&self, node: &Node) -> pingora::Result<StatusCode> {
        let endpoint = node.endpoint();
        // With an empty name pingora would verify nothing, so an IP address stands in for one.
        let mut peer = HttpPeer::new(node.address(), endpoint.tls, endpoint.host.clone());
        peer.group_key = POOL_OF_CHECKS;
        let (mut session, _) = self.connector.get_http_session(&peer).await?;
        let mut request = RequestHeader::build("GET", path(&self.rule).as_bytes(), None)?;
        request.insert_header(header::HOST, endpoint.authority())?;
        request.insert_header(header::CONNECTION, "close")?;
        session.write_request_header(Box::new(request)).await?;
        session.finish_request_body().await?;
        session.read_response_header().await?;
        Ok(session.response_header().map_or(StatusCode::BAD_GATEWAY, |head| head.status))
    }
}

fn path(rule: &HealthCheck) -> &str {
    match rule {
        HealthCheck::Any => "/",
        HealthCheck::Path(path) => path,
    }
}

/// What an answer says of the node.
fn verdict(rule: &HealthCheck, status: StatusCode) -> Result<(), String> {
    let well = match rule {
        HealthCheck::Any => !status.is_server_error(),
        HealthCheck::Path(_) => status == StatusCode::OK,
    };
    if well { Ok(()) } else { Err(format!("it answers {} to GET {}", status.as_u16(), path(rule))) }
}

#[async_trait]
impl pingora::lb::health_check::HealthCheck for Check {
    /// Always good to pingora: the node itself keeps what came of it, since requests that fail have their say as well,
    /// and pingora knows of checks only.
    async fn check(&self, target: &Backend) -> pingora::Result<()> {
        if let Some(node) = Node::of(target) {
            node.note(self.ask(node).await.map_or_else(Health::Down, |()| Health::Up));
        }
        Ok(())
    }

    fn health_threshold(&self, _success: bool) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_answer_will_do_but_a_server_error_and_of_a_path_only_200() {
        let live = HealthCheck::Path("/minio/health/live".to_owned());
        for (rule, status, why) in [
            (&HealthCheck::Any, 200, None),
            (&HealthCheck::Any, 307, None),
            (&HealthCheck::Any, 403, None),
            (&HealthCheck::Any, 499, None),
            (&HealthCheck::Any, 500, Some("it answers 500 to GET /")),
            (&HealthCheck::Any, 503, Some("it answers 503 to GET /")),
            (&live, 200, None),
            (&live, 204, Some("it answers 204 to GET /minio/health/live")),
            (&live, 403, Some("it answers 403 to GET /minio/health/live")),
            (&live, 503, Some("it answers 503 to GET /minio/health/live")),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(verdict(rule, status).err().as_deref(), why, "{rule:?} {status}");
        }
    }
}
