//! New pairs in R2's shape: an id of 32 and a secret of 64 hexadecimal digits (R2 "API tokens").

use crate::sigv4::Secret;

/// The random bytes a pair is made of: 16 for the id, 32 for the secret.
pub const SEED_BYTES: usize = 48;

/// An id and the secret that goes with it.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// 32 hexadecimal digits.
    pub id: String,
    /// 64 hexadecimal digits.
    pub secret: Secret,
}

impl KeyPair {
    /// The pair of these bytes, which must come from a source fit for secrets.
    pub fn from_random(seed: [u8; SEED_BYTES]) -> KeyPair {
        let (id, secret) = seed.split_at(16);
        KeyPair { id: hex::encode(id), secret: Secret::new(hex::encode(secret)) }
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
        assert_eq!(pair.id, "ab".repeat(16));
        assert_eq!(pair.secret.expose(), "01".repeat(32));
    }
}
