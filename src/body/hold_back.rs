//! Holds the last piece of a body back until the body is verified.
//!
//! A store that knows the length of a body makes an object of it when the last byte arrives. So the last byte must not
//! be sent before the verdict, and there is no verdict before the last byte has been read. An empty body has no last
//! byte: for one, the sender waits for the verdict before it sends the head.

use crate::body::Digested;
use bytes::Bytes;

/// The stage. What it still holds when it is dropped was never sent.
#[derive(Debug, Default)]
pub struct HoldBack {
    held: Option<Bytes>,
}

impl HoldBack {
    /// Takes the next piece and gives the one before it.
    pub fn push(&mut self, piece: Bytes) -> Option<Bytes> {
        if piece.is_empty() { None } else { self.held.replace(piece) }
    }

    /// Gives the last piece. The digests are the proof that the body is good: only a good one has them.
    pub fn release(self, _good: &Digested) -> Option<Bytes> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Digests, Expected};

    #[test]
    fn each_piece_is_released_by_the_next_and_the_last_by_the_verdict() {
        let mut stage = HoldBack::default();
        assert_eq!(stage.push(Bytes::from("1")), None);
        assert_eq!(stage.push(Bytes::from("2")), Some(Bytes::from("1")));
        assert_eq!(stage.push(Bytes::new()), None, "an empty piece does not push the last one out");
        let good = Digests::new(Expected::default()).finish().unwrap();
        assert_eq!(stage.release(&good), Some(Bytes::from("2")));
    }

    #[test]
    fn a_body_of_nothing_has_no_last_piece() {
        let good = Digests::new(Expected::default()).finish().unwrap();
        assert_eq!(HoldBack::default().release(&good), None);
    }
}
