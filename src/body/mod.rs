//! Stages of a body: each takes bytes and returns bytes or a verdict. No I/O, no async. The caller reads the
//! connection, pushes the bytes, and asks for the verdict at the end.

pub mod aws_chunked;
pub mod digests;
pub mod document;
pub mod coalescing_buffer;
pub mod verifier;
pub mod hold_back;
pub mod trailer_frames;

pub use aws_chunked::{AwsChunkedDecoder, ChunkSignatures};
pub use coalescing_buffer::CoalescingBuffer;
pub use digests::{Digested, Digests, Expected};
pub use document::DocumentCollector;
pub use hold_back::HoldBack;
pub use trailer_frames::TrailerFrames;
pub use verifier::{Announced, BodyVerifier, Framing};
