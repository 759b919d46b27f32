//! All rules in the order in which they are tried.

use crate::access::BucketScope;
use crate::cors::Header;
use crate::cors::preflight::{self, NotAllowed, Question};
use crate::cors::rule::CorsRule;
use crate::s3::names::BucketName;
use http::header::VARY;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

/// What an answer depends on besides its address, so that no cache gives one page the answer to another.
const VARIES_BY: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

/// A rule and the buckets that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketRule {
    /// The buckets.
    pub buckets: BucketScope,
    /// The rule.
    pub rule: CorsRule,
}

/// The rules of all buckets. Of those of a bucket the first that matches counts, as on S3: first the rules that are
/// stored with it, then those that name it, then those for all.
///
/// A request that names no bucket has no rules: on R2 they belong to buckets, so no page can list the buckets there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsRules {
    stored: HashMap<BucketName, Arc<[CorsRule]>>,
    /// Whether buckets may have others stored, which are not at hand.
    may_be_more: bool,
    /// Those that name buckets first; otherwise in the order given.
    given: Vec<BucketRule>,
}

impl CorsRules {
    /// The rules of settings, in their order.
    pub fn new(mut given: Vec<BucketRule>) -> CorsRules {
        given.sort_by_key(|rule| rule.buckets == BucketScope::All);
        CorsRules { given, ..CorsRules::default() }
    }

    /// The same rules with those that are stored with a bucket (PutBucketCors) in place of what was stored before.
    /// An empty list means that the bucket has none.
    pub fn with_stored(mut self, bucket: BucketName, rules: Vec<CorsRule>) -> CorsRules {
        if rules.is_empty() {
            self.stored.remove(&bucket);
        } else {
            self.stored.insert(bucket, rules.into());
        }
        self
    }

    /// The same rules with all those that the other rules have stored with buckets.
    pub fn with_stored_of(self, other: &CorsRules) -> CorsRules {
        CorsRules { stored: other.stored.clone(), ..self }
    }

    /// The same rules where those that are stored with buckets are not at hand: what they allow is not known.
    pub fn without_the_stored(self) -> CorsRules {
        CorsRules { may_be_more: true, ..self }
    }

    /// Whether buckets may have rules that are not at hand.
    pub fn may_be_more(&self) -> bool {
        self.may_be_more
    }

    /// Whether no bucket has rules.
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty() && self.given.is_empty()
    }

    /// The rules of settings, in the order in which they are tried.
    pub fn given(&self) -> &[BucketRule] {
        &self.given
    }

    /// The answer to a preflight with these headers for the bucket: the headers of an answer with 204, as on R2.
    ///
    /// # Errors
    /// No rule of the bucket allows the request. Then the answer is 403, with the headers of [`CorsRules::headers`].
    pub fn preflight(&self, bucket: Option<&BucketName>, request: &HeaderMap) -> Result<Vec<Header>, NotAllowed> {
        let question = Question::read(request)?;
        let mut refusal = NotAllowed::Bucket;
        for rule in self.of_bucket(bucket) {
            match rule.answer(&question) {
                Ok(headers) => return Ok([vary()].into_iter().chain(headers).collect()),
                Err(found) => refusal = refusal.max(found),
            }
        }
        Err(refusal)
    }

    /// The headers to add to the answer to a request that is not a preflight. `bucket` is called only if the bucket
    /// that the request names matters.
    ///
    /// If there are any rules, every answer has `Vary`, so that `Vary` does not show which buckets have rules. If a
    /// rule allows it, the page may read the answer. It may read errors (from 400 on) only under a rule with
    /// `on_errors`.
    pub fn headers(
        &self,
        bucket: impl FnOnce() -> Option<BucketName>,
        method: &str,
        request: &HeaderMap,
        status: StatusCode,
    ) -> Vec<Header> {
        if self.is_empty() {
            return Vec::new();
        }
        let is_error = status.is_client_error() || status.is_server_error();
        let allowed = preflight::origin(request).and_then(|origin| {
            let bucket = bucket();
            let rule = self.of_bucket(bucket.as_ref()).find(|rule| rule.allows(origin, method))?;
            (rule.on_errors || !is_error).then(|| rule.to_pages(origin))
        });
        [vary()].into_iter().chain(allowed.into_iter().flatten()).collect()
    }

    /// The rules of the bucket, in the order in which they are asked.
    fn of_bucket(&self, bucket: Option<&BucketName>) -> impl Iterator<Item = &CorsRule> {
        let stored = bucket.and_then(|bucket| self.stored.get(bucket)).into_iter().flat_map(|rules| rules.iter());
        let covers = move |rule: &&BucketRule| bucket.is_some_and(|bucket| rule.buckets.covers(bucket));
        stored.chain(self.given.iter().filter(covers).map(|rule| &rule.rule))
    }
}

/// The origins that the rules of settings name, each once.
impl fmt::Display for CorsRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: BTreeSet<String> =
            self.given.iter().flat_map(|given| &given.rule.origins).map(ToString::to_string).collect();
        f.write_str(&origins.into_iter().collect::<Vec<_>>().join(", "))
    }
}

fn vary() -> Header {
    (VARY, VARIES_BY)
}
