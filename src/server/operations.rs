//! What the local disk and a remote store do alike.

use crate::access::AccessKey;
use crate::body::{BodyVerifier, DocumentCollector};
use crate::filters::Admitted;
use crate::policy;
use crate::region::Regions;
use crate::s3::names::BucketName;
use crate::s3::xml::{self, BucketInfo, CreateBucketConfiguration, OWNER};
use crate::s3::{Code, S3Error, Timestamp};
use crate::server::answer::Answer;
use crate::server::connection::request_body::RequestBody;

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

/// The document in the body of a request: read whole, within its limit, and checked against the digests that came with
/// it.
pub(super) async fn read_document(request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Vec<u8>, S3Error> {
    let (limit, announced) = request.document_body()?;
    let mut verifier = BodyVerifier::new(announced.clone());
    let mut document = DocumentCollector::new(limit);
    while let Some(piece) = body.next().await? {
        for bytes in verifier.update(piece)? {
            document.update(&bytes)?;
        }
    }
    verifier.finish()?;
    let document = document.finish();
    if request.rules.mode.is_audit() {
        body.keep(&document);
    }
    Ok(document)
}

/// Where the maker of a bucket wants it to be. Refuses a CreateBucketConfiguration that asks for another region than there
/// is, or for more than a region.
pub(super) fn location_of_new_bucket(document: &[u8], regions: &Regions) -> Result<Option<String>, S3Error> {
    let wanted = CreateBucketConfiguration::parse(document)?;
    if let Some(element) = wanted.unsupported.first() {
        let message = format!("CreateBucketConfiguration element {element} not implemented");
        return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
    }
    let constraint = wanted.location_constraint.as_deref().unwrap_or_default();
    regions.normalise(constraint)?;
    Ok(regions.location(constraint))
}
