//! The ways a request can say how its body is signed and framed.
//!
//! Only the names are here: [`crate::sigv4`] reads the header and verifies it.

/// What `x-amz-content-sha256` announces (S3 API reference, "Signature calculations for the Authorization header").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadKind {
    /// The SHA-256 of the whole body, signed with the headers.
    Signed,
    /// No promise about the body; presigned requests mostly.
    Unsigned,
    /// aws-chunked: the body is in frames, which say more.
    Streaming(Streaming),
}

/// The aws-chunked forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Streaming {
    /// Each chunk carries a signature that continues the request's.
    Signed,
    /// The same, and signed trailers follow the last chunk.
    SignedTrailer,
    /// Chunks without signatures, a checksum in the trailer.
    UnsignedTrailer,
}

impl PayloadKind {
    /// Every kind.
    pub const ALL: [PayloadKind; 5] = [
        PayloadKind::Signed,
        PayloadKind::Unsigned,
        PayloadKind::Streaming(Streaming::Signed),
        PayloadKind::Streaming(Streaming::SignedTrailer),
        PayloadKind::Streaming(Streaming::UnsignedTrailer),
    ];

    /// The kind as policies, logs and metrics write it.
    pub const fn name(self) -> &'static str {
        match self {
            PayloadKind::Signed => "signed",
            PayloadKind::Unsigned => "unsigned",
            PayloadKind::Streaming(Streaming::Signed) => "streaming-signed",
            PayloadKind::Streaming(Streaming::SignedTrailer) => "streaming-signed-trailer",
            PayloadKind::Streaming(Streaming::UnsignedTrailer) => "streaming-unsigned-trailer",
        }
    }

    /// The kind a value of `x-amz-content-sha256` announces; `None` if it is no sentinel.
    pub fn from_sentinel(value: &str) -> Option<PayloadKind> {
        PayloadKind::ALL.into_iter().find(|kind| kind.sentinel() == Some(value))
    }

    /// The value of `x-amz-content-sha256` for a body without a hash there; `None` for one with a hash.
    pub const fn sentinel(self) -> Option<&'static str> {
        match self {
            PayloadKind::Signed => None,
            PayloadKind::Unsigned => Some("UNSIGNED-PAYLOAD"),
            PayloadKind::Streaming(form) => Some(form.sentinel()),
        }
    }
}

impl Streaming {
    /// The value of `x-amz-content-sha256`.
    pub const fn sentinel(self) -> &'static str {
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
