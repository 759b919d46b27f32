//! The chain without a socket: from a head to everything that is found about it.

mod audit;
mod bodies;
mod preflights;

use super::*;
use crate::access::{AccessKey, BucketPattern, BucketScope, Keyring, Permission};
use crate::cors::{BucketRule, CorsRule, CorsRules, OriginPattern};
use crate::policy::Policy;
use crate::routing::TrustedProxies;
use crate::s3::S3Error;
use crate::sigv4::{KeyCache, PayloadHash, Secret, Signer};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

mod temporary;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A key that may do everything, and one that may only read objects.
const ADMIN: &str = "0123456789abcdef0123456789abcdef";
const READER: &str = "fedcba9876543210fedcba9876543210";

fn rules(policy: &str) -> Rules {
    let key = |id: &str, permission| AccessKey { permission, ..AccessKey::admin(id, Secret::new(SECRET)) };
    Rules {
        limits: Limits::default(),
        domains: Vec::new(),
        cors: cors_rules(),
        keyring: Keyring::from_iter([key(ADMIN, Permission::AdminReadWrite), key(READER, Permission::ObjectReadOnly)]),
        signing_keys: Arc::default(),
        policy: Arc::new(Policy::builtin(policy).unwrap().unwrap()),
        public: BucketScope::none(),
        trusted_proxies: TrustedProxies::default(),
        mode: Mode::Enforce,
    }
}

/// Pages of one origin may use one bucket.
fn cors_rules() -> CorsRules {
    let origins = vec![OriginPattern::parse("https://app.example").unwrap()];
    let buckets = BucketScope::Matching(vec![BucketPattern::parse("media").unwrap()]);
    CorsRules::new(vec![BucketRule { buckets, rule: CorsRule::open_to(origins) }])
}

fn now() -> Timestamp {
    Timestamp::parse_amz_date("20261126T000000Z").unwrap()
}

/// A head: `METHOD target`, then lines of `name: value`.
struct Head {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
}

impl Head {
    fn parse(text: &str) -> Head {
        let mut lines = text.split(" | ");
        let (method, target) = lines.next().and_then(|line| line.split_once(' ')).unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut head = Head {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("127.0.0.1:9000"))]),
        };
        lines.filter_map(|line| line.split_once(": ")).for_each(|(name, value)| head.append(name, value));
        head
    }

    fn append(&mut self, name: &str, value: &str) {
        let (name, value) = (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        if name == http::header::HOST {
            self.headers.insert(name, value);
        } else {
            self.headers.append(name, value);
        }
    }

    fn signed(mut self, id: &str, secret: &str, region: &str) -> Head {
        self.append("x-amz-date", &now().amz_date());
        if !self.headers.contains_key("x-amz-content-sha256") {
            self.append("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        }
        let payload = PayloadHash::parse(self.headers["x-amz-content-sha256"].to_str().unwrap()).unwrap();
        let (secret, cache) = (Secret::new(secret), KeyCache::default());
        let signer = Signer { access_key_id: id, secret: &secret, region, service: "s3", cache: &cache };
        let authorization = signer.sign(&self.borrow(), &payload, now()).authorization;
        self.append("authorization", &authorization);
        self
    }

    fn borrow(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }
}

/// Where it is enforced, the store says whether there is such a bucket. An audit finds it: the store may answer
/// otherwise.
#[test]
fn an_error_that_every_bucket_answers_is_a_refusal_to_audits_alone() {
    let head = Head::parse("GET /media?tagging").signed(ADMIN, SECRET, "auto");
    for (mode, fixed, found) in [
        (Mode::Enforce, Some(404), &[][..]),
        (Mode::AuditRemote, None, &["GetBucketTagging NoSuchTagSet"]),
        (Mode::AuditLocal, None, &["GetBucketTagging NoSuchTagSet"]),
    ] {
        let (rules, mut subject) = (Rules { mode, ..rules("r2-2026") }, Subject::default());
        let Ok(Accepted::Request(request)) = admit(&rules, head.borrow(), now(), &mut subject) else {
            panic!("{mode:?} refuses")
        };
        assert_eq!(request.fixed.as_ref().map(|ruled| ruled.status().as_u16()), fixed, "{mode:?}");
        let line = |finding: &Finding| format!("{} {}", finding.feature().unwrap_or_default(), finding.error.code);
        assert_eq!(subject.findings.iter().map(line).collect::<Vec<_>>(), found, "{mode:?}");
    }
}

/// Neither keys nor bodies are known.
const NOTHING: Known<'static> = Known { keys: KnownKeys::Nothing, body: None };

/// Everything that `explain` finds: filter, label of the rule, answer.
fn found(policy: &str, text: &str) -> Vec<String> {
    let head = Head::parse(text);
    let rules = rules(policy);
    let explanation = explain(&rules, head.borrow(), now(), NOTHING);
    let line = |finding: &Finding| {
        let rule = finding.rule.as_ref().map_or("", |rule| &rule.feature);
        format!("{} [{rule}] {} {}", finding.filter, finding.error.status.as_u16(), finding.error.code)
    };
    explanation.findings.iter().map(line).collect()
}

#[test]
fn a_head_and_everything_that_is_found() {
    for (policy, head, findings) in [
        ("r2", "GET /media/k", &[][..]),
        ("r2", "GET /", &[]),
        ("r2", "PUT /media/k | x-amz-acl: private", &["policy [x-amz-acl] 501 NotImplemented"]),
        (
            "r2",
            "PUT /media/k?junk | x-amz-acl: private | x-amz-tagging: a=b",
            &[
                "policy [unlisted-parameter] 501 NotImplemented",
                "policy [x-amz-tagging] 501 NotImplemented",
                "policy [x-amz-acl] 501 NotImplemented",
            ],
        ),
        (
            "r2",
            "PUT /Media/k | x-amz-acl: private | x-amz-copy-source: nowhere",
            &[
                "policy [x-amz-acl] 501 NotImplemented",
                "names [] 400 InvalidBucketName",
                "names [] 400 InvalidArgument",
            ],
        ),
        ("r2", "GET /media/k?acl | x-amz-acl: a", &["policy [GetObjectAcl] 501 NotImplemented"]),
        ("open", "PUT /media/k?acl | x-amz-acl: private", &[]),
        // A guard ends the walk: nothing is known of what comes behind it.
        ("r2", "PATCH /Media/k | x-amz-acl: a", &["address [] 404 RouteNotFound"]),
        ("r2", "GET /media?prefix=%ff", &["authenticate [] 400 InvalidURI", "address [] 400 InvalidURI"]),
        // A host that may or may not name a bucket.
        ("r2", "PUT /media/k | host: uploads.r2shim:18010", &["address [] 400 InvalidRequest"]),
        ("open", "PUT /media/k | host: s3.example.com", &["address [] 400 InvalidRequest"]),
        ("r2", "PUT /k | host: media.localhost", &[]),
        ("r2", "PUT /k | host: s3.localhost", &["names [] 400 InvalidBucketName"]),
        // What browsers send unsigned is refused, also where a policy accepts it: no backend carries it out.
        (
            "r2",
            "POST /media | content-type: multipart/form-data",
            &["policy [PostObject] 501 NotImplemented", "payload [] 501 NotImplemented"],
        ),
        ("open", "POST /media | content-type: multipart/form-data", &["payload [] 501 NotImplemented"]),
    ] {
        assert_eq!(found(policy, head), findings, "{policy}: {head}");
    }
}

#[test]
fn an_explanation_has_a_step_for_every_filter_up_to_the_guard_that_ends_it() {
    let steps = |text: &str| -> Vec<(Filter, StepVerdict)> {
        let (head, rules) = (Head::parse(text), rules("r2"));
        let explanation = explain(&rules, head.borrow(), now(), NOTHING);
        explanation.steps.into_iter().map(|step| (step.filter, step.verdict)).collect()
    };
    let whole = steps("PUT /media/k | x-amz-acl: private");
    assert_eq!(whole.iter().map(|(filter, _)| *filter).collect::<Vec<_>>(), Filter::CHAIN);
    for (filter, verdict) in whole {
        let expected = match filter {
            Filter::Policy => StepVerdict::Refuses,
            Filter::Authenticate | Filter::Region | Filter::Authorise | Filter::Payload => StepVerdict::Undecided,
            _ => StepVerdict::Passes,
        };
        assert_eq!(verdict, expected, "{filter}");
    }
    assert_eq!(steps("PATCH /media/k").last(), Some(&(Filter::Address, StepVerdict::Refuses)));
}

/// What is found of a signed request, and what is missing, by what is known of the keys.
#[test]
fn an_explained_signature_is_judged_by_what_is_known() {
    const ID: &str = "0123456789abcdef0123456789abcdef";
    let of_rules: &[String] = &[];
    let without: &[String] = &[ID.to_owned()];
    let nothing = KnownKeys::Nothing;
    let of = |without_secret| KnownKeys::OfRules { without_secret };
    for (id, secret, region, keys, findings, missing) in [
        (ADMIN, SECRET, "auto", nothing, "", "key"),
        (ADMIN, SECRET, "auto", of(without), "", "secret"),
        (ADMIN, SECRET, "auto", of(of_rules), "", ""),
        (ADMIN, "another", "auto", of(without), "", "secret"),
        (ADMIN, "another", "auto", of(of_rules), "authenticate SignatureDoesNotMatch", ""),
        ("nobody", SECRET, "auto", nothing, "", "key"),
        ("nobody", SECRET, "auto", of(of_rules), "authenticate InvalidArgument", "signature"),
        (ADMIN, SECRET, "eu-west-1", nothing, "region InvalidRegionName", "key"),
        (READER, SECRET, "auto", of(of_rules), "authorise AccessDenied", ""),
        (READER, SECRET, "auto", of(without), "authorise AccessDenied", ""),
    ] {
        let head = Head::parse("DELETE /media/k").signed(id, secret, region);
        let rules = rules("r2");
        let explanation = explain(&rules, head.borrow(), now(), Known { keys, body: None });
        let found: Vec<String> =
            explanation.findings.iter().map(|f| format!("{} {}", f.filter, f.error.code)).collect();
        assert_eq!(found.join(", "), findings, "{id} {secret} {region} {keys:?}");
        let names: Vec<&str> = explanation.missing().iter().map(|missing| missing.name()).collect();
        assert_eq!(names.join(", "), missing, "{id} {secret} {region} {keys:?}");
    }
}

/// A request with a fault for each of these filters, and none for the others.
fn with_faults(faults: &[Filter]) -> Head {
    let has = |filter| faults.contains(&filter);
    let method = match (has(Filter::Cors), has(Filter::Address)) {
        (true, _) => "OPTIONS",
        (false, true) => "PATCH",
        (false, false) => "PUT",
    };
    let mut head = Head::parse(&format!("{method} {}", if has(Filter::Names) { "/Media/k" } else { "/media/k" }));
    if has(Filter::Limits) {
        head.append("padding", &"x".repeat(65 << 10));
    }
    if has(Filter::Policy) {
        head.append("x-amz-acl", "private");
    }
    head.append("content-length", if has(Filter::Payload) { "many" } else { "3" });
    let id = if has(Filter::Authorise) { READER } else { ADMIN };
    let secret = if has(Filter::Authenticate) { "another" } else { SECRET };
    head.signed(id, secret, if has(Filter::Region) { "eu-west-1" } else { "auto" })
}

/// A request that is wrong in every way is answered by the first filter, and once that is mended by the next.
#[test]
fn the_first_filter_with_a_refusal_answers() {
    let rules = rules("r2");
    for (position, filter) in Filter::CHAIN.into_iter().enumerate() {
        let head = with_faults(&Filter::CHAIN[position..]);
        let finding = admit(&rules, head.borrow(), now(), &mut Subject::default()).unwrap_err();
        assert_eq!(finding.filter, filter, "{}", finding.error);
    }
    let head = with_faults(&[]);
    let mut subject = Subject::default();
    assert!(admit(&rules, head.borrow(), now(), &mut subject).is_ok());
    assert_eq!(subject.key_id.as_deref(), Some(ADMIN));
}

/// Guards end a request whatever becomes of findings. If there is a signature to verify, each of them does so before
/// any judge but `region` reports.
#[test]
fn guards_come_before_judges_that_know_the_policy() {
    let position = |filter| Filter::CHAIN.iter().position(|f| *f == filter).unwrap();
    for guard in Filter::CHAIN.into_iter().filter(|filter| filter.role() == Role::Guard) {
        assert!(position(guard) < position(Filter::Policy), "{guard}");
    }
    assert!(position(Filter::Authenticate) < position(Filter::Region), "strangers learn nothing");
}

/// A client without a key gets the same answer regardless of other faults of the request.
#[test]
fn strangers_learn_nothing() {
    let rules = rules("r2");
    for text in ["GET /media/k", "GET /Media/k", "PATCH /media/k", "GET /media?acl", "PUT /media/k | x-amz-acl: a"] {
        let head = Head::parse(text).signed(ADMIN, "another", "auto");
        let mut subject = Subject::default();
        let finding = admit(&rules, head.borrow(), now(), &mut subject).unwrap_err();
        assert_eq!((finding.filter, &*finding.error.code), (Filter::Authenticate, "SignatureDoesNotMatch"), "{text}");
        assert_eq!(subject.key_id, None, "{text}");
    }
}

/// The client gets R2's words. The log names the key that was claimed and what failed, the metrics the kind of failure.
#[test]
fn a_failed_authentication_is_explained_to_the_operator() {
    let hour = 3_600_000;
    let claimed = |id: &str, region: &str| {
        format!("; the request claims access key id \"{id}\", region \"{region}\", date 20261126T000000Z")
    };
    for (id, secret, region, later, label, cause) in [
        (ADMIN, "another", "auto", 0, "wrong-signature", "the signature is not that of the configured secret"),
        ("nobody", SECRET, "eu-west-1", 0, "unknown-key", "no key of this id is configured"),
        (ADMIN, SECRET, "auto", hour, "clock-skew", "the request's date is 3600 s behind the clock"),
    ] {
        let (rules, head) = (rules("r2"), Head::parse("GET /media/k").signed(id, secret, region));
        let at = Timestamp::from_millis(now().millis() + later);
        let finding = admit(&rules, head.borrow(), at, &mut Subject::default()).unwrap_err();
        assert_eq!(finding.feature(), Some(label));
        assert_eq!(finding.error.cause, Some(cause.to_owned() + &claimed(id, region)));
        assert!(!finding.error.to_string().contains(id), "{}", finding.error);
    }
    let unsigned = admit(&rules("r2"), Head::parse("GET /").borrow(), now(), &mut Subject::default()).unwrap_err();
    assert_eq!(
        (unsigned.feature(), unsigned.error.cause.as_deref()),
        (Some("unsigned"), Some("the request is not signed"))
    );
    let region = Head::parse("GET /").signed(ADMIN, SECRET, "eu-west-1");
    let region = admit(&rules("r2"), region.borrow(), now(), &mut Subject::default()).unwrap_err();
    assert_eq!(region.error.cause.as_deref(), Some("the region is \"eu-west-1\""));
}
