//! The rows of a policy: the rules of each operation, and those of `[default]` for the rest.

use crate::diagnostics::{Location, Spanned};
use crate::policy::compile::{Compiler, Kind};
use crate::policy::compiled::{DefaultRow, Judgement, OperationPolicy, Rule, RuleIndex, covers};
use crate::policy::parse::{Layer, RowText, Statement, Subject};
use crate::policy::vocabulary::{self, did_you_mean};
use crate::s3::headers::is_transport_header;
use crate::s3::operation::{OPERATIONS, Operation, OperationSpec, Selector};
use crate::s3::view::is_transport_query;

/// Where a request has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Headers,
    Query,
}

/// The rules of a row on both sides, in order.
#[derive(Default)]
struct Sides {
    headers: Vec<Rule>,
    query: Vec<Rule>,
}

impl Sides {
    fn side(&mut self, side: Side) -> &mut Vec<Rule> {
        if side == Side::Headers { &mut self.headers } else { &mut self.query }
    }
}

/// A name that a statement is about.
struct Member {
    side: Side,
    name: Spanned<String>,
    group: Option<String>,
}

impl Compiler<'_> {
    /// `[default]`, and a row for every operation, in the order of the table.
    pub(super) fn rows(&mut self) -> Option<(DefaultRow, Vec<OperationPolicy>)> {
        for entry in &self.written.operations {
            self.operation(&entry.key);
        }
        let default = self.default()?;
        let rows: Vec<_> = OPERATIONS.iter().filter_map(|row| self.row(row.operation, &default)).collect();
        (rows.len() == OPERATIONS.len()).then_some((default, rows))
    }

    fn default(&mut self) -> Option<DefaultRow> {
        let Some(Spanned { value: text, location }) = &self.written.default else {
            self.missing(&self.start.clone(), "[default]");
            return None;
        };
        if let Some(target) = &text.stands_for {
            self.fault(&target.location, "[default] stands for no operation", "use 'as' in [operation.NAME]");
        }
        let keys = [
            ("verdict", &text.verdict),
            ("unlisted_headers", &text.unlisted_headers),
            ("unlisted_query", &text.unlisted_query),
            ("unknown_subresource", &text.unknown_subresource),
        ];
        for (key, _) in keys.into_iter().filter(|(_, value)| value.is_none()) {
            self.missing(location, &format!("'{key}' in [default]"));
        }
        let Sides { headers, query } = self.sides(&text.layers, None);
        let verdict = text.verdict.as_ref().and_then(|name| self.verdict(name, Kind::Operation));
        let unlisted_headers = text.unlisted_headers.as_ref().and_then(|name| self.part_verdict(name, Kind::Header));
        let unlisted_query = text.unlisted_query.as_ref().and_then(|name| self.part_verdict(name, Kind::Parameter));
        let unknown = text.unknown_subresource.as_ref().and_then(|name| self.subresource_verdict(name));
        Some(DefaultRow {
            verdict: verdict?,
            unlisted_headers: unlisted_headers?,
            unlisted_query: unlisted_query?,
            unknown_subresource: unknown?,
            headers: RuleIndex::new(headers),
            query: RuleIndex::new(query),
        })
    }

    fn row(&mut self, operation: Operation, default: &DefaultRow) -> Option<OperationPolicy> {
        let Some(text) = self.row_text(operation) else { return self.own_row(operation, &RowText::default(), default) };
        match &text.stands_for {
            Some(target) => self.row_of_another(operation, target, &text, default),
            None => self.own_row(operation, &text, default),
        }
    }

    /// The written rules of an operation.
    fn row_text(&self, operation: Operation) -> Option<RowText> {
        let entry = self.written.operations.iter().find(|entry| entry.key.value == operation.name());
        entry.map(|entry| entry.value.clone())
    }

    fn own_row(&mut self, operation: Operation, text: &RowText, default: &DefaultRow) -> Option<OperationPolicy> {
        let own = |name: &Option<Spanned<String>>, default: &Judgement, judged: Option<Judgement>| match name {
            Some(_) => judged,
            None => Some(default.clone()),
        };
        let verdict = text.verdict.as_ref().and_then(|name| self.verdict(name, Kind::Operation));
        let verdict = own(&text.verdict, &default.verdict, verdict);
        let query = text.unlisted_query.as_ref().and_then(|name| self.part_verdict(name, Kind::Parameter));
        let unlisted_query = own(&text.unlisted_query, &default.unlisted_query, query);
        let headers = text.unlisted_headers.as_ref().and_then(|name| self.part_verdict(name, Kind::Header));
        let unlisted_headers = own(&text.unlisted_headers, &default.unlisted_headers, headers);
        let unknown = text.unknown_subresource.as_ref().and_then(|name| self.subresource_verdict(name));
        let unknown_subresource = own(&text.unknown_subresource, &default.unknown_subresource, unknown);
        let Sides { headers, query } = self.with_defaults(&text.layers, operation.spec());
        let verdict = verdict?;
        self.warn_of_dead_rules(&verdict, text);
        let row = OperationPolicy {
            answered_as: operation,
            verdict,
            query: RuleIndex::new(query),
            headers: RuleIndex::new(headers),
            unlisted_query: unlisted_query?,
            unlisted_headers: unlisted_headers?,
            unknown_subresource: unknown_subresource?,
        };
        self.check_ignored_protection(&row);
        self.warn_of_refused_checksum(&row);
        Some(row)
    }

    /// `as`: the row of another operation, which must need no more of a key than this one and be asked alike.
    fn row_of_another(
        &mut self,
        operation: Operation,
        target: &Spanned<String>,
        text: &RowText,
        default: &DefaultRow,
    ) -> Option<OperationPolicy> {
        let answered_as = self.operation(target)?;
        let (own, other) = (operation.spec(), answered_as.spec());
        let alike =
            (own.method, own.target, own.body, own.access) == (other.method, other.target, other.body, other.access);
        if !alike {
            let message = format!("{operation} cannot be answered as {answered_as}");
            self.fault(&target.location, message, "both need the same method, target, body and access");
        }
        if text.verdict.is_some() || text.layers.iter().any(|layer| !layer.statements.is_empty()) {
            let advice = "put the rest into the other operation's row";
            self.fault(&target.location, "a row with 'as' has nothing else", advice);
        }
        let other_text = self.row_text(answered_as).unwrap_or_default();
        if other_text.stands_for.is_some() {
            self.fault(&target.location, format!("{answered_as} is itself answered as another"), "name that one");
        }
        self.own_row(answered_as, &other_text, default)
    }

    /// The rules of the row, and behind them those of `[default]` for names it does not speak of.
    fn with_defaults(&mut self, layers: &[Layer], spec: &OperationSpec) -> Sides {
        let mut sides = self.sides(layers, Some(spec));
        let default = match &self.written.default {
            Some(default) => self.sides(&default.value.layers, Some(spec)),
            None => Sides::default(),
        };
        let Sides { headers, query } = default;
        for (side, rules) in [(Side::Headers, headers), (Side::Query, query)] {
            let own = sides.side(side);
            let missing: Vec<_> =
                rules.into_iter().filter(|rule| own.iter().all(|o| !covers(&o.name, &rule.name))).collect();
            own.extend(missing.into_iter().map(|rule| Rule { of_default: true, ..rule }));
        }
        sides
    }

    /// The rules of a row's layers, each laid over the ones before it. Of a row that has been replaced only the
    /// refusals of HTTP's own headers are left: without them a condition that protects data would go unread.
    fn sides(&mut self, layers: &[Layer], spec: Option<&OperationSpec>) -> Sides {
        let mut merged = Sides::default();
        for layer in layers {
            let Sides { headers, query } = self.layer(&layer.statements, spec);
            for (side, rules) in [(Side::Headers, headers), (Side::Query, query)] {
                for rule in
                    rules.into_iter().filter(|rule| !layer.replaced || (side == Side::Headers && protects(rule)))
                {
                    lay(merged.side(side), rule);
                }
            }
        }
        for rules in [&merged.headers, &merged.query] {
            self.warn_of_unreached_prefixes(rules);
        }
        merged
    }

    /// The rules of one file: a rule for a name wins over a rule for its group.
    fn layer(&mut self, statements: &[Statement], spec: Option<&OperationSpec>) -> Sides {
        let mut sides = Sides::default();
        for statement in statements {
            for member in self.members(&statement.subject, spec) {
                let Some(rule) = self.rule(statement, &member) else { continue };
                let rules = sides.side(member.side);
                match rules.iter_mut().find(|other| other.name == rule.name) {
                    None => rules.push(rule),
                    Some(other) if other.group.is_some() && rule.group.is_none() => *other = rule,
                    Some(other) if other.group.is_none() && rule.group.is_some() => {}
                    Some(other) => {
                        let message = format!("'{}' is ruled twice; the first is at {}", rule.name, other.location);
                        self.fault(&rule.location, message, "keep one of the two");
                    }
                }
            }
        }
        sides
    }

    fn rule(&mut self, statement: &Statement, member: &Member) -> Option<Rule> {
        let kind = if member.side == Side::Headers { Kind::Header } else { Kind::Parameter };
        let otherwise = self.part_verdict(&statement.otherwise, kind);
        let judged = statement.cases.iter().map(|(pattern, verdict)| (pattern, self.part_verdict(verdict, kind)));
        let cases = judged.filter_map(|(pattern, judgement)| Some((pattern.clone(), judgement?))).collect();
        Some(Rule {
            name: member.name.value.clone(),
            location: member.name.location.clone(),
            group: member.group.clone(),
            of_default: false,
            cases,
            otherwise: otherwise?,
        })
    }

    /// The names that a statement is about: of a group those that the operation has.
    fn members(&mut self, subject: &Subject, spec: Option<&OperationSpec>) -> Vec<Member> {
        match subject {
            Subject::Header(name) => vec![self.member(Side::Headers, name.clone(), None)],
            Subject::Parameter(name) => vec![self.member(Side::Query, name.clone(), None)],
            Subject::Listed(name) => self.listed_members(name, spec),
        }
    }

    fn listed_members(&mut self, name: &Spanned<String>, spec: Option<&OperationSpec>) -> Vec<Member> {
        let Some(group) = self.written.groups.iter().find(|group| group.key.value == name.value) else {
            let member = of_list(&name.value, &name.location, None);
            self.check_name(&member.name, member.side, true);
            return vec![member];
        };
        let members = group.value.iter().filter(|member| spec.is_none_or(|spec| has(spec, &member.value)));
        let members: Vec<_> = members.map(|member| of_list(&member.value, &name.location, Some(&name.value))).collect();
        self.warn_of_empty_group(name, members.is_empty(), spec);
        members
    }

    fn member(&mut self, side: Side, name: Spanned<String>, group: Option<String>) -> Member {
        self.check_name(&name, side, false);
        Member { side, name, group }
    }

    /// Checks that a request can carry the name, and that it does not belong to the transport.
    fn check_name(&mut self, name: &Spanned<String>, side: Side, or_group: bool) {
        let (what, known, transport) = match side {
            Side::Headers => ("header", vocabulary::headers(), is_transport_header(&name.value)),
            Side::Query => ("query parameter", vocabulary::parameters(), is_transport_query(&name.value)),
        };
        if transport {
            let message = format!("the {what} '{}' belongs to the transport", name.value);
            self.fault(&name.location, message, "it is accepted everywhere: remove the rule");
        } else if !vocabulary::knows(&known, &name.value) {
            let groups = self.written.groups.iter().filter(|_| or_group).map(|group| group.key.value.as_str());
            let near: Vec<_> = known.iter().copied().chain(groups).collect();
            let advice = did_you_mean(&name.value, &near)
                .unwrap_or_else(|| "names no request can carry would hide slips".into());
            let or_group = if or_group && side == Side::Headers { ", and the policy no group," } else { "" };
            self.fault(&name.location, format!("S3 has no {what}{or_group} '{}'", name.value), advice);
        }
    }

    /// Checks the names in `[groups]`.
    pub(super) fn check_groups(&mut self) {
        for group in &self.written.groups {
            if vocabulary::headers().contains(&group.key.value.as_str()) {
                self.fault(&group.key.location, format!("'{}' is a header", group.key.value), "choose another name");
            }
            for name in &group.value {
                let member = of_list(&name.value, &name.location, None);
                self.check_name(&member.name, member.side, false);
            }
        }
    }

    /// Warns if the file's own row lists a group without effect.
    fn warn_of_empty_group(&mut self, group: &Spanned<String>, is_empty: bool, spec: Option<&OperationSpec>) {
        let is_own = group.location.file == self.start.file;
        let of_default = self.written.default.as_ref().is_some_and(|default| lists(&default.value, group));
        if let Some(spec) = spec.filter(|_| is_own && is_empty && !of_default) {
            let message = format!("{} has none of the group '{}'", spec.operation, group.value);
            self.warn(&group.location, message, "remove it");
        }
    }

    fn warn_of_unreached_prefixes(&mut self, rules: &[Rule]) {
        for (i, rule) in rules.iter().enumerate() {
            let covers =
                |earlier: &&Rule| rule.prefix().zip(earlier.prefix()).is_some_and(|(own, e)| own.starts_with(e));
            if let Some(earlier) = rules[..i].iter().find(covers) {
                let message = format!("'{}' is never reached: '{}' comes before it", rule.name, earlier.name);
                self.warn(&rule.location, message, "put the longer prefix first");
            }
        }
    }

    /// Warns of the file's own rules for an operation that is never served.
    fn warn_of_dead_rules(&mut self, verdict: &Judgement, text: &RowText) {
        let locations = text.layers.iter().flat_map(|layer| &layer.statements).map(|s| s.subject.location());
        let dead = locations
            .filter(|location| location.file == self.start.file)
            .find(|_| verdict.verdict.is_refusal())
            .cloned();
        if let Some(location) = dead {
            self.warn(&location, "the operation is never served, so this rule has no effect", "remove it");
        }
    }
}

impl Subject {
    fn location(&self) -> &Location {
        let (Subject::Listed(name) | Subject::Header(name) | Subject::Parameter(name)) = self;
        &name.location
    }
}

/// Whether the row has this entry in one of its lists.
fn lists(row: &RowText, entry: &Spanned<String>) -> bool {
    let mut subjects = row.layers.iter().flat_map(|layer| &layer.statements).map(|statement| &statement.subject);
    subjects.any(|subject| matches!(subject, Subject::Listed(name) if name.location == entry.location && name.value == entry.value))
}

/// What an entry of a list or a group names: `?name` is a parameter.
fn of_list(name: &str, location: &Location, group: Option<&String>) -> Member {
    let (side, name) = name.strip_prefix('?').map_or((Side::Headers, name), |name| (Side::Query, name));
    Member { side, name: Spanned { value: name.to_owned(), location: location.clone() }, group: group.cloned() }
}

/// Whether the operation has a member of a group. HTTP's own headers and R2's are no operation's alone.
fn has(spec: &OperationSpec, member: &str) -> bool {
    let Some(parameter) = member.strip_prefix('?') else {
        let selector = |s: &Selector| matches!(s, Selector::Header(name) if covers(member, name));
        return !member.starts_with("x-amz-")
            || spec.headers.iter().flat_map(|group| group.iter()).any(|name| covers(member, name))
            || spec.selectors.iter().any(selector);
    };
    spec.knows_parameter(parameter)
}

/// Whether the rule refuses a header that is let through where nothing is said of it.
fn protects(rule: &Rule) -> bool {
    let refuses = rule.cases.iter().map(|(_, judgement)| judgement).chain([&rule.otherwise]);
    !rule.name.starts_with("x-amz-") && refuses.into_iter().any(|judgement| judgement.verdict.is_refusal())
}

/// Lays a rule over those of the files below: it takes the place of the one of that name, and of those for names that
/// its prefix covers.
fn lay(rules: &mut Vec<Rule>, rule: Rule) {
    let first = rules.iter().position(|below| covers(&rule.name, &below.name));
    rules.retain(|below| !covers(&rule.name, &below.name));
    let at = first.unwrap_or(rules.len());
    rules.insert(at, rule);
}
