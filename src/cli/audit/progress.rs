//! The progress of an audit: a line on a terminal, which is overwritten. If stderr is not a terminal, nothing is
//! written.

use crate::audit::report::grouped;
use crate::cli::style::FAINT;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two lines.
const INTERVAL: Duration = Duration::from_millis(100);

/// To the beginning of the line, which is emptied.
const BEGIN: &str = "\r\x1b[K";
/// A line that is wider than the terminal is cut and not wrapped, because nothing would erase the second line.
const CUT: &str = "\x1b[?7l";
/// The same as before.
const WRAP: &str = "\x1b[?7h";

/// Cells of the bar.
const CELLS: u64 = 24;

/// The line.
pub(super) struct Progress {
    /// Bytes in all; 0 if that is not known.
    total: u64,
    /// Bytes that have been read.
    read: Arc<AtomicU64>,
    begun: Instant,
    written: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// The line for so many bytes in all.
    pub(super) fn new(total: u64) -> Progress {
        let is_shown = std::io::stderr().is_terminal();
        Progress { total, read: Arc::default(), begun: Instant::now(), written: None, is_shown }
    }

    /// The counter of the bytes that are read.
    pub(super) fn counter(&self) -> &Arc<AtomicU64> {
        &self.read
    }

    /// Writes the line, if it is time to.
    pub(super) fn tick(&mut self, requests: u64) {
        let now = Instant::now();
        if !self.is_shown || self.written.is_some_and(|written| now - written < INTERVAL) {
            return;
        }
        self.written = Some(now);
        let line = line(self.read.load(Ordering::Relaxed), self.total, now - self.begun, requests);
        // An error here does not matter.
        let mut errors = anstream::stderr();
        let _ = write!(errors, "{CUT}{BEGIN}{FAINT}{line}{FAINT:#}{WRAP}").and_then(|()| errors.flush());
    }

    /// Erases the line.
    pub(super) fn clear(&mut self) {
        if self.written.take().is_some() {
            let _ = write!(anstream::stderr(), "{BEGIN}");
        }
    }
}

/// The figures, with a bar if the size is known.
fn line(read: u64, total: u64, time: Duration, requests: u64) -> String {
    let speed = (read as f64 / time.as_secs_f64().max(0.001)) as u64;
    let figures = format!("{}/s, {} requests", size(speed), grouped(requests));
    if total == 0 {
        return format!("{}, {figures}", size(read));
    }
    let read = read.min(total);
    let part = |of: u64| u64::try_from(u128::from(read) * u128::from(of) / u128::from(total)).unwrap_or(of);
    let filled = part(CELLS);
    let bar: String = (0..CELLS).map(|cell| if cell < filled { '#' } else { '.' }).collect();
    let left = (total - read).checked_div(speed).map(|seconds| format!(", {} left", clock(seconds)));
    format!("[{bar}] {}% of {}, {figures}{}", part(100), size(total), left.unwrap_or_default())
}

/// Minutes and seconds, or hours before them.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is() {
        let second = Duration::from_secs(1);
        for (read, total, requests, expected) in [
            (0, 0, 7, "0 B, 0 B/s, 7 requests"),
            (1 << 20, 0, 7, "1.0 MiB, 1.0 MiB/s, 7 requests"),
            (0, 4 << 20, 0, "[........................] 0% of 4.0 MiB, 0 B/s, 0 requests"),
            (
                1 << 20,
                4 << 20,
                12_345,
                "[######..................] 25% of 4.0 MiB, 1.0 MiB/s, 12\u{a0}345 requests, 0:03 left",
            ),
            (1, 4001, 7, "[........................] 0% of 3.9 KiB, 1 B/s, 7 requests, 1:06:40 left"),
            (5 << 40, 4 << 40, 7, "[########################] 100% of 4096.0 GiB, 5120.0 GiB/s, 7 requests, 0:00 left"),
        ] {
            assert_eq!(line(read, total, second, requests), expected);
        }
    }
}
