//! `x-amz-content-sha256`: what a signature covers of the body.

use crate::s3::payload::{PayloadKind, Streaming};
use crate::sigv4::digits;
use crate::sigv4::error::AuthError;
use std::borrow::Cow;

/// The SHA-256 of no bytes.
pub(super) const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The same as bytes.
const EMPTY_DIGEST: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// What the signature covers of the body (S3 API reference, "Signature Calculations").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadHash {
    /// The body has this SHA-256.
    Digest([u8; 32]),
    /// Nothing.
    Unsigned,
    /// The body is aws-chunked, and its frames have signatures or a trailer.
    Streaming(Streaming),
}

impl PayloadHash {
    /// Reads the header's value. Digests are 64 lower-case hexadecimal digits: the text is part of what was signed, so
    /// a second spelling would be a second signature.
    pub fn parse(text: &str) -> Result<PayloadHash, AuthError> {
        match PayloadKind::from_sentinel(text) {
            Some(PayloadKind::Unsigned) => Ok(PayloadHash::Unsigned),
            Some(PayloadKind::Streaming(form)) => Ok(PayloadHash::Streaming(form)),
            Some(PayloadKind::Signed) | None => {
                parse_digest(text).map(PayloadHash::Digest).ok_or(AuthError::BadPayloadHash)
            }
        }
    }

    /// The kind of payload, as policies name it.
    pub fn kind(&self) -> PayloadKind {
        match self {
            PayloadHash::Digest(_) => PayloadKind::Signed,
            PayloadHash::Unsigned => PayloadKind::Unsigned,
            PayloadHash::Streaming(form) => PayloadKind::Streaming(*form),
        }
    }

    /// The value for a request without a body.
    pub fn of_nothing() -> PayloadHash {
        PayloadHash::Digest(EMPTY_DIGEST)
    }

    /// Whether a request without a body can have this value.
    pub fn may_be_of_nothing(&self) -> bool {
        !matches!(self, PayloadHash::Digest(digest) if *digest != EMPTY_DIGEST)
    }

    /// As the header spells it, and as the canonical request ends.
    pub fn text(&self) -> Cow<'static, str> {
        match self {
            PayloadHash::Digest(digest) => Cow::Owned(digits::of(digest)),
            PayloadHash::Unsigned | PayloadHash::Streaming(_) => {
                Cow::Borrowed(self.kind().sentinel().unwrap_or_default())
            }
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
    fn a_request_without_a_body_has_the_digest_of_nothing() {
        let of_nothing = PayloadHash::of_nothing();
        assert_eq!((of_nothing.text().as_ref(), of_nothing.may_be_of_nothing()), (EMPTY_SHA256, true));
        assert!(!PayloadHash::Digest([0; 32]).may_be_of_nothing() && PayloadHash::Unsigned.may_be_of_nothing());
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
