//! Pieces of a body on their way to a buffer's end: large ones are shared, small ones copied together.
//!
//! A client chooses how its body is cut. A slice costs the same to keep whatever its length, and keeps the whole buffer
//! it was cut from; so a body of one-byte chunks would cost many times its bytes if every slice were kept.

use bytes::{Bytes, BytesMut};

/// Bytes below which a piece is copied. Buffers hold at most 64 KiB, so what is kept is at most four times what is said
/// to be, and copying less than this costs next to nothing besides the digests.
const SHARED: usize = 16 << 10;

/// Pieces in the order they came.
#[derive(Debug, Default)]
pub struct CoalescingBuffer {
    done: Vec<Bytes>,
    /// The small pieces since the last large one.
    small: BytesMut,
    length: usize,
}

impl CoalescingBuffer {
    /// Adds a piece.
    pub fn push(&mut self, piece: Bytes) {
        self.length += piece.len();
        if piece.len() < SHARED {
            self.small.extend_from_slice(&piece);
        } else {
            self.close_small();
            self.done.push(piece);
        }
    }

    /// Bytes so far.
    pub fn length(&self) -> usize {
        self.length
    }

    /// All of them, none empty; no two small ones follow each other.
    pub fn into_vec(mut self) -> Vec<Bytes> {
        self.close_small();
        self.done
    }

    fn close_small(&mut self) {
        if !self.small.is_empty() {
            self.done.push(self.small.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pieces_are_copied_together_and_large_ones_shared() {
        for (lengths, expected) in [
            (vec![], vec![]),
            (vec![0], vec![]),
            (vec![1; 100_000], vec![100_000]),
            (vec![SHARED - 1; 2], vec![2 * SHARED - 2]),
            (vec![SHARED, SHARED + 1], vec![SHARED, SHARED + 1]),
            (vec![1, 2, SHARED, 3, 0, 4, SHARED, SHARED, 5], vec![3, SHARED, 7, SHARED, SHARED, 5]),
        ] {
            let all: Bytes = (0..lengths.iter().sum::<usize>()).map(|at| at as u8).collect();
            let (mut pieces, mut rest) = (CoalescingBuffer::default(), all.clone());
            lengths.iter().for_each(|length| pieces.push(rest.split_to(*length)));
            assert_eq!(pieces.length(), all.len());
            let kept = pieces.into_vec();
            assert_eq!(kept.iter().map(Bytes::len).collect::<Vec<_>>(), expected);
            assert!(kept.concat() == all, "in order");
            let shared = |piece: &Bytes| all.as_ptr_range().contains(&piece.as_ptr());
            assert!(kept.iter().filter(|piece| shared(piece)).all(|piece| piece.len() >= SHARED));
        }
    }
}
