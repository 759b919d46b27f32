//! Sends requests: picks a node and a connection, signs the request for them, and retries by the rules of
//! [`crate::upstream::retry`].

use super::credentials::{Credentials, Provider, Source};
use super::delivery::{Broken, deliver};
use super::nodes::{Node, NodeHealth, Nodes, in_words, kind_of};
use super::payload::{Content, Payload};
use super::pool::{Pool, Target};
use super::response::UpstreamResponse;
use crate::s3::{Code, S3Error};
use crate::server::clock;
use crate::sigv4::{KeyCache, PayloadHash};
use crate::upstream::retry::{
    Blame, ConnectionOrigin, Consequence, FailedAttempt, FailureKind, Retries, Retry, SendProgress,
};
use crate::upstream::{CredentialSource, Outgoing, Remote, SigningIdentity, failure};
use http::header::EXPECT;
use http::{HeaderMap, HeaderValue, Method};
use pingora::BError;
use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::v1::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

/// Sends requests to the nodes of a store.
pub(super) struct Sender {
    remote: Arc<Remote>,
    connector: Arc<Connector>,
    pub(super) pool: Arc<Pool>,
    signing_keys: KeyCache,
    pub(super) nodes: Arc<Nodes>,
    pub(super) credentials: Provider,
}

/// Why an attempt got no answer.
enum AttemptError<'b, 's> {
    /// The client's body is wrong, or the request cannot be signed: no node is the cause.
    Request(S3Error),
    /// The connection to the node failed.
    Node(NodeFault<'b, 's>),
}

struct NodeFault<'b, 's> {
    error: BError,
    attempt: FailedAttempt,
    /// The body, if all of it is still available.
    content: Option<Content<'b, 's>>,
}

/// Why no requests can be sent to a remote store.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The connector cannot load its certificates.
    #[error(
        "the certificates for TLS cannot be loaded: look at the system's (SSL_CERT_FILE, SSL_CERT_DIR), or name a ca_file"
    )]
    Certificates,
}

impl Sender {
    pub(super) fn new(remote: Arc<Remote>) -> Result<Sender, SetupError> {
        let connector = Arc::new(connector(&remote)?);
        let source = match fixed(&remote.credentials) {
            None => Source::Chain { region: remote.region.clone() },
            Some(credentials) => Source::Static(credentials),
        };
        let nodes = Arc::new(Nodes::new(&remote, connector.clone()));
        let (pool, signing_keys) = (Arc::new(Pool::new(remote.pool)), KeyCache::default());
        Ok(Sender { remote, connector, pool, signing_keys, nodes, credentials: Provider::new(source) })
    }

    /// Sends until there is an answer, or the request may not be sent again.
    ///
    /// # Errors
    /// What is wrong with the client's body, and 502, 503 or 504 if there is no answer.
    pub(super) async fn send(
        &self,
        outgoing: &Outgoing,
        payload: Payload<'_, '_>,
    ) -> Result<UpstreamResponse, S3Error> {
        let Payload { hash, mut content } = payload;
        let (mut tried, mut retries) = (Vec::new(), Retries::default());
        let mut error = failure::unavailable("no node of the upstream is known");
        while let Some(node) = self.nodes.pick(&tried) {
            let known_down = matches!(node.health(), NodeHealth::Down(_));
            let failed = match self.attempt(&node, outgoing, &hash, content).await {
                Ok(response) => return Ok(response),
                Err(AttemptError::Request(error)) => return Err(error),
                Err(AttemptError::Node(failed)) => failed,
            };
            let consequence = retries.after(&failed.attempt);
            note(&node, &failed, consequence);
            error = client_error(&node, &failed.error, known_down);
            let Some(left) = failed.content else { break };
            match consequence.retry {
                Retry::Never => break,
                Retry::OtherConnection => {}
                Retry::OtherNode => tried.push(node),
            }
            content = left;
        }
        Err(error)
    }

    /// Sends a request to a node, once.
    async fn attempt<'b, 's>(
        &self,
        node: &Node,
        outgoing: &Outgoing,
        hash: &PayloadHash,
        content: Content<'b, 's>,
    ) -> Result<UpstreamResponse, AttemptError<'b, 's>> {
        let failed = |error: BError, progress, connection, content| {
            let attempt = FailedAttempt { kind: kind_of(&error), progress, class: outgoing.class(), connection };
            AttemptError::Node(NodeFault { error, attempt, content })
        };
        let request = self.head(node, outgoing, hash, &content).map_err(AttemptError::Request)?;
        let name = outgoing.certificate_name(node.endpoint());
        let target = Target::new(node, &name);
        let (mut session, origin) = match self.session(node, &target, name).await {
            Ok(session) => session,
            Err(error) => return Err(failed(error, SendProgress::NotSent, ConnectionOrigin::New, Some(content))),
        };
        let timeouts = &self.remote.timeouts;
        session.write_timeout = Some(timeouts.idle);
        let delivered = deliver(&mut session, request, content, outgoing.answer_time(timeouts)).await;
        let sent = delivered.map_err(|broken| match broken {
            Broken::Client(error) => AttemptError::Request(error),
            Broken::Node { error, progress, content } => failed(error, progress, origin, content),
        })?;
        session.read_timeout = Some(timeouts.idle);
        Ok(UpstreamResponse { session, target, node: node.clone(), pool: self.pool.clone(), sent })
    }

    /// A connection of the pool, or else a new one. To connect takes a large future, and most requests need none.
    async fn session(
        &self,
        node: &Node,
        target: &Target,
        certificate_name: Cow<'_, str>,
    ) -> pingora::Result<(Box<HttpSession>, ConnectionOrigin)> {
        if let Some(stream) = self.pool.take(target, Instant::now()) {
            return Ok((Box::new(HttpSession::new(stream)), ConnectionOrigin::Pool));
        }
        let peer = self.peer(node, certificate_name.into_owned());
        let (session, _) = Box::pin(self.connector.get_http_session(&peer)).await?;
        Ok((Box::new(session), ConnectionOrigin::New))
    }

    /// The request's head for a node, signed now.
    fn head(
        &self,
        node: &Node,
        outgoing: &Outgoing,
        hash: &PayloadHash,
        content: &Content<'_, '_>,
    ) -> Result<RequestHeader, S3Error> {
        let now = clock::now();
        let credentials = self
            .credentials
            .current(now)
            .ok_or_else(|| failure::unavailable(self.credentials.failure(now).unwrap_or_default()))?;
        let identity = SigningIdentity {
            access_key_id: &credentials.access_key_id,
            secret: &credentials.secret,
            session_token: credentials.session_token.as_deref(),
            region: &self.remote.region,
            cache: &self.signing_keys,
        };
        let mut headers = outgoing.signed(node.endpoint(), &identity, hash, now)?;
        if matches!(content, Content::Streamed(body) if body.awaits_continue()) {
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        }
        let target = match outgoing.query.as_str() {
            "" => outgoing.path.clone(),
            query => format!("{}?{query}", outgoing.path),
        };
        request_header(outgoing.method, &target, headers)
    }

    /// With an empty name pingora would verify nothing; hosts of endpoints are never empty.
    fn peer(&self, node: &Node, certificate_name: String) -> HttpPeer {
        let mut peer = HttpPeer::new(node.address(), node.endpoint().tls, certificate_name);
        peer.options.connection_timeout = Some(self.remote.timeouts.connect);
        peer.options.total_connection_timeout = Some(self.remote.timeouts.connect);
        peer
    }
}

/// The credentials of settings, if they have some.
pub(super) fn fixed(source: &CredentialSource) -> Option<Credentials> {
    match source {
        CredentialSource::AwsChain => None,
        CredentialSource::Static { access_key_id, secret } => Some(Credentials {
            access_key_id: access_key_id.clone(),
            secret: secret.clone(),
            session_token: None,
            expires: None,
        }),
    }
}

/// Counts a failure at its node, and notes the node's health. A pooled connection that had been closed is replaced, and
/// does not count as a failure.
fn note(node: &Node, failed: &NodeFault<'_, '_>, consequence: Consequence) {
    match (consequence.retry, consequence.blame) {
        (Retry::OtherConnection, _) => return,
        (_, Blame::Node) => node.failed(failed.attempt.kind, in_words(&failed.error)),
        (_, Blame::Unclear) => node.count(failed.attempt.kind),
    }
    if consequence.retry == Retry::OtherNode {
        node.retried();
    }
}

/// The head with these headers, which are moved into it and not copied.
fn request_header(method: &str, target: &str, headers: HeaderMap) -> Result<RequestHeader, S3Error> {
    let internal = |error: String| S3Error::new(Code::INTERNAL_ERROR).cause(error);
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = Method::from_bytes(method.as_bytes()).map_err(|error| internal(error.to_string()))?;
    parts.headers = headers;
    let mut request = RequestHeader::from(parts);
    request.set_raw_path(target.as_bytes()).map_err(|error| internal(error.to_string()))?;
    Ok(request)
}

/// The client's error for a node that gave no answer. `known_down` is whether it was down before it was asked, which
/// happens only if all nodes are.
fn client_error(node: &Node, error: &BError, known_down: bool) -> S3Error {
    let cause = format!("{node}: {}", in_words(error));
    match kind_of(error) {
        _ if known_down => failure::unavailable(cause),
        FailureKind::Timeout => S3Error::new(Code::GATEWAY_TIMEOUT).cause(cause),
        _ => S3Error::new(Code::BAD_GATEWAY).cause(cause),
    }
}

/// Makes connections with the store's certificates; its own pool stays empty. pingora panics if certificates cannot be loaded. Those of settings were
/// checked before; those of the system are checked here.
fn connector(remote: &Remote) -> Result<Connector, SetupError> {
    let mut options = ConnectorOptions::new(1);
    options.ca_file = remote.ca_file.as_ref().map(|path| path.to_string_lossy().into_owned());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Connector::new(Some(options))))
        .map_err(|_| SetupError::Certificates)
}
