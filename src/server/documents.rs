//! Documents in requests: read whole, under a limit, and held against the digests that came with them; and what may
//! stand in the one of CreateBucket, wherever the bucket is made.

use crate::body::{BodyVerifier, DocumentCollector};
use crate::filters::{Admitted, BodyPlan};
use crate::region::Regions;
use crate::s3::xml::CreateBucketConfiguration;
use crate::s3::{Code, S3Error};
use crate::server::connection::request_body::BodySource;

/// The document of a request whose plan says it has one.
pub(super) async fn read(request: &Admitted<'_>, body: &mut dyn BodySource) -> Result<Vec<u8>, S3Error> {
    let BodyPlan::Document { limit, announced } = &request.plan else {
        return Err(S3Error::new(Code::INTERNAL_ERROR).cause("a document was asked for that was not planned"));
    };
    let mut verifier = BodyVerifier::new(announced.clone());
    let mut document = DocumentCollector::new(*limit);
    while let Some(piece) = body.next().await? {
        for bytes in verifier.update(piece)? {
            document.update(&bytes)?;
        }
    }
    verifier.finish()?;
    Ok(document.finish())
}

/// Refuses a CreateBucketConfiguration that asks for another region than there is, or for more than a region.
pub(super) fn check_new_bucket(document: &[u8], regions: &Regions) -> Result<(), S3Error> {
    let wanted = CreateBucketConfiguration::parse(document)?;
    if let Some(element) = wanted.unsupported.first() {
        let message = format!("CreateBucketConfiguration element {element} not implemented");
        return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
    }
    regions.normalise(wanted.location_constraint.as_deref().unwrap_or_default()).map(|_| ())
}
