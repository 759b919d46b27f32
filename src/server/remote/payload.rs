//! The body of a request to the upstream: in memory or streamed, and its framing.
//!
//! A small body is read whole and verified before anything is sent. So it can be sent again, and an empty object, which
//! the store keeps as soon as it has the head, is verified before it exists. Of a large body only the last piece is
//! kept back until the body is verified.

use crate::body::{Announced, BodyVerifier, Digested, Framing, HoldBack, TrailerFrames};
use crate::filters::{Admitted, BodyPlan};
use crate::s3::checksum::Algorithm;
use crate::s3::payload::Streaming;
use crate::s3::{Code, S3Error};
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::sigv4::PayloadHash;
use crate::upstream::{Dialect, Outgoing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderName;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use md5::Md5;
use sha2::{Digest, Sha256};

/// Bodies up to this many bytes are held.
const HELD: u64 = 64 << 10;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const DECODED_LENGTH: HeaderName = HeaderName::from_static("x-amz-decoded-content-length");
const TRAILER: HeaderName = HeaderName::from_static("x-amz-trailer");

/// A body, and how the signature covers it.
pub(super) struct Payload<'b, 's> {
    /// The value of `x-amz-content-sha256`.
    pub(super) hash: PayloadHash,
    /// The bytes, or their source.
    pub(super) content: Content<'b, 's>,
}

/// Where a body's bytes are.
pub(super) enum Content<'b, 's> {
    /// In memory, verified and framed.
    Held(Vec<Bytes>),
    /// With the client.
    Streamed(Box<StreamedBody<'b, 's>>),
}

/// A body that is verified while it passes through. It can be sent once.
pub(super) struct StreamedBody<'b, 's> {
    verifier: BodyVerifier,
    frames: Option<TrailerFrames>,
    hold_back: HoldBack,
    body: &'b mut RequestBody<'s>,
}

impl<'b, 's> Payload<'b, 's> {
    /// No body.
    pub(super) fn none() -> Payload<'b, 's> {
        Payload { hash: PayloadHash::of_nothing(), content: Content::Held(Vec::new()) }
    }

    /// A document that was written here. S3 requires the MD5 of some documents and accepts it with all.
    pub(super) fn document(document: Vec<u8>, outgoing: &mut Outgoing) -> Result<Payload<'b, 's>, S3Error> {
        outgoing.set(CONTENT_LENGTH, &document.len().to_string())?;
        if !document.is_empty() {
            outgoing.set(CONTENT_MD5, &STANDARD.encode(Md5::digest(&document)))?;
        }
        let hash = PayloadHash::Digest(Sha256::digest(&document).into());
        Ok(Payload { hash, content: Content::Held(vec![Bytes::from(document)]) })
    }

    /// The body that a request's plan announces. A small body is read here. Sets the headers that describe the body.
    pub(super) async fn from_request(
        request: &Admitted<'_>,
        outgoing: &mut Outgoing,
        dialect: &Dialect,
        body: &'b mut RequestBody<'s>,
    ) -> Result<Payload<'b, 's>, S3Error> {
        match &request.plan {
            BodyPlan::Ignore => {
                if matches!(outgoing.method, "PUT" | "POST") {
                    outgoing.set(CONTENT_LENGTH, "0")?;
                }
                Ok(Payload::none())
            }
            BodyPlan::Document { .. } => {
                Payload::document(Box::pin(operations::read_document(request, body)).await?, outgoing)
            }
            BodyPlan::Object { length, announced } => {
                Box::pin(Payload::object(*length, announced.clone(), outgoing, dialect, body)).await
            }
        }
    }

    async fn object(
        length: u64,
        announced: Announced,
        outgoing: &mut Outgoing,
        dialect: &Dialect,
        body: &'b mut RequestBody<'s>,
    ) -> Result<Payload<'b, 's>, S3Error> {
        let trailer = trailer(&announced).filter(|algorithm| dialect.trailers && dialect.takes(*algorithm));
        let trailer = trailer.or_else(|| own_trailer(&announced, dialect));
        let hash = match (trailer, announced.expected.sha256) {
            (Some(_), _) => PayloadHash::Streaming(Streaming::UnsignedTrailer),
            (None, Some(digest)) => PayloadHash::Digest(digest),
            (None, None) => PayloadHash::Unsigned,
        };
        set_framing(outgoing, length, trailer, dialect)?;
        let frames = trailer.map(|algorithm| TrailerFrames::new(length, algorithm));
        let mut verifier = BodyVerifier::new(announced);
        if let Some(algorithm) = trailer {
            verifier.make_checksum(algorithm);
        }
        let streamed = StreamedBody { verifier, frames, hold_back: HoldBack::default(), body };
        let content = match length {
            0..=HELD => Content::Held(streamed.read_whole().await?),
            _ => Content::Streamed(Box::new(streamed)),
        };
        Ok(Payload { hash, content })
    }
}

impl StreamedBody<'_, '_> {
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(super) fn awaits_continue(&self) -> bool {
        self.body.awaits_continue()
    }

    /// Reads the next piece from the client and returns what can be sent then, framed; `None` at the end of the body,
    /// when [`StreamedBody::finish`] returns the rest.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Bytes>>, S3Error> {
        let Some(piece) = self.body.next().await? else { return Ok(None) };
        let mut ready = Vec::new();
        for bytes in self.verifier.update(piece)? {
            if let Some(released) = self.hold_back.push(bytes) {
                ready.extend(framed(&mut self.frames, released));
            }
        }
        Ok(Some(ready))
    }

    /// The rest, if the body is what was announced.
    pub(super) fn finish(mut self) -> Result<Vec<Bytes>, S3Error> {
        let good = self.verifier.finish()?;
        let last = self.hold_back.release(&good);
        let mut rest: Vec<Bytes> = last.into_iter().flat_map(|bytes| framed(&mut self.frames, bytes)).collect();
        rest.extend(end(self.frames, &good)?);
        Ok(rest)
    }

    async fn read_whole(mut self) -> Result<Vec<Bytes>, S3Error> {
        let mut whole = Vec::new();
        while let Some(ready) = self.next().await? {
            whole.extend(ready);
        }
        whole.extend(self.finish()?);
        Ok(whole)
    }
}

fn framed(frames: &mut Option<TrailerFrames>, bytes: Bytes) -> Vec<Bytes> {
    match frames {
        Some(frames) => frames.frame(bytes),
        None => vec![bytes],
    }
}

fn end(frames: Option<TrailerFrames>, good: &Digested) -> Result<Option<Bytes>, S3Error> {
    let Some(frames) = frames else { return Ok(None) };
    let missing = || S3Error::new(Code::INTERNAL_ERROR).cause("a trailer was announced and no checksum made");
    good.checksum.as_ref().map(|checksum| Some(frames.finish(checksum))).ok_or_else(missing)
}

/// The checksum behind the client's body.
fn trailer(announced: &Announced) -> Option<Algorithm> {
    match announced.framing {
        Framing::Plain => None,
        Framing::AwsChunked { trailer, .. } => trailer,
    }
}

/// The checksum in a trailer for a store that keeps incomplete bodies, if the request has nothing else by which the
/// store could notice that.
fn own_trailer(announced: &Announced, dialect: &Dialect) -> Option<Algorithm> {
    let expected = &announced.expected;
    let known = expected.sha256.is_some() || expected.md5.is_some() || expected.checksum.is_some();
    (dialect.keeps_short_bodies && !known).then_some(Algorithm::Crc32)
}

/// Sets the headers for the length of the body and for what follows it. There is always a length and never `chunked`:
/// then a store does not keep a body that ends early.
fn set_framing(
    outgoing: &mut Outgoing,
    length: u64,
    trailer: Option<Algorithm>,
    dialect: &Dialect,
) -> Result<(), S3Error> {
    let Some(algorithm) = trailer else { return outgoing.set(CONTENT_LENGTH, &length.to_string()) };
    outgoing.set(CONTENT_LENGTH, &TrailerFrames::content_length(length, algorithm).to_string())?;
    outgoing.set(DECODED_LENGTH, &length.to_string())?;
    outgoing.set(TRAILER, algorithm.header())?;
    if !dialect.framing_named {
        return Ok(());
    }
    let codings = outgoing.headers.get(CONTENT_ENCODING).map(|kept| String::from_utf8_lossy(kept.as_bytes()));
    let codings = codings.map_or("aws-chunked".to_owned(), |kept| format!("aws-chunked,{kept}"));
    outgoing.set(CONTENT_ENCODING, &codings)
}
