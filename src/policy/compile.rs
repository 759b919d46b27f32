//! From [`Written`] to [`Policy`]: files joined, names looked up in the operation table, verdicts in the policy.
//!
//! A policy is complete or it does not load: nothing is filled in here that the files do not say.

use crate::policy::compiled::{Limits, PartOrder, Policy, Row};
use crate::policy::read::read;
use crate::policy::rules::{Judgement, Rule, Rules};
use crate::policy::source::{Fault, Place, Source};
use crate::policy::verdict::Verdict;
use crate::policy::vocabulary::{self, did_you_mean};
use crate::policy::written::{At, RowText, RuleText, Written};
use crate::region::Regions;
use crate::s3::headers::is_transport_header;
use crate::s3::operation::{OPERATIONS, Operation};
use crate::s3::payload::PayloadKind;
use crate::s3::view::is_transport_query;
use std::collections::HashSet;
use std::sync::Arc;

/// How many policies may stand on each other.
const LONGEST_CHAIN: usize = 8;

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

/// Which table of a row a rule stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Headers,
    Query,
}

struct Compiler<'w> {
    written: &'w Written,
    /// The file's first line, for what is missing in it.
    start: Place,
    used: HashSet<String>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

/// `[default]`, looked up.
struct Default {
    verdict: Judgement,
    unlisted_headers: Judgement,
    unlisted_query: Judgement,
    stray: Judgement,
    headers: Vec<Rule>,
    query: Vec<Rule>,
}

impl<'w> Compiler<'w> {
    fn policy(mut self, name: &str) -> Result<Policy, Vec<Fault>> {
        let region = self.region();
        let limits = self.limits();
        let payload = self.payload();
        let rows = self.rows();
        self.warn_of_unused_verdicts();
        let complete = region.zip(limits).zip(payload).zip(rows).filter(|_| self.faults.is_empty());
        let Some(((((regions, region_place), limits), payload), rows)) = complete else { return Err(self.faults) };
        let limit_places = self.limit_places();
        let (name, warnings) = (name.to_owned(), self.warnings);
        Ok(Policy { name, regions, limits, region_place, limit_places, payload, rows, warnings })
    }

    fn fault(&mut self, place: &Place, message: impl Into<String>, advice: impl Into<String>) {
        let fault = Fault { place: place.clone(), message: message.into(), advice: advice.into() };
        // A row that others are answered as is looked at once for each of them.
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn missing(&mut self, place: &Place, what: &str) {
        self.fault(
            place,
            format!("the policy lacks {what}"),
            "nothing has a default: say it, or extend a policy that does",
        );
    }

    fn warn(&mut self, place: &Place, message: impl Into<String>, advice: impl Into<String>) {
        let warning = Fault { place: place.clone(), message: message.into(), advice: advice.into() };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
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

    /// A judgement for every payload kind, in the order of the enum.
    fn payload(&mut self) -> Option<Vec<Judgement>> {
        let kinds = PayloadKind::ALL.map(PayloadKind::name);
        for entry in &self.written.payload {
            if !kinds.contains(&entry.key.it.as_str()) {
                let advice =
                    did_you_mean(&entry.key.it, &kinds).unwrap_or_else(|| format!("there are {}", kinds.join(", ")));
                self.fault(&entry.key.place, format!("there is no payload kind '{}'", entry.key.it), advice);
            }
        }
        let judgements: Vec<_> = kinds.iter().filter_map(|kind| self.payload_kind(kind)).collect();
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

    /// A row for every operation, in the order of the table.
    fn rows(&mut self) -> Option<Vec<Row>> {
        self.check_operation_names();
        let default = self.default()?;
        let rows: Vec<_> = OPERATIONS.iter().filter_map(|row| self.row(row.operation, &default)).collect();
        (rows.len() == OPERATIONS.len()).then_some(rows)
    }

    fn check_operation_names(&mut self) {
        for entry in &self.written.operations {
            self.operation(&entry.key);
        }
    }

    fn operation(&mut self, name: &At<String>) -> Option<Operation> {
        let operation = Operation::parse(&name.it);
        if operation.is_none() {
            let names: Vec<_> = OPERATIONS.iter().map(|row| row.operation.name()).collect();
            let advice =
                did_you_mean(&name.it, &names).unwrap_or_else(|| "name it as the S3 API reference does".into());
            self.fault(&name.place, format!("S3 has no operation '{}'", name.it), advice);
        }
        operation
    }

    fn default(&mut self) -> Option<Default> {
        let Some(At { it: text, place }) = &self.written.default else {
            self.missing(&self.start.clone(), "[default]");
            return None;
        };
        if let Some(target) = &text.stands_for {
            self.fault(&target.place, "[default] stands for no operation", "use 'as' in [operation.NAME]");
        }
        let verdict = self.required(text.verdict.as_ref(), place, "verdict", Self::operation_verdict);
        let unlisted_headers =
            self.required(text.unlisted_headers.as_ref(), place, "unlisted_headers", Self::part_verdict);
        let unlisted_query = self.required(text.unlisted_query.as_ref(), place, "unlisted_query", Self::part_verdict);
        let stray = self.required(text.stray.as_ref(), place, "stray", Self::refusal);
        let headers = self.rules(&text.headers, Side::Headers);
        let query = self.rules(&text.query, Side::Query);
        Some(Default {
            verdict: verdict?,
            unlisted_headers: unlisted_headers?,
            unlisted_query: unlisted_query?,
            stray: stray?,
            headers,
            query,
        })
    }

    fn required(
        &mut self,
        verdict: Option<&At<String>>,
        place: &Place,
        key: &str,
        look_up: impl Fn(&mut Self, &At<String>) -> Option<Judgement>,
    ) -> Option<Judgement> {
        if verdict.is_none() {
            self.missing(place, &format!("'{key}' in [default]"));
        }
        look_up(self, verdict?)
    }

    fn row(&mut self, operation: Operation, default: &Default) -> Option<Row> {
        let Some(text) = self.row_text(operation) else { return self.own_row(operation, &RowText::default(), default) };
        match &text.stands_for {
            Some(target) => self.row_of_another(operation, target, text, default),
            None => self.own_row(operation, text, default),
        }
    }

    fn own_row(&mut self, operation: Operation, text: &RowText, default: &Default) -> Option<Row> {
        let verdict = self.or_default(text.verdict.as_ref(), &default.verdict, Self::operation_verdict);
        let unlisted_query = self.or_default(text.unlisted_query.as_ref(), &default.unlisted_query, Self::part_verdict);
        let unlisted_headers =
            self.or_default(text.unlisted_headers.as_ref(), &default.unlisted_headers, Self::part_verdict);
        let stray = self.or_default(text.stray.as_ref(), &default.stray, Self::refusal);
        let query = self.rules(&text.query, Side::Query);
        let headers = self.rules(&text.headers, Side::Headers);
        let verdict = verdict?;
        self.warn_of_dead_rules(&verdict, text);
        Some(Row {
            answered_as: operation,
            verdict,
            query: Rules::new(with_defaults(query, &default.query)),
            headers: Rules::new(with_defaults(headers, &default.headers)),
            unlisted_query: unlisted_query?,
            unlisted_headers: unlisted_headers?,
            stray: stray?,
        })
    }

    fn or_default(
        &mut self,
        verdict: Option<&At<String>>,
        default: &Judgement,
        look_up: impl Fn(&mut Self, &At<String>) -> Option<Judgement>,
    ) -> Option<Judgement> {
        verdict.map_or_else(|| Some(default.clone()), |verdict| look_up(self, verdict))
    }

    /// `as`: the row of another operation, which must need no more of a key than this one and be asked alike.
    fn row_of_another(
        &mut self,
        operation: Operation,
        target: &At<String>,
        text: &RowText,
        default: &Default,
    ) -> Option<Row> {
        let answered_as = self.operation(target)?;
        let (own, other) = (operation.row(), answered_as.row());
        let alike =
            (own.method, own.target, own.body, own.access) == (other.method, other.target, other.body, other.access);
        if !alike {
            let message = format!("{operation} cannot be answered as {answered_as}");
            self.fault(&target.place, message, "both need the same method, target, body and access");
        }
        if text.verdict.is_some() || !text.headers.is_empty() || !text.query.is_empty() {
            self.fault(
                &target.place,
                "a row with 'as' has nothing else",
                "put the rest into the other operation's row",
            );
        }
        let other_text = self.row_text(answered_as).cloned().unwrap_or_default();
        if other_text.stands_for.is_some() {
            self.fault(&target.place, format!("{answered_as} is itself answered as another"), "name that one");
        }
        self.own_row(answered_as, &other_text, default)
    }

    fn rules(&mut self, texts: &[RuleText], side: Side) -> Vec<Rule> {
        let rules: Vec<_> = texts.iter().filter_map(|text| self.rule(text, side)).collect();
        for (i, rule) in rules.iter().enumerate() {
            let covers =
                |earlier: &&Rule| rule.prefix().zip(earlier.prefix()).is_some_and(|(own, e)| own.starts_with(e));
            if let Some(earlier) = rules[..i].iter().find(covers) {
                let message = format!("'{}' is never reached: '{}' comes before it", rule.name, earlier.name);
                self.warn(&rule.place, message, "put the longer prefix first");
            }
        }
        rules
    }

    fn rule(&mut self, text: &RuleText, side: Side) -> Option<Rule> {
        self.check_name(&text.name, side);
        let otherwise = self.part_verdict(&text.otherwise);
        let cases: Vec<_> = text
            .cases
            .iter()
            .filter_map(|(pattern, verdict)| Some((pattern.clone(), self.part_verdict(verdict)?)))
            .collect();
        Some(Rule { name: text.name.it.clone(), place: text.name.place.clone(), cases, otherwise: otherwise? })
    }

    fn check_name(&mut self, name: &At<String>, side: Side) {
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
    fn part_verdict(&mut self, name: &At<String>) -> Option<Judgement> {
        let judgement = self.operation_verdict(name)?;
        if matches!(*judgement.verdict, Verdict::Answer(_)) {
            let message = format!("'{}' is a fixed answer, and those are for operations", name.it);
            self.fault(&name.place, message, "accept, drop or refuse");
            return None;
        }
        Some(judgement)
    }

    /// A verdict that must refuse.
    fn refusal(&mut self, name: &At<String>) -> Option<Judgement> {
        let judgement = self.operation_verdict(name)?;
        if !judgement.verdict.is_refusal() {
            let message = format!("'stray' is '{}', which is no refusal", name.it);
            self.fault(&name.place, message, "a sub-resource the operation does not know is always refused");
            return None;
        }
        Some(judgement)
    }

    fn operation_verdict(&mut self, name: &At<String>) -> Option<Judgement> {
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

    fn row_text(&self, operation: Operation) -> Option<&'w RowText> {
        self.written.operations.iter().find(|entry| entry.key.it == operation.name()).map(|entry| &entry.value)
    }

    fn warn_of_dead_rules(&mut self, verdict: &Judgement, text: &RowText) {
        let dead = text.headers.first().or(text.query.first()).filter(|_| verdict.verdict.ends());
        if let Some(rule) = dead {
            self.warn(&rule.name.place, "the operation is never served, so this rule has no effect", "remove it");
        }
    }

    fn warn_of_unused_verdicts(&mut self) {
        for entry in &self.written.verdicts {
            if Verdict::plain(&entry.key.it).is_some() {
                self.fault(&entry.key.place, format!("'{}' is a verdict already", entry.key.it), "choose another name");
            } else if !self.used.contains(&entry.key.it) {
                self.warn(&entry.key.place, format!("no rule uses the verdict '{}'", entry.key.it), "remove it");
            }
        }
    }
}

/// The limits there are.
const LIMITS: &[&str] = &["part_order", "equal_parts"];

fn with_defaults(mut own: Vec<Rule>, default: &[Rule]) -> Vec<Rule> {
    let missing: Vec<_> = default.iter().filter(|rule| own.iter().all(|o| o.name != rule.name)).cloned().collect();
    own.extend(missing);
    own
}
