//! The rows of a policy: for every operation what is written of it, or what `[default]` says.

use crate::policy::compiled::OperationPolicy;
use crate::policy::lookup::{Compiler, Side};
use crate::policy::rules::{Judgement, Rule, Rules};
use crate::policy::source::Place;
use crate::policy::written::{At, RowText, RuleText};
use crate::s3::operation::{OPERATIONS, Operation};

/// `[default]`, looked up.
struct Default {
    verdict: Judgement,
    unlisted_headers: Judgement,
    unlisted_query: Judgement,
    stray: Judgement,
    headers: Vec<Rule>,
    query: Vec<Rule>,
}

impl Compiler<'_> {
    /// A row for every operation, in the order of the table.
    pub(super) fn rows(&mut self) -> Option<Vec<OperationPolicy>> {
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

    fn row(&mut self, operation: Operation, default: &Default) -> Option<OperationPolicy> {
        let Some(text) = self.row_text(operation) else { return self.own_row(operation, &RowText::default(), default) };
        match &text.stands_for {
            Some(target) => self.row_of_another(operation, target, text, default),
            None => self.own_row(operation, text, default),
        }
    }

    fn own_row(&mut self, operation: Operation, text: &RowText, default: &Default) -> Option<OperationPolicy> {
        let verdict = self.or_default(text.verdict.as_ref(), &default.verdict, Self::operation_verdict);
        let unlisted_query = self.or_default(text.unlisted_query.as_ref(), &default.unlisted_query, Self::part_verdict);
        let unlisted_headers =
            self.or_default(text.unlisted_headers.as_ref(), &default.unlisted_headers, Self::part_verdict);
        let stray = self.or_default(text.stray.as_ref(), &default.stray, Self::refusal);
        let query = self.rules(&text.query, Side::Query);
        let headers = self.rules(&text.headers, Side::Headers);
        let verdict = verdict?;
        self.warn_of_dead_rules(&verdict, text);
        Some(OperationPolicy {
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
    ) -> Option<OperationPolicy> {
        let answered_as = self.operation(target)?;
        let (own, other) = (operation.spec(), answered_as.spec());
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

    fn warn_of_dead_rules(&mut self, verdict: &Judgement, text: &RowText) {
        let dead = text.headers.first().or(text.query.first()).filter(|_| verdict.verdict.ends());
        if let Some(rule) = dead {
            self.warn(&rule.name.place, "the operation is never served, so this rule has no effect", "remove it");
        }
    }
}

fn with_defaults(mut own: Vec<Rule>, default: &[Rule]) -> Vec<Rule> {
    let missing: Vec<_> = default.iter().filter(|rule| own.iter().all(|o| o.name != rule.name)).cloned().collect();
    own.extend(missing);
    own
}
