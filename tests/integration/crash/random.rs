//! Numbers that look random and follow from a seed (splitmix64).

use std::env;
use std::hash::{BuildHasher, RandomState};

/// A sequence of numbers. The first one of a test prints its seed when the test fails.
pub struct Random {
    state: u64,
    announced: Option<u64>,
}

impl Random {
    /// From `R2SHIM_TEST_SEED`, or a random seed.
    pub fn announced() -> Random {
        let seed = number("R2SHIM_TEST_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
        Random { state: seed, announced: Some(seed) }
    }

    /// A sequence of its own, for another thread.
    pub fn fork(&mut self) -> Random {
        Random { state: self.next(), announced: None }
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// The length of a body: most lie in the index, some in a file, a few are large; both sides of the border.
    pub fn length(&mut self) -> usize {
        let length = match self.below(10) {
            0 => (16 << 10) - 1 + self.below(3),
            1..=5 => self.below(16 << 10),
            6..=8 => self.below(128 << 10),
            _ => self.below(1 << 20),
        };
        length as usize
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if let (true, Some(seed)) = (std::thread::panicking(), self.announced) {
            eprintln!("again with R2SHIM_TEST_SEED={seed}");
        }
    }
}

/// A number in the environment.
pub fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number")))
}
