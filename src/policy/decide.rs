//! What the policy says of one request.
//!
//! The order is: payload kind, operation, query, headers in the policy's order; the first refusal answers. Accepting
//! allocates nothing.

use crate::policy::compiled::{OperationPolicy, Policy};
use crate::policy::rules::{Judgement, Rules};
use crate::policy::source::Place;
use crate::policy::verdict::{FixedAnswer, Refusal, Slots, Verdict};
use crate::policy::vocabulary;
use crate::s3::error::S3Error;
use crate::s3::headers::{METADATA_PREFIX, is_transport_header};
use crate::s3::operation::{Method, Operation, Selector, is_subresource};
use crate::s3::payload::PayloadKind;
use crate::s3::view::RequestView;
use http::StatusCode;

/// What becomes of a request.
#[derive(Debug)]
pub enum Decision {
    /// It goes on.
    Accept(Accepted),
    /// It gets an error.
    Refuse(Box<Ruling>),
    /// It gets an answer that is always the same.
    Answer(Answer),
}

/// How a request goes on.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The operation to carry out: the one routed, unless the policy answers it as another.
    pub operation: Operation,
    /// What must have no effect and is not forwarded.
    pub dropped: Dropped,
}

/// Names of what a request carries in vain.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Headers, in lower case.
    pub headers: Vec<String>,
    /// Query parameters, as sent.
    pub parameters: Vec<String>,
}

/// A refusal and the rule behind it.
#[derive(Debug)]
pub struct Ruling {
    /// What the client sees.
    pub error: S3Error,
    /// What was refused, as a label for metrics: a name of the operation table or of the policy, never the client's.
    pub feature: String,
    /// The line of the policy that refuses.
    pub rule: Place,
}

/// A fixed answer and the rule behind it.
#[derive(Debug)]
pub struct Answer {
    /// 200 to 299.
    pub status: StatusCode,
    /// An XML document.
    pub body: String,
    /// The line of the policy that answers.
    pub rule: Place,
}

/// The label of headers that neither the policy nor the operation table names.
pub const UNLISTED_HEADER: &str = "unlisted-header";
/// The label of query parameters that neither the policy nor the operation table names.
pub const UNLISTED_PARAMETER: &str = "unlisted-parameter";

impl Policy {
    /// What becomes of a request for the operation.
    pub fn decide(&self, operation: Operation, view: &RequestView<'_>, payload: PayloadKind) -> Decision {
        let row = self.row(operation);
        let request = Request { operation: row.answered_as, row, view };
        match request.decide(self.payload(payload), payload) {
            Ok(accepted) => Decision::Accept(accepted),
            Err(decision) => decision,
        }
    }
}

struct Request<'a> {
    operation: Operation,
    row: &'a OperationPolicy,
    view: &'a RequestView<'a>,
}

/// A header or parameter of the request and what is said of it.
struct Finding<'a> {
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
    fn decide(&self, framing: &Judgement, payload: PayloadKind) -> Result<Accepted, Decision> {
        self.payload(framing, payload)?;
        self.operation()?;
        let parameters = self.view.parameters().filter_map(|(name, value)| self.parameter(name, value));
        let parameters = self.sift(parameters, vocabulary::parameters, UNLISTED_PARAMETER)?;
        let headers = self.view.headers().filter_map(|(name, value)| self.header(name, value));
        let headers = self.sift(headers, vocabulary::headers, UNLISTED_HEADER)?;
        Ok(Accepted { operation: self.operation, dropped: Dropped { headers, parameters } })
    }

    fn payload(&self, judgement: &Judgement, payload: PayloadKind) -> Result<(), Decision> {
        let value = payload.sentinel().unwrap_or(payload.name());
        self.end(judgement, "x-amz-content-sha256", value.as_bytes(), payload.name())
    }

    fn operation(&self) -> Result<(), Decision> {
        self.end(&self.row.verdict, self.operation.name(), b"", self.operation.name())
    }

    /// Whether the verdict on payload kind or operation ends the request.
    fn end(&self, judgement: &Judgement, name: &str, value: &[u8], feature: &str) -> Result<(), Decision> {
        let rule = judgement.place.clone();
        match &*judgement.verdict {
            Verdict::Accept | Verdict::Experimental | Verdict::Drop => Ok(()),
            Verdict::Refuse(refusal) => Err(self.refuse(refusal, rule, name, value, feature)),
            Verdict::Answer(FixedAnswer { status, body }) => {
                Err(Decision::Answer(Answer { status: *status, body: body.clone(), rule }))
            }
        }
    }

    /// The names to drop, or the refusal that comes first in the policy.
    fn sift<'f>(
        &self,
        findings: impl Iterator<Item = Finding<'f>>,
        known: fn() -> Vec<&'static str>,
        unlisted: &str,
    ) -> Result<Vec<String>, Decision> {
        let mut dropped = Vec::new();
        let mut first: Option<(Finding<'f>, &'f Refusal)> = None;
        for finding in findings {
            match &*finding.judgement.verdict {
                Verdict::Drop => dropped.push(finding.name.to_owned()),
                Verdict::Refuse(refusal) if first.as_ref().is_none_or(|(f, _)| finding.rank < f.rank) => {
                    first = Some((finding, refusal));
                }
                _ => {}
            }
        }
        let Some((first, refusal)) = first else { return Ok(dropped) };
        let label = first.rule.or_else(|| known().contains(&first.name).then_some(first.name)).unwrap_or(unlisted);
        Err(self.refuse(refusal, first.judgement.place.clone(), first.name, first.value, label))
    }

    /// What is said of a query parameter; `None` where nothing needs to be.
    fn parameter<'f>(&'f self, name: &'f str, value: &'f str) -> Option<Finding<'f>> {
        if let Some(finding) = listed(&self.row.query, name, value.as_bytes()) {
            return Some(finding);
        }
        let judgement = self.row.unlisted_parameter(name)?;
        Some(Finding { rank: UNLISTED, judgement, rule: None, name, value: value.as_bytes() })
    }

    /// What is said of a header; `None` where nothing needs to be.
    fn header<'f>(&'f self, name: &'f str, value: &'f [u8]) -> Option<Finding<'f>> {
        if let Some(finding) = listed(&self.row.headers, name, value) {
            return Some(finding);
        }
        let judgement = self.row.unlisted_header(name)?;
        Some(Finding { rank: UNLISTED, judgement, rule: None, name, value })
    }

    fn refuse(&self, refusal: &Refusal, rule: Place, name: &str, value: &[u8], feature: &str) -> Decision {
        let names = || self.parameters_refused_by(refusal);
        let slots = Slots { operation: self.operation.name(), name, value, names: &names };
        let error = S3Error {
            status: refusal.status,
            code: refusal.code.clone().into(),
            message: refusal.text.fill(&slots).into(),
            details: Vec::new(),
            headers: Vec::new(),
            cause: None,
        };
        Decision::Refuse(Box::new(Ruling { error, feature: feature.to_owned(), rule }))
    }

    /// Every parameter that gets this refusal, once, in quotes, as sent.
    fn parameters_refused_by(&self, refusal: &Refusal) -> String {
        let refused = |finding: &Finding<'_>| matches!(&*finding.judgement.verdict, Verdict::Refuse(r) if r == refusal);
        let findings = self.view.parameters().filter_map(|(name, value)| self.parameter(name, value));
        let mut names: Vec<String> = Vec::new();
        for quoted in findings.filter(refused).map(|finding| format!("\"{}\"", finding.name)) {
            if !names.contains(&quoted) {
                names.push(quoted);
            }
        }
        names.join(", ")
    }
}

impl OperationPolicy {
    /// What is said of a query parameter without a rule; `None` where nothing needs to be: it is why the request is this
    /// operation.
    pub(super) fn unlisted_parameter(&self, name: &str) -> Option<&Judgement> {
        let row = self.answered_as.spec();
        if row.selectors.iter().any(|s| matches!(s, Selector::Query(q) | Selector::QueryIs(q, _) if *q == name)) {
            return None;
        }
        let unlisted = &self.unlisted_query;
        // Fails closed: what selects another operation is never let through as if it were not there. Where the request
        // would change something, that may be any name, also one that the table does not know yet.
        let changes = matches!(row.method, Method::Put | Method::Post | Method::Delete);
        let stray = !row.knows_parameter(name) && (changes || is_subresource(name));
        Some(if stray && !unlisted.verdict.is_refusal() { &self.stray } else { unlisted })
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

fn listed<'f>(rules: &'f Rules, name: &'f str, value: &'f [u8]) -> Option<Finding<'f>> {
    let (rank, rule) = rules.find(name)?;
    Some(Finding { rank, judgement: rule.judge(value), rule: Some(&rule.name), name, value })
}
