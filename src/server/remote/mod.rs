//! Answers from a remote store: translates and signs the request, sends it, and translates the answer.
//!
//! pingora's proxy is not used, only its connections and its HTTP client. Verification before the last byte is sent,
//! retries and early answers are easier to read as a sequence of functions. Health checks and name resolution, which
//! run outside requests, are in [`nodes`].

pub mod credentials;
pub mod nodes;
mod pool;
mod response;
mod payload;
mod delivery;
mod sender;
mod document;
mod receive;
mod buckets;
mod part_sizes;
mod checked;
mod whole;
mod probe;
mod missing_buckets;

pub use probe::{TriedPart, probe};
pub use sender::SetupError;

use crate::filters::{Admitted, Mode, OperationRequest};
use crate::policy;
use crate::s3::metadata::Metadata;
use crate::s3::operation::AnswerKind;
use crate::s3::{Code, Operation, S3Error};
use crate::server::answer::Answer;
use crate::server::clock;
use crate::server::connection::request_body::RequestBody;
use crate::server::observe::health::{Health, Readiness};
use crate::server::observe::metrics::{RemoteStats, Stats};
use crate::server::operations;
use crate::upstream::{CredentialSource, Incoming, Outgoing, Remote};
use credentials::Provider;
use nodes::{Intervals, Nodes};
use payload::Payload;
use sender::Sender;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Carries out operations on a remote store. Clones share it.
#[derive(Clone)]
pub struct RemoteStore {
    remote: Arc<Remote>,
    sender: Arc<Sender>,
    /// See [`RemoteStats`].
    unchecked_uploads: Arc<AtomicU64>,
}

impl RemoteStore {
    /// Operations on `remote`. Nothing is connected to yet.
    ///
    /// # Errors
    /// Certificates that cannot be loaded.
    pub fn new(remote: Remote) -> Result<RemoteStore, SetupError> {
        let remote = Arc::new(remote);
        let sender = Arc::new(Sender::new(remote.clone())?);
        Ok(RemoteStore { remote, sender, unchecked_uploads: Arc::default() })
    }

    /// Keeps nodes, credentials and idle connections up to date until it is dropped.
    pub async fn look_after(self) {
        let credentials = self.credentials().clone();
        let nodes = self.sender.nodes.clone().watch(Intervals::default());
        tokio::join!(nodes, credentials.refresh(), self.sender.pool.keep_swept());
    }

    /// Signs requests with the key of new settings from now on, if both the new settings and those of the start have
    /// one.
    pub fn replace_key(&self, credentials: &CredentialSource) {
        if let Some(credentials) = sender::fixed(credentials) {
            self.credentials().replace(credentials);
        }
    }

    /// Looks names up for the first time, so that there are nodes when the first request arrives.
    pub async fn resolve(&self) {
        self.nodes().resolve().await;
    }

    fn nodes(&self) -> &Nodes {
        &self.sender.nodes
    }

    fn credentials(&self) -> &Provider {
        &self.sender.credentials
    }

    /// Carries out an admitted request. The futures of rare operations are boxed, because this future is moved several
    /// times for each request.
    pub async fn answer(&self, request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Answer, S3Error> {
        use Operation as Op;
        if let Some(fixed) = &request.fixed {
            return Box::pin(self.fixed(request, fixed)).await;
        }
        match request.spec.operation {
            operation if request.passes_whole && passes_whole(operation) => Box::pin(self.pass(request, body)).await,
            Op::ListBuckets => Box::pin(self.list_buckets(request)).await,
            Op::CreateBucket => Box::pin(self.create_bucket(request, body)).await,
            Op::HeadBucket => Box::pin(self.head_bucket(request, body)).await,
            Op::GetBucketLocation => Box::pin(self.get_bucket_location(request)).await,
            Op::DeleteObjects => Box::pin(self.delete_objects(request, body)).await,
            Op::CompleteMultipartUpload => Box::pin(self.complete_upload(request, body)).await,
            _ => self.forward(request, body).await,
        }
    }

    /// Most operations: the translated request goes to the store, the translated answer to the client.
    pub(super) async fn forward(&self, request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Answer, S3Error> {
        let mut outgoing = self.outgoing(request)?;
        if operations::makes_bucket(request) {
            Box::pin(self.make_missing_bucket(request)).await?;
        }
        let payload = Payload::from_request(request, &mut outgoing, self.remote.dialect, body).await?;
        let response = self.sender.send(&outgoing, payload).await?;
        self.receive(request, &outgoing, response).await
    }

    /// Refuses requests that even an audit does not pass on: see [`Outgoing::check_place`].
    ///
    /// # Errors
    /// The refusal.
    pub fn check_place(&self, request: &OperationRequest<'_>) -> Result<(), S3Error> {
        Outgoing::check_place(&incoming(request), &self.remote)
    }

    fn outgoing(&self, request: &Admitted<'_>) -> Result<Outgoing, S3Error> {
        outgoing(request, &self.remote)
    }

    /// The policy's own answer, which is about a bucket that exists.
    async fn fixed(&self, request: &Admitted<'_>, fixed: &policy::RuledAnswer) -> Result<Answer, S3Error> {
        self.require_bucket(request).await?;
        operations::fixed(fixed)
    }
}

/// The request for the store.
///
/// # Errors
/// Those of [`Outgoing::from_incoming`], and of metadata that R2 would not take: stores have other limits.
fn outgoing(request: &OperationRequest<'_>, remote: &Remote) -> Result<Outgoing, S3Error> {
    if request.spec.writes_metadata() {
        Metadata::from_view(&request.view)?;
    }
    Outgoing::from_incoming(&incoming(request), remote)
}

fn incoming<'r>(request: &'r OperationRequest<'_>) -> Incoming<'r> {
    Incoming {
        row: request.spec,
        view: &request.view,
        bucket: request.bucket().ok(),
        key: request.object_key().ok(),
        raw_key: request.raw_key,
        source: request.copy_source.as_ref(),
    }
}

/// Whether an audit passes an operation on as the client sent it.
fn passes_whole(operation: Operation) -> bool {
    use Operation as Op;
    // These operations return credentials, read what was not authorised, or list buckets that the map hides.
    !matches!(operation, Op::ListBuckets | Op::CreateSession | Op::RenameObject | Op::ListDirectoryBuckets)
}

/// Refuses what is refused before anything is sent, regardless of the store's content.
///
/// # Errors
/// The refusal.
pub fn judge(request: &OperationRequest<'_>, remote: &Remote, mode: Mode) -> Result<(), S3Error> {
    if mode == Mode::AuditRemote && passes_whole(request.spec.operation) {
        return Outgoing::whole(&incoming(request), remote).map(drop);
    }
    let reachable = request.bucket().ok().is_none_or(|bucket| remote.upstream_bucket(bucket).is_some());
    let answered_here = request.fixed.is_some() || request.spec.answer == AnswerKind::Own;
    match (answered_here, reachable) {
        (true, true) => Ok(()),
        (true, false) => Err(Code::NO_SUCH_BUCKET.into()),
        (false, false) if request.spec.operation == Operation::CreateBucket => Err(buckets::cannot_be_made()),
        (false, _) => outgoing(request, remote).map(drop),
    }
}

impl Health for RemoteStore {
    fn readiness(&self) -> Readiness {
        self.nodes().readiness(self.credentials().failure(clock::now()))
    }

    fn stats(&self) -> Stats {
        let unchecked_uploads = self.unchecked_uploads.load(Ordering::Relaxed);
        Stats::Remote(RemoteStats { nodes: self.nodes().stats(), unchecked_uploads })
    }
}
