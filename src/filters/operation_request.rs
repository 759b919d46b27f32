//! The requested operation, with its bucket, key, headers and query.

use crate::policy;
use crate::routing::Address;
use crate::s3::copy_source::CopySource;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::operation::OperationSpec;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error};

/// What a request asks for, as the chain has found it, without the caller and the body.
#[derive(Debug)]
pub struct OperationRequest<'a> {
    /// The operation.
    pub spec: &'static OperationSpec,
    pub(super) address: Address,
    /// The key as it was sent, percent-encoded; empty where the request names none.
    pub raw_key: &'a str,
    /// Headers and query without those that the policy ignores. Operations read nothing else of the request.
    pub view: RequestView<'a>,
    /// The object that a copy reads. It was authorised.
    pub copy_source: Option<CopySource>,
    /// The answer to give instead of carrying it out.
    pub fixed: Option<policy::RuledAnswer>,
}

impl OperationRequest<'_> {
    /// The bucket. Requests without one are not routed to operations that need one.
    pub fn bucket(&self) -> Result<&BucketName, S3Error> {
        self.address.bucket.as_ref().ok_or_else(|| Code::ROUTE_NOT_FOUND.into())
    }

    /// The object's key. Requests without one are not routed to operations that need one.
    pub fn object_key(&self) -> Result<&ObjectKey, S3Error> {
        self.address.key.as_ref().ok_or_else(|| Code::ROUTE_NOT_FOUND.into())
    }
}
