//! From [`WrittenPolicy`] to [`Policy`]: files joined, every name looked up, all faults reported together.
//!
//! A policy must be complete: this module adds no defaults.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::policy::compiled::{Answers, Judgement, Listed, PartLimits, PartOrder, Policy, covers};
use crate::policy::parse::{WrittenPolicy, parse};
use crate::policy::source::Source;
use crate::policy::verdict::Verdict;
use crate::policy::vocabulary::did_you_mean;
use crate::region::Regions;
use crate::s3::headers::SERVER_IDENTITY_HEADERS;
use crate::s3::operation::{OPERATIONS, Operation};
use crate::s3::payload::PayloadKind;
use http::HeaderName;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How long a chain of `extends` may be.
const LONGEST_CHAIN: usize = 8;

/// The limits there are.
const LIMITS: &[&str] = &["part_order", "equal_parts", "failed_completion", "md5_beside_checksum", "checksum_type"];

/// The prefix of every header of `[answers]`. HTTP's own headers are not a feature of S3, so a policy does not rule on
/// them.
const PREFIX: &str = "x-amz-";

/// What is refused. `refuse` takes the words of `[refusal.KIND]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Operation,
    Header,
    Parameter,
    Payload,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Operation, Kind::Header, Kind::Parameter, Kind::Payload];

    fn name(self) -> &'static str {
        match self {
            Kind::Operation => "operation",
            Kind::Header => "header",
            Kind::Parameter => "parameter",
            Kind::Payload => "payload",
        }
    }

    fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Policy {
    /// The policy of a file and the ones it extends. A base that is not built in is asked of `load`, by the name or
    /// path that `extends` gives; its error is a sentence. Fails with every fault found, in all files.
    pub fn compile(source: &Source, load: &dyn Fn(&str) -> Result<Source, String>) -> Result<Policy, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let written = joined(source, load, &mut faults);
        let start = Location { line: Some(1), ..Location::from_name(&source.file) };
        let compiler = Compiler { written: &written, start, used: HashSet::new(), faults, warnings: Vec::new() };
        compiler.policy(&source.name)
    }

    /// A policy that is compiled in; `None` if there is none of that name.
    pub fn builtin(name: &str) -> Option<Result<Policy, Vec<Diagnostic>>> {
        let source = Source::builtin(name)?;
        Some(Policy::compile(&source, &|_| Err("a built-in policy extends built-in policies only".to_owned())))
    }
}

/// The file laid over the files it extends.
fn joined(
    source: &Source,
    load: &dyn Fn(&str) -> Result<Source, String>,
    faults: &mut Vec<Diagnostic>,
) -> WrittenPolicy {
    let (mut written, found) = parse(source);
    faults.extend(found);
    let mut chain = vec![source.file.clone()];
    let mut next = written.extends.clone();
    while let Some(base) = next.take() {
        match base_of(&base, &chain, load) {
            Ok(source) => {
                let (below, found) = parse(&source);
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
    base: &Spanned<String>,
    chain: &[String],
    load: &dyn Fn(&str) -> Result<Source, String>,
) -> Result<Source, Diagnostic> {
    let fault = |message: String, advice: &str| Diagnostic {
        location: base.location.clone(),
        message,
        advice: advice.to_owned(),
    };
    let source = Source::builtin(&base.value).map_or_else(|| load(&base.value), Ok).map_err(|cause| {
        fault(format!("the policy '{}' cannot be extended: {cause}", base.value), "name a built-in policy or a file")
    })?;
    if chain.contains(&source.file) || chain.len() >= LONGEST_CHAIN {
        return Err(fault(format!("the policy '{}' extends itself or too many", base.value), "shorten the chain"));
    }
    Ok(source)
}

/// A policy that is being compiled, and its faults so far.
pub(super) struct Compiler<'w> {
    pub(super) written: &'w WrittenPolicy,
    /// The file's first line, for what is missing in it.
    pub(super) start: Location,
    /// The refusals and answers that some rule names.
    used: HashSet<String>,
    faults: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn policy(mut self, name: &str) -> Result<Policy, Vec<Diagnostic>> {
        let region = self.region();
        let limits = self.limits();
        let payload = self.payload();
        let answers = self.answers();
        self.check_groups();
        let rows = self.rows();
        self.check_verdict_names();
        let limit_locations = self.limit_locations();
        let groups =
            self.written.groups.iter().map(|group| {
                (group.key.value.clone(), group.value.iter().map(|member| member.value.clone()).collect())
            });
        let groups = groups.collect();
        let (Some((regions, region_location)), Some(limits), Some(payload), Some(answers), Some((default, rows)), true) =
            (region, limits, payload, answers, rows, self.faults.is_empty())
        else {
            return Err(self.faults);
        };
        let (name, warnings) = (name.to_owned(), self.warnings);
        Ok(Policy {
            name,
            regions,
            limits,
            region_location,
            limit_locations,
            payload,
            groups,
            default,
            rows,
            answers,
            warnings,
        })
    }

    pub(super) fn fault(&mut self, location: &Location, message: impl Into<String>, advice: impl Into<String>) {
        let fault = Diagnostic { location: location.clone(), message: message.into(), advice: advice.into() };
        // [default] and groups are looked up for every operation.
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    pub(super) fn warn(&mut self, location: &Location, message: impl Into<String>, advice: impl Into<String>) {
        let warning = Diagnostic { location: location.clone(), message: message.into(), advice: advice.into() };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// A fault for a missing value.
    pub(super) fn missing(&mut self, location: &Location, what: &str) {
        let advice = "nothing has a default: say it, or extend a policy that does";
        self.fault(location, format!("the policy lacks {what}"), advice);
    }

    /// A fault for a name that is not among those known.
    fn unknown(&mut self, name: &Spanned<String>, what: &str, known: &[&str]) {
        let advice = did_you_mean(&name.value, known).unwrap_or_else(|| format!("there are {}", known.join(", ")));
        self.fault(&name.location, format!("there is no {what} '{}'", name.value), advice);
    }

    fn region(&mut self) -> Option<(Regions, Location)> {
        let region = &self.written.region;
        let parts =
            [("name", region.name.is_some()), ("aliases", region.aliases.is_some()), ("text", region.text.is_some())];
        for (key, _) in parts.iter().filter(|(_, is_there)| !is_there) {
            self.missing(&self.start.clone(), &format!("'{key}' in [region]"));
        }
        let (name, aliases, text) = (region.name.clone()?, region.aliases.clone()?, region.text.clone()?);
        let (hints, hint_refusal) = self.hints()?;
        let (aliases, refusal) = (aliases.value, text.value);
        let locations = self.written.region.locations.clone().map(|locations| locations.value).unwrap_or_default();
        Some((Regions { name: name.value, aliases, locations, hints, hint_refusal, refusal }, name.location))
    }

    /// The location hints of `[region]` and what they get. A policy may have none.
    fn hints(&mut self) -> Option<(Vec<String>, String)> {
        let region = &self.written.region;
        let hints = region.hints.clone().map(|hints| hints.value).unwrap_or_default();
        match &region.hint_text {
            Some(text) => Some((hints, text.value.clone())),
            None if hints.is_empty() => Some((hints, String::new())),
            None => {
                self.missing(&self.start.clone(), "'hint_text' in [region], as it has 'hints'");
                None
            }
        }
    }

    fn limits(&mut self) -> Option<PartLimits> {
        for entry in self.written.limits.iter().filter(|entry| !LIMITS.contains(&entry.key.value.as_str())) {
            self.unknown(&entry.key, "limit", LIMITS);
        }
        let part_order = self.limit("part_order", &[("ascending", PartOrder::Ascending), ("any", PartOrder::Any)]);
        let equal_parts = self.limit("equal_parts", &[("true", true), ("false", false)]);
        let aborts = self.limit("failed_completion", &[("keep", false), ("abort", true)]);
        let one_digest = self.limit("md5_beside_checksum", &[("accept", false), ("refuse", true)]);
        let one_checksum_type = self.limit("checksum_type", &[("any", false), ("usual", true)]);
        Some(PartLimits {
            part_order: part_order?,
            equal_parts: equal_parts?,
            aborts_failed_completion: aborts?,
            one_digest: one_digest?,
            one_checksum_type: one_checksum_type?,
        })
    }

    fn limit<T: Copy>(&mut self, name: &str, values: &[(&str, T)]) -> Option<T> {
        let Some(entry) = self.written.limits.iter().find(|entry| entry.key.value == name) else {
            self.missing(&self.start.clone(), &format!("the limit '{name}'"));
            return None;
        };
        let value = values.iter().find(|(text, _)| *text == entry.value).map(|(_, value)| *value);
        if value.is_none() {
            let names: Vec<_> = values.iter().map(|(text, _)| *text).collect();
            let message = format!("the limit '{name}' cannot be '{}'", entry.value);
            self.fault(&entry.key.location, message, format!("it is one of {}", names.join(", ")));
        }
        value
    }

    fn limit_locations(&self) -> Vec<(&'static str, String, Location)> {
        let entry = |name: &str| self.written.limits.iter().find(|entry| entry.key.value == name);
        LIMITS.iter().filter_map(|&n| entry(n).map(|e| (n, e.value.clone(), e.key.location.clone()))).collect()
    }

    /// A judgement for every payload kind.
    fn payload(&mut self) -> Option<HashMap<PayloadKind, Judgement>> {
        let kinds = PayloadKind::ALL.map(PayloadKind::name);
        for entry in self.written.payload.iter().filter(|entry| !kinds.contains(&entry.key.value.as_str())) {
            self.unknown(&entry.key, "payload kind", &kinds);
        }
        let judged = |kind: PayloadKind| Some((kind, self.payload_kind(kind.name())?));
        let judgements: HashMap<_, _> = PayloadKind::ALL.into_iter().filter_map(judged).collect();
        (judgements.len() == kinds.len()).then_some(judgements)
    }

    fn payload_kind(&mut self, kind: &str) -> Option<Judgement> {
        match self.written.payload.iter().find(|entry| entry.key.value == kind) {
            Some(entry) => self.part_verdict(&entry.value, Kind::Payload),
            None => {
                self.missing(&self.start.clone(), &format!("the payload kind '{kind}'"));
                None
            }
        }
    }

    /// The operation of that name, or a fault.
    pub(super) fn operation(&mut self, name: &Spanned<String>) -> Option<Operation> {
        let operation = Operation::parse(&name.value);
        if operation.is_none() {
            let names: Vec<_> = OPERATIONS.iter().map(|row| row.operation.name()).collect();
            let advice =
                did_you_mean(&name.value, &names).unwrap_or_else(|| "name it as the S3 API reference does".into());
            self.fault(&name.location, format!("S3 has no operation '{}'", name.value), advice);
        }
        operation
    }

    /// The verdict on a part of a request: a header, a parameter, a payload kind.
    pub(super) fn part_verdict(&mut self, name: &Spanned<String>, kind: Kind) -> Option<Judgement> {
        let judgement = self.verdict(name, kind)?;
        if matches!(*judgement.verdict, Verdict::Answer(_)) {
            let message = format!("'{}' is a fixed answer, and those are for operations", name.value);
            self.fault(&name.location, message, "accept, ignore or refuse");
            return None;
        }
        Some(judgement)
    }

    /// The verdict on sub-resources that the operation does not know, which must refuse.
    pub(super) fn subresource_verdict(&mut self, name: &Spanned<String>) -> Option<Judgement> {
        let judgement = self.verdict(name, Kind::Parameter)?;
        if !judgement.verdict.is_refusal() {
            let message = format!("'unknown_subresource' is '{}', which is no refusal", name.value);
            self.fault(&name.location, message, "a sub-resource the operation does not know is always refused");
            return None;
        }
        Some(judgement)
    }

    /// The verdict of that name, or a fault. `refuse` has the words for what is refused.
    pub(super) fn verdict(&mut self, name: &Spanned<String>, kind: Kind) -> Option<Judgement> {
        let verdict = match name.value.as_str() {
            "refuse" => self.refusal_of(kind, &name.location)?,
            plain if Verdict::plain(plain).is_some() => Arc::new(Verdict::plain(plain)?),
            _ => self.named_verdict(name)?,
        };
        Some(Judgement { verdict, location: name.location.clone() })
    }

    fn refusal_of(&mut self, kind: Kind, location: &Location) -> Option<Arc<Verdict>> {
        let refusal = self.written.refusals.iter().find(|entry| entry.key.value == kind.name());
        if refusal.is_none() {
            let message = format!("the policy does not say how the refusal of a {} reads", kind.name());
            self.fault(location, message, format!("write it: [refusal.{}] with status, code and text", kind.name()));
        }
        refusal.map(|entry| entry.value.clone())
    }

    fn named_verdict(&mut self, name: &Spanned<String>) -> Option<Arc<Verdict>> {
        let written = self.written;
        let defined = || written.refusals.iter().chain(&written.fixed).filter(|e| Kind::parse(&e.key.value).is_none());
        let verdict = defined().find(|entry| entry.key.value == name.value).map(|entry| entry.value.clone());
        if verdict.is_none() {
            let own = defined().map(|entry| entry.key.value.as_str());
            let known: Vec<_> = Verdict::NAMES.iter().copied().chain(own).collect();
            let advice = match Kind::parse(&name.value) {
                Some(_) => "write \"refuse\": it has the words for what is refused".to_owned(),
                None => {
                    did_you_mean(&name.value, &known).unwrap_or_else(|| format!("define it: [refusal.{}]", name.value))
                }
            };
            self.fault(&name.location, format!("there is no verdict '{}'", name.value), advice);
        }
        self.used.insert(name.value.clone());
        verdict
    }

    /// Names that mean two things, and the file's own verdicts that nothing uses. Those of its bases are for others.
    fn check_verdict_names(&mut self) {
        let written = self.written;
        for entry in written.refusals.iter().chain(&written.fixed) {
            let (key, is_kind) = (&entry.key, Kind::parse(&entry.key.value).is_some());
            let is_answer = written.fixed.iter().any(|answer| answer.key.value == key.value);
            let is_refusal = written.refusals.iter().any(|refusal| refusal.key.value == key.value);
            if Verdict::NAMES.contains(&key.value.as_str()) || (is_answer && (is_refusal || is_kind)) {
                self.fault(&key.location, format!("'{}' is a verdict already", key.value), "choose another name");
            } else if key.location.file == self.start.file && !is_kind && !self.used.contains(&key.value) {
                self.warn(&key.location, format!("no rule uses the verdict '{}'", key.value), "remove it");
            }
        }
    }

    /// `[answers]`: which headers of an upstream's answer reach the client, and which elements do not.
    ///
    /// Headers are an allow-list, so that a header an upstream learns tomorrow stays behind. Its names are those of
    /// answers, which the operation table does not have; a slip among them shows in `policy diff` and lets nothing
    /// through.
    fn answers(&mut self) -> Option<Answers> {
        let written = &self.written.answers;
        let headers = self.listed(written.headers.as_ref(), "headers", Self::check_answer_header);
        let strip_elements = self.listed(written.strip_elements.as_ref(), "strip_elements", Self::check_element);
        Some(Answers { headers: headers?, strip_elements: strip_elements? })
    }

    /// A list every name of which is checked; a fault if there is none.
    fn listed(
        &mut self,
        list: Option<&Spanned<Vec<Spanned<String>>>>,
        key: &str,
        check: impl Fn(&mut Self, &Spanned<String>),
    ) -> Option<Listed> {
        let Some(list) = list else {
            self.missing(&self.start.clone(), &format!("'{key}' in [answers]"));
            return None;
        };
        for name in &list.value {
            check(self, name);
        }
        self.warn_of_covered_names(&list.value);
        Some(Listed {
            names: list.value.iter().map(|name| name.value.clone()).collect(),
            location: list.location.clone(),
        })
    }

    fn check_answer_header(&mut self, name: &Spanned<String>) {
        let stem = name.value.strip_suffix('*').unwrap_or(&name.value);
        // HeaderName takes upper case too, and makes it lower.
        let is_lower_case = HeaderName::from_bytes(stem.as_bytes()).is_ok_and(|header| header.as_str() == stem);
        if SERVER_IDENTITY_HEADERS.contains(&name.value.as_str()) {
            let message = format!("'{}' is what an upstream says of itself", name.value);
            self.fault(&name.location, message, "it reaches no client: remove it");
        } else if !is_lower_case || !stem.starts_with(PREFIX) || name.value == PREFIX || stem.contains('*') {
            let advice = "a name in lower case, or a prefix ending in *, that starts with x-amz-";
            self.fault(&name.location, format!("'{}' is no x-amz-* header", name.value), advice);
        }
    }

    fn check_element(&mut self, name: &Spanned<String>) {
        let is_local_name = name.value.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.value.chars().all(|c| c.is_ascii_alphanumeric());
        if !is_local_name {
            let message = format!("'{}' is no element of an S3 answer", name.value);
            self.fault(&name.location, message, "its local name, letters and digits, without a namespace");
        }
    }

    fn warn_of_covered_names(&mut self, names: &[Spanned<String>]) {
        for (i, name) in names.iter().enumerate() {
            // Of two that are the same, the second is one too many.
            let is_enough = |(at, listed): &(usize, &Spanned<String>)| {
                covers(&listed.value, &name.value) && (listed.value != name.value || *at < i)
            };
            if let Some((_, listed)) = names.iter().enumerate().find(is_enough) {
                let message = format!("'{}' has no effect beside '{}'", name.value, listed.value);
                self.warn(&name.location, message, "remove it");
            }
        }
    }
}
