//! Makes temporary credentials, in the form that [`crate::access::token`] reads.

use crate::access::key::AccessKey;
use crate::access::permission::Permission;
use crate::access::token::{PREFIX, TokenOperations, name_of, secret_of};
use crate::s3::Timestamp;
use crate::s3::names::{BucketName, ObjectKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use std::fmt;

/// The temporary credentials to make.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The one bucket.
    pub bucket: BucketName,
    /// A class, or actions; not both.
    pub operations: TokenOperations,
    /// Where in the bucket; `None` is everywhere.
    pub prefixes: Vec<String>,
    /// Exactly these keys, besides those below the prefixes.
    pub objects: Vec<ObjectKey>,
    /// The host that the credentials are for, which is not checked.
    pub audience: String,
    /// When the token is made.
    pub now: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// Temporary credentials. Their Debug shows no secret.
#[derive(Clone)]
pub struct TemporaryCredentials {
    /// The parent's id.
    pub access_key_id: String,
    /// 64 hexadecimal digits.
    pub secret_access_key: String,
    /// The text of `X-Amz-Security-Token`.
    pub session_token: String,
}

impl fmt::Debug for TemporaryCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// The claims in the order of the docs' example.
#[derive(Serialize)]
struct MadeClaims<'a> {
    bucket: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<MadePaths<'a>>,
    sub: &'static str,
    iss: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MadePaths<'a> {
    prefix_paths: &'a [String],
    object_paths: Vec<&'a str>,
}

impl TemporaryCredentials {
    /// Makes credentials of a key.
    ///
    /// # Errors
    /// None in practice: JSON can write every text.
    pub fn new(parent: &AccessKey, wanted: &TokenRequest) -> Result<TemporaryCredentials, serde_json::Error> {
        let claims = serde_json::to_vec(&claims(parent, wanted))?;
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
        let jwt = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(parent.secret.mac(signed.as_bytes())));
        Ok(TemporaryCredentials {
            access_key_id: parent.id.clone(),
            secret_access_key: secret_of(&jwt),
            session_token: STANDARD.encode(format!("{PREFIX}{jwt}")),
        })
    }
}

fn claims<'a>(parent: &'a AccessKey, wanted: &'a TokenRequest) -> MadeClaims<'a> {
    let has_paths = !wanted.prefixes.is_empty() || !wanted.objects.is_empty();
    let object_paths = wanted.objects.iter().map(ObjectKey::as_str).collect();
    MadeClaims {
        bucket: wanted.bucket.as_str(),
        scope: wanted.operations.permission.map(Permission::name),
        actions: wanted.operations.actions.as_ref().map(|actions| actions.iter().filter_map(name_of).collect()),
        paths: has_paths.then_some(MadePaths { prefix_paths: &wanted.prefixes, object_paths }),
        // R2's is the account's id.
        sub: "r2shim",
        iss: &parent.id,
        aud: &wanted.audience,
        iat: wanted.now.seconds(),
        exp: wanted.expires.seconds(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::token::tests::{ID, NOW, now, parent};
    use crate::access::token::{SessionToken, TokenPaths};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis((NOW + seconds) * 1000)
    }

    /// The token and the secret of it as Python's standard library makes them.
    const MADE: &str = "and0L2V5SmhiR2NpT2lKSVV6STFOaUlzSW5SNWNDSTZJa3BYVkNKOS5leUppZFdOclpYUWlPaUp0ZVMxaWRXTnJaWFFpTENK\
     elkyOXdaU0k2SW05aWFtVmpkQzF5WldGa0xXOXViSGtpTENKd1lYUm9jeUk2ZXlKd2NtVm1hWGhRWVhSb2N5STZXeUprWVhS\
     aEx5SmRMQ0p2WW1wbFkzUlFZWFJvY3lJNlcxMTlMQ0p6ZFdJaU9pSnlNbk5vYVcwaUxDSnBjM01pT2lJd01USXpORFUyTnpn\
     NVlXSmpaR1ZtTURFeU16UTFOamM0T1dGaVkyUmxaaUlzSW1GMVpDSTZJbWh2YzNRaUxDSnBZWFFpT2pFNE1EQXdNREF3TURB\
     c0ltVjRjQ0k2TVRnd01EQXdNRGt3TUgwLlJlanNmMnVmeTlUb0VQUnFhSTRteUdtQVc5S0dRcXVYdE56Nkg2WWcwa2c=";
    const MADE_SECRET: &str = "3256157a191fc2988859e1cebb321c52ebe01e38c8858bd4a2a675d736a11e4e";

    #[test]
    fn credentials_are_made_in_the_form_of_the_docs() {
        let wanted = TokenRequest {
            bucket: BucketName::parse("my-bucket").unwrap(),
            operations: TokenOperations { permission: Some(Permission::ObjectReadOnly), actions: None },
            prefixes: vec!["data/".into()],
            objects: Vec::new(),
            audience: "host".into(),
            now: now(),
            expires: at(900),
        };
        let made = TemporaryCredentials::new(&parent(), &wanted).unwrap();
        assert_eq!((made.access_key_id.as_str(), made.secret_access_key.as_str()), (ID, MADE_SECRET));
        assert_eq!(made.session_token, MADE);
        let token = SessionToken::verify(MADE, &parent(), now()).unwrap();
        assert!(token.secret.is(MADE_SECRET) && !token.secret.is("parent secret"));
        assert_eq!(token.scope.paths, Some(TokenPaths { prefixes: vec!["data/".into()], objects: Vec::new() }));
        assert_eq!(token.check_end(at(899)), Ok(()));
        assert_eq!(token.check_end(at(900)), Err(at(900)));
        assert!(!format!("{made:?} {token:?}").contains(MADE_SECRET));
    }
}
