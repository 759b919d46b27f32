//! What is escaped in a URI, as S3's `UriEncode` has it: all but the unreserved characters of RFC 3986, section 2.3
//! (letters, digits, `-`, `.`, `_`, `~`), in upper case.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Escaped in names and values of a query.
pub const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Escaped in a path, whose `/` stays.
pub const IN_PATH: &AsciiSet = &IN_QUERY.remove(b'/');
