//! How the checks are run and what they demand, and the calls that most of them make.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::BehaviorVersion;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;

pub const MIB: usize = 1 << 20;

/// A key that breaks naive clients and servers.
pub const ODD_KEY: &str = "a b/ż+c.txt";

/// Why a check failed.
pub type Failed = String;
pub type Outcome = Result<(), Failed>;

/// The client under test, and what it is tested against.
pub struct Checks {
    pub client: Client,
    /// Whether the server runs under the policy `open`; otherwise it is `r2`.
    pub open: bool,
    /// Whether the store behind it is the local one; otherwise it is MinIO.
    pub local: bool,
    /// What the names of all buckets begin with; two digits follow.
    prefix: String,
    buckets: AtomicUsize,
}

impl Checks {
    /// The client as it comes: keys, endpoint and region are in the environment.
    pub async fn new() -> Self {
        let settings = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let [open, local] = [(1, "open"), (2, "local")].map(|(at, word)| argument(at) == word);
        Self { client: Client::new(&settings), open, local, prefix: argument(3), buckets: AtomicUsize::new(0) }
    }

    /// Whether neither policy nor store lets through what R2 lacks. MinIO has it where all is open.
    pub fn lacks(&self) -> bool {
        self.local || !self.open
    }

    /// Runs one check in an empty bucket of its own; prints `ok NAME` or `not ok NAME: why`.
    pub async fn check(&self, name: &str, body: impl AsyncFnOnce(&str) -> Outcome) {
        let outcome = match self.new_bucket().await {
            Ok(bucket) => body(&bucket).await,
            Err(why) => Err(why),
        };
        match outcome {
            Ok(()) => println!("ok {name}"),
            Err(why) => println!("not ok {name}: {}", why.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }

    async fn new_bucket(&self) -> Result<String, Failed> {
        let name = self.free_name();
        self.client.create_bucket().bucket(&name).send().await.map_err(causes)?;
        Ok(name)
    }

    /// The name of a bucket that is not there yet.
    pub fn free_name(&self) -> String {
        format!("{}{:02}", self.prefix, self.buckets.fetch_add(1, Ordering::Relaxed))
    }

    /// Stores an object, whatever its metadata.
    pub async fn put(&self, bucket: &str, key: &str, body: &[u8]) -> Result<String, Failed> {
        let request = self.client.put_object().bucket(bucket).key(key).body(ByteStream::from(body.to_vec()));
        Ok(request.send().await.map_err(causes)?.e_tag.unwrap_or_default())
    }

    /// The bytes of an object.
    pub async fn get(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Failed> {
        let answer = self.client.get_object().bucket(bucket).key(key).send().await.map_err(causes)?;
        collected(answer.body).await
    }

    /// All keys of a bucket, in the order of the listing.
    pub async fn keys(&self, bucket: &str) -> Result<Vec<String>, Failed> {
        let mut pages = self.client.list_objects_v2().bucket(bucket).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            keys.extend(page.map_err(causes)?.contents.unwrap_or_default().into_iter().filter_map(|entry| entry.key));
        }
        Ok(keys)
    }

    /// Demands that a header was refused by name: by `r2` because R2 lacks it, where all is open because the local
    /// store does. In front of MinIO it passes there.
    pub fn refused_header<T: Debug, E>(
        &self,
        (header, value): (&str, &str),
        operation: &str,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Outcome
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let lacking = format!("{header} on {operation} not implemented by the local store");
        let refusal = format!("Header '{header}' with value '{value}' not implemented");
        if !self.lacks() {
            return answer.map(drop).map_err(causes);
        }
        refused(501, "NotImplemented", if self.open { &lacking } else { &refusal }, answer)
    }

    /// Demands that `r2` refused a call with a 501 in these words, and that it passed where all is open.
    pub fn refused_by_r2<T: Debug, E>(&self, words: &str, answer: Result<T, SdkError<E, HttpResponse>>) -> Outcome
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        if self.open { answer.map(drop).map_err(causes) } else { refused(501, "NotImplemented", words, answer) }
    }
}

fn argument(at: usize) -> String {
    std::env::args().nth(at).unwrap_or_default()
}

/// A whole body.
pub async fn collected(body: ByteStream) -> Result<Vec<u8>, Failed> {
    Ok(body.collect().await.map_err(|error| error.to_string())?.to_vec())
}

/// An error with all its causes.
pub fn causes<E: std::error::Error>(error: E) -> Failed {
    DisplayErrorContext(error).to_string()
}

/// Demands that two values are equal.
pub fn same<T: PartialEq + Debug>(actual: T, expected: T) -> Outcome {
    if actual == expected { Ok(()) } else { Err(format!("{actual:?}, not {expected:?}")) }
}

/// Demands that two bodies are equal, without printing megabytes where they are not.
pub fn same_bytes(actual: &[u8], expected: &[u8]) -> Outcome {
    let why = || format!("{} bytes that are not the {} stored", actual.len(), expected.len());
    if actual == expected { Ok(()) } else { Err(why()) }
}

/// Demands that the server refused a call with this status, code and words.
pub fn refused<T: Debug, E>(
    status: u16,
    code: &str,
    words: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let error = answer.err().ok_or("the call should have been refused")?;
    let answered = error.raw_response().map(|response| response.status().as_u16());
    same((answered, error.code()), (Some(status), Some(code)))?;
    let message = error.message().unwrap_or_default();
    if message.contains(words) { Ok(()) } else { Err(format!("{message:?} does not say {words:?}")) }
}

/// Bytes that do not compress; always the same (xorshift64).
pub fn payload(size: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..size.div_ceil(8)).flat_map(|_| next()).collect();
    bytes.truncate(size);
    bytes
}
