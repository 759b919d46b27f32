//! Names of a policy looked up: operations, headers and parameters in the operation table, verdicts in the policy.

use crate::policy::rules::Judgement;
use crate::policy::source::{Fault, Place};
use crate::policy::verdict::Verdict;
use crate::policy::vocabulary::{self, did_you_mean};
use crate::policy::written::{At, RowText, Written};
use crate::s3::headers::is_transport_header;
use crate::s3::operation::{OPERATIONS, Operation};
use crate::s3::view::is_transport_query;
use std::collections::HashSet;
use std::sync::Arc;

/// Which table of a row a rule stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Headers,
    Query,
}

/// A policy in the making: what is written, and what was found wrong with it.
pub(super) struct Compiler<'w> {
    pub(super) written: &'w Written,
    /// The file's first line, for what is missing in it.
    pub(super) start: Place,
    pub(super) used: HashSet<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
}

impl<'w> Compiler<'w> {
    pub(super) fn fault(&mut self, place: &Place, message: impl Into<String>, advice: impl Into<String>) {
        let fault = Fault { place: place.clone(), message: message.into(), advice: advice.into() };
        // A row that others are answered as is looked at once for each of them.
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// A fault for what must be said and is not.
    pub(super) fn missing(&mut self, place: &Place, what: &str) {
        self.fault(
            place,
            format!("the policy lacks {what}"),
            "nothing has a default: say it, or extend a policy that does",
        );
    }

    pub(super) fn warn(&mut self, place: &Place, message: impl Into<String>, advice: impl Into<String>) {
        let warning = Fault { place: place.clone(), message: message.into(), advice: advice.into() };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// The operation of that name, or a fault.
    pub(super) fn operation(&mut self, name: &At<String>) -> Option<Operation> {
        let operation = Operation::parse(&name.it);
        if operation.is_none() {
            let names: Vec<_> = OPERATIONS.iter().map(|row| row.operation.name()).collect();
            let advice =
                did_you_mean(&name.it, &names).unwrap_or_else(|| "name it as the S3 API reference does".into());
            self.fault(&name.place, format!("S3 has no operation '{}'", name.it), advice);
        }
        operation
    }

    /// Checks that a request can carry the name, and that no rule on the transport is wanted.
    pub(super) fn check_name(&mut self, name: &At<String>, side: Side) {
        let (what, known, transport) = match side {
            Side::Headers => ("header", vocabulary::headers(), is_transport_header(&name.it)),
            Side::Query => ("query parameter", vocabulary::parameters(), is_transport_query(&name.it)),
        };
        if transport {
            let message = format!("the {what} '{}' belongs to the transport", name.it);
            self.fault(&name.place, message, "it is accepted everywhere: remove the rule");
        } else if !vocabulary::knows(&known, &name.it) {
            let message = format!("S3 has no {what} '{}'", name.it);
            let advice =
                did_you_mean(&name.it, &known).unwrap_or_else(|| "names no request can carry would hide slips".into());
            self.fault(&name.place, message, advice);
        }
    }

    /// The verdict on a part of a request: a header, a parameter, a payload kind.
    pub(super) fn part_verdict(&mut self, name: &At<String>) -> Option<Judgement> {
        let judgement = self.operation_verdict(name)?;
        if matches!(*judgement.verdict, Verdict::Answer(_)) {
            let message = format!("'{}' is a fixed answer, and those are for operations", name.it);
            self.fault(&name.place, message, "accept, drop or refuse");
            return None;
        }
        Some(judgement)
    }

    /// A verdict that must refuse.
    pub(super) fn refusal(&mut self, name: &At<String>) -> Option<Judgement> {
        let judgement = self.operation_verdict(name)?;
        if !judgement.verdict.is_refusal() {
            let message = format!("'stray' is '{}', which is no refusal", name.it);
            self.fault(&name.place, message, "a sub-resource the operation does not know is always refused");
            return None;
        }
        Some(judgement)
    }

    /// The verdict of that name, or a fault.
    pub(super) fn operation_verdict(&mut self, name: &At<String>) -> Option<Judgement> {
        self.used.insert(name.it.clone());
        let defined =
            self.written.verdicts.iter().find(|entry| entry.key.it == name.it).map(|entry| entry.value.clone());
        let verdict = Verdict::plain(&name.it).map(Arc::new).or(defined);
        if verdict.is_none() {
            let own = self.written.verdicts.iter().map(|entry| entry.key.it.as_str());
            let known: Vec<_> = Verdict::PLAIN.iter().copied().chain(own).collect();
            let advice = did_you_mean(&name.it, &known).unwrap_or_else(|| format!("define it: [verdict.{}]", name.it));
            self.fault(&name.place, format!("there is no verdict '{}'", name.it), advice);
        }
        Some(Judgement { verdict: verdict?, place: name.place.clone() })
    }

    /// What is written of an operation.
    pub(super) fn row_text(&self, operation: Operation) -> Option<&'w RowText> {
        self.written.operations.iter().find(|entry| entry.key.it == operation.name()).map(|entry| &entry.value)
    }

    /// Warns of the file's own verdicts that nothing uses; those of its bases are for whoever needs them.
    pub(super) fn warn_of_unused_verdicts(&mut self) {
        for entry in &self.written.verdicts {
            if Verdict::plain(&entry.key.it).is_some() {
                self.fault(&entry.key.place, format!("'{}' is a verdict already", entry.key.it), "choose another name");
            } else if entry.key.place.file == self.start.file && !self.used.contains(&entry.key.it) {
                self.warn(&entry.key.place, format!("no rule uses the verdict '{}'", entry.key.it), "remove it");
            }
        }
    }
}
