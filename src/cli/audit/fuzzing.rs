//! The interface for the fuzzer of logs.

use crate::cli::audit::input::Opened;
use std::io::{Cursor, Read};

/// The most bytes that are uncompressed, because a few bytes of gzip can become many.
const MOST: u64 = 1 << 20;

/// A file as an audit reads it, as far as it can be read.
pub(crate) fn uncompressed(bytes: &[u8]) -> Vec<u8> {
    let Ok(opened) = Opened::read(Cursor::new(bytes.to_vec())) else { return Vec::new() };
    let mut plain = opened.beginning;
    // What cannot be read any further is what an audit has, too.
    let _ = opened.rest.take(MOST).read_to_end(&mut plain);
    plain
}
