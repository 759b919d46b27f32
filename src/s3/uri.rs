//! Escapes in a URI, as S3's `UriEncode` defines them: all but the unreserved characters of RFC 3986, section 2.3
//! (letters, digits, `-`, `.`, `_`, `~`), in upper case.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Escaped in names and values of a query.
pub const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which bytes are unreserved characters: every byte of a query is looked up here, so it is a table.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

/// Whether a byte is an unreserved character: it stands for itself everywhere.
pub fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[usize::from(byte)]
}

/// Escaped in a path, whose `/` stays.
pub const IN_PATH: &AsciiSet = &IN_QUERY.remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_encode;

    #[test]
    fn what_is_not_escaped_is_unreserved() {
        for byte in 0..=u8::MAX {
            let is_kept = percent_encode(&[byte], IN_QUERY).to_string().as_bytes() == [byte];
            assert_eq!(is_unreserved(byte), is_kept, "{byte:#x}");
        }
    }
}
