//! New pairs in R2's shape: an id of 32 and a secret of 64 hexadecimal digits (R2 "API tokens").

use crate::sigv4::Secret;
use std::fmt;

/// The random bytes a pair is made of: 16 for the id, 32 for the secret.
pub const SEED_BYTES: usize = 48;

/// An id and its secret, which can be shown: to be written to a file, or printed once.
#[derive(Clone)]
pub struct KeyPair {
    id: String,
    secret: String,
}

impl KeyPair {
    /// The pair of these bytes, which must come from a source fit for secrets.
    pub fn from_random(seed: [u8; SEED_BYTES]) -> KeyPair {
        let (id, secret) = seed.split_at(16);
        KeyPair { id: hex::encode(id), secret: hex::encode(secret) }
    }

    /// 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// 64 hexadecimal digits. Not for logs.
    pub fn secret_text(&self) -> &str {
        &self.secret
    }

    /// The secret, to sign with.
    pub fn secret(&self) -> Secret {
        Secret::new(self.secret.as_str())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_r2s_shape() {
        let mut seed = [0xab; SEED_BYTES];
        seed[16..].fill(0x01);
        let pair = KeyPair::from_random(seed);
        assert_eq!(pair.id(), "ab".repeat(16));
        assert_eq!(pair.secret_text(), "01".repeat(32));
        assert!(!format!("{pair:?}").contains("0101"));
    }
}
