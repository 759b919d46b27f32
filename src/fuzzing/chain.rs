//! The chain of filters, from a head to what is decided, on the paths that serve and that explain.

use super::head::{ADMIN, Head, READER, SECRET, now};
use super::input::Input;
use crate::access::{AccessKey, BucketPattern, BucketScope, Keyring, Permission};
use crate::cors::{BucketRule, CorsRule, CorsRules, OriginPattern};
use crate::filters::{
    Accepted, Explanation, Known, KnownKeys, Limits, Mode, Rules, Subject, admit, admit_public, explain,
};
use crate::policy::Policy;
use crate::routing::TrustedProxies;
use crate::sigv4::Secret;
use std::sync::{Arc, LazyLock};

pub(super) static RULES: LazyLock<[Rules; 3]> = LazyLock::new(|| ["r2", "r2-2026", "open"].map(rules));

fn rules(policy: &str) -> Rules {
    let key = |id: &str, permission| AccessKey { permission, ..AccessKey::admin(id, Secret::new(SECRET)) };
    let media = || BucketScope::Matching(vec![BucketPattern::parse("media").unwrap()]);
    let rule = CorsRule::open_to(vec![OriginPattern::parse("https://app.example").unwrap()]);
    Rules {
        limits: Limits::default(),
        domains: vec!["s3.test".to_owned()],
        cors: CorsRules::new(vec![BucketRule { buckets: media(), rule }]),
        keyring: Keyring::from_iter([key(ADMIN, Permission::AdminReadWrite), key(READER, Permission::ObjectReadOnly)]),
        signing_keys: Arc::default(),
        policy: Arc::new(Policy::builtin(policy).unwrap().unwrap()),
        public: media(),
        trusted_proxies: TrustedProxies::default(),
        mode: Mode::Enforce,
    }
}

/// `explain` and `serve` say the same of a request. A public port lets nothing through but two reads of its buckets.
pub fn chain(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (policy, mode) = (input.byte(), input.one_of(&[Mode::Enforce, Mode::AuditLocal, Mode::AuditRemote]));
    let (signature, id) = (input.byte() % 3, input.one_of(&[ADMIN, READER]));
    let head = Head::parse(input.rest());
    let head = match signature {
        0 => head.unsigned().signed(id),
        1 => head.unsigned().presigned(id),
        _ => head,
    };
    let rules = &RULES[usize::from(policy) % RULES.len()];
    check_explanation(rules, &head);
    check_public(rules, &head);
    let audit = Rules { mode, ..rules.clone() };
    let mut subject = Subject::default();
    let _ = admit(&audit, head.borrow(), now(), &mut subject);
}

fn check_explanation(rules: &Rules, head: &Head) {
    let known = Known { keys: KnownKeys::OfRules { without_secret: &[] }, body: None };
    let explanation = explain(rules, head.borrow(), now(), known);
    let mut subject = Subject::default();
    match admit(rules, head.borrow(), now(), &mut subject) {
        Err(finding) => {
            let said = explanation.findings.first().map(|first| (first.filter, &first.error));
            let agrees = said == Some((finding.filter, &finding.error)) || !explanation.missing().is_empty();
            assert!(agrees, "served: {finding:?}, explained: {:?}", explanation.findings);
        }
        Ok(accepted) => check_accepted(&accepted, &explanation),
    }
}

fn check_accepted(accepted: &Accepted<'_>, explanation: &Explanation<'_>) {
    assert!(explanation.findings.is_empty(), "served, explained: {:?}", explanation.findings);
    match accepted {
        Accepted::Preflight(headers) => assert_eq!(explanation.preflight.as_ref(), Some(headers)),
        Accepted::Request(admitted) => assert_eq!(explanation.subject.operation, Some(admitted.spec.operation)),
    }
}

fn check_public(rules: &Rules, head: &Head) {
    let mut subject = Subject::default();
    if let Ok(Accepted::Request(admitted)) = admit_public(rules, head.borrow(), now(), &mut subject) {
        assert!(["GetObject", "HeadObject"].contains(&admitted.spec.operation.to_string().as_str()));
        assert!(subject.bucket.is_some_and(|bucket| bucket == "media"));
    }
}
