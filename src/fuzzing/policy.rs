//! Files of policies.

use super::head::Head;
use super::input::Input;
use crate::policy::{Policy, Source};
use crate::s3::operation::OPERATIONS;
use crate::s3::payload::PayloadKind;
use crate::s3::query::Query;
use crate::s3::view::RequestView;

/// A policy that compiles answers any request, and is the same as itself. Faults say where and what to do.
pub fn policy(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let operation = usize::from(input.byte());
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    let source = Source { name: "own".into(), file: "own.toml".into(), text: text.to_owned().into() };
    let compiled = Policy::compile(&source, &|path| Err(format!("{path} is not there")));
    let policy = match compiled {
        Ok(policy) => policy,
        Err(faults) => {
            assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.message.is_empty()));
            return;
        }
    };
    assert!(policy.differences(&policy).is_empty());
    let _ = (policy.table(), policy.effective().count(), policy.written().count());
    let head = Head::parse(b"PUT /media/k?partNumber=1&tagging&x=y\nx-amz-acl: private\nif-match: a\nx-own: 1");
    let view = RequestView::from_signed_headers(&head.headers, Query::parse(&head.query).unwrap());
    let operation = OPERATIONS[operation % OPERATIONS.len()].operation;
    let _ = policy.decide(operation, &view, PayloadKind::Signed);
}
