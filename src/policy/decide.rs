//! Judges a request by the policy: every refusal, and what the policy ignores.
//!
//! The order is: payload kind, operation, query, headers in the policy's order. The first refusal is the one that R2
//! answers. Accepting allocates nothing.

use crate::diagnostics::Location;
use crate::policy::compiled::{Judgement, OperationPolicy, Policy, RuleIndex};
use crate::policy::verdict::{FixedAnswer, Refusal, Slots, Verdict};
use crate::policy::vocabulary;
use crate::s3::error::S3Error;
use crate::s3::headers::{METADATA_PREFIX, is_transport_header};
use crate::s3::operation::{Method, Operation, Selector, is_subresource};
use crate::s3::payload::PayloadKind;
use crate::s3::view::RequestView;
use crate::s3::xml;
use http::StatusCode;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The ruling of a policy on a request.
#[derive(Debug)]
pub struct Decision {
    /// Every refusal, the one that R2 answers first. The names that a request carries are judged only where the policy
    /// has the operation: the rules for them are the operation's.
    pub refusals: Vec<Ruling>,
    /// The policy's own answer, to be given instead of carrying the operation out.
    pub answer: Option<RuledAnswer>,
    /// The operation to carry out: the one routed, unless the policy answers it as another.
    pub operation: Operation,
    /// Headers and parameters that have no effect and are not forwarded.
    pub ignored: Ignored,
}

/// Names of headers and parameters without effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Headers, in lower case.
    pub headers: Vec<String>,
    /// Query parameters, as sent.
    pub parameters: Vec<String>,
}

/// A refusal and the rule behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What the client sees.
    pub error: S3Error,
    /// The rule that refuses.
    pub rule: RuleRef,
}

/// A rule of the policy, as logs, metrics and `explain` name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRef {
    /// What is refused, as a label for metrics: a name of the operation table or of the policy, never the client's.
    pub feature: String,
    /// The line of the policy.
    pub location: Location,
}

/// A fixed answer and the rule behind it.
#[derive(Debug, Clone)]
pub struct RuledAnswer {
    /// What is answered.
    pub answer: BucketAnswer,
    /// The line of the policy that answers.
    pub rule: Location,
}

/// What every bucket answers.
#[derive(Debug, Clone)]
pub enum BucketAnswer {
    /// A document.
    Document {
        /// 200 to 299.
        status: StatusCode,
        /// An XML document.
        body: String,
    },
    /// An error.
    Error(Box<S3Error>),
}

impl RuledAnswer {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match &self.answer {
            BucketAnswer::Document { status, .. } => *status,
            BucketAnswer::Error(error) => error.status,
        }
    }

    /// The document of the answer.
    pub fn body(&self) -> Cow<'_, str> {
        match &self.answer {
            BucketAnswer::Document { body, .. } => Cow::Borrowed(body),
            BucketAnswer::Error(error) => Cow::Owned(xml::error(error)),
        }
    }
}

impl Decision {
    /// Makes a refusal of a fixed answer that is an error: an audit has to find it, as another store may answer
    /// otherwise.
    pub fn refuse_error_of_buckets(&mut self) {
        match self.answer.take() {
            Some(RuledAnswer { answer: BucketAnswer::Error(error), rule }) => {
                let feature = self.operation.name().to_owned();
                self.refusals.push(Ruling { error: *error, rule: RuleRef { feature, location: rule } });
            }
            other => self.answer = other,
        }
    }
}

/// The label of headers that neither the policy nor the operation table names.
pub const UNLISTED_HEADER: &str = "unlisted-header";
/// The label of query parameters that neither the policy nor the operation table names.
pub const UNLISTED_PARAMETER: &str = "unlisted-parameter";

static KNOWN_HEADERS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| vocabulary::headers().into_iter().collect());
static KNOWN_PARAMETERS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| vocabulary::parameters().into_iter().collect());

impl Policy {
    /// The policy's ruling on a request for the operation.
    pub fn decide(&self, operation: Operation, view: &RequestView<'_>, payload: PayloadKind) -> Decision {
        let row = self.row(operation);
        Request { operation: row.answered_as, row, view }.decide(self.payload(payload), payload)
    }
}

struct Request<'a> {
    operation: Operation,
    row: &'a OperationPolicy,
    view: &'a RequestView<'a>,
}

/// A header or parameter of the request, and its rule.
struct Judged<'a> {
    /// The position of its rule; unlisted names come after all rules.
    rank: usize,
    judgement: &'a Judgement,
    /// The rule's name; none for an unlisted one.
    rule: Option<&'a str>,
    name: &'a str,
    value: &'a [u8],
}

const UNLISTED: usize = usize::MAX;

impl<'a> Request<'a> {
    fn decide(&self, framing: &Judgement, payload: PayloadKind) -> Decision {
        let mut decision =
            Decision { refusals: Vec::new(), answer: None, operation: self.operation, ignored: Ignored::default() };
        let kind = payload.sentinel().unwrap_or(payload.name());
        self.judge(framing, ["x-amz-content-sha256", kind, payload.name()], &mut decision);
        let verdict = &self.row.verdict;
        self.judge(verdict, [self.operation.name(), "", self.operation.name()], &mut decision);
        if verdict.verdict.is_refusal() {
            return decision;
        }
        // A parameter has no effect on an answer that is always the same. A header may forbid to give it.
        if decision.answer.is_none() {
            let parameters = self.view.parameters().filter_map(|(name, value)| self.parameter(name, value));
            decision.ignored.parameters =
                self.sift(parameters, &KNOWN_PARAMETERS, UNLISTED_PARAMETER, &mut decision.refusals);
        }
        let headers = self.view.headers().filter_map(|(name, value)| self.header(name, value));
        decision.ignored.headers = self.sift(headers, &KNOWN_HEADERS, UNLISTED_HEADER, &mut decision.refusals);
        decision
    }

    /// Adds the verdict on the payload kind or the operation, whose name, value and label are given.
    fn judge(&self, judgement: &Judgement, [name, value, feature]: [&str; 3], decision: &mut Decision) {
        let location = judgement.location.clone();
        match &*judgement.verdict {
            Verdict::Accept | Verdict::Experimental | Verdict::Ignore => {}
            Verdict::Refuse(refusal) => {
                let names = RefCell::default();
                decision.refusals.push(self.refuse(refusal, location, [name, feature], value.as_bytes(), &names));
            }
            Verdict::Answer(FixedAnswer::Document { status, body }) => {
                let answer = BucketAnswer::Document { status: *status, body: body.clone() };
                decision.answer = Some(RuledAnswer { answer, rule: location });
            }
            Verdict::Answer(FixedAnswer::Error(refusal)) => {
                let names = RefCell::default();
                let ruling = self.refuse(refusal, location, [name, feature], value.as_bytes(), &names);
                let answer = BucketAnswer::Error(Box::new(ruling.error));
                decision.answer = Some(RuledAnswer { answer, rule: ruling.rule.location });
            }
        }
    }

    /// Adds the refusals of headers or parameters in the policy's order, each once, and returns the names to ignore.
    fn sift<'f>(
        &self,
        judged: impl Iterator<Item = Judged<'f>>,
        known: &HashSet<&'static str>,
        unlisted: &str,
        refusals: &mut Vec<Ruling>,
    ) -> Vec<String> {
        let mut ignored = Vec::new();
        let mut refused = Vec::new();
        for judged in judged {
            match &*judged.judgement.verdict {
                Verdict::Ignore => ignored.push(judged.name.to_owned()),
                Verdict::Refuse(refusal) => refused.push((judged, refusal)),
                _ => {}
            }
        }
        refused.sort_by_key(|(judged, _)| judged.rank);
        // A request may carry a thousand refused names: nothing below is done again for each of them.
        let (names, mut seen) = (RefCell::default(), HashSet::new());
        for (judged, refusal) in refused {
            let label = judged.rule.or_else(|| known.get(judged.name).copied()).unwrap_or(unlisted);
            let location = judged.judgement.location.clone();
            let ruling = self.refuse(refusal, location, [judged.name, label], judged.value, &names);
            if seen.insert(format!("{} {label} {}", ruling.rule.location, ruling.error.message)) {
                refusals.push(ruling);
            }
        }
        ignored
    }

    /// The ruling on a query parameter; `None` if it needs none.
    fn parameter<'f>(&'f self, name: &'f str, value: &'f str) -> Option<Judged<'f>> {
        if let Some(judged) = listed(&self.row.query, name, value.as_bytes()) {
            return Some(judged);
        }
        let judgement = self.row.unlisted_parameter(name)?;
        Some(Judged { rank: UNLISTED, judgement, rule: None, name, value: value.as_bytes() })
    }

    /// The ruling on a header; `None` if it needs none.
    fn header<'f>(&'f self, name: &'f str, value: &'f [u8]) -> Option<Judged<'f>> {
        if let Some(judged) = listed(&self.row.headers, name, value) {
            return Some(judged);
        }
        let judgement = self.row.unlisted_header(name)?;
        Some(Judged { rank: UNLISTED, judgement, rule: None, name, value })
    }

    /// The refusal of what has this name and label. `listed` keeps the `{names}` of each refusal that was filled
    /// before.
    fn refuse<'f>(
        &self,
        refusal: &'f Refusal,
        location: Location,
        [name, feature]: [&str; 2],
        value: &[u8],
        listed: &RefCell<Vec<(&'f Refusal, String)>>,
    ) -> Ruling {
        let names = || {
            let known = listed.borrow().iter().find(|(of, _)| *of == refusal).map(|(_, names)| names.clone());
            known.unwrap_or_else(|| {
                let names = self.parameters_refused_by(refusal);
                listed.borrow_mut().push((refusal, names.clone()));
                names
            })
        };
        let slots = Slots { operation: self.operation.name(), name, value, names: &names };
        let error = S3Error {
            status: refusal.status,
            code: refusal.code.clone().into(),
            message: refusal.text.fill(&slots).into(),
            details: Vec::new(),
            headers: Vec::new(),
            cause: None,
            limit: None,
        };
        Ruling { error, rule: RuleRef { feature: feature.to_owned(), location } }
    }

    /// Every parameter that gets this refusal, once, in quotes, as sent.
    fn parameters_refused_by(&self, refusal: &Refusal) -> String {
        let refused = |judged: &Judged<'_>| matches!(&*judged.judgement.verdict, Verdict::Refuse(r) if r == refusal);
        let judged = self.view.parameters().filter_map(|(name, value)| self.parameter(name, value));
        let mut seen = HashSet::new();
        let names = judged.filter(refused).filter(|judged| seen.insert(judged.name));
        names.map(|judged| format!("\"{}\"", judged.name)).collect::<Vec<_>>().join(", ")
    }
}

impl OperationPolicy {
    /// What is said of a query parameter without a rule; `None` where nothing needs to be: it is why the request is
    /// this operation.
    pub(super) fn unlisted_parameter(&self, name: &str) -> Option<&Judgement> {
        let row = self.answered_as.spec();
        if row.selectors.iter().any(|s| matches!(s, Selector::Query(q) | Selector::QueryIs(q, _) if *q == name)) {
            return None;
        }
        let unlisted = &self.unlisted_query;
        // Fails closed: a parameter that selects another operation is never ignored. Where the request
        // would change something, that may be any name, also one that the table does not know yet.
        let changes = matches!(row.method, Method::Put | Method::Post | Method::Delete);
        let unknown = !row.knows_parameter(name) && (changes || is_subresource(name));
        Some(if unknown && !unlisted.verdict.is_refusal() { &self.unknown_subresource } else { unlisted })
    }

    /// What is said of a header without a rule; `None` where nothing needs to be: HTTP's own, the transport's, the
    /// object's metadata, or why the request is this operation.
    pub(super) fn unlisted_header(&self, name: &str) -> Option<&Judgement> {
        let row = self.answered_as.spec();
        let free = !name.starts_with("x-amz-")
            || is_transport_header(name)
            || (name.starts_with(METADATA_PREFIX) && row.writes_metadata())
            || row.selectors.iter().any(|s| matches!(s, Selector::Header(h) if *h == name));
        (!free).then_some(&self.unlisted_headers)
    }
}

fn listed<'f>(rules: &'f RuleIndex, name: &'f str, value: &'f [u8]) -> Option<Judged<'f>> {
    let (rank, rule) = rules.find(name)?;
    Some(Judged { rank, judgement: rule.judge(value), rule: Some(&rule.name), name, value })
}
