//! How a running server is spoken to, and how it takes notice of changed files.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::flags::Flags;
use crate::settings::paths::beside;
use crate::settings::written::WrittenLife;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the control socket in a data folder.
const SOCKET: &str = "control.sock";

/// How often files are looked at unless settings say otherwise, in seconds.
const RELOAD_INTERVAL: u64 = 5;

/// An hour. Who wants it more rarely sends a signal.
const LONGEST_INTERVAL: u64 = 60 * 60;

/// Ten minutes: more than any load balancer needs, and a stop that seems to do nothing.
const LONGEST_DELAY: u64 = 10 * 60;

/// What the life of a server has of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The socket at which commands reach the server; `None` if there is none.
    pub control: Option<PathBuf>,
    /// How often the server looks whether its files have changed; `None` for never.
    pub reload_interval: Option<Duration>,
    /// How long `/readyz` says that the server stops before it accepts no more.
    pub drain_delay: Duration,
}

/// What is written, resolved. `is_local` is whether objects are in the data folder.
pub(super) fn resolve(
    flags: &Flags,
    settings_file: &Path,
    written: WrittenLife,
    is_local: bool,
    data_folder: &Path,
    faults: &mut Vec<Diagnostic>,
) -> Life {
    Life {
        control: control(flags, settings_file, written.control.as_ref(), is_local, data_folder, faults),
        reload_interval: reload_interval(written.reload_interval, faults),
        drain_delay: drain_delay(written.drain_delay, faults),
    }
}

/// The control socket: in the data folder where objects are there. In front of another store there may be no folder of
/// ours, so there is none unless one is named.
pub(super) fn control(
    flags: &Flags,
    settings_file: &Path,
    written: Option<&Spanned<String>>,
    is_local: bool,
    data_folder: &Path,
    faults: &mut Vec<Diagnostic>,
) -> Option<PathBuf> {
    match (&flags.control, written) {
        (Some(path), _) if path.as_os_str() == "off" => None,
        (Some(path), _) => Some(path.clone()),
        (None, Some(text)) if text.value == "off" => None,
        (None, Some(text)) if text.value.is_empty() => {
            faults.push(text.fault("the path is empty", "name a socket to make, or write \"off\""));
            None
        }
        (None, Some(text)) => Some(beside(settings_file, &text.value)),
        (None, None) => is_local.then(|| control_in(data_folder)),
    }
}

/// The control socket of the server of a data folder, where settings name no other.
pub fn control_in(data_folder: &Path) -> PathBuf {
    data_folder.join(SOCKET)
}

fn drain_delay(written: Option<Spanned<u64>>, faults: &mut Vec<Diagnostic>) -> Duration {
    let seconds = written.as_ref().map_or(0, |number| number.value);
    if let Some(number) = written.filter(|number| number.value > LONGEST_DELAY) {
        let message = format!("a drain_delay of {} seconds is too long", number.value);
        faults.push(number.fault(message, format!("it is in seconds: write {LONGEST_DELAY} at most")));
    }
    Duration::from_secs(seconds)
}

fn reload_interval(written: Option<Spanned<u64>>, faults: &mut Vec<Diagnostic>) -> Option<Duration> {
    let seconds = written.as_ref().map_or(RELOAD_INTERVAL, |number| number.value);
    if let Some(number) = written.filter(|number| number.value > LONGEST_INTERVAL) {
        let message = format!("a reload_interval of {} seconds is too long", number.value);
        faults.push(number.fault(message, format!("write 1 to {LONGEST_INTERVAL}, or 0 to look at no file")));
    }
    (seconds > 0).then(|| Duration::from_secs(seconds))
}
