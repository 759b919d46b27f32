//! Filter `names`: whether there could be such a bucket and key, that of a copy's source among them.
//!
//! It comes after `policy`, so that what the subset lacks is refused by name whatever the bucket is called.

use crate::filters::facts::Facts;
use crate::filters::finding::refusals;
use crate::routing::Address;
use crate::s3::S3Error;
use crate::s3::copy_source::CopySource;

/// Everything against the names: what makes the request impossible, and what only R2 lacks.
pub(super) fn faults(facts: &Facts<'_>, address: &Result<Address, Vec<S3Error>>) -> Vec<S3Error> {
    facts.unfit.iter().cloned().chain(refusals(address)).collect()
}

/// The address.
///
/// # Errors
/// Every name that no bucket or object can have.
pub(super) fn judge(facts: &Facts<'_>) -> Result<Address, Vec<S3Error>> {
    let source = CopySource::from_view(&facts.view);
    match (&facts.address, source) {
        (Ok(address), Ok(_)) => Ok(address.clone()),
        (address, source) => Err(address.as_ref().err().cloned().into_iter().chain(source.err()).collect()),
    }
}
