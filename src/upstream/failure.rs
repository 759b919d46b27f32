//! The client's error for an upstream's error.
//!
//! An error of S3 keeps its code and its status. Its message is replaced, because it may name the upstream's bucket,
//! account, key or address. An error about r2shim's credentials is not the client's fault: it becomes a 502, and so
//! does an answer that is not S3. The upstream's message goes to the log.

use crate::s3::error::CODES;
use crate::s3::xml::ErrorDocument;
use crate::s3::{Code, S3Error};
use http::StatusCode;
use std::borrow::Cow;

/// Codes that refuse r2shim's signature, clock or settings.
const OUR_FAULTS: &[&str] = &[
    "AuthorizationHeaderMalformed",
    "CredentialsNotSupported",
    "ExpiredToken",
    "IllegalLocationConstraintException",
    "InvalidAccessKeyId",
    "InvalidLocationConstraint",
    "InvalidSecurity",
    "InvalidToken",
    "NotSignedUp",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "XAmzContentSHA256Mismatch",
];

/// The message of an error whose code is not in our table.
pub(super) const REFUSED: &str = "The upstream store refuses the request.";

/// The message when no node of the upstream can be asked, or requests to it cannot be signed.
const UNAVAILABLE: &str = "The store behind this server is not available. Please try again.";

/// MinIO's code while it starts.
const NOT_INITIALIZED: &str = "XMinioServerNotInitialized";

/// Codes of stores for which S3 has another code.
const SYNONYMS: &[(&str, Code)] = &[
    // MinIO.
    ("XMinioAdminInvalidArgument", Code::INVALID_ARGUMENT),
    ("XAmzContentChecksumMismatch", Code::BAD_DIGEST),
    ("SlowDownRead", Code::SERVICE_UNAVAILABLE),
    ("SlowDownWrite", Code::SERVICE_UNAVAILABLE),
    ("XMinioInvalidObjectName", Code::INVALID_OBJECT_NAME),
    ("XMinioInvalidResourceName", Code::INVALID_OBJECT_NAME),
    // S3's code for an error that R2 names differently.
    ("KeyTooLongError", Code::INVALID_OBJECT_NAME),
];

/// Whether an error refuses r2shim's signature, clock or settings, and is not about the client.
pub fn is_our_fault(document: &ErrorDocument) -> bool {
    OUR_FAULTS.contains(&document.code.as_str())
}

/// The error for an answer with this status and this document, if there is one.
pub fn client_error(status: StatusCode, document: Option<&ErrorDocument>) -> S3Error {
    let message = upstream_message(status, document);
    let error = match document {
        // For a write: RFC 9110 section 13.1.2 has 304 for reads only, and versitygw answers it to copies.
        _ if status == StatusCode::NOT_MODIFIED => Code::PRECONDITION_FAILED.into(),
        // 401 asks for credentials, and the upstream has seen only r2shim's.
        _ if status.is_redirection() || status == StatusCode::UNAUTHORIZED => Code::BAD_GATEWAY.into(),
        Some(document) if OUR_FAULTS.contains(&document.code.as_str()) => Code::BAD_GATEWAY.into(),
        Some(document) => of_document(status, document),
        None => of_status(status),
    };
    error.cause(message)
}

/// The error for an answer to HEAD, which has only a status.
pub fn client_error_of_head(status: StatusCode, names_a_key: bool) -> S3Error {
    let code = match status.as_u16() {
        400 => Code::INVALID_REQUEST,
        403 => Code::ACCESS_DENIED,
        404 if names_a_key => Code::NO_SUCH_KEY,
        404 => Code::NO_SUCH_BUCKET,
        405 => Code::METHOD_NOT_ALLOWED,
        412 => Code::PRECONDITION_FAILED,
        416 => Code::INVALID_RANGE,
        501 => Code::NOT_IMPLEMENTED,
        _ => return client_error(status, None),
    };
    S3Error::new(code).cause(upstream_message(status, None))
}

/// The error for an upstream that cannot be reached; `cause` is for the log.
pub fn unavailable(cause: impl std::fmt::Display) -> S3Error {
    S3Error::new(Code::SERVICE_UNAVAILABLE).message(UNAVAILABLE).cause(cause)
}

fn of_document(status: StatusCode, document: &ErrorDocument) -> S3Error {
    if document.code == NOT_INITIALIZED {
        return S3Error::new(Code::SERVICE_UNAVAILABLE).message(UNAVAILABLE);
    }
    if let Some((_, code)) = SYNONYMS.iter().find(|(name, _)| *name == document.code) {
        return (*code).into();
    }
    let known = CODES.iter().find(|code| code.name == document.code);
    let message = known.map_or(REFUSED, |code| code.message);
    let mut error = S3Error::new(Code::INTERNAL_ERROR).message(message);
    // An error document behind a 200 has no status of its own.
    error.status = if status.is_success() { StatusCode::INTERNAL_SERVER_ERROR } else { status };
    error.code = Cow::Owned(document.code.clone());
    error
}

fn of_status(status: StatusCode) -> S3Error {
    match status.as_u16() {
        503 => S3Error::new(Code::SERVICE_UNAVAILABLE).message(UNAVAILABLE),
        504 => Code::GATEWAY_TIMEOUT.into(),
        _ => Code::BAD_GATEWAY.into(),
    }
}

/// The upstream's status and message, for the log.
fn upstream_message(status: StatusCode, document: Option<&ErrorDocument>) -> String {
    let status = status.as_u16();
    let Some(document) = document else { return format!("the upstream answered {status}") };
    let mut text = format!("the upstream answered {status} {}: {}", document.code, document.message);
    for (name, value) in [("region", &document.region), ("endpoint", &document.endpoint)] {
        if let Some(value) = value {
            text += &format!(" ({name} {value})");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str, message: &str) -> S3Error {
        let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let document = ErrorDocument::parse(xml.as_bytes()).unwrap();
        client_error(StatusCode::from_u16(status).unwrap(), Some(&document))
    }

    #[test]
    fn errors_of_s3_are_kept_and_faults_of_the_proxy_are_502() {
        for (status, code, message, expected) in [
            (404, "NoSuchKey", "no", "404 NoSuchKey: The specified key does not exist."),
            (403, "AccessDenied", "arn:aws:s3:::acme-prod-media", "403 AccessDenied: Access Denied"),
            (409, "OperationAborted", "Try again.", "409 OperationAborted: The upstream store refuses the request."),
            (503, "SlowDown", "Slow down.", "503 SlowDown: Please reduce your request rate."),
            (400, "Odd", "in acme-prod-media", "400 Odd: The upstream store refuses the request."),
            (400, "Odd", "at https://s3", "400 Odd: The upstream store refuses the request."),
            (200, "InternalError", "x", "500 InternalError: We encountered an internal error. Please try again."),
            (503, "SlowDownWrite", "x", "503 ServiceUnavailable: Please reduce your request rate."),
            (503, "XMinioServerNotInitialized", "x", &format!("503 ServiceUnavailable: {UNAVAILABLE}")),
        ] {
            assert_eq!(answered(status, code, message).to_string(), expected, "{status} {code}");
        }
        for (status, code) in [
            (403, "InvalidAccessKeyId"),
            (403, "SignatureDoesNotMatch"),
            (301, "PermanentRedirect"),
            (401, "Unauthorized"),
        ] {
            let error = answered(status, code, "AKIA1");
            assert_eq!((error.status.as_u16(), error.code.as_ref()), (502, "BadGateway"), "{code}");
            assert!(error.cause.unwrap().contains("AKIA1") && !error.message.contains("AKIA1"));
        }
    }

    #[test]
    fn a_write_that_is_not_modified_failed_its_condition() {
        let error = client_error(StatusCode::NOT_MODIFIED, None);
        assert_eq!((error.status.as_u16(), error.code.as_ref()), (412, "PreconditionFailed"));
    }

    #[test]
    fn answers_that_are_not_s3_are_errors_of_the_upstream() {
        assert_eq!(client_error(StatusCode::SERVICE_UNAVAILABLE, None).message, UNAVAILABLE);
        for (status, expected) in [(200, 502), (302, 502), (404, 502), (500, 502), (503, 503), (504, 504)] {
            let error = client_error(StatusCode::from_u16(status).unwrap(), None);
            assert_eq!(error.status.as_u16(), expected, "{status}");
        }
    }

    #[test]
    fn an_answer_to_head_is_its_status() {
        for (status, key, code) in [
            (404, true, "NoSuchKey"),
            (404, false, "NoSuchBucket"),
            (403, true, "AccessDenied"),
            (412, true, "PreconditionFailed"),
            (500, true, "BadGateway"),
            (301, false, "BadGateway"),
        ] {
            assert_eq!(client_error_of_head(StatusCode::from_u16(status).unwrap(), key).code, code, "{status}");
        }
    }
}
