//! From TOML to [`Written`]: the shape of the file is checked here, what its names mean in [`crate::policy::compile`].

use crate::policy::reader::{Field, Reader, Value};
use crate::policy::rules::Pattern;
use crate::policy::source::{Fault, Source};
use crate::policy::verdict::{FixedAnswer, Refusal, Template, Verdict};
use crate::policy::written::{AnswersText, At, Entry, RegionText, RowText, RuleText, Written};
use http::StatusCode;
use std::sync::Arc;
use toml::de::DeValue;

/// The file as written, and every fault of its form.
pub(super) fn read(source: &Source) -> (Written, Vec<Fault>) {
    let mut reader = Reader::new(source);
    let document = reader.document();
    let mut written = Written::default();
    for field in reader.fields(document.get_ref()) {
        reader.top(&mut written, &field);
    }
    (written, reader.faults)
}

const TOP: &[&str] = &["extends", "region", "limits", "payload", "answers", "verdict", "default", "operation"];
const REGION: &[&str] = &["name", "aliases", "text"];
const ANSWERS: &[&str] = &["headers", "withheld"];
const ROW: &[&str] = &["verdict", "as", "unlisted_headers", "unlisted_query", "stray", "headers", "query"];
const CASE: &[&str] = &["is", "starts", "verdict"];
const VERDICT: &[&str] = &["status", "code", "text", "body"];

impl Reader<'_> {
    fn top(&mut self, written: &mut Written, field: &Field<'_>) {
        match field.key.it.as_str() {
            "extends" => written.extends = self.text(field),
            "region" => written.region = self.region(field),
            "limits" => written.limits = self.named(field, Self::knob),
            "payload" => written.payload = self.named(field, Self::text),
            "answers" => written.answers = self.answers(field),
            "verdict" => written.verdicts = self.named(field, Self::verdict),
            "default" => written.default = self.row(field).map(|it| At { it, place: field.key.place.clone() }),
            "operation" => written.operations = self.named(field, Self::row),
            _ => self.unknown_key(&field.key, "a policy", TOP),
        }
    }

    /// The entries of a table whose keys are names.
    fn named<T>(&mut self, field: &Field<'_>, read: impl Fn(&mut Self, &Field<'_>) -> Option<T>) -> Vec<Entry<T>> {
        let entries = self.entries(field.value, &format!("'{}'", field.key.it));
        entries
            .into_iter()
            .filter_map(|entry| read(self, &entry).map(|value| Entry { key: entry.key, value }))
            .collect()
    }

    fn region(&mut self, field: &Field<'_>) -> Option<At<RegionText>> {
        let (mut name, mut aliases, mut refusal) = (None, None, None);
        for entry in self.entries(field.value, "'region'") {
            match entry.key.it.as_str() {
                "name" => name = self.text(&entry),
                "aliases" => aliases = Some(self.texts(entry.value, "aliases")),
                "text" => refusal = self.text(&entry),
                _ => self.unknown_key(&entry.key, "[region]", REGION),
            }
        }
        let complete = name.zip(aliases).zip(refusal);
        if complete.is_none() {
            self.fault(&field.key.place, "[region] is not complete", "it has name, aliases and text");
        }
        let ((name, aliases), refusal) = complete?;
        Some(At { it: RegionText { name: name.it, aliases, refusal: refusal.it }, place: field.key.place.clone() })
    }

    fn knob(&mut self, field: &Field<'_>) -> Option<String> {
        match field.value.get_ref() {
            DeValue::Boolean(value) => Some(value.to_string()),
            _ => self.plain_text(field.value, &field.key.it),
        }
    }

    fn answers(&mut self, field: &Field<'_>) -> AnswersText {
        let mut answers = AnswersText::default();
        for entry in self.entries(field.value, "'answers'") {
            match entry.key.it.as_str() {
                "headers" => answers.headers = Some(self.list(&entry)),
                "withheld" => answers.withheld = Some(self.list(&entry)),
                _ => self.unknown_key(&entry.key, "[answers]", ANSWERS),
            }
        }
        answers
    }

    fn list(&mut self, field: &Field<'_>) -> At<Vec<At<String>>> {
        At { it: self.placed_texts(field.value, &field.key.it), place: field.key.place.clone() }
    }

    fn verdict(&mut self, field: &Field<'_>) -> Option<Arc<Verdict>> {
        let (mut status, mut code, mut text, mut body) = (None, None, None, None);
        for entry in self.entries(field.value, &format!("verdict '{}'", field.key.it)) {
            match entry.key.it.as_str() {
                "status" => status = self.status(&entry),
                "code" => code = self.text(&entry),
                "text" => text = self.text(&entry),
                "body" => body = self.text(&entry),
                _ => self.unknown_key(&entry.key, "a verdict", VERDICT),
            }
        }
        let verdict = match (status?, code, text, body) {
            (status, Some(code), Some(text), None) if status.is_client_error() || status.is_server_error() => {
                Verdict::Refuse(Refusal { status, code: code.it, text: self.template(text)? })
            }
            (status, None, None, Some(body)) if status.is_success() => {
                Verdict::Answer(FixedAnswer { status, body: body.it })
            }
            _ => {
                let advice =
                    "a refusal has status (400 to 599), code and text; a fixed answer status (200 to 299) and body";
                self.fault(&field.key.place, format!("verdict '{}' is not complete", field.key.it), advice);
                return None;
            }
        };
        Some(Arc::new(verdict))
    }

    fn status(&mut self, field: &Field<'_>) -> Option<StatusCode> {
        let number = field.value.get_ref().as_integer().and_then(|n| n.as_str().parse().ok());
        let status = number.and_then(|number| StatusCode::from_u16(number).ok()).filter(|s| s.as_u16() < 600);
        if status.is_none() {
            self.fault(&field.key.place, "'status' is no HTTP status", "400 to 599 refuse, 200 to 299 answer");
        }
        status
    }

    fn template(&mut self, text: At<String>) -> Option<Template> {
        let template = Template::parse(&text.it);
        if let Err(slot) = &template {
            let advice = "the slots are {name}, {names}, {value} and {operation}";
            self.fault(&text.place, format!("the text has no slot '{{{slot}}}'"), advice);
        }
        template.ok()
    }

    fn row(&mut self, field: &Field<'_>) -> Option<RowText> {
        let mut row = RowText::default();
        for entry in self.entries(field.value, &format!("'{}'", field.key.it)) {
            match entry.key.it.as_str() {
                "verdict" => row.verdict = self.text(&entry),
                "as" => row.stands_for = self.text(&entry),
                "unlisted_headers" => row.unlisted_headers = self.text(&entry),
                "unlisted_query" => row.unlisted_query = self.text(&entry),
                "stray" => row.stray = self.text(&entry),
                "headers" => row.headers = self.rules(&entry),
                "query" => row.query = self.rules(&entry),
                _ => self.unknown_key(&entry.key, &format!("'{}'", field.key.it), ROW),
            }
        }
        Some(row)
    }

    fn rules(&mut self, field: &Field<'_>) -> Vec<RuleText> {
        let entries = self.entries(field.value, &format!("'{}'", field.key.it));
        entries.iter().filter_map(|entry| self.rule(entry)).collect()
    }

    /// `name = "verdict"`, or `name = [{ is = "value", verdict = "..." }, ..., { verdict = "..." }]`.
    fn rule(&mut self, field: &Field<'_>) -> Option<RuleText> {
        let DeValue::Array(items) = field.value.get_ref() else {
            let otherwise = self.text(field)?;
            return Some(RuleText { name: field.key.clone(), cases: Vec::new(), otherwise });
        };
        let mut cases = Vec::new();
        let mut otherwise = None;
        for item in items.iter() {
            match (self.case(item)?, &otherwise) {
                ((_, verdict), Some(_)) => {
                    self.fault(&verdict.place, "a case after the one for all values is never reached", "remove it");
                }
                ((Some(pattern), verdict), None) => cases.push((pattern, verdict)),
                ((None, verdict), None) => otherwise = Some(verdict),
            }
        }
        if otherwise.is_none() {
            let message = format!("'{}' does not say what happens to other values", field.key.it);
            self.fault(&field.key.place, message, "end the list with a case without pattern: { verdict = \"...\" }");
        }
        Some(RuleText { name: field.key.clone(), cases, otherwise: otherwise? })
    }

    fn case(&mut self, item: &Value<'_>) -> Option<(Option<Pattern>, At<String>)> {
        let mut patterns = Vec::new();
        let mut verdict = None;
        for entry in self.entries(item, "a case") {
            match entry.key.it.as_str() {
                "is" => patterns.push(Pattern::Is(self.texts(entry.value, "is"))),
                "starts" => patterns.push(Pattern::Starts(self.texts(entry.value, "starts"))),
                "verdict" => verdict = self.text(&entry),
                _ => self.unknown_key(&entry.key, "a case", CASE),
            }
        }
        if verdict.is_none() || patterns.len() > 1 {
            let advice = "a case has 'is' or 'starts' or neither, and a 'verdict'";
            self.fault(&self.place(item.span()), "the case is not complete", advice);
        }
        Some((patterns.pop(), verdict?))
    }
}
