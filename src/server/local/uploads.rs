//! CreateMultipartUpload, UploadPart, CompleteMultipartUpload and AbortMultipartUpload.

use super::Local;
use super::objects::{described, key_headers, receive};
use crate::body::BodyVerifier;
use crate::filters::{Admitted, OperationRequest};
use crate::policy::PartOrder;
use crate::s3::checksum::{Algorithm, Kind};
use crate::s3::customer_key::CustomerKey;
use crate::s3::part_checksums::Plan;
use crate::s3::part_number::uploaded_part_number;
use crate::s3::precondition::WriteConditions;
use crate::s3::view::RequestView;
use crate::s3::xml::{CompleteMultipartUpload, CompletedPart, CompletedUpload};
use crate::s3::{Code, S3Error, xml};
use crate::server::answer::Answer;
use crate::server::clock;
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::store::{Completion, NewPart, NewUpload, PartRules, StoreError, UploadOwner, UploadRef};
use http::header::ETAG;
use http::{HeaderName, StatusCode};

const CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-checksum-algorithm");
const CHECKSUM_TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");

impl Local {
    /// CreateMultipartUpload: the object's metadata and how it is to be checksummed.
    pub(super) async fn create_upload(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let (bucket, key) = (request.bucket()?, request.object_key()?);
        let checksum = checksum_plan(&request.view)?;
        let (metadata, storage_class, secret) = described(&request.view)?;
        let encrypted = key_headers(secret.as_ref());
        let owner = request
            .limited_key()
            .map(|(id, limits)| UploadOwner { id: id.to_owned(), most: limits.uploads.filter(|most| *most > 0) });
        let upload = NewUpload { metadata, storage_class, checksum, key: secret, owner, now: request.now };
        self.make_missing_bucket(request).await?;
        let id = self.store_for(request).create_upload(bucket, key, upload).await?;
        let answer = Answer::xml(xml::initiate_upload(bucket.as_str(), key.as_str(), &id)).with_all(encrypted);
        let answer = self.with_abortion(answer, request, request.now)?;
        Ok(match checksum {
            Some(plan) => answer.with(CHECKSUM_ALGORITHM, plan.algorithm.name()).with(CHECKSUM_TYPE, plan.kind.name()),
            None => answer,
        })
    }

    /// UploadPart: as with PutObject, the part exists only after all digests agree.
    pub(super) async fn upload_part(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let (length, announced) = request.object_body()?;
        let key = CustomerKey::from_view(&request.view)?;
        let (at, number) = (upload_ref(request)?, requested_part(request)?);
        let plan = self.store.upload(&at).await?.checksum;
        let mut verifier = BodyVerifier::new(announced.clone());
        if let Some(plan) = plan {
            must_agree(plan.algorithm, announced.checksum_algorithm())?;
            verifier.make_checksum(plan.algorithm);
        }
        let mut upload = self.store_for(request).begin_part(&at, number, length, key.as_ref()).await?;
        let digested = receive(upload.body(), verifier, body).await?;
        let part = NewPart { etag: digested.etag()?, checksum: digested.checksum, now: clock::now() };
        let part = upload.commit(part).await?;
        // The checksum's type is a property of objects only.
        let value = part.checksum.iter().flat_map(|checksum| checksum.headers().into_iter().take(1));
        let answer = Answer::empty(StatusCode::OK).with(ETAG, &part.etag.quoted()).with_all(value);
        Ok(answer.with_all(key_headers(key.as_ref())))
    }

    /// CompleteMultipartUpload.
    pub(super) async fn complete_upload(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let at = upload_ref(request)?;
        whole(&request.view)?;
        let document = operations::read_document(request, body).await?;
        let completion = self.completion(request, CompleteMultipartUpload::parse(&document)?.parts)?;
        let (scheme, host) = request.reached_at();
        let written = match self.store.complete_upload(at.clone(), completion).await {
            Err(StoreError::PreconditionFailed) => return Err(self.failed_condition(request, at).await),
            written => written?,
        };
        let answer = Answer::xml(xml::complete_upload(CompletedUpload {
            location: &xml::location(scheme, host, at.bucket.as_str(), at.key.as_str()),
            bucket: at.bucket.as_str(),
            key: at.key.as_str(),
            etag: written.etag.as_str(),
            checksum: written.checksum.as_ref(),
        }));
        self.with_expiration(answer, request, written.last_modified)
    }

    /// Aborts an upload whose condition failed, if the policy says so. If the upload is gone, that is not an error.
    async fn failed_condition(&self, request: &Admitted<'_>, at: UploadRef) -> S3Error {
        let aborts = request.rules.policy.limits().aborts_failed_completion;
        match if aborts { self.store.abort_upload(at).await } else { Ok(()) } {
            Ok(()) | Err(StoreError::NoSuchUpload) => Code::PRECONDITION_FAILED.into(),
            Err(failure) => failure.into(),
        }
    }

    /// AbortMultipartUpload.
    pub(super) async fn abort_upload(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.store.abort_upload(upload_ref(request)?).await?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    fn completion(&self, request: &Admitted<'_>, parts: Vec<CompletedPart>) -> Result<Completion, S3Error> {
        let (view, limits) = (&request.view, request.rules.policy.limits());
        let (size, checksum_kind) = whole(view)?;
        let is_audit = request.rules.mode.is_audit();
        Ok(Completion {
            parts,
            rules: PartRules {
                any_order: is_audit || limits.part_order == PartOrder::Any,
                equal_parts: limits.equal_parts && !is_audit,
            },
            size,
            checksum_kind,
            checksum: checksum_of_object(view),
            key: CustomerKey::from_view(view)?,
            conditions: WriteConditions::from_view(view),
            now: clock::now(),
        })
    }
}

/// The upload a request names.
pub(super) fn upload_ref(request: &OperationRequest<'_>) -> Result<UploadRef, S3Error> {
    let id = request.view.parameter("uploadId").unwrap_or_default().to_owned();
    Ok(UploadRef { bucket: request.bucket()?.clone(), key: request.object_key()?.clone(), id })
}

/// The part a request names.
pub(super) fn requested_part(request: &OperationRequest<'_>) -> Result<u16, S3Error> {
    uploaded_part_number(request.view.parameter("partNumber").unwrap_or_default())
}

/// The size that the whole object must have, and the kind of its checksum.
pub(super) fn whole(view: &RequestView<'_>) -> Result<(Option<u64>, Option<Kind>), S3Error> {
    let size = header(view, "x-amz-mp-object-size", |text| text.parse().ok())?;
    Ok((size, header(view, CHECKSUM_TYPE.as_str(), Kind::parse)?))
}

/// How parts and object are to be checksummed; `None` if the client does not ask for it.
pub(super) fn checksum_plan(view: &RequestView<'_>) -> Result<Option<Plan>, S3Error> {
    let algorithm = header(view, CHECKSUM_ALGORITHM.as_str(), Algorithm::parse)?;
    let kind = header(view, CHECKSUM_TYPE.as_str(), Kind::parse)?;
    match (algorithm, kind) {
        (Some(algorithm), kind) => Plan::new(algorithm, kind).map(Some),
        (None, Some(_)) => Err(S3Error::new(Code::INVALID_REQUEST)
            .message("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")),
        (None, None) => Ok(None),
    }
}

/// The checksum that the whole object must have.
fn checksum_of_object(view: &RequestView<'_>) -> Option<(Algorithm, String)> {
    let given = |algorithm: Algorithm| Some((algorithm, view.header(algorithm.header())?.to_owned()));
    Algorithm::ALL.into_iter().find_map(given)
}

/// A part with a checksum of another algorithm than its upload's could never be completed.
fn must_agree(expected: Algorithm, given: Option<Algorithm>) -> Result<(), S3Error> {
    match given.filter(|given| *given != expected) {
        None => Ok(()),
        Some(given) => Err(S3Error::new(Code::INVALID_REQUEST).message(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            expected.name().to_lowercase(),
            given.name().to_lowercase()
        ))),
    }
}

/// The value of a header, read by `parse`. A value that cannot be read is refused, not ignored.
fn header<T>(view: &RequestView<'_>, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, S3Error> {
    let Some(value) = view.header_bytes(name) else { return Ok(None) };
    let invalid = || S3Error::new(Code::INVALID_REQUEST).message(format!("Value for {name} header is invalid."));
    std::str::from_utf8(value).ok().and_then(parse).map(Some).ok_or_else(invalid)
}
