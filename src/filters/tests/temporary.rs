//! Temporary credentials of explained requests.

use super::*;
use crate::access::{TemporaryCredentials, TokenOperations, TokenRequest};
use crate::s3::names::BucketName;

/// What a token says counts only if it is known that the key has signed it.
#[test]
fn explained_temporary_credentials_are_judged_by_their_token_if_it_can_be_verified() {
    let wanted = |expires: u64| TokenRequest {
        bucket: BucketName::parse("media").unwrap(),
        operations: TokenOperations { permission: Some(Permission::ObjectReadOnly), actions: None },
        prefixes: vec!["a/".into()],
        objects: Vec::new(),
        audience: String::new(),
        now: now(),
        expires: Timestamp::from_millis(now().millis() + expires),
    };
    let made = |expires| TemporaryCredentials::new(&AccessKey::admin(ADMIN, Secret::new(SECRET)), &wanted(expires));
    let (good, over) = (made(1000).unwrap(), made(0).unwrap());
    let (with, without) = (Vec::new(), vec![ADMIN.to_owned()]);
    let junk = TemporaryCredentials { session_token: "junk".into(), ..good.clone() };
    for (what, credentials, target, without_secret, findings, missing) in [
        ("below", &good, "GET /media/a/1", &with, "", ""),
        ("beside", &good, "GET /media/b", &with, "authorise AccessDenied", ""),
        ("a write", &good, "PUT /media/a/1", &with, "authorise AccessDenied", "body"),
        ("its secret is not at hand", &good, "GET /media/b", &without, "", "secret"),
        ("over", &over, "GET /media/a/1", &with, "authenticate SignatureDoesNotMatch", ""),
        ("junk", &junk, "GET /media/a/1", &with, "authenticate InvalidArgument", "signature"),
    ] {
        let mut head = Head::parse(target);
        head.append("x-amz-security-token", &credentials.session_token);
        let (head, rules) = (head.signed(ADMIN, &credentials.secret_access_key, "auto"), rules("r2"));
        let known = Known { keys: KnownKeys::OfRules { without_secret }, body: None };
        let explanation = explain(&rules, head.borrow(), now(), known);
        let found: Vec<String> =
            explanation.findings.iter().map(|f| format!("{} {}", f.filter, f.error.code)).collect();
        let names: Vec<&str> = explanation.missing().iter().map(|missing| missing.name()).collect();
        assert_eq!((found.join(", "), names.join(", ")), (findings.to_owned(), missing.to_owned()), "{what}");
    }
}
