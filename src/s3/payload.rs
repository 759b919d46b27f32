//! The ways a request can say how its body is signed and framed.
//!
//! The vocabulary alone: reading the header and checking what it promises is [`crate::sigv4`]'s.

/// What `x-amz-content-sha256` announces (S3 API reference, "Signature calculations for the Authorization header").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadKind {
    /// The SHA-256 of the whole body, signed with the headers.
    Signed,
    /// No promise about the body; presigned requests mostly.
    Unsigned,
    /// aws-chunked, each chunk signed.
    StreamingSigned,
    /// aws-chunked, each chunk and the trailer signed.
    StreamingSignedTrailer,
    /// aws-chunked, unsigned chunks, a checksum in the trailer.
    StreamingUnsignedTrailer,
}

impl PayloadKind {
    /// Every kind.
    pub const ALL: [PayloadKind; 5] = [
        PayloadKind::Signed,
        PayloadKind::Unsigned,
        PayloadKind::StreamingSigned,
        PayloadKind::StreamingSignedTrailer,
        PayloadKind::StreamingUnsignedTrailer,
    ];

    /// The kind as policies, logs and metrics write it.
    pub const fn name(self) -> &'static str {
        match self {
            PayloadKind::Signed => "signed",
            PayloadKind::Unsigned => "unsigned",
            PayloadKind::StreamingSigned => "streaming-signed",
            PayloadKind::StreamingSignedTrailer => "streaming-signed-trailer",
            PayloadKind::StreamingUnsignedTrailer => "streaming-unsigned-trailer",
        }
    }

    /// The kind a value of `x-amz-content-sha256` announces; `None` where it is no sentinel.
    pub fn of_sentinel(value: &str) -> Option<PayloadKind> {
        PayloadKind::ALL.into_iter().find(|kind| kind.sentinel() == Some(value))
    }

    /// What stands in `x-amz-content-sha256` in the place of a hash; `None` where a hash stands there.
    pub const fn sentinel(self) -> Option<&'static str> {
        match self {
            PayloadKind::Signed => None,
            PayloadKind::Unsigned => Some("UNSIGNED-PAYLOAD"),
            PayloadKind::StreamingSigned => Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            PayloadKind::StreamingSignedTrailer => Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
            PayloadKind::StreamingUnsignedTrailer => Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        }
    }
}
