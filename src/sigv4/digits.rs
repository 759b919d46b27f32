//! Digests as text, as requests carry them. The `hex` crate collects its text char by char, which is slow: every
//! forwarded request has six digests.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The 64 lower-case hexadecimal digits of a digest.
pub(super) fn of(digest: &[u8; 32]) -> String {
    let half = |at: usize| if at.is_multiple_of(2) { digest[at / 2] >> 4 } else { digest[at / 2] & 15 };
    // Filling an array needs no bounds check for each digit. Digits are always UTF-8.
    let digits: [u8; 64] = std::array::from_fn(|at| DIGITS[usize::from(half(at))]);
    String::from_utf8(digits.to_vec()).unwrap_or_default()
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
