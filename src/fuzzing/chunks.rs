//! aws-chunked bodies: the same bytes have the same meaning however they are cut.

use super::input::{Input, pieces};
use crate::body::{AwsChunkedDecoder, ChunkSignatures, TrailerFrames};
use crate::s3::S3Error;
use crate::s3::checksum::{Algorithm, Checksum, Hasher};
use bytes::Bytes;

/// Signatures that a fuzzer can make: their first digit is that of how many came before.
#[derive(Default)]
struct Counted(u32);

impl Counted {
    fn is_next(&mut self, signature: &str) -> bool {
        let expected = char::from_digit(self.0 % 16, 16);
        self.0 += 1;
        signature.chars().next() == expected
    }
}

impl ChunkSignatures for Counted {
    fn chunk_is_good(&mut self, _: [u8; 32], signature: &str) -> bool {
        self.is_next(signature)
    }

    fn trailer_is_good(&mut self, _: [u8; 32], signature: &str) -> bool {
        self.is_next(signature)
    }
}

/// What a body comes to: the object's bytes and the trailer, or the code of the answer.
type Outcome = Result<(Vec<u8>, Option<Checksum>), String>;

/// Cutting changes nothing, and what is framed is unframed as it was.
pub fn chunks(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (is_signed, trailer) = (input.byte() % 2 == 1, input.one_of(&TRAILERS));
    let cuts = input.cuts();
    let body = input.rest();
    let whole = decoded(is_signed, trailer, [body]);
    assert_eq!(decoded(is_signed, trailer, pieces(body, cuts)), whole, "cut at {cuts:?}");
    assert_eq!(decoded(is_signed, trailer, body.chunks(1)), whole, "byte by byte");
    if let Ok((object, checksum)) = &whole {
        assert!(object.len() <= body.len() && checksum.is_some() == trailer.is_some());
        assert!(decoded(is_signed, trailer, [body, b"x"]).is_err(), "nothing may follow the end");
    }
    check_framed(body, trailer.unwrap_or(Algorithm::Crc32), cuts);
}

const TRAILERS: [Option<Algorithm>; 4] =
    [None, Some(Algorithm::Crc32), Some(Algorithm::Crc64Nvme), Some(Algorithm::Sha256)];

fn decoded<'p>(is_signed: bool, trailer: Option<Algorithm>, pieces: impl IntoIterator<Item = &'p [u8]>) -> Outcome {
    let signatures = is_signed.then(|| Box::new(Counted::default()) as Box<dyn ChunkSignatures + Send>);
    let (mut decoder, mut object) = (AwsChunkedDecoder::new(signatures, trailer), Vec::new());
    let code = |error: S3Error| error.code.to_string();
    for piece in pieces {
        let keep = |data: &[u8]| {
            object.extend_from_slice(data);
            Ok(())
        };
        decoder.update(piece, keep).map_err(code)?;
    }
    decoder.finish().map(|checksum| (object, checksum)).map_err(code)
}

/// What we frame for another store, cut as it comes, is what we would read from a client.
fn check_framed(object: &[u8], algorithm: Algorithm, cuts: [usize; 2]) {
    let length = object.len() as u64;
    let mut hasher = Hasher::new(algorithm);
    hasher.update(object);
    let checksum = hasher.finish_checksum();
    let (mut frames, mut framed) = (TrailerFrames::new(length, algorithm), Vec::new());
    for piece in pieces(object, cuts) {
        frames.frame(Bytes::copy_from_slice(piece)).iter().for_each(|frame| framed.extend_from_slice(frame));
    }
    framed.extend_from_slice(&frames.finish(&checksum));
    assert_eq!(framed.len() as u64, TrailerFrames::content_length(length, algorithm));
    assert_eq!(decoded(false, Some(algorithm), [&framed[..]]), Ok((object.to_vec(), Some(checksum))));
}
