//! Reads TOML entry by entry, for [`crate::policy::parse`].

use crate::diagnostics::{Diagnostic, Field, Location, Spanned, TomlText, TomlValue};
use crate::policy::source::Source;
use crate::policy::vocabulary::did_you_mean;
use toml::de::{DeTable, DeValue};

/// Reads one file and collects its faults.
pub(super) struct Reader<'t> {
    text: TomlText<'t>,
    pub(super) faults: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(source: &'t Source) -> Reader<'t> {
        Reader { text: TomlText::new(&source.file, &source.text), faults: Vec::new() }
    }

    /// The document; `None` if it is not TOML, and that is the fault.
    pub(super) fn document(&mut self) -> Option<toml::Spanned<DeTable<'t>>> {
        self.text.document("a policy").map_err(|fault| self.faults.push(fault)).ok()
    }

    /// The line that a value starts on.
    pub(super) fn location(&self, value: &TomlValue<'_>) -> Location {
        self.text.location(&value.span())
    }

    pub(super) fn fault(&mut self, location: &Location, message: impl Into<String>, advice: impl Into<String>) {
        self.faults.push(Diagnostic::new(location.clone(), message, advice));
    }

    /// The entries of a table in the file's order; a value that is no table has none and is a fault.
    pub(super) fn entries<'v>(&mut self, value: &'v TomlValue<'v>, what: &str) -> Vec<Field<'v>> {
        match value.get_ref() {
            DeValue::Table(table) => self.fields(table),
            other => {
                let message = format!("{what} must be a table, not: {}", other.type_str());
                self.fault(&self.location(value), message, "see policies/README.md");
                Vec::new()
            }
        }
    }

    /// The entries of a table in the file's order.
    pub(super) fn fields<'v>(&self, table: &'v DeTable<'v>) -> Vec<Field<'v>> {
        self.text.fields(table)
    }

    /// A fault for a key that means nothing there.
    pub(super) fn unknown_key(&mut self, key: &Spanned<String>, of: &str, known: &[&str]) {
        let advice = did_you_mean(&key.value, known).unwrap_or_else(|| format!("it has {}", known.join(", ")));
        self.fault(&key.location, format!("{of} has no key '{}'", key.value), advice);
    }

    /// The field's text, with the line of the key.
    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        let text = self.plain_text(field.value, &field.key.value)?;
        Some(Spanned { value: text, location: field.key.location.clone() })
    }

    /// A string value.
    pub(super) fn plain_text(&mut self, value: &TomlValue<'_>, what: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            let message = format!("'{what}' must be a string, not: {}", value.get_ref().type_str());
            self.fault(&self.location(value), message, "put it in quotes");
        }
        text
    }

    /// A string, or a list of strings.
    pub(super) fn texts(&mut self, value: &TomlValue<'_>, what: &str) -> Vec<String> {
        self.located_texts(value, what).into_iter().map(|text| text.value).collect()
    }

    /// The same, each with its line.
    pub(super) fn located_texts(&mut self, value: &TomlValue<'_>, what: &str) -> Vec<Spanned<String>> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let located =
            |item: &TomlValue<'_>| Some(Spanned { value: self.plain_text(item, what)?, location: self.location(item) });
        items.into_iter().filter_map(located).collect()
    }
}
