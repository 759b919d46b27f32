//! The file of a blob with the sums of its blocks: what is written reads back, and what has changed is noticed.

use super::input::{Input, pieces};
use crate::store::fuzzing::BlobFile;

thread_local! {
    static FILE: BlobFile = BlobFile::new();
}

/// Bytes of a block.
const BLOCK: usize = 64 << 10;

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Nothing,
    /// Bits of a byte.
    Flip,
    /// The page that a byte is in, as a write leaves it that did not reach the disk.
    LostPage,
    CutOff,
    Appended,
    /// A block that was written to the place of the one behind it.
    WrongPlace,
}

const DAMAGES: [Damage; 6] =
    [Damage::Nothing, Damage::Flip, Damage::LostPage, Damage::CutOff, Damage::Appended, Damage::WrongPlace];

/// A range of a blob is what was written there, or an error. Of a file that has changed anywhere, the whole is an error.
pub fn blobs(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let damage = input.one_of(&DAMAGES);
    let (at, mask) = (input.number(), input.byte());
    let (start, end) = (input.number(), input.number());
    let (blocks, more) = (usize::from(input.byte() % 10), input.number() % BLOCK);
    let cuts = [input.number(), input.number()];
    let body = body(input.rest(), blocks * BLOCK + more);
    let place = |number: usize| number % (body.len() + 1);
    let range = place(start).min(place(end))..place(start).max(place(end));
    let cuts = [place(cuts[0]).min(place(cuts[1])), place(cuts[0]).max(place(cuts[1]))];
    let written = BlobFile::of(&pieces(&body, cuts));
    let changed = damaged(&written, damage, at, mask);
    FILE.with(|file| {
        file.write(&changed);
        assert!(file.read_as_another(&range).is_err(), "it is another blob's");
        let (whole, part) = (file.read(&(0..body.len())), file.read(&range));
        if changed == written {
            assert!(whole.as_ref() == Ok(&body), "{:?}", whole.err());
            assert!(part.as_deref() == Ok(&body[range]), "{:?}", part.err());
        } else {
            assert!(whole.is_err(), "{damage:?} at {at} is not noticed");
            assert!(
                part.is_err() || part.as_deref() == Ok(&body[range.clone()]),
                "{damage:?} at {at} is read: {range:?}"
            );
        }
        assert!(file.read(&(0..body.len() + 1)).is_err(), "there is no byte behind the last");
    });
}

/// The bytes over and over, each time a little different.
fn body(bytes: &[u8], length: usize) -> Vec<u8> {
    let bytes = if bytes.is_empty() { b"\0" } else { bytes };
    let turns = (0u8..=255).cycle().flat_map(|turn| bytes.iter().map(move |byte| byte ^ turn));
    turns.take(length).collect()
}

fn damaged(file: &[u8], damage: Damage, at: usize, mask: u8) -> Vec<u8> {
    let (mut changed, at) = (file.to_owned(), at % file.len());
    match damage {
        Damage::Nothing => {}
        Damage::Flip => changed[at] ^= mask,
        Damage::LostPage => {
            let page = at / 4096 * 4096;
            let end = file.len().min(page + 4096);
            changed[page..end].fill(0);
        }
        Damage::CutOff => changed.truncate(at),
        Damage::Appended => changed.resize(file.len() + 1 + usize::from(mask), mask),
        Damage::WrongPlace => {
            let from = at / BLOCK * BLOCK;
            let to = from + BLOCK;
            let length = file.len().saturating_sub(to).min(BLOCK);
            changed[to.min(file.len())..to.min(file.len()) + length].copy_from_slice(&file[from..from + length]);
        }
    }
    changed
}
