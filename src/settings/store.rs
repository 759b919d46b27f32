//! How the local store keeps objects.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::written::WrittenStore;
use crate::store::{Durability, Options, ScrubPlan};
use std::time::Duration;

/// The settings of the file and, for the durability, the flag.
pub(super) fn options(
    written: WrittenStore,
    durability_flag: Option<Spanned<String>>,
    faults: &mut Vec<Diagnostic>,
) -> Options {
    let default = Options::default();
    Options {
        durability: durability(durability_flag.or(written.durability), faults),
        index_cache: index_cache(written.index_cache, faults).unwrap_or(default.index_cache),
        upload_age: upload_age(written.upload_age, faults).unwrap_or(default.upload_age),
        scrub: scrub(written.scrub, written.scrub_rate, faults),
        ..default
    }
}

fn durability(written: Option<Spanned<String>>, faults: &mut Vec<Diagnostic>) -> Durability {
    let Some(text) = written else { return Durability::Fsync };
    Durability::parse(&text.value).unwrap_or_else(|| {
        let message = format!("{:?} is no durability", text.value);
        faults.push(text.fault(message, "write \"fsync\", or \"none\" for data that may be lost with the machine"));
        Durability::Fsync
    })
}

/// Reports a number below `least`, with its unit and with an allowed value.
fn require_at_least(
    number: &Spanned<u64>,
    least: u64,
    message: String,
    (unit, otherwise): (&str, &str),
    faults: &mut Vec<Diagnostic>,
) {
    if number.value < least {
        faults.push(number.fault(message, format!("it is in {unit}: write {least} or more, or {otherwise}")));
    }
}

/// The index's engine needs some memory; below this it is very slow.
const LEAST_INDEX_CACHE: u64 = 1024 * 1024;

fn index_cache(written: Option<Spanned<u64>>, faults: &mut Vec<Diagnostic>) -> Option<usize> {
    let number = written?;
    let message = format!("an index_cache of {} bytes is too small", number.value);
    require_at_least(&number, LEAST_INDEX_CACHE, message, ("bytes", "leave it out"), faults);
    usize::try_from(number.value).ok()
}

/// An hour. If the age were given in days or hours by mistake, it would end uploads that are running.
const LEAST_UPLOAD_AGE: u64 = 60 * 60;

fn upload_age(written: Option<Spanned<u64>>, faults: &mut Vec<Diagnostic>) -> Option<Duration> {
    let number = written?;
    let message = format!("an upload_age of {} seconds is too small", number.value);
    require_at_least(&number, LEAST_UPLOAD_AGE, message, ("seconds", "leave it out"), faults);
    Some(Duration::from_secs(number.value))
}

/// An hour. With less, the disk would be busy with scrubs all the time.
const LEAST_SCRUB: u64 = 60 * 60;
/// A mebibyte: below it a scrub of any store of some size never ends, and a stop of the server waits for the next
/// piece.
const LEAST_SCRUB_RATE: u64 = 1 << 20;
/// The default bytes a second of a scrub: a day for 1.3 TiB.
const SCRUB_RATE: u64 = 16 << 20;

/// 0 means none, and so does a missing setting.
fn scrub(
    interval: Option<Spanned<u64>>,
    rate: Option<Spanned<u64>>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ScrubPlan> {
    let bytes_a_second = scrub_rate(rate, faults).unwrap_or(SCRUB_RATE);
    let number = interval.filter(|number| number.value > 0)?;
    let message = format!("a scrub every {} seconds is too often", number.value);
    require_at_least(&number, LEAST_SCRUB, message, ("seconds", "0 for none"), faults);
    Some(ScrubPlan { interval: Duration::from_secs(number.value), bytes_a_second })
}

fn scrub_rate(written: Option<Spanned<u64>>, faults: &mut Vec<Diagnostic>) -> Option<u64> {
    let number = written?;
    let message = format!("a scrub_rate of {} bytes a second is too small", number.value);
    require_at_least(&number, LEAST_SCRUB_RATE, message, ("bytes", "leave it out"), faults);
    Some(number.value)
}
