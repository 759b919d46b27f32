//! Takes the aws-chunked framing off a body: framed bytes in, the object's bytes out, in pieces of any size.
//!
//! The forms (S3 API reference, "Signature calculations for the Authorization header: transferring a payload in
//! multiple chunks", with and without trailers):
//!
//! ```text
//! 5;chunk-signature=<64 hex>\r\n     the signature only where chunks are signed
//! hello\r\n
//! 0;chunk-signature=<64 hex>\r\n     the last chunk is empty
//! x-amz-checksum-crc32:NhCmhg==\r\n  only where x-amz-trailer announced it
//! x-amz-trailer-signature:<64 hex>\r\n   only where chunks are signed and there is a trailer
//! \r\n
//! ```
//!
//! Bytes are returned before the signature of their chunk is verified: they must not become an object before
//! [`AwsChunkedDecoder::finish`]. The chain of signatures is not here, but behind [`ChunkSignatures`].
//! [`crate::body::Digests`] verifies length and checksum.

use crate::s3::checksum::{Algorithm, Checksum};
use crate::s3::{Code, S3Error};
use sha2::{Digest, Sha256};

/// The longest line of framing in bytes, its end not counted. A size, a signature and what names it are 97.
const MAX_LINE: usize = 256;

/// The longest size of a chunk in hexadecimal digits: what 64 bits hold.
const MAX_SIZE_DIGITS: usize = 16;

/// The chain of signatures over the chunks of one body, each made over the one before it. A trait, so that the grammar
/// is tested with signatures that a reader can check; [`crate::sigv4::ChunkChain`] is the chain of SigV4.
pub trait ChunkSignatures {
    /// Whether `signature`, 64 hexadecimal digits, is the next one, over a chunk whose data has this SHA-256.
    fn chunk_is_good(&mut self, data_sha256: [u8; 32], signature: &str) -> bool;

    /// Whether `signature` is the last one, over trailers whose lines, `name:value\n` each, have this SHA-256.
    fn trailer_is_good(&mut self, lines_sha256: [u8; 32], signature: &str) -> bool;
}

/// The decoder of one body.
pub struct AwsChunkedDecoder {
    signatures: Option<Box<dyn ChunkSignatures + Send>>,
    announced: Option<Algorithm>,
    state: State,
    /// The line of framing that has begun.
    line: Vec<u8>,
    chunk: Chunk,
    trailer: Trailer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the line that starts a chunk.
    ChunkHeader,
    /// In a chunk, with this many bytes left; never 0.
    Data { left: u64 },
    /// Behind the data of a chunk, before its line end.
    DataEnd,
    /// Behind the last chunk, in trailers or the empty line that ends the body.
    Trailers,
    /// Behind the empty line that ends the body.
    Ended,
    /// Behind one more, which some clients write.
    EndedTwice,
}

/// The chunk that is coming: its signature as sent, and the digest of its data so far, where chunks are signed.
#[derive(Default)]
struct Chunk {
    signature: String,
    sha256: Sha256,
}

/// What came behind the last chunk.
#[derive(Default)]
struct Trailer {
    checksum: Option<Checksum>,
    lines_sha256: Sha256,
    signed: bool,
    /// Whether an empty line came that did not end the body.
    parted: bool,
}

impl AwsChunkedDecoder {
    /// A decoder of chunks that are signed where `signatures` are given, with a trailer if one was announced.
    pub fn new(signatures: Option<Box<dyn ChunkSignatures + Send>>, announced: Option<Algorithm>) -> AwsChunkedDecoder {
        AwsChunkedDecoder {
            signatures,
            announced,
            state: State::ChunkHeader,
            line: Vec::new(),
            chunk: Chunk::default(),
            trailer: Trailer::default(),
        }
    }

    /// The next framed bytes. `out` gets the object's bytes in them; its error ends the body.
    ///
    /// `IncompleteBody` for bytes that are not framed so, `SignatureDoesNotMatch`, `MalformedTrailerError`.
    pub fn update(
        &mut self,
        mut framed: &[u8],
        mut out: impl FnMut(&[u8]) -> Result<(), S3Error>,
    ) -> Result<(), S3Error> {
        while !framed.is_empty() {
            if let State::Data { left } = self.state {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(framed.len());
                let (data, rest) = framed.split_at(here);
                framed = rest;
                self.data(data, left)?;
                out(data)?;
            } else if let Some(line) = self.take_line(&mut framed)? {
                self.line(&line)?;
            }
        }
        Ok(())
    }

    /// The end of the body: the checksum of the trailer, if one was announced.
    ///
    /// `IncompleteBody` where the framing has not ended, `MalformedTrailerError` where the trailer is missing.
    pub fn finish(self) -> Result<Option<Checksum>, S3Error> {
        if !matches!(self.state, State::Ended | State::EndedTwice) || !self.line.is_empty() {
            return Err(S3Error::new(Code::INCOMPLETE_BODY).cause(format!("the body ends in {:?}", self.state)));
        }
        if self.announced.is_some() && self.trailer.checksum.is_none() {
            return Err(malformed_trailer("the announced trailer did not come"));
        }
        Ok(self.trailer.checksum)
    }

    fn data(&mut self, data: &[u8], left: u64) -> Result<(), S3Error> {
        if self.signatures.is_some() {
            self.chunk.sha256.update(data);
        }
        match left - data.len() as u64 {
            0 => {
                self.state = State::DataEnd;
                self.check_chunk()
            }
            left => {
                self.state = State::Data { left };
                Ok(())
            }
        }
    }

    /// The bytes up to the next line feed, without it, as soon as it is there; a line may come in many pieces.
    fn take_line(&mut self, framed: &mut &[u8]) -> Result<Option<Vec<u8>>, S3Error> {
        let end = framed.iter().position(|b| *b == b'\n');
        let (here, rest) = framed.split_at(end.unwrap_or(framed.len()));
        *framed = rest.get(1..).unwrap_or_default();
        if self.line.len() + here.len() > MAX_LINE {
            return Err(bad_framing("a line is too long"));
        }
        self.line.extend_from_slice(here);
        Ok(end.map(|_| std::mem::take(&mut self.line)))
    }

    /// Clients end trailers with a line feed alone; all other lines end as HTTP's do.
    fn line(&mut self, line: &[u8]) -> Result<(), S3Error> {
        let text = std::str::from_utf8(line).map_err(|_| bad_framing("a line is not text"))?;
        let http_line = || text.strip_suffix('\r').ok_or_else(|| bad_framing("a line does not end in CRLF"));
        match self.state {
            State::ChunkHeader => self.chunk_header(http_line()?),
            State::DataEnd if http_line()?.is_empty() => {
                self.state = State::ChunkHeader;
                Ok(())
            }
            State::Trailers => self.trailer_line(text.strip_suffix('\r').unwrap_or(text)),
            State::Ended if http_line()?.is_empty() => {
                self.state = State::EndedTwice;
                Ok(())
            }
            State::DataEnd | State::Ended | State::EndedTwice | State::Data { .. } => {
                Err(bad_framing("bytes behind their end"))
            }
        }
    }

    fn chunk_header(&mut self, line: &str) -> Result<(), S3Error> {
        let (size, signature) = match line.split_once(";chunk-signature=") {
            Some((size, signature)) => (size, Some(signature)),
            None => (line, None),
        };
        if signature.is_some() != self.signatures.is_some() {
            return Err(bad_framing("chunks are signed that should not be, or the other way round"));
        }
        self.chunk = Chunk { signature: signature.unwrap_or_default().to_owned(), ..Chunk::default() };
        match parse_size(size)? {
            0 => {
                self.state = State::Trailers;
                self.check_chunk()
            }
            left => {
                self.state = State::Data { left };
                Ok(())
            }
        }
    }

    fn check_chunk(&mut self) -> Result<(), S3Error> {
        let Some(signatures) = &mut self.signatures else { return Ok(()) };
        let Chunk { signature, sha256 } = std::mem::take(&mut self.chunk);
        if signatures.chunk_is_good(sha256.finalize().into(), &signature) { Ok(()) } else { Err(bad_signature()) }
    }

    fn trailer_line(&mut self, line: &str) -> Result<(), S3Error> {
        if line.is_empty() {
            return self.empty_trailer_line();
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed_trailer("a line without a colon"))?;
        // HTTP's blanks and no others: nothing that is not signed may be taken for one.
        let trim = |text: &str| text.trim_matches([' ', '\t']).to_owned();
        let (name, value) = (trim(name).to_ascii_lowercase(), trim(value));
        match name.as_str() {
            "x-amz-trailer-signature" => self.trailer_signature(&value),
            name => self.trailer_checksum(name, &value),
        }
    }

    /// Ends the body, but not before the signature of the trailers: clients put one empty line in between.
    fn empty_trailer_line(&mut self) -> Result<(), S3Error> {
        let awaits_signature = self.announced.is_some() && self.signatures.is_some() && !self.trailer.signed;
        match (awaits_signature, self.trailer.parted) {
            (false, _) => self.state = State::Ended,
            (true, false) => self.trailer.parted = true,
            (true, true) => return Err(bad_framing("empty lines where the trailer's signature should be")),
        }
        Ok(())
    }

    fn trailer_checksum(&mut self, name: &str, value: &str) -> Result<(), S3Error> {
        let algorithm = self.announced.filter(|algorithm| algorithm.header() == name);
        let algorithm = algorithm.ok_or_else(|| malformed_trailer("a trailer that was not announced"))?;
        if self.trailer.checksum.is_some() || self.trailer.signed {
            return Err(malformed_trailer("a trailer twice, or behind the signature"));
        }
        self.trailer.checksum = Some(Checksum::parse(algorithm, value)?);
        self.trailer.lines_sha256.update(format!("{name}:{value}\n"));
        Ok(())
    }

    fn trailer_signature(&mut self, signature: &str) -> Result<(), S3Error> {
        let Some(signatures) = self.signatures.as_mut().filter(|_| self.announced.is_some() && !self.trailer.signed)
        else {
            return Err(malformed_trailer("a signature where none should be"));
        };
        let lines = std::mem::take(&mut self.trailer.lines_sha256).finalize();
        self.trailer.signed = true;
        if signatures.trailer_is_good(lines.into(), signature) { Ok(()) } else { Err(bad_signature()) }
    }
}

impl std::fmt::Debug for AwsChunkedDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsChunkedDecoder").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Hexadecimal digits and nothing else: the library would take a sign.
fn parse_size(digits: &str) -> Result<u64, S3Error> {
    let good = (1..=MAX_SIZE_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let size = if good { u64::from_str_radix(digits, 16).ok() } else { None };
    size.ok_or_else(|| bad_framing("the size of a chunk is no number"))
}

/// S3 calls every body with malformed frames incomplete.
fn bad_framing(why: &str) -> S3Error {
    S3Error::new(Code::INCOMPLETE_BODY).message("The request body terminated unexpectedly").cause(why)
}

fn malformed_trailer(why: &str) -> S3Error {
    S3Error::new(Code::MALFORMED_TRAILER).cause(why)
}

fn bad_signature() -> S3Error {
    S3Error::new(Code::SIGNATURE_DOES_NOT_MATCH).cause("the signature of a chunk or of the trailers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::sequences::sequences;

    /// A chain in which a signature is the place in the chain, a dash, and the start of the digest.
    #[derive(Default)]
    struct Counting(u32);

    impl Counting {
        fn is_good(&mut self, sha256: [u8; 32], signature: &str) -> bool {
            self.0 += 1;
            signature == format!("{}-{}", self.0, hex::encode(&sha256[..2]))
        }
    }

    impl ChunkSignatures for Counting {
        fn chunk_is_good(&mut self, sha256: [u8; 32], signature: &str) -> bool {
            self.is_good(sha256, signature)
        }

        fn trailer_is_good(&mut self, sha256: [u8; 32], signature: &str) -> bool {
            self.is_good(sha256, signature)
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Form {
        signed: bool,
        trailer: Option<Algorithm>,
    }

    const PLAIN: Form = Form { signed: false, trailer: None };
    const TRAILER: Form = Form { signed: false, trailer: Some(Algorithm::Crc32) };
    const SIGNED: Form = Form { signed: true, trailer: None };
    const SIGNED_TRAILER: Form = Form { signed: true, trailer: Some(Algorithm::Crc32) };

    type Decoded = Result<(Vec<u8>, Option<String>), S3Error>;

    fn decode<'p>(form: Form, pieces: impl IntoIterator<Item = &'p [u8]>) -> Decoded {
        let signatures = form.signed.then(|| Box::new(Counting::default()) as Box<dyn ChunkSignatures + Send>);
        let mut decoder = AwsChunkedDecoder::new(signatures, form.trailer);
        let mut body = Vec::new();
        for piece in pieces {
            decoder.update(piece, |data| {
                body.extend_from_slice(data);
                Ok(())
            })?;
        }
        Ok((body, decoder.finish()?.map(|checksum| checksum.value)))
    }

    /// Bodies that decode to "hello world" or nothing, with their trailer.
    const GOOD: &[(Form, &str, &str, Option<&str>)] = &[
        (PLAIN, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", None),
        (PLAIN, "000B\r\nhello world\r\n0\r\n\r\n", "hello world", None),
        (PLAIN, "0\r\n\r\n", "", None),
        (TRAILER, "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n\r\n", "", Some("AAAAAA==")),
        (TRAILER, "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "hello world", Some("DUoRhQ==")),
        (TRAILER, "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32: DUoRhQ==\n\r\n\r\n", "hello world", Some("DUoRhQ==")),
        (TRAILER, "0\r\nX-Amz-Checksum-Crc32:AAAAAA==\r\n\r\n", "", Some("AAAAAA==")),
        (
            SIGNED,
            "5;chunk-signature=1-2cf2\r\nhello\r\n6;chunk-signature=2-045f\r\n world\r\n0;chunk-signature=3-e3b0\r\n\r\n",
            "hello world",
            None,
        ),
        (
            SIGNED_TRAILER,
            "b;chunk-signature=1-b94d\r\nhello world\r\n0;chunk-signature=2-e3b0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\
             x-amz-trailer-signature:3-1076\r\n\r\n",
            "hello world",
            Some("DUoRhQ=="),
        ),
        (
            SIGNED_TRAILER,
            "b;chunk-signature=1-b94d\r\nhello world\r\n0;chunk-signature=2-e3b0\r\nx-amz-checksum-crc32:DUoRhQ==\n\r\n\
             x-amz-trailer-signature:3-1076\r\n\r\n",
            "hello world",
            Some("DUoRhQ=="),
        ),
    ];

    #[test]
    fn good_bodies_decode_wherever_they_are_cut() {
        for (form, framed, body, trailer) in GOOD {
            let expected = (body.as_bytes().to_vec(), trailer.map(str::to_owned));
            for cut in 0..=framed.len() {
                let (head, tail) = framed.as_bytes().split_at(cut);
                assert_eq!(decode(*form, [head, tail]).as_ref(), Ok(&expected), "{framed} at {cut}");
            }
            assert_eq!(decode(*form, framed.as_bytes().chunks(1)), Ok(expected));
        }
    }

    #[test]
    fn a_body_that_ends_early_is_never_good() {
        for (form, framed, _, _) in GOOD {
            // The second form has a line end more than it needs.
            let needed = framed.strip_suffix("\n\r\n\r\n").map_or(framed.len(), |least| least.len() + 3);
            for end in 0..needed {
                let code = decode(*form, [&framed.as_bytes()[..end]]).unwrap_err().code;
                assert_eq!(code, "IncompleteBody", "{framed} cut at {end}");
            }
        }
    }

    #[test]
    fn what_is_not_framed_is_refused() {
        let endless = "0".repeat(MAX_LINE + 1);
        for (form, framed) in [
            (PLAIN, "hello world\r\n"),
            (PLAIN, "\r\n"),
            (PLAIN, "5\nhello"),
            (PLAIN, "+5\r\nhello\r\n"),
            (PLAIN, "-1\r\n"),
            (PLAIN, "0x5\r\nhello\r\n"),
            (PLAIN, " 5\r\nhello\r\n"),
            (PLAIN, "10000000000000000\r\n"),
            (PLAIN, "5\r\nhello world\r\n"),
            (PLAIN, "5\r\nhello\n"),
            (PLAIN, "5;x=y\r\nhello\r\n"),
            (PLAIN, "5;chunk-signature=1-2cf2\r\nhello\r\n"),
            (PLAIN, "0\r\n\r\nx\r\n"),
            (PLAIN, "0\r\n\r\n\r\n\r\n"),
            (SIGNED_TRAILER, "0;chunk-signature=1-e3b0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n\r\n"),
            (PLAIN, "0\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            (PLAIN, "\u{e9}\r\n"),
            (PLAIN, endless.as_str()),
            (SIGNED, "5\r\nhello\r\n"),
        ] {
            assert_eq!(decode(form, [framed.as_bytes()]).unwrap_err().code, "IncompleteBody", "{framed}");
        }
    }

    #[test]
    fn wrong_signatures_are_seen_at_once() {
        let start = "b;chunk-signature=1-b94d\r\nhello world\r\n0;chunk-signature=2-e3b0\r\n";
        let trailer = "x-amz-checksum-crc32:DUoRhQ==\r\nx-amz-trailer-signature:";
        for (form, framed) in [
            (SIGNED, "5;chunk-signature=1-0000\r\nhello".to_owned()),
            (SIGNED, "5;chunk-signature=\r\nhello".to_owned()),
            (SIGNED, "5;chunk-signature=1-2cf2\r\nhellO".to_owned()),
            (SIGNED, "0;chunk-signature=1-0000\r\n".to_owned()),
            (SIGNED_TRAILER, format!("{start}{trailer}3-0000\r\n")),
            (SIGNED_TRAILER, format!("{start}{trailer}\r\n")),
        ] {
            assert_eq!(decode(form, [framed.as_bytes()]).unwrap_err().code, "SignatureDoesNotMatch", "{framed}");
        }
    }

    #[test]
    fn trailers_are_those_announced() {
        let signed = "0;chunk-signature=1-e3b0\r\n";
        for (form, framed) in [
            (TRAILER, "0\r\n\r\n".to_owned()),
            (TRAILER, "0\r\nx-amz-checksum-sha1:AAAAAA==\r\n\r\n".to_owned()),
            (TRAILER, "0\r\nx-amz-meta-a:b\r\n\r\n".to_owned()),
            (TRAILER, "0\r\nno colon\r\n\r\n".to_owned()),
            (TRAILER, format!("0\r\n{}\r\n", "x-amz-checksum-crc32:AAAAAA==\r\n".repeat(2))),
            (TRAILER, "0\r\nx-amz-trailer-signature:1-e3b0\r\n\r\n".to_owned()),
            (PLAIN, "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n".to_owned()),
            (SIGNED, format!("{signed}x-amz-trailer-signature:2-e3b0\r\n\r\n")),
            (SIGNED_TRAILER, format!("{signed}x-amz-trailer-signature:2-e3b0\r\n\r\n")),
            (
                SIGNED_TRAILER,
                format!("{signed}x-amz-trailer-signature:2-e3b0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"),
            ),
        ] {
            assert_eq!(decode(form, [framed.as_bytes()]).unwrap_err().code, "MalformedTrailerError", "{framed}");
        }
        let unsigned = format!("{signed}x-amz-checksum-crc32:AAAAAA==\r\n\r\n");
        assert_eq!(decode(SIGNED_TRAILER, [unsigned.as_bytes()]).unwrap_err().code, "IncompleteBody");
        let no_crc32 = decode(TRAILER, [&b"0\r\nx-amz-checksum-crc32:AA\r\n\r\n"[..]]).unwrap_err();
        assert_eq!(no_crc32.to_string(), "400 InvalidRequest: Value for x-amz-checksum-crc32 header is invalid.");
    }

    #[test]
    fn an_error_of_the_reader_ends_the_body() {
        let mut decoder = AwsChunkedDecoder::new(None, None);
        let refused = decoder.update(b"5\r\nhello\r\n", |_| Err(Code::INCOMPLETE_BODY.into()));
        assert_eq!(refused.unwrap_err().code, "IncompleteBody");
    }

    /// What framing is made of, with signatures that are good in the first and the second place of a chain.
    const TOKENS: &[&str] = &[
        "0\r\n",
        "1\r\n",
        "x\r\n",
        "x",
        "\r\n",
        "\n",
        "1;chunk-signature=1-2d71\r\n",
        "0;chunk-signature=1-e3b0\r\n",
        "0;chunk-signature=2-e3b0\r\n",
        "x-amz-checksum-crc32:AAAAAA==\r\n",
        "x-amz-trailer-signature:2-",
        "\u{e9}",
    ];

    /// No panic, one result however it is cut, and no more bytes than were sent.
    #[test]
    fn any_body_of_four_tokens_decodes_the_same_however_it_is_cut() {
        for framed in sequences(TOKENS, 4) {
            for form in [PLAIN, TRAILER, SIGNED, SIGNED_TRAILER] {
                let whole = decode(form, [framed.as_bytes()]);
                assert_eq!(decode(form, framed.as_bytes().chunks(1)), whole, "{framed:?} {form:?}");
                let (front, back) = framed.as_bytes().split_at(framed.len() / 2);
                assert_eq!(decode(form, [front, back]), whole, "{framed:?} {form:?}");
                assert!(whole.map_or(true, |(body, _)| body.len() < framed.len()), "{framed:?} {form:?}");
            }
        }
    }
}
