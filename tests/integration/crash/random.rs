//! Numbers that look random and follow from a seed (splitmix64).

use std::env;
use std::hash::{BuildHasher, RandomState};

/// A sequence of numbers.
pub struct Random(u64);

/// Where a test is: it is printed when the test fails.
pub struct Whereabouts {
    seed: u64,
    /// The cycle that runs.
    pub cycle: u64,
}

impl Random {
    /// From `R2SHIM_TEST_SEED`, or a random seed.
    pub fn announced() -> (Random, Whereabouts) {
        let seed = number("R2SHIM_TEST_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
        (Random(seed), Whereabouts { seed, cycle: 0 })
    }

    /// A sequence of its own, for another thread.
    pub fn fork(&mut self) -> Random {
        Random(self.next())
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
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Drop for Whereabouts {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in cycle {}; again with R2SHIM_TEST_SEED={}", self.cycle, self.seed);
        }
    }
}

/// A number in the environment.
pub fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number")))
}
