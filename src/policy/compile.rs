//! From [`Written`] to [`Policy`]: files joined, everything looked up, all faults reported together.
//!
//! A policy is complete or it does not load: nothing is filled in here that the files do not say.

use crate::policy::compiled::{Limits, PartOrder, Policy};
use crate::policy::lookup::Compiler;
use crate::policy::read::read;
use crate::policy::rules::Judgement;
use crate::policy::source::{Fault, Place, Source};
use crate::policy::vocabulary::did_you_mean;
use crate::policy::written::{At, Written};
use crate::region::Regions;
use crate::s3::payload::PayloadKind;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many policies may stand on each other.
const LONGEST_CHAIN: usize = 8;

/// The limits there are.
const LIMITS: &[&str] = &["part_order", "equal_parts"];

impl Policy {
    /// The policy of a file and the ones it extends. A base that is not built in is asked of `load`, by the name or
    /// path that `extends` gives; its error is a sentence. Fails with every fault found, in all files.
    pub fn compile(source: &Source, load: &dyn Fn(&str) -> Result<Source, String>) -> Result<Policy, Vec<Fault>> {
        let mut faults = Vec::new();
        let written = joined(source, load, &mut faults);
        let start = Place { file: Arc::from(source.file.as_str()), line: 1 };
        let compiler = Compiler { written: &written, start, used: HashSet::new(), faults, warnings: Vec::new() };
        compiler.policy(&source.name)
    }

    /// A policy that is compiled in; `None` where there is none of that name.
    pub fn builtin(name: &str) -> Option<Result<Policy, Vec<Fault>>> {
        let source = Source::builtin(name)?;
        Some(Policy::compile(&source, &|_| Err("a built-in policy extends built-in policies only".to_owned())))
    }
}

/// The file laid over the files it extends.
fn joined(source: &Source, load: &dyn Fn(&str) -> Result<Source, String>, faults: &mut Vec<Fault>) -> Written {
    let (mut written, found) = read(source);
    faults.extend(found);
    let mut chain = vec![source.file.clone()];
    let mut next = written.extends.clone();
    while let Some(base) = next.take() {
        match base_of(&base, &chain, load) {
            Ok(source) => {
                let (below, found) = read(&source);
                faults.extend(found);
                chain.push(source.file);
                next = below.extends.clone();
                written = written.over(below);
            }
            Err(fault) => faults.push(fault),
        }
    }
    written
}

fn base_of(
    base: &At<String>,
    chain: &[String],
    load: &dyn Fn(&str) -> Result<Source, String>,
) -> Result<Source, Fault> {
    let fault = |message: String, advice: &str| Fault { place: base.place.clone(), message, advice: advice.to_owned() };
    let source = Source::builtin(&base.it).map_or_else(|| load(&base.it), Ok).map_err(|cause| {
        fault(format!("the policy '{}' cannot be extended: {cause}", base.it), "name a built-in policy or a file")
    })?;
    if chain.contains(&source.file) || chain.len() >= LONGEST_CHAIN {
        return Err(fault(format!("the policy '{}' extends itself or too many", base.it), "shorten the chain"));
    }
    Ok(source)
}

impl Compiler<'_> {
    fn policy(mut self, name: &str) -> Result<Policy, Vec<Fault>> {
        let region = self.region();
        let limits = self.limits();
        let payload = self.payload();
        let answers = self.answers();
        let rows = self.rows();
        self.warn_of_unused_verdicts();
        let limit_places = self.limit_places();
        let (Some((regions, region_place)), Some(limits), Some(payload), Some(answers), Some(rows), true) =
            (region, limits, payload, answers, rows, self.faults.is_empty())
        else {
            return Err(self.faults);
        };
        let (name, warnings) = (name.to_owned(), self.warnings);
        Ok(Policy { name, regions, limits, region_place, limit_places, payload, rows, answers, warnings })
    }

    fn region(&mut self) -> Option<(Regions, Place)> {
        let Some(region) = &self.written.region else {
            self.missing(&self.start.clone(), "[region]");
            return None;
        };
        let (name, aliases) = (region.it.name.clone(), region.it.aliases.clone());
        Some((Regions { name, aliases, refusal: region.it.refusal.clone() }, region.place.clone()))
    }

    fn limits(&mut self) -> Option<Limits> {
        for entry in &self.written.limits {
            if !LIMITS.contains(&entry.key.it.as_str()) {
                let advice =
                    did_you_mean(&entry.key.it, LIMITS).unwrap_or_else(|| format!("there are {}", LIMITS.join(", ")));
                self.fault(&entry.key.place, format!("there is no limit '{}'", entry.key.it), advice);
            }
        }
        let part_order = self.limit("part_order", &[("ascending", PartOrder::Ascending), ("any", PartOrder::Any)]);
        let equal_parts = self.limit("equal_parts", &[("true", true), ("false", false)]);
        Some(Limits { part_order: part_order?, equal_parts: equal_parts? })
    }

    fn limit<T: Copy>(&mut self, name: &str, values: &[(&str, T)]) -> Option<T> {
        let Some(entry) = self.written.limits.iter().find(|entry| entry.key.it == name) else {
            self.missing(&self.start.clone(), &format!("the limit '{name}'"));
            return None;
        };
        let value = values.iter().find(|(text, _)| *text == entry.value).map(|(_, value)| *value);
        if value.is_none() {
            let names: Vec<_> = values.iter().map(|(text, _)| *text).collect();
            let message = format!("the limit '{name}' cannot be '{}'", entry.value);
            self.fault(&entry.key.place, message, format!("it is one of {}", names.join(", ")));
        }
        value
    }

    fn limit_places(&self) -> Vec<(&'static str, String, Place)> {
        let entry = |name: &str| self.written.limits.iter().find(|entry| entry.key.it == name);
        LIMITS.iter().filter_map(|&n| entry(n).map(|e| (n, e.value.clone(), e.key.place.clone()))).collect()
    }

    /// A judgement for every payload kind.
    fn payload(&mut self) -> Option<HashMap<PayloadKind, Judgement>> {
        let kinds = PayloadKind::ALL.map(PayloadKind::name);
        for entry in &self.written.payload {
            if !kinds.contains(&entry.key.it.as_str()) {
                let advice =
                    did_you_mean(&entry.key.it, &kinds).unwrap_or_else(|| format!("there are {}", kinds.join(", ")));
                self.fault(&entry.key.place, format!("there is no payload kind '{}'", entry.key.it), advice);
            }
        }
        let judged = |kind: PayloadKind| Some((kind, self.payload_kind(kind.name())?));
        let judgements: HashMap<_, _> = PayloadKind::ALL.into_iter().filter_map(judged).collect();
        (judgements.len() == kinds.len()).then_some(judgements)
    }

    fn payload_kind(&mut self, kind: &str) -> Option<Judgement> {
        match self.written.payload.iter().find(|entry| entry.key.it == kind) {
            Some(entry) => self.part_verdict(&entry.value),
            None => {
                self.missing(&self.start.clone(), &format!("the payload kind '{kind}'"));
                None
            }
        }
    }
}
