//! The facts about a request: which bucket and key it names, which operation it is for, and its headers and query as
//! one view.
//!
//! Filter `address` reports what is wrong with them, after the client is known: strangers get an answer about their
//! signature first. Names that no bucket or object can have are no fault here; filter `names` judges them.

use crate::filters::finding::{Finding, Judged};
use crate::filters::request::Request;
use crate::filters::rules::Mode;
use crate::policy::Ignored;
use crate::routing::{Address, RawAddress, route};
use crate::s3::copy_source::CopySource;
use crate::s3::operation::{Operation, OperationSpec};
use crate::s3::query::{NotUtf8, Query};
use crate::s3::request::RequestHead;
use crate::s3::view::{Conflict, RequestView};
use crate::s3::{Code, S3Error};
use crate::sigv4;

/// What is known of a request that S3 has a name for.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// The operation.
    pub(super) spec: &'static OperationSpec,
    /// Bucket and key; an error where no bucket or object can have such a name.
    pub(super) address: Result<Address, S3Error>,
    /// Why R2 has no such bucket, where the request is audited and its store may have it.
    pub(super) unfit: Option<S3Error>,
    /// The key as it was sent, percent-encoded; empty where the request names none.
    pub(super) raw_key: &'a str,
    /// Headers and query as one.
    pub(super) view: RequestView<'a>,
    /// Whether names are read as R2 has them or as the store of an audit may have them.
    pub(super) mode: Mode,
}

/// What a request turned out to be about, for the log: known as far as the chain came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The operation it is for.
    pub operation: Option<Operation>,
    /// The bucket it names.
    pub bucket: Option<String>,
    /// The key it names.
    pub key: Option<String>,
    /// Whose signature it has, once verified.
    pub key_id: Option<String>,
    /// What R2 would refuse it for, the first answer first. Kept only where requests are audited.
    pub findings: Vec<Finding>,
}

impl<'a> Facts<'a> {
    /// Establishes the facts. Nothing is decided by them yet.
    ///
    /// # Errors
    /// What makes the request one that names nothing: a target that is no path, a query that is no query, headers that
    /// contradict it, or an operation that S3 does not have.
    pub(super) fn establish(
        request: &Request<'a>,
        query: Result<Query<'a>, NotUtf8>,
        subject: &mut Subject,
    ) -> Result<Facts<'a>, S3Error> {
        let head = &request.head;
        let host = head.header("host").unwrap_or_default();
        let raw = RawAddress::find(host, head.path, &request.rules.domains)?;
        let (address, unfit) = names(&raw, request.rules.mode);
        subject.names(&address);
        let view = view(head, query)?;
        let spec = route(head.method, raw.target(), &view).ok_or(Code::ROUTE_NOT_FOUND)?;
        subject.operation = Some(spec.operation);
        Ok(Facts { spec, address, unfit, raw_key: raw.raw_key(), view, mode: request.rules.mode })
    }

    /// The source of a copy: what is authorised, and then copied.
    pub(super) fn source(&self) -> Judged<Option<CopySource>> {
        match CopySource::from_view(&self.view) {
            Err(unfit) if self.mode.is_audit() => {
                Judged { value: CopySource::of_other_store(&self.view), faults: vec![unfit] }
            }
            source => Judged::from(source),
        }
    }

    /// The facts as the policy has ruled: perhaps as another operation, and without what is ignored.
    pub(super) fn under(mut self, operation: Operation, ignored: Ignored, subject: &mut Subject) -> Facts<'a> {
        self.spec = operation.spec();
        subject.operation = Some(operation);
        self.view.ignore(ignored.headers, ignored.parameters);
        self
    }
}

/// What the request names, and why R2 could not have it where that does not matter.
fn names(raw: &RawAddress<'_>, mode: Mode) -> (Result<Address, S3Error>, Option<S3Error>) {
    match raw.address() {
        Err(unfit) if mode.is_audit() => match raw.address_of_other_store() {
            Ok(address) => (Ok(address), Some(unfit)),
            Err(error) => (Err(error), None),
        },
        address => (address, None),
    }
}

impl Subject {
    /// Notes the names of bucket and key, where a bucket and an object can have them.
    pub(super) fn names(&mut self, address: &Result<Address, S3Error>) {
        if let Ok(address) = address {
            self.bucket = address.bucket.as_ref().map(ToString::to_string);
            self.key = address.key.as_ref().map(ToString::to_string);
        }
    }
}

/// Whether the `x-amz-*` parameters are headers follows from how the request says it is signed; the signature itself
/// is verified over the same bytes.
pub(super) fn view<'a>(head: &RequestHead<'a>, query: Result<Query<'a>, NotUtf8>) -> Result<RequestView<'a>, S3Error> {
    let invalid_query = |_| S3Error::new(Code::INVALID_URI).message("The query is not UTF-8 once decoded.");
    let query = query.map_err(invalid_query)?;
    if !sigv4::is_presigned(&query) {
        return Ok(RequestView::from_signed_headers(head.headers, query));
    }
    RequestView::from_presigned(head.headers, query).map_err(|conflict| match conflict {
        Conflict::Twice(name) => S3Error::new(Code::INVALID_ARGUMENT)
            .message(format!("{name} is in the query and in the headers, or in the query twice")),
        Conflict::NotAHeader(name) => {
            S3Error::new(Code::INVALID_ARGUMENT).message(format!("The search parameter {name} cannot be a header"))
        }
        Conflict::TooMany => Code::REQUEST_HEADER_SECTION_TOO_LARGE.into(),
    })
}
