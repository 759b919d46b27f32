//! Who runs the walk: whether the first finding ends it, or all of them are collected.

use crate::filters::finding::{Filter, Finding, Refusal, Role};
use crate::filters::missing::{Known, Missing};
use crate::filters::rules::Mode;
use crate::policy::{Ignored, RuledAnswer};

/// What becomes of findings on a walk down the chain.
#[derive(Debug)]
pub(super) enum Run<'k> {
    /// The first one ends the walk.
    Enforce,
    /// Guards end it; what judges find is collected, and the request is carried out all the same.
    Audit(Vec<Finding>),
    /// They are collected, and the walk goes on as long as the facts are known; nothing is carried out at its end.
    Explain(Known<'k>, Notes),
}

/// What an explained walk has seen.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// One step a filter, up to the guard that ended the walk.
    pub(super) steps: Vec<Step>,
    /// Every refusal, in the order of the chain.
    pub(super) findings: Vec<Finding>,
    /// What the policy ignores.
    pub(super) ignored: Ignored,
    /// The policy's own answer.
    pub(super) answer: Option<RuledAnswer>,
}

/// What a filter says of an explained request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The filter.
    pub filter: Filter,
    /// What it says.
    pub verdict: StepVerdict,
    /// What it does not have and would decide by.
    pub missing: Vec<Missing>,
}

/// What a filter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepVerdict {
    /// Nothing against it.
    Passes,
    /// Nothing against it that is known, and something is missing.
    Undecided,
    /// It refuses.
    Refuses,
}

/// What a filter has found out that has to know more than the head.
#[derive(Debug)]
pub(super) struct Examined<T, R> {
    /// What the filters after it go on with.
    pub(super) value: T,
    /// Every refusal.
    pub(super) refusals: Vec<R>,
    /// What it would decide by, too; nothing if the request is really sent.
    pub(super) missing: Vec<Missing>,
}

impl<'k> Run<'k> {
    /// A walk of a request that is carried out: what it finds is enforced or noted.
    pub(super) fn in_mode(mode: Mode) -> Run<'k> {
        if mode.is_audit() { Run::Audit(Vec::new()) } else { Run::Enforce }
    }

    /// Every refusal that an audit has noted, that of a guard among them.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        match self {
            Run::Audit(findings) => findings,
            Run::Enforce | Run::Explain(..) => Vec::new(),
        }
    }

    /// A walk that collects findings about a request of which this is known.
    pub(super) fn explain(known: Known<'k>) -> Run<'k> {
        Run::Explain(known, Notes::default())
    }

    /// What the walk has noted; nothing if it was enforced.
    pub(super) fn into_notes(self) -> Notes {
        match self {
            Run::Enforce | Run::Audit(_) => Notes::default(),
            Run::Explain(_, notes) => notes,
        }
    }

    /// What is known of a request that is explained; `None` for one that is really sent.
    pub(super) fn known(&self) -> Option<Known<'k>> {
        match self {
            Run::Enforce | Run::Audit(_) => None,
            Run::Explain(known, _) => Some(*known),
        }
    }

    /// Passes on what a guard lets through, and ends the walk where it refuses.
    pub(super) fn guard<T>(&mut self, filter: Filter, passed: Result<T, impl Refusal>) -> Result<T, Box<Finding>> {
        match passed {
            Ok(value) => {
                self.step(filter, &[], Vec::new());
                Ok(value)
            }
            Err(error) => {
                let finding = error.found_by(filter);
                self.step(filter, std::slice::from_ref(&finding), Vec::new());
                Err(Box::new(finding))
            }
        }
    }

    /// The same for a guard that may lack something to decide by: where the walk is explained, it ends without a finding
    /// then.
    pub(super) fn guard_or_miss<T, R: Refusal>(
        &mut self,
        filter: Filter,
        passed: Result<T, R>,
        missing: impl FnOnce(&R) -> Option<Missing>,
    ) -> Result<T, Box<Finding>> {
        match passed {
            Err(refusal) if matches!(self, Run::Explain(..)) => match missing(&refusal) {
                None => self.guard(filter, Err(refusal)),
                Some(missing) => {
                    self.step(filter, &[], vec![missing]);
                    Err(Box::new(refusal.found_by(filter)))
                }
            },
            passed => self.guard(filter, passed),
        }
    }

    /// Takes what a judge found; where findings are enforced, the first one ends the walk.
    pub(super) fn judge(&mut self, filter: Filter, found: Vec<impl Refusal>) -> Result<(), Box<Finding>> {
        let findings: Vec<Finding> = found.into_iter().map(|refusal| refusal.found_by(filter)).collect();
        self.step(filter, &findings, Vec::new());
        match self {
            Run::Enforce => findings.into_iter().next().map_or(Ok(()), |first| Err(Box::new(first))),
            Run::Audit(_) | Run::Explain(..) => Ok(()),
        }
    }

    /// Passes on what a filter lets through. Where findings are enforced, the first refusal ends the walk, and that of a
    /// guard does where they are noted; where they are explained, it goes on: the facts do not depend on them.
    pub(super) fn examine<T>(
        &mut self,
        filter: Filter,
        examined: Examined<T, impl Refusal>,
    ) -> Result<T, Box<Finding>> {
        let found = examined.refusals.into_iter().map(|refusal| refusal.found_by(filter));
        let findings: Vec<Finding> = found.collect();
        self.step(filter, &findings, examined.missing);
        match (self, findings.into_iter().next()) {
            (Run::Enforce, Some(first)) => Err(Box::new(first)),
            (Run::Audit(_), Some(first)) if filter.role() == Role::Guard => Err(Box::new(first)),
            _ => Ok(examined.value),
        }
    }

    /// Keeps what the policy says besides its refusals.
    pub(super) fn note(&mut self, ignored: &Ignored, answer: Option<&RuledAnswer>) {
        if let Run::Explain(_, notes) = self {
            notes.ignored = ignored.clone();
            notes.answer = answer.cloned();
        }
    }

    fn step(&mut self, filter: Filter, findings: &[Finding], missing: Vec<Missing>) {
        let notes = match self {
            Run::Enforce => return,
            Run::Audit(noted) => return noted.extend_from_slice(findings),
            Run::Explain(_, notes) => notes,
        };
        let verdict = match (findings.is_empty(), missing.is_empty()) {
            (false, _) => StepVerdict::Refuses,
            (true, false) => StepVerdict::Undecided,
            (true, true) => StepVerdict::Passes,
        };
        notes.findings.extend_from_slice(findings);
        notes.steps.push(Step { filter, verdict, missing });
    }
}
