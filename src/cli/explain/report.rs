//! What the server would make of a request: what HTTP, the chain and the store behind say of it, without sending it.

use crate::cli::explain::request::Request;
use crate::filters::{
    self, Explanation, Filter, Finding, Known, KnownKeys, Missing, Rules, Step, StepVerdict, Subject,
};
use crate::policy::{Ignored, RuleRef, RuledAnswer};
use crate::s3::{S3Error, Timestamp};
use crate::server::connection::head::check_lines;
use crate::server::{local, remote};
use crate::settings::Upstream;
use http::header::CONTENT_LENGTH;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out, and what is stored decides about the answer.
    Passes,
    /// Nothing that is known stands against it, and something is missing to know more.
    Undecided,
    /// It is refused.
    Refused,
}

impl Verdict {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Passes => "passes",
            Verdict::Undecided => "undecided",
            Verdict::Refused => "refused",
        }
    }
}

/// Everything that is found about a request.
#[derive(Debug)]
pub struct Report {
    /// What the request is about, as far as it is known.
    pub subject: Subject,
    /// What each stage says, in the order in which the request meets them, up to the one that ends it.
    pub stages: Vec<Stage>,
    /// Every refusal: the first is the answer, the others are further reasons.
    pub refusals: Vec<Refusal>,
    /// The policy's own answer, where nothing refuses the request.
    pub answer: Option<RuledAnswer>,
    /// What has no effect.
    pub ignored: Ignored,
    /// What is missing to decide, each once.
    pub missing: Vec<Missing>,
}

/// What a stage says.
#[derive(Debug)]
pub struct Stage {
    /// A filter of the chain, `http` before it, or the store behind it.
    pub name: &'static str,
    /// What it says.
    pub verdict: StepVerdict,
    /// What it does not have and would decide by.
    pub missing: Vec<Missing>,
}

/// Why a request is refused.
#[derive(Debug)]
pub struct Refusal {
    /// The stage.
    pub stage: &'static str,
    /// The answer.
    pub error: S3Error,
    /// The policy's rule, if it is one.
    pub rule: Option<RuleRef>,
}

impl Report {
    /// What becomes of the request.
    pub fn verdict(&self) -> Verdict {
        match (self.refusals.is_empty(), self.missing.is_empty()) {
            (false, _) => Verdict::Refused,
            (true, false) => Verdict::Undecided,
            (true, true) => Verdict::Passes,
        }
    }
}

/// Judges a request as a server with these rules in front of that store would at `now`. `keys` is what is known of those
/// in the rules.
pub fn judge(request: &Request, rules: &Rules, behind: &Upstream, keys: KnownKeys<'_>, now: Timestamp) -> Report {
    let head = request.head();
    if let Err(error) = check_lines(head.headers, head.headers.contains_key(CONTENT_LENGTH)) {
        return refused_by_http(error);
    }
    let explanation = filters::explain(rules, head, now, Known { keys, body: request.body() });
    let behind = if explanation.findings.is_empty() { by_the_store(&explanation, behind) } else { None };
    let missing = explanation.missing().into_iter().cloned().collect();
    let Explanation { steps, subject, ignored, findings, answer, .. } = explanation;
    let (store, refusal) = behind.unzip();
    let refusal = refusal.flatten();
    Report {
        subject,
        stages: steps.into_iter().map(Stage::from).chain(store).collect(),
        answer: answer.filter(|_| findings.is_empty() && refusal.is_none()),
        refusals: findings.into_iter().map(Refusal::from).chain(refusal).collect(),
        ignored,
        missing,
    }
}

fn refused_by_http(error: S3Error) -> Report {
    let name = "http";
    Report {
        subject: Subject::default(),
        stages: vec![Stage { name, verdict: StepVerdict::Refuses, missing: Vec::new() }],
        refusals: vec![Refusal { stage: name, error, rule: None }],
        answer: None,
        ignored: Ignored::default(),
        missing: Vec::new(),
    }
}

/// What the store behind says of a request that the chain lets pass; `None` where it is not known what is asked for.
fn by_the_store(explanation: &Explanation<'_>, behind: &Upstream) -> Option<(Stage, Option<Refusal>)> {
    let request = explanation.request.as_ref()?;
    let (name, judged) = match behind {
        Upstream::Local => ("local store", local::judge(request)),
        Upstream::Remote(behind) => ("remote store", remote::judge(request, behind)),
    };
    let verdict = if judged.is_ok() { StepVerdict::Passes } else { StepVerdict::Refuses };
    let refusal = judged.err().map(|error| Refusal { stage: name, error, rule: None });
    Some((Stage { name, verdict, missing: Vec::new() }, refusal))
}

impl From<Step> for Stage {
    fn from(step: Step) -> Stage {
        Stage { name: step.filter.name(), verdict: step.verdict, missing: step.missing }
    }
}

impl From<Finding> for Refusal {
    fn from(finding: Finding) -> Refusal {
        Refusal { stage: Filter::name(finding.filter), error: finding.error, rule: finding.rule }
    }
}
