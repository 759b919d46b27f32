//! Who runs the walk: whether the first finding ends it, or all of them are collected.

use crate::filters::finding::{Filter, Finding, Refusal};
use crate::policy::{Ignored, RuledAnswer};

/// What becomes of findings on a walk down the chain.
#[derive(Debug)]
pub(super) enum Run {
    /// The first one ends the walk.
    Enforce,
    /// Those of judges are collected and the walk goes on; nothing is carried out at its end.
    Explain(Notes),
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
}

/// What a filter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepVerdict {
    /// Nothing against it.
    Passes,
    /// It was not asked: it needs a signature or a body.
    NotAsked,
    /// It refuses.
    Refuses,
}

impl Run {
    /// A walk that ends at the first finding.
    pub(super) fn enforce() -> Run {
        Run::Enforce
    }

    /// A walk that collects findings about a request that has no signature.
    pub(super) fn explain() -> Run {
        Run::Explain(Notes::default())
    }

    /// What the walk has noted; nothing if it was enforced.
    pub(super) fn into_notes(self) -> Notes {
        match self {
            Run::Enforce => Notes::default(),
            Run::Explain(notes) => notes,
        }
    }

    /// Whether the request is really sent, so that its signature can be verified.
    pub(super) fn has_signature(&self) -> bool {
        matches!(self, Run::Enforce)
    }

    /// Passes on what a guard lets through, and ends the walk where it refuses.
    pub(super) fn guard<T>(&mut self, filter: Filter, passed: Result<T, impl Refusal>) -> Result<T, Box<Finding>> {
        match passed {
            Ok(value) => {
                self.step(filter, false);
                Ok(value)
            }
            Err(error) => {
                let finding = error.found_by(filter);
                self.step(filter, true);
                if let Run::Explain(notes) = self {
                    notes.findings.push(finding.clone());
                }
                Err(Box::new(finding))
            }
        }
    }

    /// Takes what a judge found; where findings are enforced, the first one ends the walk.
    pub(super) fn judge(&mut self, filter: Filter, found: Vec<impl Refusal>) -> Result<(), Box<Finding>> {
        self.step(filter, !found.is_empty());
        let mut findings = found.into_iter().map(|refusal| refusal.found_by(filter));
        match self {
            Run::Enforce => findings.next().map_or(Ok(()), |first| Err(Box::new(first))),
            Run::Explain(notes) => {
                notes.findings.extend(findings);
                Ok(())
            }
        }
    }

    /// Keeps what the policy says besides its refusals.
    pub(super) fn note(&mut self, ignored: &Ignored, answer: Option<&RuledAnswer>) {
        if let Run::Explain(notes) = self {
            notes.ignored = ignored.clone();
            notes.answer = answer.cloned();
        }
    }

    fn step(&mut self, filter: Filter, refuses: bool) {
        let Run::Explain(notes) = self else { return };
        let verdict = match refuses {
            true => StepVerdict::Refuses,
            false if filter.needs_signature() => StepVerdict::NotAsked,
            false => StepVerdict::Passes,
        };
        notes.steps.push(Step { filter, verdict });
    }
}
