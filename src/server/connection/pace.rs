//! The minimum rate of a body: how many bytes a client must send or take in each window of time in which the server
//! waits.
//!
//! A limit on each wait is not enough: a body of one byte a minute would hold a connection, and the space reserved for
//! it, without end.

use std::time::Duration;

/// The minimum that a client has to send or take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinimumRate {
    /// Bytes in a window.
    pub bytes: u64,
    /// The window. Only time in which the server waits for the client counts.
    pub window: Duration,
}

/// The client sent or took too little in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only {passed} bytes passed while the client was waited for, for {window:?}")]
pub struct TooSlow {
    passed: u64,
    window: Duration,
}

/// The pace of one body.
#[derive(Debug)]
pub struct Pace {
    least: MinimumRate,
    waited: Duration,
    received: u64,
}

impl Pace {
    /// A body of which nothing has been read.
    pub fn new(least: MinimumRate) -> Pace {
        Pace { least, waited: Duration::ZERO, received: 0 }
    }

    /// How long the server may still wait in this window.
    pub fn left(&self) -> Duration {
        self.least.window.saturating_sub(self.waited)
    }

    /// Notes that this many bytes passed after a wait.
    pub fn received(&mut self, bytes: u64, waited: Duration) {
        self.received += bytes;
        self.waited += waited;
    }

    /// Ends the window if it is over, and begins the next one.
    ///
    /// # Errors
    /// `TooSlow` if the window has less than the minimum.
    pub fn check(&mut self) -> Result<(), TooSlow> {
        if self.waited < self.least.window {
            return Ok(());
        }
        if self.received < self.least.bytes {
            return Err(TooSlow { passed: self.received, window: self.least.window });
        }
        *self = Pace::new(self.least);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each step is bytes and the seconds waited for them; 60 seconds have to bring 600 bytes.
    fn outcome(steps: &[(u64, u64)]) -> Result<(), usize> {
        let mut pace = Pace::new(MinimumRate { bytes: 600, window: Duration::from_secs(60) });
        for (step, (bytes, seconds)) in steps.iter().enumerate() {
            pace.received(*bytes, Duration::from_secs(*seconds));
            pace.check().map_err(|_| step)?;
        }
        Ok(())
    }

    #[test]
    fn a_body_brings_its_bytes_in_every_window() {
        for (what, steps, expected) in [
            ("fast", &[(1 << 20, 1); 9][..], Ok(())),
            ("just enough", &[(300, 30); 9], Ok(())),
            ("a pause, made up for", &[(0, 50), (600, 10), (600, 59)], Ok(())),
            ("a byte a minute", &[(1, 59), (1, 59)], Err(1)),
            ("a good start does not last", &[(1 << 30, 60), (1, 59), (1, 59)], Err(2)),
            ("nothing", &[(0, 60)], Err(0)),
            ("no wait: the server was slow itself", &[(1, 0); 9], Ok(())),
        ] {
            assert_eq!(outcome(steps), expected, "{what}");
        }
    }

    #[test]
    fn the_rest_of_a_window_shrinks() {
        let mut pace = Pace::new(MinimumRate { bytes: 1, window: Duration::from_secs(60) });
        pace.received(1, Duration::from_secs(45));
        assert_eq!(pace.left(), Duration::from_secs(15));
        pace.received(1, Duration::from_secs(45));
        assert_eq!(pace.left(), Duration::ZERO);
        pace.check().unwrap();
        assert_eq!(pace.left(), Duration::from_secs(60));
    }
}
