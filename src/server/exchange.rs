//! One request on a port that serves objects: its head is read, the port answers, the answer is sent, logged and
//! counted.
//!
//! This is the code that all ports share. The answers of each port are in [`s3_port`](crate::server::s3_port) and
//! [`public_port`](crate::server::public_port).

use crate::access::CertificateDigest;
use crate::filters::{CurrentRules, Rules};
use crate::routing::{Forwarded, Scheme};
use crate::s3::trace::{TRACEPARENT, trace_id};
use crate::s3::{Code, S3Error};
use crate::server::answer::Answer;
use crate::server::clock;
use crate::server::connection::head::OwnedHead;
use crate::server::connection::limits::{Connections, Counted};
use crate::server::connection::pace::MinimumRate;
use crate::server::connection::port::Respond;
use crate::server::connection::reply::{self, Unread};
use crate::server::connection::request_body::RequestBody;
use crate::server::observe::access_log;
use crate::server::observe::ids::RequestIds;
use crate::server::observe::metrics::Metrics;
use crate::server::observe::notices::Notices;
use crate::server::observe::record::{Port, Record};
use crate::server::recent::{Recent, Seen};
use crate::settings::RequestLimits;
use http::header::HOST;
use http::{HeaderValue, Method, StatusCode, Version};
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Answers the requests of a port.
pub trait Service: Send + Sync + 'static {
    /// The port, for log and metrics.
    const PORT: Port;

    /// The answer to a request whose head is valid HTTP. Facts about the request are noted in the record.
    fn answer(
        &self,
        call: &Call<'_>,
        body: &mut RequestBody<'_>,
        record: &mut Record,
    ) -> impl Future<Output = Answer> + Send;

    /// The answer to an error, in the form of this port.
    fn refusal(&self, error: &S3Error) -> Answer;
}

/// A request as it arrived.
#[derive(Debug)]
pub struct Call<'a> {
    /// The rules in force when it began.
    pub rules: &'a Rules,
    /// Its head.
    pub head: &'a OwnedHead,
    /// What trusted proxies report about it.
    pub forwarded: &'a Forwarded,
    /// The certificate that the client has shown on its connection.
    pub certificate: Option<CertificateDigest>,
}

/// What the ports share.
pub struct Shared {
    /// The rules for requests.
    pub rules: Arc<CurrentRules>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The notices of the server.
    pub notices: Arc<Notices>,
    /// The source of request ids.
    pub ids: RequestIds,
    /// The open connections, including clients behind proxies.
    pub connections: Arc<Connections>,
    /// The last requests, if the inspector shows them.
    pub recent: Option<Arc<Recent>>,
}

/// Answers the requests of a port with a service. One of these serves all connections of the port.
pub struct Exchange<S> {
    /// The service that answers.
    pub service: S,
    /// The state that the ports share.
    pub shared: Arc<Shared>,
}

impl<S: Service> Exchange<S> {
    /// The answer, and the state of the request's body.
    async fn answer(
        &self,
        session: &mut ServerSession,
        rules: &Rules,
        forwarded: &Forwarded,
        seen: &mut Seen,
    ) -> (Answer, Unread) {
        if session.req_header().method == Method::CONNECT {
            // The bytes after such a head have no valid framing, so they must not be read as a body.
            return (Answer::empty(StatusCode::METHOD_NOT_ALLOWED), Unread::Close);
        }
        let raw = session.to_h1_raw();
        let record = &mut seen.record;
        let head = match OwnedHead::from_request(session.req_header(), &raw) {
            Ok(head) => seen.head.insert(head),
            // It is unclear where this request ends, so nothing more is read as a request.
            Err(error) => return (self.refused(record, &error), Unread::Close),
        };
        let certificate = certificate(session);
        let limits = &rules.limits.requests;
        let rate = MinimumRate { bytes: limits.body_bytes, window: limits.body_window };
        let mut body = RequestBody::new(session, head.expects_continue(), rate);
        let answer = self.service.answer(&Call { rules, head, forwarded, certificate }, &mut body, record).await;
        let progress = body.progress();
        if head.is_chunked() {
            // pingora reads an empty chunk size as the last chunk, and a line feed as a part of an extension. So the
            // bytes that it reads as the next request could be the rest of the body, whether it is accepted or not.
            return (answer, Unread::Close);
        }
        (answer, Unread::new(session, head.content_length(), progress))
    }

    /// Counts a client behind a proxy.
    fn count_client(&self, forwarded: &Forwarded) -> Result<Option<Counted>, S3Error> {
        let counted = forwarded.client.map(|client| self.shared.connections.enter_behind_proxy(client)).transpose();
        counted.map_err(|_| S3Error::new(Code::SERVICE_UNAVAILABLE).cause("too many requests at once from this client"))
    }

    fn refused(&self, record: &mut Record, error: &S3Error) -> Answer {
        record.note_error(error);
        self.service.refusal(error)
    }

    fn record(&self, session: &ServerSession, forwarded: &Forwarded) -> Record {
        let peer = session.client_addr().map(ToString::to_string).unwrap_or_default();
        let (client, peer) = match forwarded.client {
            Some(client) => (client.to_string(), Some(peer)),
            None => (peer, None),
        };
        Record {
            request_id: self.shared.ids.next(),
            time: clock::now(),
            port: S::PORT,
            client,
            peer,
            method: session.req_header().method.as_str().to_owned(),
            host: host(session.req_header()),
            protocol: protocol(session),
            tls: tls_version(session),
            trace_id: trace(session.req_header()),
            ..Record::default()
        }
    }
}

impl<S: Service> Respond for Exchange<S> {
    async fn respond(&self, session: &mut ServerSession) {
        let started = Instant::now();
        let _in_flight = self.shared.metrics.enter();
        let rules = self.shared.rules.load_full();
        let forwarded = forwarded(session, &rules);
        let mut seen = Seen { record: self.record(session, &forwarded), head: None };
        prepare(session, &rules.limits.requests);
        // The request counts until the answer is sent.
        let counted = self.count_client(&forwarded);
        let (answer, unread) = match &counted {
            Ok(_) => self.answer(session, &rules, &forwarded, &mut seen).await,
            Err(error) => (self.refused(&mut seen.record, error), Unread::Close),
        };
        let record = &mut seen.record;
        reply::send(session, answer, unread, record).await;
        record.bytes_in = session.body_bytes_read() as u64;
        record.duration = started.elapsed();
        access_log::write(record);
        self.shared.metrics.count(record);
        if let Some(recent) = &self.shared.recent {
            recent.remember(seen);
        }
    }
}

/// What trusted proxies report about the request. If they report no scheme, it is that of the connection.
fn forwarded(session: &ServerSession, rules: &Rules) -> Forwarded {
    let peer: Option<IpAddr> = session.client_addr().and_then(|peer| peer.as_inet()).map(|peer| peer.ip());
    let said = peer.map(|peer| rules.trusted_proxies.read(peer, &session.req_header().headers)).unwrap_or_default();
    let used = if tls_version(session).is_some() { Scheme::Https } else { Scheme::Http };
    Forwarded { scheme: said.scheme.or(Some(used)), ..said }
}

/// The version of TLS that the connection has; `None` if it is plain.
fn tls_version(session: &ServerSession) -> Option<String> {
    Some(session.digest()?.ssl_digest.as_ref()?.version.clone().into_owned())
}

/// The certificate that the client has shown.
fn certificate(session: &ServerSession) -> Option<CertificateDigest> {
    let digest = session.digest()?.ssl_digest.as_ref()?.cert_digest.as_slice().try_into().ok()?;
    Some(CertificateDigest::from_digest(digest))
}

/// The version of HTTP, as `HTTP/2`.
fn protocol(session: &ServerSession) -> &'static str {
    match session.req_header().version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

/// The Host as the client sent it, in HTTP/2 as `:authority`; empty if there is none or it is not text. If it is a
/// whole address, the query is removed, because it may have a signature.
fn host(head: &RequestHeader) -> String {
    let of_http2 = head.uri.authority().filter(|_| head.version == Version::HTTP_2);
    let host = || head.headers.get(HOST).and_then(|host| host.to_str().ok());
    let sent = of_http2.map(|authority| authority.as_str()).or_else(host).unwrap_or_default();
    sent.split('?').next().unwrap_or_default().to_owned()
}

/// The id of the trace that the client names.
fn trace(head: &RequestHeader) -> Option<String> {
    trace_id(head.headers.get_all(TRACEPARENT).iter().map(HeaderValue::as_bytes)).map(str::to_owned)
}

fn prepare(session: &mut ServerSession, limits: &RequestLimits) {
    // Without this, only the first of several requests that arrive together is answered, and the others are dropped.
    session.set_pipelining_enabled(true);
    // pingora closes the connection if an answer, even `100 Continue`, is sent before the whole body is read. Here
    // `Unread` decides.
    session.set_close_on_response_before_downstream_finish(false);
    // These limits are for bodies; `HttpPort` limits the wait for a head.
    session.set_read_timeout(Some(limits.body_idle));
    // Answers have a minimum rate, which does not depend on the size of their pieces.
    reply::hold(session, MinimumRate { bytes: limits.answer_bytes, window: limits.body_window });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_kept_without_what_may_be_a_signature() {
        for (sent, kept) in [
            ("media.localhost:9000", "media.localhost:9000"),
            ("http://h/k?X-Amz-Signature=beef", "http://h/k"),
            ("?beef", ""),
        ] {
            let mut head = RequestHeader::build("GET", b"/", None).unwrap();
            head.append_header(HOST, sent).unwrap();
            assert_eq!(host(&head), kept);
        }
    }
}
