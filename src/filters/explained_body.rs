//! Whether the body of an explained request matches its announcement, if its bytes are available.

use crate::body::{Announced, BodyVerifier, Expected, Framing};
use crate::filters::missing::Missing;
use crate::filters::run::Examined;
use crate::s3::checksum::{Checksum, Hasher};
use crate::s3::{Code, S3Error};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Compares the body with its announcement. If the body is not available, returns which part of it decides. `has_chain`
/// is whether signatures of chunks can be verified.
pub(super) fn judge(announced: Announced, body: Option<&[u8]>, has_chain: bool) -> Examined<(), S3Error> {
    let is_plain = matches!(announced.framing, Framing::Plain);
    let known = body.or_else(|| (is_plain && announced.expected.length == Some(0)).then_some(&[][..]));
    let (mut refusals, mut missing) = (Vec::new(), Vec::new());
    match known {
        Some(body) if is_plain || has_chain => refusals.extend(verify(announced, body).err()),
        _ => match of_nothing(&announced.expected) {
            Some((name, error)) if announced.expected.length.is_some_and(|length| length > 0) => {
                refusals.push(error.cause(format!("{name} is that of an empty body")));
            }
            Some((name, error)) => missing.push(Missing::Body(format!(
                "whether the body is empty: {name} is that of no bytes, and any other body is refused with {} {}",
                error.status.as_u16(),
                error.code
            ))),
            None => missing.extend(depends_on(&announced)),
        },
    }
    Examined { value: (), refusals, missing }
}

fn verify(announced: Announced, body: &[u8]) -> Result<(), S3Error> {
    let mut verifier = BodyVerifier::new(announced);
    verifier.update(Bytes::copy_from_slice(body))?;
    verifier.finish().map(drop)
}

/// The name of a digest of an empty body, and the answer to a body with bytes. SDKs and tools that presign a request
/// without its body sign such a digest.
fn of_nothing(expected: &Expected) -> Option<(&'static str, S3Error)> {
    if expected.sha256.is_some_and(|digest| digest == <[u8; 32]>::from(Sha256::digest(b""))) {
        return Some(("x-amz-content-sha256", Code::X_AMZ_CONTENT_SHA256_MISMATCH.into()));
    }
    let checksum = expected.checksum.as_ref()?;
    let is_of_nothing = *checksum == Hasher::new(checksum.algorithm).finish_checksum();
    is_of_nothing.then(|| (checksum.algorithm.header(), Checksum::mismatch(checksum.algorithm)))
}

/// Which property of the bytes decides.
fn depends_on(announced: &Announced) -> Option<Missing> {
    let expected = &announced.expected;
    let mut parts = Vec::new();
    if let Framing::AwsChunked { chain, trailer } = &announced.framing {
        parts.push(if chain.is_some() { "its frames and their signatures" } else { "its frames" });
        parts.extend(trailer.map(|_| "its trailer"));
    }
    parts.extend(expected.sha256.map(|_| "its SHA-256"));
    parts.extend(expected.md5.map(|_| "its MD5"));
    parts.extend(expected.checksum.as_ref().map(|_| "its checksum"));
    (!parts.is_empty()).then(|| Missing::Body(format!("the body: {}", parts.join(", "))))
}
