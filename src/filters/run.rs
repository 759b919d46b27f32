//! The mode of a walk: whether the first finding ends it, or all findings are collected.

use crate::filters::finding::{Filter, Finding, Refusal, Role};
use crate::filters::missing::{Known, Missing};
use crate::filters::rules::Mode;
use crate::policy::{Ignored, RuledAnswer};

/// How a walk down the chain treats findings.
#[derive(Debug)]
pub(super) enum Run<'k> {
    /// The first one ends the walk.
    Enforce,
    /// Guards end it. Findings of judges are collected, and the request is still carried out.
    Audit(Vec<Finding>),
    /// They are collected, and the walk continues as long as the facts are known. Nothing is carried out at its end.
    Explain(Known<'k>, Notes),
}

/// The record of an explained walk.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// A step for each filter, up to the guard that ended the walk.
    pub(super) steps: Vec<Step>,
    /// Every refusal, in the order of the chain.
    pub(super) findings: Vec<Finding>,
    /// The headers and parameters that the policy ignores.
    pub(super) ignored: Ignored,
    /// The policy's own answer.
    pub(super) answer: Option<RuledAnswer>,
}

/// The result of a filter for an explained request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The filter.
    pub filter: Filter,
    /// Its verdict.
    pub verdict: StepVerdict,
    /// What is missing for its decision.
    pub missing: Vec<Missing>,
}

/// The verdict of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepVerdict {
    /// It does not refuse the request.
    Passes,
    /// It does not refuse the request by what is known, and something is missing.
    Undecided,
    /// It refuses.
    Refuses,
}

/// The result of a filter that needs more than the head.
#[derive(Debug)]
pub(super) struct Examined<T, R> {
    /// The value for the filters after it.
    pub(super) value: T,
    /// Every refusal.
    pub(super) refusals: Vec<R>,
    /// What is missing for its decision; nothing if the request is really sent.
    pub(super) missing: Vec<Missing>,
}

impl<'k> Run<'k> {
    /// A walk of a request that is carried out: its findings are enforced or noted.
    pub(super) fn in_mode(mode: Mode) -> Run<'k> {
        if mode.is_audit() { Run::Audit(Vec::new()) } else { Run::Enforce }
    }

    /// Every refusal that an audit has noted, including that of a guard.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        match self {
            Run::Audit(findings) => findings,
            Run::Enforce | Run::Explain(..) => Vec::new(),
        }
    }

    /// A walk that collects findings about an explained request, of which this is known.
    pub(super) fn explain(known: Known<'k>) -> Run<'k> {
        Run::Explain(known, Notes::default())
    }

    /// The findings that the walk has noted; none if they were enforced.
    pub(super) fn into_notes(self) -> Notes {
        match self {
            Run::Enforce | Run::Audit(_) => Notes::default(),
            Run::Explain(_, notes) => notes,
        }
    }

    /// What is known about an explained request; `None` for a request that is really sent.
    pub(super) fn known(&self) -> Option<Known<'k>> {
        match self {
            Run::Enforce | Run::Audit(_) => None,
            Run::Explain(known, _) => Some(*known),
        }
    }

    /// Returns the value of a guard, and ends the walk if it refuses.
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

    /// The same for a guard whose decision may lack something. Then an explained walk ends without a finding.
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

    /// Takes the findings of a judge. If findings are enforced, the first one ends the walk.
    pub(super) fn judge(&mut self, filter: Filter, found: Vec<impl Refusal>) -> Result<(), Box<Finding>> {
        let findings: Vec<Finding> = found.into_iter().map(|refusal| refusal.found_by(filter)).collect();
        self.step(filter, &findings, Vec::new());
        match self {
            Run::Enforce => findings.into_iter().next().map_or(Ok(()), |first| Err(Box::new(first))),
            Run::Audit(_) | Run::Explain(..) => Ok(()),
        }
    }

    /// Returns the value of a filter. If findings are enforced, the first refusal ends the walk. If they are noted,
    /// that of a guard does. If they are explained, the walk continues, because the facts do not depend on them.
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

    /// Keeps the policy's ruling besides its refusals.
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
