//! Health checks: a request on a new connection. Any error makes the node unhealthy.

use crate::server::remote::nodes::failure::in_words;
use crate::server::remote::nodes::node::{Node, NodeHealth};
use crate::upstream::HealthCheck;
use http::{StatusCode, header};
use pingora::connectors::http::v1::Connector;
use pingora::http::RequestHeader;
use pingora::upstreams::peer::HttpPeer;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a check may take, from the connection to the answer's head.
const CHECK_TIME: Duration = Duration::from_secs(2);

/// Keeps checks out of the pool of requests: a connection that is still open does not show that the node takes a new
/// one.
const POOL_OF_CHECKS: u64 = 1;

/// Checks nodes.
#[derive(Clone)]
pub(super) struct Check {
    pub(super) connector: Arc<Connector>,
    pub(super) rule: HealthCheck,
}

impl Check {
    /// Checks a node, and notes its health there.
    pub(super) async fn run(&self, node: &Node) {
        node.note(match timeout(CHECK_TIME, self.status(node)).await {
            Ok(Ok(status)) => health(&self.rule, status),
            Ok(Err(error)) => NodeHealth::Down(in_words(&error)),
            Err(_) => NodeHealth::Down(format!("no answer within {} s", CHECK_TIME.as_secs())),
        });
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
        session.finish_body().await?;
        session.read_response().await?;
        Ok(session.resp_header().map_or(StatusCode::BAD_GATEWAY, |head| head.status))
    }
}

fn path(rule: &HealthCheck) -> &str {
    match rule {
        HealthCheck::Any => "/",
        HealthCheck::Path(path) => path,
    }
}

/// The health of a node that answers a check with this status.
fn health(rule: &HealthCheck, status: StatusCode) -> NodeHealth {
    let is_good = match rule {
        HealthCheck::Any => !status.is_server_error(),
        HealthCheck::Path(_) => status == StatusCode::OK,
    };
    if is_good {
        NodeHealth::Up
    } else {
        NodeHealth::Down(format!("it answers {} to GET {}", status.as_u16(), path(rule)))
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
            let expected = why.map_or(NodeHealth::Up, |why: &str| NodeHealth::Down(why.to_owned()));
            assert_eq!(health(rule, status), expected, "{rule:?} {status}");
        }
    }
}
