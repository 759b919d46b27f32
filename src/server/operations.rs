//! What the local disk and a remote store do alike.

use crate::access::AccessKey;
use crate::body::Announced;
use crate::filters::{Admitted, BodyPlan};
use crate::policy;
use crate::s3::names::BucketName;
use crate::s3::xml::{self, BucketInfo, OWNER};
use crate::s3::{Code, S3Error, Timestamp};
use crate::server::answer::Answer;

/// The answer that the policy gives to an operation, whatever is stored.
pub(super) fn fixed(answer: &policy::RuledAnswer) -> Answer {
    Answer { status: answer.status, ..Answer::xml(answer.body.clone()) }
}

/// ListBuckets: those of the buckets that the key covers, by name, each with its time of creation.
pub(super) fn list_buckets(signer: &AccessKey, buckets: impl Iterator<Item = (BucketName, Timestamp)>) -> Answer {
    let visible = buckets.filter(|(name, _)| signer.buckets.covers(name));
    let mut listed: Vec<_> = visible.map(|(name, created)| BucketInfo { name: name.to_string(), created }).collect();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Answer::xml(xml::list_buckets(OWNER, &listed))
}

/// The length of the object or part in a request's body, and what the client announced of it.
///
/// # Errors
/// `InternalError` for an operation whose body the operation table says to be something else.
pub(super) fn object_body<'r>(request: &'r Admitted<'_>) -> Result<(u64, &'r Announced), S3Error> {
    match &request.plan {
        BodyPlan::Object { length, announced } => Ok((*length, announced)),
        BodyPlan::Ignore | BodyPlan::Document { .. } => {
            Err(S3Error::new(Code::INTERNAL_ERROR).cause("the operation table has no object in the request"))
        }
    }
}
