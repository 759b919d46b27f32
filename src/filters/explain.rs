//! A request that is explained rather than sent: everything that the chain finds about it.

use crate::cors::Header;
use crate::filters::admitted::Walked;
use crate::filters::facts::Subject;
use crate::filters::finding::Finding;
use crate::filters::request::Request;
use crate::filters::rules::Rules;
use crate::filters::run::{Notes, Run, Step};
use crate::filters::walk;
use crate::policy::{Ignored, RuledAnswer};
use crate::s3::Timestamp;
use crate::s3::request::RequestHead;

/// What the chain makes of a request, filter by filter.
#[derive(Debug)]
pub struct Explanation {
    /// One step a filter, up to the guard that ends the request.
    pub steps: Vec<Step>,
    /// What the request is about.
    pub subject: Subject,
    /// What has no effect, if the request is carried out.
    pub ignored: Ignored,
    /// What comes of the request.
    pub outcome: Outcome,
}

/// What comes of an explained request.
#[derive(Debug)]
pub enum Outcome {
    /// It would be carried out.
    Admitted,
    /// The policy would answer itself.
    Fixed(RuledAnswer),
    /// It is a browser's question, which would be answered with 204 and these headers.
    Preflight(Vec<Header>),
    /// It would be refused: the first finding is the answer, the others are further reasons to refuse it.
    Refused(Finding, Vec<Finding>),
}

/// Walks a request down the chain without its signature and its body, and collects what is found.
pub fn explain(rules: &Rules, head: RequestHead<'_>, now: Timestamp) -> Explanation {
    let (mut run, mut subject) = (Run::explain(), Subject::default());
    // The run has noted the finding of the guard that ended the walk.
    let walked = walk(&Request { rules, head, now }, &mut run, &mut subject);
    let Notes { steps, findings, ignored, answer } = run.into_notes();
    let mut findings = findings.into_iter();
    let outcome = match (walked, findings.next(), answer) {
        (Ok(Walked::Preflight(headers)), ..) => Outcome::Preflight(headers),
        (_, Some(first), _) => Outcome::Refused(first, findings.collect()),
        (_, None, Some(answer)) => Outcome::Fixed(answer),
        (_, None, None) => Outcome::Admitted,
    };
    Explanation { steps, subject, ignored, outcome }
}
