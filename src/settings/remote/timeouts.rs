//! The time limits of a remote store.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::findings::Findings;
use crate::upstream::Timeouts;
use std::time::Duration;

/// A millisecond: timers are not more precise.
const LEAST: f64 = 0.001;
/// An hour: an answer that takes longer will not come.
const MOST: f64 = 3600.0;

/// The times written, in seconds, the defaults for the rest; `None` only if there is a fault.
pub(super) fn resolve(
    connect: Option<Spanned<f64>>,
    first_byte: Option<Spanned<f64>>,
    idle: Option<Spanned<f64>>,
    findings: &mut Findings,
) -> Option<Timeouts> {
    let default = Timeouts::default();
    let connect = findings.good(seconds(connect, "connect_timeout", default.connect));
    let first_byte = findings.good(seconds(first_byte, "first_byte_timeout", default.first_byte));
    let idle = findings.good(seconds(idle, "idle_timeout", default.idle));
    let first_byte = first_byte?;
    Some(Timeouts { connect: connect?, first_byte, assembly: default.assembly.max(first_byte), idle: idle? })
}

fn seconds(written: Option<Spanned<f64>>, name: &str, default: Duration) -> Result<Duration, Diagnostic> {
    let Some(number) = written else { return Ok(default) };
    if !(LEAST..=MOST).contains(&number.value) {
        let advice = format!("write {LEAST} to {MOST} seconds, or leave it out for {}", default.as_secs());
        return Err(number.fault(format!("{name} cannot be {} seconds", number.value), advice));
    }
    Ok(Duration::from_secs_f64(number.value))
}
