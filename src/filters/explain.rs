//! Explains a request without sending it: everything that the chain finds about it.

use crate::cors::Header;
use crate::filters::admitted::{Passed, Walked};
use crate::filters::facts::Subject;
use crate::filters::finding::{Filter, Finding, Role};
use crate::filters::missing::{Known, Missing};
use crate::filters::operation_request::OperationRequest;
use crate::filters::request::{Request, Shown};
use crate::filters::rules::Rules;
use crate::filters::run::{Notes, Run, Step};
use crate::filters::walk;
use crate::policy::{Ignored, RuledAnswer};
use crate::s3::Timestamp;
use crate::s3::request::RequestHead;

/// The findings of the chain about a request, filter by filter.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// A step for each filter, up to the guard that ends the request.
    pub steps: Vec<Step>,
    /// What the request is about.
    pub subject: Subject,
    /// Headers and parameters without effect, if the request is carried out.
    pub ignored: Ignored,
    /// Every refusal, in the order in which R2 answers.
    pub findings: Vec<Finding>,
    /// The refusal that is answered in the mode of the rules; `None` if the request is carried out, which an audit does
    /// in spite of findings.
    pub refusal: Option<Finding>,
    /// The policy's own answer, if nothing refuses the request.
    pub answer: Option<RuledAnswer>,
    /// The headers of the answer to a browser's preflight, which ends the walk.
    pub preflight: Option<Vec<Header>>,
    /// The requested operation; `None` if the walk ended before it was known.
    pub request: Option<OperationRequest<'a>>,
}

impl Explanation<'_> {
    /// What is missing for a decision, without duplicates.
    pub fn missing(&self) -> Vec<&Missing> {
        let mut all: Vec<&Missing> = Vec::new();
        for missing in self.steps.iter().flat_map(|step| &step.missing) {
            if !all.contains(&missing) {
                all.push(missing);
            }
        }
        all
    }
}

/// Walks a request down the chain by what is known about it, and collects the findings.
///
/// [`admit`](crate::filters::admit) refuses every request that this refuses. The first finding is the same, except that
/// a missing key, secret or body can hide an earlier one. If this lets a request pass and nothing is missing, `admit`
/// lets it pass, too.
pub fn explain<'a>(rules: &'a Rules, head: RequestHead<'a>, now: Timestamp, known: Known<'_>) -> Explanation<'a> {
    let (mut run, mut subject) = (Run::explain(known), Subject::default());
    // The run has noted the finding of the guard that ended the walk, or what is missing for its decision.
    let walked = walk(&Request { rules, head, now, certificate: Shown::Unknown }, &mut run, &mut subject);
    let Notes { steps, mut findings, ignored, answer } = run.into_notes();
    let (preflight, passed) = match walked {
        Ok(Walked::Preflight(headers)) => (Some(headers), None),
        Ok(Walked::Passed(passed)) => (None, Some(passed)),
        Err(_) => (None, None),
    };
    let fault = passed.as_ref().and_then(Passed::fault);
    let refusal = match rules.mode.is_audit() {
        false => findings.first().cloned(),
        true => ends_an_audit(&findings, passed.is_some()).or_else(|| fault.clone()),
    };
    findings.extend(fault.filter(|fault| !findings.contains(fault)));
    let request = passed.and_then(Passed::into_request);
    Explanation { steps, subject, ignored, findings, refusal, answer, preflight, request }
}

/// The finding of a guard, unless it is an unknown operation that is passed on.
fn ends_an_audit(findings: &[Finding], is_passed_on: bool) -> Option<Finding> {
    let ends =
        |found: &&Finding| found.filter.role() == Role::Guard && (found.filter != Filter::Address || !is_passed_on);
    findings.iter().find(ends).cloned()
}
