//! Request ids: 16 hexadecimal digits. Two requests of a process practically never have the same id, and ids cannot be
//! guessed from other ids.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// The source of request ids: the standard library's keyed hash of a counter, with a random key.
#[derive(Debug, Default)]
pub struct RequestIds {
    key: RandomState,
    count: AtomicU64,
}

impl RequestIds {
    /// The next id.
    pub fn next(&self) -> String {
        format!("{:016X}", self.key.hash_one(self.count.fetch_add(1, Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn some(ids: &RequestIds) -> Vec<u64> {
        (0..1000).map(|_| u64::from_str_radix(&ids.next(), 16).unwrap()).collect()
    }

    #[test]
    fn ids_are_sixteen_digits_and_differ() {
        let ids = RequestIds::default();
        let some: HashSet<String> = (0..1000).map(|_| ids.next()).collect();
        assert_eq!(some.len(), 1000);
        assert!(some.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }

    #[test]
    fn an_id_says_nothing_of_the_next_one() {
        let (one, other) = (some(&RequestIds::default()), some(&RequestIds::default()));
        assert_ne!(one, other, "each process has its own key");
        let steps: HashSet<u64> = one.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        assert_eq!(steps.len(), one.len() - 1);
    }
}
