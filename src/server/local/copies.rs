//! CopyObject and UploadPartCopy. The chain ([`crate::filters`]) has authorised the source like a read.

use super::Local;
use super::objects::key_headers;
use super::uploads::{requested_part, upload_ref};
use crate::filters::{Admitted, OperationRequest};
use crate::s3::copy_source::CopySource;
use crate::s3::customer_key::CustomerKey;
use crate::s3::metadata::Metadata;
use crate::s3::names::ONLY_VERSION;
use crate::s3::precondition::{ReadConditions, ReadOutcome, WriteConditions};
use crate::s3::range::ByteRange;
use crate::s3::storage_class::StorageClass;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error, xml};
use crate::server::answer::Answer;
use crate::store::{CopyKeys, NewMetadata, ObjectCopy};
use std::ops::Range;

impl Local {
    /// CopyObject: with the source's metadata or, under `REPLACE`, that of the request.
    pub(super) async fn copy_object(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let (bucket, key) = (request.bucket()?, request.object_key()?);
        let CopyRequest { source, metadata, storage_class, keys } = copy(request)?;
        let encrypted = key_headers(keys.target.as_ref());
        let copy = ObjectCopy {
            bucket: bucket.clone(),
            key: key.clone(),
            source_bucket: source.bucket,
            source_key: source.key,
            source_conditions: ReadConditions::from_copy_source(&request.view),
            conditions: WriteConditions::from_copy_destination(&request.view),
            metadata,
            storage_class: storage_class.unwrap_or_default(),
            keys,
            now: request.now,
        };
        let written = self.store_for(request).copy_object(copy).await?;
        let (etag, checksum) = (written.etag.as_str(), written.checksum.as_ref());
        let answer = Answer::xml(xml::copy_object(etag, written.last_modified, checksum)).with_all(encrypted);
        self.with_expiration(answer, request, written.last_modified)
    }

    /// UploadPartCopy: a part of an object, or all of it, as a part of an upload.
    pub(super) async fn copy_part(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let keys = copy_keys(&request.view)?;
        let (at, number, source) = (upload_ref(request)?, requested_part(request)?, source(request)?);
        // S3 reports a missing upload before a missing source.
        self.store.upload(&at).await?;
        let object = self.store.object(&source.bucket, &source.key).await?;
        object.info.require_key(keys.source.as_ref())?;
        let conditions = ReadConditions::from_copy_source(&request.view);
        if conditions.decide(object.info.existing()) != ReadOutcome::Proceed {
            return Err(Code::PRECONDITION_FAILED.into());
        }
        let range = range(&request.view, object.info.size)?;
        if range.end - range.start > request.rules.limits.object_bytes {
            return Err(Code::ENTITY_TOO_LARGE.into());
        }
        let part = self.store_for(request).copy_part(&at, number, object, range, &keys, request.now).await?;
        let answer = Answer::xml(xml::copy_part(part.etag.as_str(), part.last_modified, part.checksum.as_ref()));
        Ok(answer.with_all(key_headers(keys.target.as_ref())))
    }
}

/// A request for CopyObject.
pub(super) struct CopyRequest {
    source: CopySource,
    metadata: NewMetadata,
    /// `None` where the request names none.
    storage_class: Option<StorageClass>,
    keys: CopyKeys,
}

impl CopyRequest {
    /// Whether a copy of an object onto itself would be another object.
    fn changes_something(&self) -> bool {
        let CopyKeys { source, target } = &self.keys;
        self.metadata != NewMetadata::Kept || self.storage_class.is_some() || source.is_some() || target.is_some()
    }
}

/// Reads the request, in R2's order.
pub(super) fn copy(request: &OperationRequest<'_>) -> Result<CopyRequest, S3Error> {
    let view = &request.view;
    let copy = CopyRequest {
        keys: copy_keys(view)?,
        metadata: new_metadata(view)?,
        storage_class: StorageClass::from_view(view)?,
        source: source(request)?,
    };
    let onto_itself = copy.source.bucket == *request.bucket()? && copy.source.key == *request.object_key()?;
    if onto_itself && !copy.changes_something() { Err(changes_nothing()) } else { Ok(copy) }
}

/// The client's keys for a copy. R2 reads that of the target first.
pub(super) fn copy_keys(view: &RequestView<'_>) -> Result<CopyKeys, S3Error> {
    let target = CustomerKey::from_view(view)?;
    Ok(CopyKeys { source: CustomerKey::of_copy_source(view)?, target })
}

/// The object to copy. It has only one version.
pub(super) fn source(request: &OperationRequest<'_>) -> Result<CopySource, S3Error> {
    let missing = || S3Error::new(Code::INVALID_ARGUMENT).message("copy source bucket name");
    let source = request.copy_source.clone().ok_or_else(missing)?;
    if source.version.as_deref().is_some_and(|version| version != ONLY_VERSION) {
        let message = "versionId of x-amz-copy-source not implemented by the local store";
        return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
    }
    Ok(source)
}

/// The metadata of the copy: under `COPY`, the default, that of the source; under `MERGE`, R2's extension, both (R2
/// docs, "Extensions").
fn new_metadata(view: &RequestView<'_>) -> Result<NewMetadata, S3Error> {
    let name = "x-amz-metadata-directive";
    match view.header_bytes(name).map(String::from_utf8_lossy).as_deref() {
        None | Some("COPY") => Ok(NewMetadata::Kept),
        Some("REPLACE") => Metadata::from_view(view).map(NewMetadata::Replaced),
        Some("MERGE") => Metadata::from_view(view).map(NewMetadata::Merged),
        Some(other) => Err(S3Error::new(Code::INVALID_ARGUMENT).message(format!("metadata directive {other}."))),
    }
}

/// S3's answer to a copy of an object onto itself that changes nothing about it. (Today's R2 carries it out, and only
/// the date changes. A refusal helps users who move between S3 and R2.)
fn changes_nothing() -> S3Error {
    S3Error::new(Code::INVALID_REQUEST).message(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
         metadata, storage class, website redirect location or encryption attributes.",
    )
}

/// The bytes to copy. A range that goes beyond the end is cut at the end, as on R2.
fn range(view: &RequestView<'_>, size: u64) -> Result<Range<u64>, S3Error> {
    match view.header_bytes("x-amz-copy-source-range") {
        None => Ok(0..size),
        Some(text) => ByteRange::parse_copy_source(&String::from_utf8_lossy(text))?.resolve(size),
    }
}
