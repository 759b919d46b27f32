//! Filter `names`: whether the bucket and key, and those of a copy's source, are valid names.
//!
//! It comes after `policy`, so that unsupported features are refused by name regardless of the bucket's name.

use crate::filters::facts::Facts;
use crate::filters::finding::Judged;
use crate::routing::Address;
use crate::s3::copy_source::CopySource;

/// What a request names.
#[derive(Debug)]
pub(super) struct Names {
    /// Its bucket and key.
    pub(super) address: Address,
    /// The source of the copy.
    pub(super) source: Option<CopySource>,
}

/// The names. A name that R2 does not allow is a fault; a name that no store allows is an error.
pub(super) fn judge(facts: &Facts<'_>) -> Judged<Names> {
    let source = facts.source();
    let of_address = facts.unfit.iter().chain(facts.address.as_ref().err()).cloned();
    let faults = of_address.chain(source.faults).collect();
    let value = match (&facts.address, source.value) {
        (Ok(address), Ok(source)) => Ok(Names { address: address.clone(), source }),
        (Err(fault), _) => Err(fault.clone()),
        (_, Err(fault)) => Err(fault),
    };
    Judged { value, faults }
}
