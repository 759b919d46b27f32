//! `x-amz-content-sha256`: what a signature says about the body.

use crate::s3::payload::PayloadKind;
use crate::sigv4::error::AuthError;
use std::borrow::Cow;

/// `x-amz-content-sha256` of a body whose bytes the signature does not cover.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What the signature covers of the body (S3 API reference, "Signature Calculations").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadHash {
    /// The body has this SHA-256.
    Digest([u8; 32]),
    /// Nothing.
    Unsigned,
    /// The body is aws-chunked, and its frames say more.
    Streaming(Streaming),
}

/// The aws-chunked forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streaming {
    /// Each chunk carries a signature that continues the request's.
    Signed,
    /// The same, and signed trailers follow the last chunk.
    SignedTrailer,
    /// Chunks without signatures, trailers after the last.
    UnsignedTrailer,
}

impl Streaming {
    const ALL: [Streaming; 3] = [Streaming::Signed, Streaming::SignedTrailer, Streaming::UnsignedTrailer];

    /// As `x-amz-content-sha256` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Streaming::Signed => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            Streaming::SignedTrailer => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            Streaming::UnsignedTrailer => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        }
    }

    /// Whether chunks carry signatures.
    pub const fn is_signed(self) -> bool {
        matches!(self, Streaming::Signed | Streaming::SignedTrailer)
    }

    /// Whether trailers follow the last chunk.
    pub const fn has_trailer(self) -> bool {
        matches!(self, Streaming::SignedTrailer | Streaming::UnsignedTrailer)
    }
}

impl PayloadHash {
    /// Reads the header's value. Digests are 64 lower-case hexadecimal digits: the text is part of what was signed, so
    /// a second spelling would be a second signature.
    pub fn parse(text: &str) -> Result<PayloadHash, AuthError> {
        if text == UNSIGNED {
            return Ok(PayloadHash::Unsigned);
        }
        let streaming = Streaming::ALL.into_iter().find(|streaming| streaming.name() == text);
        let digest = || parse_digest(text).map(PayloadHash::Digest);
        streaming.map(PayloadHash::Streaming).or_else(digest).ok_or(AuthError::BadPayloadHash)
    }

    /// The kind of payload, as policies name it.
    pub fn kind(&self) -> PayloadKind {
        match self {
            PayloadHash::Digest(_) => PayloadKind::Signed,
            PayloadHash::Unsigned => PayloadKind::Unsigned,
            PayloadHash::Streaming(Streaming::Signed) => PayloadKind::StreamingSigned,
            PayloadHash::Streaming(Streaming::SignedTrailer) => PayloadKind::StreamingSignedTrailer,
            PayloadHash::Streaming(Streaming::UnsignedTrailer) => PayloadKind::StreamingUnsignedTrailer,
        }
    }

    /// As the header spells it, and as the canonical request ends.
    pub fn text(&self) -> Cow<'static, str> {
        match self {
            PayloadHash::Digest(digest) => Cow::Owned(hex::encode(digest)),
            PayloadHash::Unsigned => Cow::Borrowed(UNSIGNED),
            PayloadHash::Streaming(streaming) => Cow::Borrowed(streaming.name()),
        }
    }
}

fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut digest).is_ok()).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_and_writes_itself() {
        let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for text in [
            digest,
            "UNSIGNED-PAYLOAD",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        ] {
            assert_eq!(PayloadHash::parse(text).unwrap().text(), text);
        }
    }

    #[test]
    fn all_else_is_malformed() {
        let upper = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
        for text in [
            "",
            "e3b0",
            upper,
            "unsigned-payload",
            "UNSIGNED-PAYLOAD ",
            "STREAMING-UNSIGNED-PAYLOAD",
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
            "zzb0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            assert_eq!(PayloadHash::parse(text), Err(AuthError::BadPayloadHash), "{text}");
        }
    }
}
