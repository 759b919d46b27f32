//! The credential: an access key id and the scope it signs for.

use crate::sigv4::error::AuthError;
use std::fmt;

/// The last part of every scope.
const TERMINATOR: &str = "aws4_request";

/// The service that this server is.
const SERVICE: &str = "s3";

/// The scope of a signing key: one day, one region, one service. All three are texts as sent, and are not trusted
/// before the signature is verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// `YYYYMMDD`, UTC.
    pub date: String,
    /// The region; R2's clients send `auto`, and may send nothing.
    pub region: String,
    /// `s3`, unless a client signs for another service.
    pub service: String,
}

impl Scope {
    /// `YYYYMMDD/REGION/s3/aws4_request`.
    pub fn text(&self) -> String {
        [self.date.as_str(), &self.region, &self.service, TERMINATOR].join("/")
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Parses `ID/YYYYMMDD/REGION/s3/aws4_request`, and checks in R2's order: parts, service, terminator. An id may have
/// slashes.
pub(super) fn parse_credential(text: &str) -> Result<(String, Scope), AuthError> {
    let mut parts = text.rsplitn(5, '/');
    let (Some(end), Some(service), Some(region), Some(date), Some(id)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(AuthError::CredentialParts(text.split('/').count()));
    };
    if service != SERVICE {
        return Err(AuthError::CredentialService(service.to_owned()));
    }
    if end != TERMINATOR {
        return Err(AuthError::CredentialTerminator(end.to_owned()));
    }
    Ok((id.to_owned(), Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_apart() {
        for (text, id, date, region) in [
            ("AKID/20130524/us-east-1/s3/aws4_request", "AKID", "20130524", "us-east-1"),
            ("AKID/20130524//s3/aws4_request", "AKID", "20130524", ""),
            ("a/b/c/20130524/auto/s3/aws4_request", "a/b/c", "20130524", "auto"),
            ("////s3/aws4_request", "/", "", ""),
        ] {
            let (found, scope) = parse_credential(text).unwrap();
            assert_eq!((found.as_str(), scope.date.as_str(), scope.region.as_str()), (id, date, region), "{text}");
            assert_eq!(format!("{found}/{scope}"), text);
        }
    }

    #[test]
    fn a_malformed_credential_names_its_fault() {
        for (text, error) in [
            ("", AuthError::CredentialParts(1)),
            ("AKID/20130524/auto", AuthError::CredentialParts(3)),
            ("AKID/20130524/auto/sqs/aws4_request", AuthError::CredentialService("sqs".into())),
            ("AKID/20130524/auto/s3/wat", AuthError::CredentialTerminator("wat".into())),
            ("AKID/20130524/auto/s3/aws4_request/", AuthError::CredentialService("aws4_request".into())),
        ] {
            assert_eq!(parse_credential(text).unwrap_err(), error, "{text}");
        }
    }
}
