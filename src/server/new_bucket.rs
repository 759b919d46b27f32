//! What a request to make a bucket may ask for, whatever store makes it.

use crate::region::Regions;
use crate::s3::xml::CreateBucketConfiguration;
use crate::s3::{Code, S3Error};

/// Refuses a CreateBucketConfiguration that asks for another region than there is, or for more than a region.
pub(super) fn check(document: &[u8], regions: &Regions) -> Result<(), S3Error> {
    let wanted = CreateBucketConfiguration::parse(document)?;
    if let Some(element) = wanted.unsupported.first() {
        let message = format!("CreateBucketConfiguration element {element} not implemented");
        return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
    }
    regions.normalise(wanted.location_constraint.as_deref().unwrap_or_default()).map(|_| ())
}
