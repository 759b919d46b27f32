//! Filter `names`: whether there could be such a bucket and key, that of a copy's source among them.
//!
//! It comes after `policy`, so that what the subset lacks is refused by name whatever the bucket is called.

use crate::filters::facts::Facts;
use crate::filters::finding::Judged;
use crate::routing::Address;
use crate::s3::copy_source::CopySource;

/// What a request names.
#[derive(Debug)]
pub(super) struct Names {
    /// Its bucket and key.
    pub(super) address: Address,
    /// What it copies.
    pub(super) source: Option<CopySource>,
}

/// The names. They are faulty where R2 has no such names, and there are none where no store has them.
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
