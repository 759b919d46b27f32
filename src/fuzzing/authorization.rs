//! Claims of requests: `Authorization` headers and presigned queries.

use super::head::{Head, now};
use crate::s3::S3Error;
use crate::sigv4::{self, KeyCache, Secret};

/// A claim that can be read has one meaning in all readers. No claim is signed with an unknown secret.
pub fn authorization(input: &[u8]) {
    let head = Head::parse(input);
    let announced = sigv4::announced_payload(&head.borrow());
    let claim = match sigv4::parse(&head.borrow()) {
        Ok(claim) => claim,
        Err(error) => return assert!(S3Error::from(error).status.is_client_error()),
    };
    assert_eq!(announced, claim.payload().kind());
    assert!(claim.signed_header_names().any(|name| name == "host"));
    assert!(!claim.summary().is_empty());
    let verified = sigv4::verify(&claim, &head.borrow(), &Secret::new("nobody's"), &KeyCache::default());
    let error = S3Error::from(verified.expect_err("a forgery"));
    assert_eq!(error.code, "SignatureDoesNotMatch");
    let _ = sigv4::check_signed_headers(&claim, &head.borrow());
    let _ = sigv4::check_clock(&claim, now());
    if !claim.is_presigned() {
        assert!(sigv4::check_clock(&claim, claim.date()).is_ok(), "a request is on time at its time");
    }
}
