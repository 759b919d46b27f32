//! Errors as S3 clients see them: a status, a code, a sentence.
//!
//! The table below has the codes that the proxy itself answers with, with R2's messages if they are known. A refusal of
//! a policy has its own status, code and text ([`crate::policy`]). An error also has a cause, which goes to the log
//! only.

use http::StatusCode;
use std::borrow::Cow;
use std::fmt;

/// A code of the table, with a default message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// As `<Code>` spells it.
    pub name: &'static str,
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// The usual `<Message>`.
    pub message: &'static str,
}

/// A limit of the operator. A byte, as errors are moved around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests in flight in all.
    Requests,
    /// Requests in flight of a key.
    KeyRequests,
    /// Requests a second of a key.
    RequestRate,
    /// Bytes a second that the clients of a key send.
    BytesIn,
    /// Bytes a second that they get.
    BytesOut,
    /// Copies at the same time in all.
    Copies,
    /// Copies of a key at the same time.
    KeyCopies,
    /// Open uploads of a key.
    Uploads,
    /// Room on the disk that a key has reserved.
    Space,
    /// Bytes of a request document.
    DocumentBytes,
    /// Bytes of an answer that its client takes in a window.
    AnswerBytes,
}

impl Limit {
    /// Its name in log and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Requests => "requests",
            Limit::KeyRequests => "key_requests",
            Limit::RequestRate => "request_rate",
            Limit::BytesIn => "bytes_in",
            Limit::BytesOut => "bytes_out",
            Limit::Copies => "copies",
            Limit::KeyCopies => "key_copies",
            Limit::Uploads => "uploads",
            Limit::Space => "space",
            Limit::DocumentBytes => "document_bytes",
            Limit::AnswerBytes => "answer_bytes",
        }
    }
}

/// An error answer in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Error {
    /// The HTTP status.
    pub status: StatusCode,
    /// `<Code>`.
    pub code: Cow<'static, str>,
    /// `<Message>`.
    pub message: Cow<'static, str>,
    /// Further elements of `<Error>`, in order: name and text.
    pub details: Vec<(&'static str, String)>,
    /// Headers the answer carries besides the usual ones: lower-case name and value.
    pub headers: Vec<(&'static str, String)>,
    /// The real cause. It is logged and never sent to a client.
    pub cause: Option<String>,
    /// The limit of the operator that the client is over, for metrics.
    pub limit: Option<Limit>,
}

impl S3Error {
    /// The error of a code, in the table's words.
    pub fn new(code: Code) -> S3Error {
        S3Error {
            // Statuses of the table are three digits; a test holds it.
            status: StatusCode::from_u16(code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code: Cow::Borrowed(code.name),
            message: Cow::Borrowed(code.message),
            details: Vec::new(),
            headers: Vec::new(),
            cause: None,
            limit: None,
        }
    }

    /// The error of a client that is over a limit of the operator. 503, as SDKs repeat that later; 429 they may not.
    pub fn slow_down(limit: Limit, message: impl Into<Cow<'static, str>>) -> S3Error {
        let error = S3Error::new(Code::SLOW_DOWN).message(message).cause(format!("over the limit {}", limit.name()));
        S3Error { limit: Some(limit), ..error }
    }

    /// The same error with another sentence.
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> S3Error {
        self.message = message.into();
        self
    }

    /// The same error with one more element.
    pub fn detail(mut self, element: &'static str, text: impl Into<String>) -> S3Error {
        self.details.push((element, text.into()));
        self
    }

    /// The same error with one more header in its answer.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> S3Error {
        self.headers.push((name, value.into()));
        self
    }

    /// The same error with its cause for the log.
    pub fn cause(mut self, cause: impl fmt::Display) -> S3Error {
        self.cause = Some(cause.to_string());
        self
    }
}

impl From<Code> for S3Error {
    fn from(code: Code) -> S3Error {
        S3Error::new(code)
    }
}

impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.message)
    }
}

impl std::error::Error for S3Error {}

macro_rules! codes {
    ($($constant:ident $name:ident $status:literal $message:literal;)*) => {
        impl Code {
            $(
                #[doc = concat!("`", stringify!($name), "`, HTTP ", stringify!($status), ": ", $message)]
                pub const $constant: Code = Code { name: stringify!($name), status: $status, message: $message };
            )*
        }

        /// All codes of the table.
        pub const CODES: &[Code] = &[$(Code::$constant),*];
    };
}

codes! {
    ACCESS_DENIED AccessDenied 403 "Access Denied";
    BAD_GATEWAY BadGateway 502 "The store behind this server did not answer as it should. Please try again.";
    BAD_DIGEST BadDigest 400 "The Content-MD5 or checksum you specified did not match what we received.";
    BUCKET_ALREADY_OWNED_BY_YOU BucketAlreadyOwnedByYou 409
        "The bucket you tried to create already exists, and you own it.";
    BUCKET_NOT_EMPTY BucketNotEmpty 409 "The bucket you tried to delete is not empty.";
    ENTITY_TOO_LARGE EntityTooLarge 400 "Your proposed upload exceeds the maximum allowed object size.";
    ENTITY_TOO_SMALL EntityTooSmall 400 "Your proposed upload is smaller than the minimum allowed object size.";
    EXPIRED_REQUEST ExpiredRequest 403 "Request has expired";
    GATEWAY_TIMEOUT GatewayTimeout 504 "The store behind this server did not answer in time. Please try again.";
    INCOMPLETE_BODY IncompleteBody 400
        "You did not provide the number of bytes specified by the Content-Length HTTP header.";
    INTERNAL_ERROR InternalError 500 "We encountered an internal error. Please try again.";
    INVALID_ARGUMENT InvalidArgument 400 "Invalid Argument";
    INVALID_BUCKET_NAME InvalidBucketName 400 "The specified bucket name is not valid.";
    INVALID_DIGEST InvalidDigest 400 "The checksum or Content-MD5 you specified is not valid.";
    INVALID_ENCRYPTION_ALGORITHM InvalidEncryptionAlgorithmError 400
        "The encryption request that you specified is not valid. The valid value is AES256.";
    INVALID_MAX_KEYS InvalidMaxKeys 400 "MaxKeys params must be positive integer <= 1000.";
    INVALID_OBJECT_NAME InvalidObjectName 400 "The specified object name is not valid.";
    INVALID_PART InvalidPart 400 "One or more of the specified parts could not be found.";
    INVALID_PART_ORDER InvalidPartOrder 400
        "The list of parts was not in ascending order. Parts must be ordered by part number.";
    INVALID_PART_NUMBER InvalidPartNumber 416 "The requested partnumber is not satisfiable";
    INVALID_RANGE InvalidRange 416 "The requested range is not satisfiable";
    INVALID_REGION_NAME InvalidRegionName 400 "The region name is not valid.";
    INVALID_REQUEST InvalidRequest 400 "Invalid Request";
    INVALID_STORAGE_CLASS InvalidStorageClass 400 "The storage class specified is not valid.";
    INVALID_URI InvalidURI 400 "Couldn't parse the specified URI.";
    MALFORMED_TRAILER MalformedTrailerError 400
        "The request contained trailing data that was not well-formed or did not conform to our published schema.";
    MALFORMED_XML MalformedXML 400
        "The XML you provided was not well formed or did not validate against our published schema.";
    MAX_MESSAGE_LENGTH_EXCEEDED MaxMessageLengthExceeded 400 "Your request was too big.";
    METADATA_TOO_LARGE MetadataTooLarge 400 "Your metadata headers exceed the maximum allowed metadata size.";
    METHOD_NOT_ALLOWED MethodNotAllowed 405 "The specified method is not allowed against this resource.";
    MISSING_CONTENT_LENGTH MissingContentLength 411 "You must provide the Content-Length HTTP header.";
    NO_SUCH_BUCKET NoSuchBucket 404 "The specified bucket does not exist.";
    NO_SUCH_CORS_CONFIGURATION NoSuchCORSConfiguration 404 "The CORS configuration does not exist";
    NO_SUCH_KEY NoSuchKey 404 "The specified key does not exist.";
    NO_SUCH_LIFECYCLE_CONFIGURATION NoSuchLifecycleConfiguration 404 "The lifecycle configuration does not exist";
    NO_SUCH_UPLOAD NoSuchUpload 404 "The specified multipart upload does not exist.";
    NOT_IMPLEMENTED NotImplemented 501 "A header you provided implies functionality that is not implemented.";
    PRECONDITION_FAILED PreconditionFailed 412 "At least one of the pre-conditions you specified did not hold.";
    REQUEST_HEADER_SECTION_TOO_LARGE RequestHeaderSectionTooLarge 400
        "Your request header section exceeds the maximum allowed size.";
    REQUEST_TIMEOUT RequestTimeout 400
        "Your socket connection to the server was not read from or written to within the timeout period.";
    REQUEST_TIME_TOO_SKEWED RequestTimeTooSkewed 403
        "The difference between the request time and the server's time is too large.";
    ROUTE_NOT_FOUND RouteNotFound 404 "No route matches this url.";
    SERVICE_UNAVAILABLE ServiceUnavailable 503 "Please reduce your request rate.";
    SIGNATURE_DOES_NOT_MATCH SignatureDoesNotMatch 403
        "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method.";
    SLOW_DOWN SlowDown 503 "Please reduce your request rate.";
    UNAUTHORIZED Unauthorized 401 "Unauthorized";
    X_AMZ_CONTENT_SHA256_MISMATCH XAmzContentSHA256Mismatch 400
        "The provided 'x-amz-content-sha256' header does not match what was computed.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_the_table_are_errors() {
        for code in CODES {
            let error = S3Error::new(*code);
            assert_eq!(error.status.as_u16(), code.status);
            assert!(error.status.is_client_error() || error.status.is_server_error(), "{}", code.name);
        }
    }
}
