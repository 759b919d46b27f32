//! Signing and verifying are two readings of one request.

use super::head::{ADMIN, Head, SECRET};
use super::input::Input;
use crate::sigv4::{self, AuthError, KeyCache, Secret, Verified, canonical as form};

/// What is signed verifies, also as a client sends it that encodes more than it must, and nothing else verifies.
pub fn canonical(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (is_presigned, changed) = (input.byte() % 2 == 1, input.byte());
    let head = Head::parse(input.rest()).unsigned();
    check_forms(&head);
    let head = if is_presigned { head.presigned(ADMIN) } else { head.signed(ADMIN) };
    match verified(&head) {
        Ok(_) => {}
        Err(AuthError::Mismatch(mismatch)) => panic!("signed and not verified: {mismatch:?}"),
        // What cannot be read is refused before anything is verified.
        Err(_) => return,
    }
    let encoded = Head { path: form::path(&head.path), ..head.clone() };
    assert!(verified(&encoded).is_ok(), "{} is {}", encoded.path, head.path);
    for other in others(&head, changed) {
        assert!(verified(&other).is_err(), "{other:?} is {head:?}");
    }
}

/// Canonical forms are canonical, and the order of parameters is none.
fn check_forms(head: &Head) {
    let (path, query) = (form::path(&head.path), form::query(&head.query, false));
    assert_eq!(form::path(&path), path);
    assert_eq!(form::query(&query, false), query);
    let reversed: Vec<_> = head.query.split('&').rev().collect();
    assert_eq!(form::query(&reversed.join("&"), false), query);
}

/// Other requests under the same signature.
fn others(head: &Head, changed: u8) -> [Head; 4] {
    let mut header = head.clone();
    header.set("host", &format!("other{changed}.test"));
    [
        Head { method: format!("{}X", head.method), ..head.clone() },
        Head { path: format!("{}{}", head.path, char::from(b'a' + changed % 26)), ..head.clone() },
        Head { query: format!("{}&zz{changed}", head.query), ..head.clone() },
        header,
    ]
}

fn verified(head: &Head) -> Result<Verified, AuthError> {
    let claim = sigv4::parse(&head.borrow())?;
    sigv4::verify(&claim, &head.borrow(), &Secret::new(SECRET), &KeyCache::default())
}
