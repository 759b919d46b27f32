//! CopyObject and UploadPartCopy. The chain ([`crate::filters`]) has authorised the source like a read.

use super::Local;
use super::uploads::{requested_part, upload_ref};
use crate::filters::{Admitted, OperationRequest};
use crate::s3::copy_source::CopySource;
use crate::s3::metadata::Metadata;
use crate::s3::precondition::{ReadConditions, ReadOutcome, WriteConditions};
use crate::s3::range::ByteRange;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error, xml};
use crate::server::answer::Answer;
use crate::store::ObjectCopy;
use std::ops::Range;

impl Local {
    /// CopyObject: with the source's metadata or, under `REPLACE`, that of the request.
    pub(super) async fn copy_object(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let (bucket, key) = (request.bucket()?, request.object_key()?);
        let (source, metadata) = copy(request)?;
        let copy = ObjectCopy {
            bucket: bucket.clone(),
            key: key.clone(),
            source_bucket: source.bucket,
            source_key: source.key,
            source_conditions: ReadConditions::from_copy_source(&request.view),
            conditions: WriteConditions::from_view(&request.view),
            metadata,
            now: request.now,
        };
        let written = self.store.copy_object(copy).await?;
        let (etag, checksum) = (written.etag.as_str(), written.checksum.as_ref());
        let answer = Answer::xml(xml::copy_object(etag, written.last_modified, checksum));
        self.with_expiration(answer, request, written.last_modified)
    }

    /// UploadPartCopy: a part of an object, or all of it, as a part of an upload.
    pub(super) async fn copy_part(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let (at, number, source) = (upload_ref(request)?, requested_part(request)?, source(&request.view)?);
        // S3 reports a missing upload before a missing source.
        self.store.checksum_plan(&at).await?;
        let object = self.store.object(&source.bucket, &source.key).await?;
        let conditions = ReadConditions::from_copy_source(&request.view);
        if conditions.decide(object.info.existing()) != ReadOutcome::Proceed {
            return Err(Code::PRECONDITION_FAILED.into());
        }
        let range = range(&request.view, object.info.size)?;
        if range.end - range.start > request.rules.limits.object_bytes {
            return Err(Code::ENTITY_TOO_LARGE.into());
        }
        let part = self.store.copy_part(&at, number, object, range, request.now).await?;
        Ok(Answer::xml(xml::copy_part(part.etag.as_str(), part.last_modified, part.checksum.as_ref())))
    }
}

/// What is copied, and the metadata that replaces the source's.
pub(super) fn copy(request: &OperationRequest<'_>) -> Result<(CopySource, Option<Metadata>), S3Error> {
    let (source, metadata) = (source(&request.view)?, replaced_metadata(&request.view)?);
    if metadata.is_none() && source.bucket == *request.bucket()? && source.key == *request.object_key()? {
        return Err(changes_nothing());
    }
    Ok((source, metadata))
}

pub(super) fn source(view: &RequestView<'_>) -> Result<CopySource, S3Error> {
    let missing = || S3Error::new(Code::INVALID_ARGUMENT).message("copy source bucket name");
    CopySource::from_view(view)?.ok_or_else(missing)
}

/// The metadata that replaces the source's; `None` under `COPY`, which is the default.
fn replaced_metadata(view: &RequestView<'_>) -> Result<Option<Metadata>, S3Error> {
    let name = "x-amz-metadata-directive";
    match view.header_bytes(name).map(String::from_utf8_lossy).as_deref() {
        None | Some("COPY") => Ok(None),
        Some("REPLACE") => Metadata::from_view(view).map(Some),
        Some(other) => Err(S3Error::new(Code::INVALID_ARGUMENT).message(format!("metadata directive {other}."))),
    }
}

/// S3's answer to a copy of an object onto itself that changes nothing about it. (Today's R2 carries it out, and only the
/// date changes. A refusal helps users who move between S3 and R2.)
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
