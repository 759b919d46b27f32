//! A policy's file as it is written. Its form is checked here; [`crate::policy::compile`] checks the names.

use crate::diagnostics::{Diagnostic, Field, Location, Spanned, TomlValue};
use crate::policy::compiled::Pattern;
use crate::policy::reader::Reader;
use crate::policy::source::Source;
use crate::policy::verdict::{FixedAnswer, Refusal, Template, Verdict};
use http::StatusCode;
use std::sync::Arc;
use toml::de::DeValue;

/// An entry of a table whose keys are names.
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    pub(super) key: Spanned<String>,
    pub(super) value: T,
}

/// One file, or several that extend each other ([`crate::policy::merge`]).
#[derive(Debug, Default)]
pub(super) struct WrittenPolicy {
    /// `extends`
    pub(super) extends: Option<Spanned<String>>,
    /// `[groups]`: name to members
    pub(super) groups: Vec<Entry<Vec<Spanned<String>>>>,
    /// `[region]`
    pub(super) region: RegionText,
    /// `[limits]`: values as text
    pub(super) limits: Vec<Entry<String>>,
    /// `[payload]`: kind to verdict
    pub(super) payload: Vec<Entry<Spanned<String>>>,
    /// `[answers]`
    pub(super) answers: AnswersText,
    /// `[refusal.NAME]`
    pub(super) refusals: Vec<Entry<Arc<Verdict>>>,
    /// `[answer.NAME]`
    pub(super) fixed: Vec<Entry<Arc<Verdict>>>,
    /// `[default]`
    pub(super) default: Option<Spanned<RowText>>,
    /// `[operation.NAME]`
    pub(super) operations: Vec<Entry<RowText>>,
}

/// `[region]`
#[derive(Debug, Clone, Default)]
pub(super) struct RegionText {
    pub(super) name: Option<Spanned<String>>,
    pub(super) aliases: Option<Spanned<Vec<String>>>,
    pub(super) locations: Option<Spanned<Vec<String>>>,
    pub(super) hints: Option<Spanned<Vec<String>>>,
    pub(super) hint_text: Option<Spanned<String>>,
    pub(super) text: Option<Spanned<String>>,
}

/// `[answers]`: lists of names, each with its line.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswersText {
    pub(super) headers: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) strip_elements: Option<Spanned<Vec<Spanned<String>>>>,
}

/// `[operation.NAME]` or `[default]`
#[derive(Debug, Clone, Default)]
pub(super) struct RowText {
    /// Whether it replaces the row of the policy below, instead of adding to it.
    pub(super) replace: bool,
    pub(super) verdict: Option<Spanned<String>>,
    /// `as`: the operation this one is answered as.
    pub(super) stands_for: Option<Spanned<String>>,
    pub(super) unlisted_headers: Option<Spanned<String>>,
    pub(super) unlisted_query: Option<Spanned<String>>,
    pub(super) unknown_subresource: Option<Spanned<String>>,
    /// The rules for names and groups, those of the extended file first.
    pub(super) layers: Vec<Layer>,
}

/// The rules of one file in a row.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// Whether a file above it has replaced the row.
    pub(super) replaced: bool,
    /// In the file's order.
    pub(super) statements: Vec<Statement>,
}

/// A rule of a row for a name or a group.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) subject: Subject,
    pub(super) cases: Vec<(Pattern, Spanned<String>)>,
    /// The verdict on all other values.
    pub(super) otherwise: Spanned<String>,
}

/// The subject of a rule.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// An entry of a list, `refuse = ["acl", "x-amz-mfa", "?versionId"]`: a group, a header or a parameter.
    Listed(Spanned<String>),
    /// A key of `headers`.
    Header(Spanned<String>),
    /// A key of `query`.
    Parameter(Spanned<String>),
}

/// The file as written, and every fault of its form.
pub(super) fn parse(source: &Source) -> (WrittenPolicy, Vec<Diagnostic>) {
    let mut reader = Reader::new(source);
    let document = reader.document();
    let mut written = WrittenPolicy::default();
    for field in document.iter().flat_map(|document| reader.fields(document.get_ref())).collect::<Vec<_>>() {
        reader.top(&mut written, &field);
    }
    (written, reader.faults)
}

const TOP: &[&str] =
    &["extends", "groups", "region", "limits", "payload", "answers", "refusal", "answer", "default", "operation"];
const REGION: &[&str] = &["name", "aliases", "locations", "hints", "hint_text", "text"];
const ANSWERS: &[&str] = &["headers", "strip_elements"];
const ROW: &[&str] = &[
    "verdict",
    "accept",
    "experimental",
    "ignore",
    "refuse",
    "headers",
    "query",
    "unlisted_headers",
    "unlisted_query",
    "unknown_subresource",
    "as",
    "replace",
];
const CASE: &[&str] = &["is", "starts", "verdict"];
const REFUSAL: &[&str] = &["status", "code", "text"];
const ANSWER: &[&str] = &["status", "body", "code", "text"];

/// Whether a bucket may always answer with it.
fn is_of_answer(status: u16) -> bool {
    (200..300).contains(&status) || (400..600).contains(&status)
}

impl Reader<'_> {
    fn top(&mut self, written: &mut WrittenPolicy, field: &Field<'_>) {
        match field.key.value.as_str() {
            "extends" => written.extends = self.text(field),
            "groups" => written.groups = self.named(field, |reader, entry| Some(reader.list(entry).value)),
            "region" => written.region = self.region(field),
            "limits" => written.limits = self.named(field, Self::limit),
            "payload" => written.payload = self.named(field, Self::text),
            "answers" => written.answers = self.answers(field),
            "refusal" => written.refusals = self.named(field, Self::refusal),
            "answer" => written.fixed = self.named(field, Self::fixed_answer),
            "default" => {
                written.default = self.row(field).map(|value| Spanned { value, location: field.key.location.clone() })
            }
            "operation" => written.operations = self.operations(field),
            _ => self.unknown_key(&field.key, "a policy", TOP),
        }
    }

    /// The entries of a table whose keys are names.
    fn named<T>(&mut self, field: &Field<'_>, read: impl Fn(&mut Self, &Field<'_>) -> Option<T>) -> Vec<Entry<T>> {
        let entries = self.entries(field.value, &format!("'{}'", field.key.value));
        entries
            .into_iter()
            .filter_map(|entry| read(self, &entry).map(|value| Entry { key: entry.key, value }))
            .collect()
    }

    fn region(&mut self, field: &Field<'_>) -> RegionText {
        let mut region = RegionText::default();
        for entry in self.entries(field.value, "'region'") {
            match entry.key.value.as_str() {
                "name" => region.name = self.text(&entry),
                "aliases" => region.aliases = Some(self.names(&entry)),
                "locations" => region.locations = Some(self.names(&entry)),
                "hints" => region.hints = Some(self.names(&entry)),
                "hint_text" => region.hint_text = self.text(&entry),
                "text" => region.text = self.text(&entry),
                _ => self.unknown_key(&entry.key, "[region]", REGION),
            }
        }
        region
    }

    /// A list of names, with the line of its key.
    fn names(&mut self, field: &Field<'_>) -> Spanned<Vec<String>> {
        Spanned { value: self.texts(field.value, &field.key.value), location: field.key.location.clone() }
    }

    fn limit(&mut self, field: &Field<'_>) -> Option<String> {
        match field.value.get_ref() {
            DeValue::Boolean(value) => Some(value.to_string()),
            _ => self.plain_text(field.value, &field.key.value),
        }
    }

    fn answers(&mut self, field: &Field<'_>) -> AnswersText {
        let mut answers = AnswersText::default();
        for entry in self.entries(field.value, "'answers'") {
            match entry.key.value.as_str() {
                "headers" => answers.headers = Some(self.list(&entry)),
                "strip_elements" => answers.strip_elements = Some(self.list(&entry)),
                _ => self.unknown_key(&entry.key, "[answers]", ANSWERS),
            }
        }
        answers
    }

    fn list(&mut self, field: &Field<'_>) -> Spanned<Vec<Spanned<String>>> {
        Spanned { value: self.located_texts(field.value, &field.key.value), location: field.key.location.clone() }
    }

    /// `[refusal.NAME]`: status, code and text.
    fn refusal(&mut self, field: &Field<'_>) -> Option<Arc<Verdict>> {
        let (mut status, mut code, mut text) = (None, None, None);
        for entry in self.entries(field.value, &format!("refusal '{}'", field.key.value)) {
            match entry.key.value.as_str() {
                "status" => status = self.status(&entry, |status| (400..600).contains(&status), "400 to 599"),
                "code" => code = self.text(&entry),
                "text" => text = self.text(&entry).map(|text| self.template(&text)),
                _ => self.unknown_key(&entry.key, "a refusal", REFUSAL),
            }
        }
        let (Some(status), Some(code), Some(text)) = (status, code, text) else {
            let message = format!("refusal '{}' is not complete", field.key.value);
            self.fault(&field.key.location, message, "a refusal has status (400 to 599), code and text");
            return None;
        };
        Some(Arc::new(Verdict::Refuse(Refusal { status, code: code.value, text: text? })))
    }

    /// `[answer.NAME]`: a document with its status, or an error with status, code and text.
    fn fixed_answer(&mut self, field: &Field<'_>) -> Option<Arc<Verdict>> {
        let (mut status, mut body, mut code, mut text) = (None, None, None, None);
        for entry in self.entries(field.value, &format!("answer '{}'", field.key.value)) {
            match entry.key.value.as_str() {
                "status" => status = self.status(&entry, is_of_answer, "200 to 299 or 400 to 599"),
                "body" => body = self.text(&entry),
                "code" => code = self.text(&entry),
                "text" => text = self.text(&entry).map(|text| self.template(&text)),
                _ => self.unknown_key(&entry.key, "an answer", ANSWER),
            }
        }
        let answer = match (status, body, code, text) {
            (Some(status), Some(body), None, None) if status.is_success() => {
                FixedAnswer::Document { status, body: body.value }
            }
            (Some(status), None, Some(code), Some(text)) if !status.is_success() => {
                FixedAnswer::Error(Refusal { status, code: code.value, text: text? })
            }
            _ => {
                let message = format!("answer '{}' is not complete", field.key.value);
                let advice = "an answer has status (200 to 299) and body, or status (400 to 599), code and text";
                self.fault(&field.key.location, message, advice);
                return None;
            }
        };
        Some(Arc::new(Verdict::Answer(answer)))
    }

    fn status(&mut self, field: &Field<'_>, is_good: impl Fn(u16) -> bool, range: &str) -> Option<StatusCode> {
        let number = field.value.get_ref().as_integer().and_then(|n| n.as_str().parse().ok());
        let status = number.filter(|number| is_good(*number)).and_then(|number| StatusCode::from_u16(number).ok());
        if status.is_none() {
            self.fault(
                &field.key.location,
                format!("'status' is not {range}"),
                "a refusal has 400 to 599, an answer 200 to 299 or 400 to 599",
            );
        }
        status
    }

    fn template(&mut self, text: &Spanned<String>) -> Option<Template> {
        let template = Template::parse(&text.value);
        if let Err(slot) = &template {
            let advice = "the slots are {name}, {names}, {value} and {operation}";
            self.fault(&text.location, format!("the text has no slot '{{{slot}}}'"), advice);
        }
        template.ok()
    }

    fn row(&mut self, field: &Field<'_>) -> Option<RowText> {
        let mut row = RowText::default();
        let mut statements = Vec::new();
        for entry in self.entries(field.value, &format!("'{}'", field.key.value)) {
            match entry.key.value.as_str() {
                "verdict" => row.verdict = self.text(&entry),
                "as" => row.stands_for = self.text(&entry),
                "unlisted_headers" => row.unlisted_headers = self.text(&entry),
                "unlisted_query" => row.unlisted_query = self.text(&entry),
                "unknown_subresource" => row.unknown_subresource = self.text(&entry),
                "replace" => row.replace = self.flag(&entry),
                "headers" => statements.extend(self.rules(&entry, Subject::Header)),
                "query" => statements.extend(self.rules(&entry, Subject::Parameter)),
                verdict if Verdict::plain(verdict).is_some() || verdict == "refuse" => {
                    statements.extend(self.listed(&entry));
                }
                _ => self.unknown_key(&entry.key, &format!("'{}'", field.key.value), ROW),
            }
        }
        row.layers.push(Layer { replaced: false, statements });
        Some(row)
    }

    /// `[operation.NAME]`, or `[operation."NAME, NAME"]` for several. Two tables for one operation add up.
    fn operations(&mut self, field: &Field<'_>) -> Vec<Entry<RowText>> {
        let mut rows: Vec<Entry<RowText>> = Vec::new();
        for table in self.entries(field.value, "'operation'") {
            let Some(row) = self.row(&table) else { continue };
            for name in table.key.value.split(',').map(str::trim) {
                match rows.iter_mut().find(|entry| entry.key.value == name) {
                    Some(entry) => self.add(&mut entry.value, row.clone()),
                    None => {
                        let key = Spanned { value: name.to_owned(), location: table.key.location.clone() };
                        rows.push(Entry { key, value: row.clone() });
                    }
                }
            }
        }
        rows
    }

    fn add(&mut self, row: &mut RowText, more: RowText) {
        row.replace |= more.replace;
        self.add_key(&mut row.verdict, more.verdict);
        self.add_key(&mut row.stands_for, more.stands_for);
        self.add_key(&mut row.unlisted_headers, more.unlisted_headers);
        self.add_key(&mut row.unlisted_query, more.unlisted_query);
        self.add_key(&mut row.unknown_subresource, more.unknown_subresource);
        let mut statements = more.layers.into_iter().flat_map(|layer| layer.statements);
        row.layers.iter_mut().for_each(|layer| layer.statements.extend(statements.by_ref()));
    }

    fn add_key(&mut self, there: &mut Option<Spanned<String>>, more: Option<Spanned<String>>) {
        if let Some((first, second)) = there.as_ref().zip(more.as_ref()) {
            let message = format!("the operation has '{}' already, at {}", first.value, first.location);
            self.fault(&second.location.clone(), message, "keep one of the two");
        }
        *there = more.or(there.take());
    }

    fn flag(&mut self, field: &Field<'_>) -> bool {
        let flag = field.value.get_ref().as_bool();
        if flag.is_none() {
            self.fault(
                &field.key.location,
                format!("'{}' must be true or false", field.key.value),
                "put no quotes around it",
            );
        }
        flag.unwrap_or_default()
    }

    /// `refuse = ["acl", ...]`: the key is the verdict on each.
    fn listed(&mut self, field: &Field<'_>) -> Vec<Statement> {
        let names = self.located_texts(field.value, &field.key.value);
        let verdict = |location: &Location| Spanned { value: field.key.value.clone(), location: location.clone() };
        let statement = |name: Spanned<String>| Statement {
            otherwise: verdict(&name.location),
            cases: Vec::new(),
            subject: Subject::Listed(name),
        };
        names.into_iter().map(statement).collect()
    }

    fn rules(&mut self, field: &Field<'_>, subject: fn(Spanned<String>) -> Subject) -> Vec<Statement> {
        let entries = self.entries(field.value, &format!("'{}'", field.key.value));
        entries.iter().filter_map(|entry| self.rule(entry, subject)).collect()
    }

    /// `name = "verdict"`, or `name = [{ is = "value", verdict = "..." }, ..., { verdict = "..." }]`.
    fn rule(&mut self, field: &Field<'_>, subject: fn(Spanned<String>) -> Subject) -> Option<Statement> {
        let subject = subject(field.key.clone());
        let DeValue::Array(items) = field.value.get_ref() else {
            return Some(Statement { subject, cases: Vec::new(), otherwise: self.text(field)? });
        };
        let mut cases = Vec::new();
        let mut otherwise = None;
        for item in items.iter() {
            match (self.case(item)?, &otherwise) {
                ((_, verdict), Some(_)) => {
                    self.fault(&verdict.location, "a case after the one for all values is never reached", "remove it");
                }
                ((Some(pattern), verdict), None) => cases.push((pattern, verdict)),
                ((None, verdict), None) => otherwise = Some(verdict),
            }
        }
        if otherwise.is_none() {
            let message = format!("'{}' does not say what happens to other values", field.key.value);
            self.fault(&field.key.location, message, "end the list with a case without pattern: { verdict = \"...\" }");
        }
        Some(Statement { subject, cases, otherwise: otherwise? })
    }

    fn case(&mut self, item: &TomlValue<'_>) -> Option<(Option<Pattern>, Spanned<String>)> {
        let mut patterns = Vec::new();
        let mut verdict = None;
        for entry in self.entries(item, "a case") {
            match entry.key.value.as_str() {
                "is" => patterns.push(Pattern::Is(self.texts(entry.value, "is"))),
                "starts" => patterns.push(Pattern::Starts(self.texts(entry.value, "starts"))),
                "verdict" => verdict = self.text(&entry),
                _ => self.unknown_key(&entry.key, "a case", CASE),
            }
        }
        if verdict.is_none() || patterns.len() > 1 {
            let advice = "a case has 'is' or 'starts' or neither, and a 'verdict'";
            self.fault(&self.location(item), "the case is not complete", advice);
        }
        Some((patterns.pop(), verdict?))
    }
}
