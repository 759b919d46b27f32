//! The facts about a request: which bucket and key it names, which operation it is for, and its headers and query as
//! one view.
//!
//! Filter `address` reports faults of the facts, after the client is authenticated. Invalid names of buckets and
//! objects are not faults here; filter `names` judges them.

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

/// The facts about a request for an operation of S3.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// The operation.
    pub(super) spec: &'static OperationSpec,
    /// Bucket and key; an error if no bucket or object can have this name.
    pub(super) address: Result<Address, S3Error>,
    /// Why R2 has no such bucket, where the request is audited and its store may have it.
    pub(super) unfit: Option<S3Error>,
    /// The key as it was sent, percent-encoded; empty where the request names none.
    pub(super) raw_key: &'a str,
    /// Headers and query as one.
    pub(super) view: RequestView<'a>,
    /// Whether names follow the rules of R2, or those of the store behind an audit.
    pub(super) mode: Mode,
}

/// What a request is about, for the log. Fields are known only as far as the chain came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The operation it is for.
    pub operation: Option<Operation>,
    /// The bucket it names.
    pub bucket: Option<String>,
    /// The key it names.
    pub key: Option<String>,
    /// The id of the key that signed it, once the signature is verified.
    pub key_id: Option<String>,
    /// Why R2 would refuse it; the first one is R2's answer. Kept only in an audit.
    pub findings: Vec<Finding>,
}

impl<'a> Facts<'a> {
    /// Finds the facts. It decides nothing.
    ///
    /// # Errors
    /// The target is not a path, the query is malformed, headers contradict the query, or S3 has no such operation.
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

    /// The source of a copy. The same value is authorised and then copied.
    pub(super) fn source(&self) -> Judged<Option<CopySource>> {
        match CopySource::from_view(&self.view) {
            Err(unfit) if self.mode.is_audit() => {
                Judged { value: CopySource::of_other_store(&self.view), faults: vec![unfit] }
            }
            source => Judged::from(source),
        }
    }

    /// The facts after the policy's ruling: perhaps for another operation, and without ignored headers and parameters.
    pub(super) fn under(mut self, operation: Operation, ignored: Ignored, subject: &mut Subject) -> Facts<'a> {
        self.spec = operation.spec();
        subject.operation = Some(operation);
        self.view.ignore(ignored.headers, ignored.parameters);
        self
    }
}

/// The bucket and key that the request names. In an audit, also why R2 would refuse the name.
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
    /// Notes the names of bucket and key, if they are valid.
    pub(super) fn names(&mut self, address: &Result<Address, S3Error>) {
        if let Ok(address) = address {
            self.bucket = address.bucket.as_ref().map(ToString::to_string);
            self.key = address.key.as_ref().map(ToString::to_string);
        }
    }
}

/// Whether `x-amz-*` parameters count as headers depends on the form of the signature. The signature is verified over
/// the same bytes.
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
