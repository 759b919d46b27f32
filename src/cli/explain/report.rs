//! Judges a request as the server would, without sending it: by HTTP, by the chain, and by the store behind.

use crate::audit::RuleId;
use crate::cli::explain::request::Request;
use crate::cors::Header;
use crate::filters::{
    self, Explanation, Filter, Finding, Known, KnownKeys, Missing, Mode, Rules, Step, StepVerdict, Subject,
};
use crate::policy::{Ignored, RuleRef, RuledAnswer};
use crate::s3::operation::BodyKind;
use crate::s3::{Code, PayloadKind, S3Error, Timestamp};
use crate::server::connection::head::check_lines;
use crate::server::{local, remote};
use crate::settings::Upstream;
use crate::sigv4;
use http::header::CONTENT_LENGTH;

/// The verdict on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out. The answer depends on what is stored.
    Passes,
    /// It is not refused by what is known, and something is missing for a decision.
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
    /// The result of each stage, in the order in which the request meets them, up to the one that ends it.
    pub stages: Vec<Stage>,
    /// Whether requests that R2 would refuse are refused or noted.
    pub mode: Mode,
    /// Every refusal: the first that is not noted is the answer, the others are further reasons.
    pub refusals: Vec<Refusal>,
    /// The policy's own answer, if nothing refuses the request.
    pub answer: Option<RuledAnswer>,
    /// The headers of the answer to a browser's preflight that is allowed.
    pub preflight: Option<Vec<Header>>,
    /// Headers and parameters without effect.
    pub ignored: Ignored,
    /// What is missing for a decision, without duplicates.
    pub missing: Vec<Missing>,
}

/// The result of a stage.
#[derive(Debug)]
pub struct Stage {
    /// A filter of the chain, `http` before it, or the store behind it.
    pub name: &'static str,
    /// Its verdict.
    pub verdict: StepVerdict,
    /// What is missing for its decision.
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
    /// Its name in audits; `None` if it is not about R2.
    pub id: Option<RuleId>,
    /// Whether an audit notes it and still carries the request out.
    pub noted: bool,
}

impl Report {
    /// The verdict on the request.
    pub fn verdict(&self) -> Verdict {
        match (self.refusals.iter().all(|refusal| refusal.noted), self.missing.is_empty()) {
            (false, _) => Verdict::Refused,
            (true, false) => Verdict::Undecided,
            (true, true) => Verdict::Passes,
        }
    }
}

/// Judges a request as a server with these rules in front of that store would at `now`. `keys` is what is known about
/// the keys in the rules.
pub fn judge(request: &Request, rules: &Rules, behind: &Upstream, keys: KnownKeys<'_>, now: Timestamp) -> Report {
    let head = request.head();
    if head.method == "CONNECT" {
        // The bytes after such a head have no valid framing, so the server does not read them.
        return refused_by_http(Code::METHOD_NOT_ALLOWED.into(), rules.mode);
    }
    if let Err(error) = check_lines(head.headers, || head.headers.contains_key(CONTENT_LENGTH)) {
        return refused_by_http(error, rules.mode);
    }
    let explanation = filters::explain(rules, head, now, Known { keys, body: request.body() });
    let is_read = rules.mode.is_audit() || matches!(behind, Upstream::Local);
    let document = document(request, &explanation).filter(|_| is_read);
    let judged = explanation.refusal.is_none().then(|| by_the_store(&explanation, behind, document, rules));
    let behind = judged.flatten();
    let mut missing: Vec<Missing> = explanation.missing().into_iter().cloned().collect();
    let Explanation { steps, subject, ignored, findings, refusal: answered, answer, preflight, .. } = explanation;
    let mut stages: Vec<Stage> = steps.into_iter().map(Stage::from).collect();
    if document.is_some() {
        missing.retain(|missing| *missing != Missing::Document);
        stages.iter_mut().for_each(Stage::has_document);
    }
    let (store, refusal) = behind.unzip();
    stages.extend(store);
    let is_noted = |finding: &Finding| rules.mode.is_audit() && answered.as_ref() != Some(finding);
    let of_chain = findings.into_iter().map(|finding| Refusal { noted: is_noted(&finding), ..finding.into() });
    let refusals: Vec<Refusal> = of_chain.chain(refusal.flatten()).collect();
    let answer = answer.filter(|_| refusals.is_empty());
    Report { subject, stages, mode: rules.mode, refusals, answer, preflight, ignored, missing }
}

impl Stage {
    /// The judgement of the store behind on the document in the body, if the document is available.
    fn has_document(&mut self) {
        self.missing.retain(|missing| *missing != Missing::Document);
        if self.verdict == StepVerdict::Undecided && self.missing.is_empty() {
            self.verdict = StepVerdict::Passes;
        }
    }
}

fn refused_by_http(error: S3Error, mode: Mode) -> Report {
    let name = "http";
    Report {
        subject: Subject::default(),
        stages: vec![Stage { name, verdict: StepVerdict::Refuses, missing: Vec::new() }],
        mode,
        refusals: vec![Refusal { stage: name, error, rule: None, id: None, noted: false }],
        answer: None,
        preflight: None,
        ignored: Ignored::default(),
        missing: Vec::new(),
    }
}

/// The document in the body, if it is available and has no frames.
fn document<'r>(request: &'r Request, explanation: &Explanation<'_>) -> Option<&'r [u8]> {
    let framed = sigv4::announced_payload(&request.head());
    let is_plain = matches!(framed, PayloadKind::Signed | PayloadKind::Unsigned);
    let has_document = explanation.request.as_ref().is_some_and(|request| request.spec.body == BodyKind::Document);
    request.body().filter(|_| is_plain && has_document)
}

/// The judgement of the store behind on a request that the chain admits; `None` if the operation is not known.
fn by_the_store(
    explanation: &Explanation<'_>,
    behind: &Upstream,
    document: Option<&[u8]>,
    rules: &Rules,
) -> Option<(Stage, Option<Refusal>)> {
    let request = explanation.request.as_ref()?;
    let read = || document.map_or(Ok(()), |text| local::judge_document(request, text, rules.policy.regions()));
    let (name, judged) = match behind {
        Upstream::Local => ("local store", local::judge(request)),
        Upstream::Remote(behind) => ("remote store", remote::judge(request, behind, rules.mode)),
    };
    let refusal = match judged {
        Err(error) => Some(Refusal { stage: name, error, rule: None, id: None, noted: false }),
        Ok(()) => read().err().filter(|_| rules.policy.has(request.spec.operation)).map(|error| {
            let id = Some(RuleId::of_document(&error, None));
            let is_region = error.code == Code::INVALID_REGION_NAME.name;
            // The local store reads documents as R2 does, and has all buckets in one place.
            let noted = rules.mode == Mode::AuditRemote || (rules.mode == Mode::AuditLocal && is_region);
            Refusal { stage: name, error, rule: None, id, noted }
        }),
    };
    let refuses = refusal.as_ref().is_some_and(|refusal| !refusal.noted);
    let verdict = if refuses { StepVerdict::Refuses } else { StepVerdict::Passes };
    Some((Stage { name, verdict, missing: Vec::new() }, refusal))
}

impl From<Step> for Stage {
    fn from(step: Step) -> Stage {
        Stage { name: step.filter.name(), verdict: step.verdict, missing: step.missing }
    }
}

impl From<Finding> for Refusal {
    fn from(finding: Finding) -> Refusal {
        let id = Some(RuleId::of(&finding));
        Refusal { stage: Filter::name(finding.filter), error: finding.error, rule: finding.rule, id, noted: false }
    }
}
