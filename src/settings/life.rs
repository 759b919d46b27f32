//! Settings of a running server: its control socket, and how it notices changed files.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::settings::flags::Flags;
use crate::settings::paths::beside;
use crate::settings::written::WrittenLife;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the control socket in a data folder.
const SOCKET: &str = "control.sock";

/// How often files are checked by default, in seconds.
const RELOAD_INTERVAL: u64 = 5;

/// An hour. To reload less often, send a signal.
const LONGEST_INTERVAL: u64 = 60 * 60;

/// Ten minutes. No load balancer needs more, and a longer stop would look like a hang.
const LONGEST_DELAY: u64 = 10 * 60;

/// The settings of a running server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The socket at which commands reach the server; `None` if there is none.
    pub control: Option<PathBuf>,
    /// How often the server checks whether its files have changed; `None` for never.
    pub reload_interval: Option<Duration>,
    /// How long `/readyz` is 503 before a stopping server accepts no more connections.
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

/// The control socket: in the data folder if objects are there. In front of another store there may be no data folder,
/// so there is no socket unless settings name one.
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

/// The default control socket of a data folder's server.
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
