//! How far an audit is, as one line on a terminal that is written over and over. Elsewhere nothing is written.

use crate::cli::style::FAINT;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two lines.
const INTERVAL: Duration = Duration::from_millis(100);

/// The line.
pub(super) struct Progress {
    /// Bytes that are there; 0 where that is not known.
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

    /// What counts the bytes that are read.
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
        // What cannot be written here is no matter.
        let _ = write!(anstream::stderr(), "\r\x1b[K{FAINT}{line}{FAINT:#}").and_then(|()| anstream::stderr().flush());
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.written.take().is_some() {
            let _ = write!(anstream::stderr(), "\r\x1b[K");
        }
    }
}

fn line(read: u64, total: u64, time: Duration, requests: u64) -> String {
    let of = match (read * 100).checked_div(total) {
        Some(percent) => format!(" of {} ({}%)", size(total), percent.min(100)),
        None => String::new(),
    };
    let speed = (read as f64 / time.as_secs_f64().max(0.001)) as u64;
    format!("{}{of}, {}/s, {requests} requests", size(read), size(speed))
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
        for (read, total, expected) in [
            (0, 0, "0 B, 0 B/s, 7 requests"),
            (1 << 20, 0, "1.0 MiB, 1.0 MiB/s, 7 requests"),
            (1 << 20, 4 << 20, "1.0 MiB of 4.0 MiB (25%), 1.0 MiB/s, 7 requests"),
            (5 << 40, 4 << 40, "5120.0 GiB of 4096.0 GiB (100%), 5120.0 GiB/s, 7 requests"),
        ] {
            assert_eq!(line(read, total, second, 7), expected);
        }
    }
}
