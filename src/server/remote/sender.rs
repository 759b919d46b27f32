//! Sending: a node, a connection, the request, and the head of the answer; again where that is safe.
//!
//! It is safe where nothing was sent, and where the operation may be done twice and its body is still here. What a
//! client sends is read once: a body on its way through is never sent again. Nor is a write that a node has not answered
//! in time: it may still carry it out, after what was written since.

use super::credentials::{Credentials, Provider, Source};
use super::exchange::{Exchange, is_real, read_head};
use super::nodes::{Failure, Health, Node, Nodes, in_words};
use super::payload::{Content, Payload, Upload};
use crate::s3::{Code, S3Error};
use crate::server::clock;
use crate::sigv4::{KeyCache, PayloadHash};
use crate::upstream::{CredentialSource, Outgoing, Remote, SigningIdentity};
use bytes::Bytes;
use http::header::EXPECT;
use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora::{BError, ErrorType};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How often a request is sent again on another connection of the same node, where one of the pool had been closed.
const MAX_STALE: usize = 3;

/// How often a read is sent again after a node has not answered in time: the client waits as long every time.
const MAX_SLOW: usize = 1;

/// How long a store that was asked for `100 Continue` may keep a client waiting; then the body sets out all the same.
const CONTINUE_TIME: Duration = Duration::from_secs(1);

/// How long an answer is waited for after the store stopped reading the request.
const EARLY_ANSWER_TIME: Duration = Duration::from_secs(1);

/// Sends requests to the nodes of a store.
pub(super) struct Sender {
    remote: Arc<Remote>,
    connector: Arc<Connector>,
    signing_keys: KeyCache,
    pub(super) nodes: Arc<Nodes>,
    pub(super) credentials: Provider,
}

/// Why an attempt brought no answer.
enum Fault {
    /// The client's doing, or ours: no node is to blame.
    Request(S3Error),
    /// The node's.
    Node {
        /// What happened.
        error: BError,
        /// Whether the request may be sent again.
        again: bool,
        /// What it says of the node.
        blame: Blame,
    },
}

/// What a failure says of the node it happened at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blame {
    /// That it is not well.
    Node,
    /// Nothing: a connection of the pool had been closed, as idle ones may be at any time.
    Pool,
    /// Nothing for certain: the client had its part in it, and a node may lose patience with one that is slow.
    Either,
}

impl Sender {
    pub(super) fn new(remote: Arc<Remote>) -> Result<Sender, String> {
        let connector = Arc::new(connector(&remote)?);
        let source = match &remote.credentials {
            CredentialSource::AwsChain => Source::Chain { region: remote.region.clone() },
            CredentialSource::Static { access_key_id, secret } => Source::Static(Credentials {
                access_key_id: access_key_id.clone(),
                secret: secret.clone(),
                session_token: None,
                expires: None,
            }),
        };
        let nodes = Arc::new(Nodes::new(&remote, connector.clone()));
        Ok(Sender { remote, connector, signing_keys: KeyCache::default(), nodes, credentials: Provider::new(source) })
    }

    /// Sends until there is an answer or no node left to ask.
    pub(super) async fn send(&self, outgoing: &Outgoing, payload: Payload<'_>) -> Result<Exchange, S3Error> {
        let Payload { hash, mut content } = payload;
        let (mut tried, mut stale_tries, mut slow_tries) = (Vec::new(), 0, 0);
        let mut error = S3Error::new(Code::SERVICE_UNAVAILABLE).cause("no node of the upstream is known");
        while let Some(node) = self.nodes.pick(&tried) {
            let known_down = matches!(node.health(), Health::Down(_));
            match self.attempt(&node, outgoing, &hash, &mut content).await {
                Ok(exchange) => return Ok(exchange),
                Err(Fault::Request(error)) => return Err(error),
                Err(Fault::Node { again: true, blame: Blame::Pool, .. }) if stale_tries < MAX_STALE => stale_tries += 1,
                Err(Fault::Node { error: cause, again, blame }) => {
                    match blame {
                        Blame::Either => node.count(Failure::of(&cause)),
                        Blame::Pool if !again => node.count(Failure::of(&cause)),
                        Blame::Pool | Blame::Node => node.failed(Failure::of(&cause), in_words(&cause)),
                    }
                    error = client_error(&node, &cause, known_down);
                    slow_tries += usize::from(*cause.etype() == ErrorType::ReadTimedout);
                    if !again || slow_tries > MAX_SLOW {
                        break;
                    }
                    node.retried();
                    tried.push(node);
                }
            }
        }
        Err(error)
    }

    async fn attempt(
        &self,
        node: &Node,
        outgoing: &Outgoing,
        hash: &PayloadHash,
        content: &mut Content<'_>,
    ) -> Result<Exchange, Fault> {
        let request = self.head(node, outgoing, hash, content).map_err(Fault::Request)?;
        let peer = self.peer(node, outgoing);
        let connected = self.connector.get_http_session(&peer).await;
        let (mut session, reused) =
            connected.map_err(|error| Fault::Node { error, again: true, blame: Blame::Node })?;
        session.set_write_timeout(Some(self.remote.timeouts.idle));
        let whole = self.exchange_heads(&mut session, request, content).await.map_err(|broken| match broken {
            Broken::Client(error) => Fault::Request(error),
            Broken::Node { error, body } => {
                let kind = Failure::of(&error);
                let blame = match body {
                    _ if reused && kind == Failure::Closed => Blame::Pool,
                    Body::OnItsWay => Blame::Either,
                    Body::Here | Body::Gone => Blame::Node,
                };
                let is_safe = if kind == Failure::Timeout { outgoing.is_read() } else { outgoing.is_repeatable() };
                Fault::Node { error, again: body == Body::Here && is_safe, blame }
            }
        })?;
        session.set_read_timeout(Some(self.remote.timeouts.idle));
        Ok(Exchange { session, peer, node: node.clone(), connector: self.connector.clone(), whole })
    }

    /// Sends the request and reads the head of its answer; says whether all of the request was sent by then.
    async fn exchange_heads(
        &self,
        session: &mut HttpSession<()>,
        request: RequestHeader,
        content: &mut Content<'_>,
    ) -> Result<bool, Broken> {
        let first_byte = Some(self.remote.timeouts.first_byte);
        let streamed = matches!(content, Content::Streamed(_));
        session.write_request_header(Box::new(request)).await.map_err(Broken::before_body)?;
        let whole = match content {
            Content::Held(body) => {
                let pieces = body.iter().filter(|bytes| !bytes.is_empty()).cloned().collect();
                !self.write(session, pieces, Body::Here).await?
            }
            Content::Streamed(upload) => {
                // While the body is on its way it is the client that is waited for.
                session.set_read_timeout(None);
                if upload.is_uninvited() && self.is_answered_at_once(session).await? {
                    return Ok(false);
                }
                let Content::Streamed(upload) = std::mem::replace(content, Content::Held(Vec::new())) else {
                    return Ok(false);
                };
                self.stream(session, upload).await?
            }
        };
        if whole {
            let body = if streamed { Body::Gone } else { Body::Here };
            let broken = |error| Broken::Node { error, body };
            session.finish_request_body().await.map_err(broken)?;
            session.set_read_timeout(first_byte);
            read_head(session).await.map_err(broken)?;
        }
        Ok(whole)
    }

    /// Passes the body on while watching for an answer; says whether all of it was sent before there was one.
    async fn stream(&self, session: &mut HttpSession<()>, mut upload: Upload<'_>) -> Result<bool, Broken> {
        loop {
            let next = tokio::select! {
                biased;
                head = read_head(session) => return head.map(|()| false).map_err(Broken::in_body),
                next = upload.next() => next.map_err(Broken::Client)?,
            };
            let Some(ready) = next else { break };
            if self.write(session, ready, Body::OnItsWay).await? {
                return Ok(false);
            }
        }
        let rest = upload.finish().map_err(Broken::Client)?;
        Ok(!self.write(session, rest, Body::OnItsWay).await?)
    }

    /// Waits until the store invites the body, answers without it, or says nothing for too long. The client still has
    /// all of the body then, so another node may be asked for it.
    async fn is_answered_at_once(&self, session: &mut HttpSession<()>) -> Result<bool, Broken> {
        match timeout(CONTINUE_TIME, session.read_response_header()).await {
            Err(_) => Ok(false),
            Ok(Err(error)) => Err(Broken::before_body(error)),
            Ok(Ok(())) => is_real(session).map_err(Broken::before_body),
        }
    }

    /// Writes; says whether the store answered instead of reading on.
    async fn write(&self, session: &mut HttpSession<()>, ready: Vec<Bytes>, body: Body) -> Result<bool, Broken> {
        for bytes in ready {
            if let Err(error) = session.write_request_body(bytes, false).await {
                // A store that refuses an upload answers and closes, and the answer is worth more than the error.
                let answer = timeout(EARLY_ANSWER_TIME, read_head(session)).await;
                return if matches!(answer, Ok(Ok(()))) { Ok(true) } else { Err(Broken::Node { error, body }) };
            }
        }
        Ok(false)
    }

    /// The request's head for a node, signed now.
    fn head(
        &self,
        node: &Node,
        outgoing: &Outgoing,
        hash: &PayloadHash,
        content: &Content<'_>,
    ) -> Result<RequestHeader, S3Error> {
        let now = clock::now();
        let credentials = self.credentials.current(now).ok_or_else(|| {
            S3Error::new(Code::SERVICE_UNAVAILABLE).cause(self.credentials.failure(now).unwrap_or_default())
        })?;
        let identity = SigningIdentity {
            access_key_id: &credentials.access_key_id,
            secret: &credentials.secret,
            session_token: credentials.session_token.as_deref(),
            region: &self.remote.region,
            cache: &self.signing_keys,
        };
        let headers = outgoing.signed(node.endpoint(), &identity, hash, now)?;
        let invited = matches!(content, Content::Streamed(upload) if upload.is_uninvited());
        let target = match outgoing.query.as_str() {
            "" => outgoing.path.clone(),
            query => format!("{}?{query}", outgoing.path),
        };
        request_header(outgoing.method, &target, headers, invited)
            .map_err(|error| S3Error::new(Code::INTERNAL_ERROR).cause(error))
    }

    fn peer(&self, node: &Node, outgoing: &Outgoing) -> HttpPeer {
        let endpoint = node.endpoint();
        let host = outgoing.host(endpoint);
        // With an empty name pingora would verify nothing.
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let name = if endpoint.is_ip() { endpoint.host.as_str() } else { name.map_or(host.as_str(), |(name, _)| name) };
        let mut peer = HttpPeer::new(node.address(), endpoint.tls, name.to_owned());
        peer.options.connection_timeout = Some(self.remote.timeouts.connect);
        peer.options.total_connection_timeout = Some(self.remote.timeouts.connect);
        peer
    }
}

/// How an exchange broke before the head of its answer.
enum Broken {
    Client(S3Error),
    Node { error: BError, body: Body },
}

/// Where the body was when an exchange broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// Still here, or still with the client.
    Here,
    /// Passing through.
    OnItsWay,
    /// Sent.
    Gone,
}

impl Broken {
    fn before_body(error: BError) -> Broken {
        Broken::Node { error, body: Body::Here }
    }

    fn in_body(error: BError) -> Broken {
        Broken::Node { error, body: Body::OnItsWay }
    }
}

fn request_header(
    method: &str,
    target: &str,
    headers: http::HeaderMap,
    expect_continue: bool,
) -> pingora::Result<RequestHeader> {
    let mut request = RequestHeader::build(method, target.as_bytes(), Some(headers.len() + 1))?;
    for (name, value) in &headers {
        request.append_header(name.clone(), value.clone())?;
    }
    if expect_continue {
        request.insert_header(EXPECT, "100-continue")?;
    }
    Ok(request)
}

/// What a client hears of a node that gave no answer.
fn client_error(node: &Node, error: &BError, known_down: bool) -> S3Error {
    let code = match Failure::of(error) {
        _ if known_down => Code::SERVICE_UNAVAILABLE,
        Failure::Timeout => Code::GATEWAY_TIMEOUT,
        _ => Code::BAD_GATEWAY,
    };
    S3Error::new(code).cause(format!("{node}: {}", in_words(error)))
}

/// Connections with the store's certificates. pingora panics where certificates cannot be loaded; those of settings
/// were checked before, those of the system are not ours to check.
fn connector(remote: &Remote) -> Result<Connector, String> {
    let mut options = ConnectorOptions::new(remote.pool);
    options.ca_file = remote.ca_file.as_ref().map(|path| path.to_string_lossy().into_owned());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Connector::new(Some(options)))).map_err(|_| {
        "the certificates for TLS cannot be loaded: look at the system's (SSL_CERT_FILE, SSL_CERT_DIR), or name a ca_file"
            .to_owned()
    })
}
