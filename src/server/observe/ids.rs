//! Request ids: 16 hex digits, unique within a process and unlikely to meet again across processes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Where request ids come from.
#[derive(Debug)]
pub struct RequestIds {
    next: AtomicU64,
}

impl RequestIds {
    /// Ids that start from a random `seed`.
    pub fn starting_at(seed: u64) -> RequestIds {
        RequestIds { next: AtomicU64::new(seed) }
    }

    /// The next id. An odd step walks through all 64-bit numbers before it repeats, and makes neighbours look unlike.
    pub fn next(&self) -> String {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        format!("{:016X}", self.next.fetch_add(STEP, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_sixteen_digits_and_differ() {
        let ids = RequestIds::starting_at(7);
        let some: HashSet<String> = (0..1000).map(|_| ids.next()).collect();
        assert_eq!(some.len(), 1000);
        assert!(some.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}
