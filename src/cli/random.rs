//! Randomness for new keys, from the operating system.

use crate::access::pair::SEED_BYTES;
use crate::cli::failure::Failure;

/// Random bytes for one pair.
pub(super) fn seed() -> Result<[u8; SEED_BYTES], Failure> {
    let mut seed = [0; SEED_BYTES];
    let stopped = |error| Failure::Stopped(format!("the system gives no random bytes for a key: {error}"));
    getrandom::fill(&mut seed).map_err(stopped)?;
    Ok(seed)
}
