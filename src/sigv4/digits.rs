//! Digests as text, as requests carry them. The `hex` crate collects its text char by char, and every request that is
//! passed on has six.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The 64 lower-case hexadecimal digits of a digest.
pub(super) fn of(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(half)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_two_digits() {
        for start in [0, 32, 64, 96, 128, 160, 192, 224] {
            let digest: [u8; 32] = std::array::from_fn(|at| start + at as u8);
            assert_eq!(of(&digest), hex::encode(digest));
        }
    }
}
