//! How the local store keeps objects.

use crate::settings::fault::{At, Fault};
use crate::settings::resolved::StoreOptions;
use crate::settings::written::WrittenStore;
use crate::store::Durability;

/// What is written and, for the durability, what the flag says.
pub(super) fn options(
    written: WrittenStore,
    durability_flag: Option<At<String>>,
    faults: &mut Vec<Fault>,
) -> StoreOptions {
    StoreOptions {
        durability: durability(durability_flag.or(written.durability), faults),
        index_cache: index_cache(written.index_cache, faults),
        upload_age: upload_age(written.upload_age, faults),
    }
}

fn durability(written: Option<At<String>>, faults: &mut Vec<Fault>) -> Durability {
    let Some(text) = written else { return Durability::Fsync };
    Durability::parse(&text.value).unwrap_or_else(|| {
        let message = format!("{:?} is no durability", text.value);
        faults.push(text.fault(message, "write \"fsync\", or \"none\" for data that may be lost with the machine"));
        Durability::Fsync
    })
}

/// The index's engine needs some room to work in; below this it only thrashes.
const LEAST_INDEX_CACHE: u64 = 1024 * 1024;

fn index_cache(written: Option<At<u64>>, faults: &mut Vec<Fault>) -> Option<u64> {
    let number = written?;
    if number.value < LEAST_INDEX_CACHE {
        let message = format!("an index_cache of {} bytes is too small", number.value);
        faults
            .push(number.fault(message, format!("it is in bytes: write {LEAST_INDEX_CACHE} or more, or leave it out")));
    }
    Some(number.value)
}

/// An hour: an age given in days or hours by mistake would end uploads that are on their way.
const LEAST_UPLOAD_AGE: u64 = 60 * 60;

fn upload_age(written: Option<At<u64>>, faults: &mut Vec<Fault>) -> Option<u64> {
    let number = written?;
    if number.value < LEAST_UPLOAD_AGE {
        let message = format!("an upload_age of {} seconds is too small", number.value);
        faults.push(
            number.fault(message, format!("it is in seconds: write {LEAST_UPLOAD_AGE} or more, or leave it out")),
        );
    }
    Some(number.value)
}
