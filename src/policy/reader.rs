//! TOML values with their lines, and every fault found on the way: the tools that [`crate::policy::read`] reads with.

use crate::policy::source::{Fault, Place, Source};
use crate::policy::vocabulary::did_you_mean;
use crate::policy::written::At;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the document.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A key of a table with its value.
pub(super) struct Field<'t> {
    pub(super) key: At<String>,
    pub(super) value: &'t Value<'t>,
}

/// Reads one file, remembering what is wrong with it.
pub(super) struct Reader<'t> {
    file: Arc<str>,
    text: &'t str,
    pub(super) faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(source: &'t Source) -> Reader<'t> {
        Reader { file: Arc::from(source.file.as_str()), text: &source.text, faults: Vec::new() }
    }

    /// The document, as far as its syntax is right.
    pub(super) fn document(&mut self) -> Spanned<DeTable<'t>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let place = self.place(error.span().unwrap_or_default());
            self.fault(&place, error.message().to_owned(), "a policy is a TOML 1.1 document");
        }
        table
    }

    /// The line a span starts on.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let before = self.text.as_bytes().get(..span.start).unwrap_or(self.text.as_bytes());
        Place { file: self.file.clone(), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    }

    pub(super) fn fault(&mut self, place: &Place, message: impl Into<String>, advice: impl Into<String>) {
        self.faults.push(Fault { place: place.clone(), message: message.into(), advice: advice.into() });
    }

    /// The entries of a table in the file's order; a value that is no table has none and is a fault.
    pub(super) fn entries<'v>(&mut self, value: &'v Value<'v>, what: &str) -> Vec<Field<'v>> {
        match value.get_ref() {
            DeValue::Table(table) => self.fields(table),
            other => {
                let message = format!("{what} must be a table, not: {}", other.type_str());
                self.fault(&self.place(value.span()), message, "see policies/README.md");
                Vec::new()
            }
        }
    }

    /// The entries of a table in the file's order.
    pub(super) fn fields<'v>(&self, table: &'v DeTable<'v>) -> Vec<Field<'v>> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let at = |key: &Spanned<_>| At { it: String::from(key.get_ref() as &str), place: self.place(key.span()) };
        entries.into_iter().map(|(key, value)| Field { key: at(key), value }).collect()
    }

    /// A fault for a key that means nothing there.
    pub(super) fn unknown_key(&mut self, key: &At<String>, of: &str, known: &[&str]) {
        let advice = did_you_mean(&key.it, known).unwrap_or_else(|| format!("it has {}", known.join(", ")));
        self.fault(&key.place, format!("{of} has no key '{}'", key.it), advice);
    }

    /// The field's text, with the line of the key.
    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<At<String>> {
        let text = self.plain_text(field.value, &field.key.it)?;
        Some(At { it: text, place: field.key.place.clone() })
    }

    /// A string value.
    pub(super) fn plain_text(&mut self, value: &Value<'_>, what: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            let message = format!("'{what}' must be a string, not: {}", value.get_ref().type_str());
            self.fault(&self.place(value.span()), message, "put it in quotes");
        }
        text
    }

    /// A string, or a list of strings.
    pub(super) fn texts(&mut self, value: &Value<'_>, what: &str) -> Vec<String> {
        self.placed_texts(value, what).into_iter().map(|text| text.it).collect()
    }

    /// The same, each with the line it stands on.
    pub(super) fn placed_texts(&mut self, value: &Value<'_>, what: &str) -> Vec<At<String>> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let placed = |item: &Value<'_>| Some(At { it: self.plain_text(item, what)?, place: self.place(item.span()) });
        items.into_iter().filter_map(placed).collect()
    }
}
