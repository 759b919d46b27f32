//! Session tokens of temporary credentials: a head and, from the second line on, claims, which the key has signed.

use super::head::{ADMIN, SECRET, now};
use crate::access::{AccessKey, BadToken, SessionToken};
use crate::sigv4::Secret;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A token is what its key has signed, and nothing else is one; what it says is within what tokens can say.
pub fn tokens(bytes: &[u8]) {
    let parent = AccessKey::admin(ADMIN, Secret::new(SECRET));
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(SessionToken::verify(text, &parent, now()).is_err(), "it is not signed");
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (head, claims) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let token = signed(head, claims, &parent.secret);
    let Ok(found) = SessionToken::verify(&token, &parent, now()) else { return };
    let operations = &found.scope.operations;
    assert!(operations.permission.is_some() || operations.actions.is_some());
    assert!(found.begins().millis() <= now().millis() + 15 * 60 * 1000);
    assert_eq!(found.check_end(now()).is_ok(), now() < found.scope.expires);
    for other in [AccessKey::admin(ADMIN, Secret::new("another")), AccessKey::admin("another", Secret::new(SECRET))] {
        let refused = SessionToken::verify(&token, &other, now()).err();
        assert!(matches!(refused, Some(BadToken::Signature | BadToken::Issuer)), "{refused:?}");
    }
}

fn signed(head: &[u8], claims: &[u8], secret: &Secret) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
    let mac = URL_SAFE_NO_PAD.encode(secret.mac(signed.as_bytes()));
    STANDARD.encode(format!("jwt/{signed}.{mac}"))
}
