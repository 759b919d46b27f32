//! Reading TOML tables setting by setting, so that one wrong setting does not hide the next.
//!
//! A derived deserialiser stops at its first fault and puts values, secrets too, into its messages. Here each setting is
//! taken by name and kind, messages name kinds only, and what nobody took is unknown.

use crate::settings::fault::{At, Fault, Place};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A setting: its name, and a line that shows how it is written.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) example: &'static str,
}

/// The text being read and the faults found in it so far.
pub(super) struct Reading<'t> {
    path: &'t Path,
    text: &'t str,
    pub(super) faults: Vec<Fault>,
}

/// A table of the text, of which settings are taken one by one.
pub(super) struct Table<'t> {
    /// How a message calls the table: empty at the top, else as `[upstream]`.
    title: &'static str,
    /// Where the table starts.
    pub(super) place: Place,
    entries: DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Reading<'t> {
    pub(super) fn new(path: &'t Path, text: &'t str) -> Reading<'t> {
        Reading { path, text, faults: Vec::new() }
    }

    /// The whole text as a table. Where it is not TOML there is none, and every syntax error is a fault.
    pub(super) fn document(&mut self) -> Option<Table<'t>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let place = self.place(&error.span().unwrap_or_default());
            self.faults.push(Fault::new(
                place,
                format!("not TOML: {}", one_line(error.message())),
                "see https://toml.io",
            ));
        }
        let place = self.place(&document.span());
        errors.is_empty().then(|| Table { title: "", place, entries: document.into_inner(), known: Vec::new() })
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        Place::line(self.path, before.matches('\n').count() + 1)
    }

    fn wrong_kind(&mut self, field: Field, value: &Spanned<DeValue<'_>>, expected: &str) {
        let message = format!("`{}` must be {expected}, not of type {}", field.name, value.get_ref().type_str());
        self.faults.push(Fault::new(self.place(&value.span()), message, advice(field)));
    }
}

impl<'t> Table<'t> {
    /// The text under this name.
    pub(super) fn text(&mut self, reading: &mut Reading<'t>, field: Field) -> Option<At<String>> {
        let value = self.take(field.name)?;
        let text = string_at(reading, &value);
        if text.is_none() {
            reading.wrong_kind(field, &value, "a text");
        }
        text
    }

    /// The list of texts under this name, and where the list stands.
    pub(super) fn texts(&mut self, reading: &mut Reading<'t>, field: Field) -> Option<At<Vec<At<String>>>> {
        let value = self.take(field.name)?;
        let items = value.get_ref().as_array().map(|items| items.iter().map(|item| string_at(reading, item)));
        let texts: Option<Vec<_>> = items.and_then(Iterator::collect);
        if texts.is_none() {
            reading.wrong_kind(field, &value, "a list of texts");
        }
        texts.map(|texts| At::new(texts, reading.place(&value.span())))
    }

    /// The whole number, zero or more, under this name.
    pub(super) fn number(&mut self, reading: &mut Reading<'t>, field: Field) -> Option<At<u64>> {
        let value = self.take(field.name)?;
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            reading.wrong_kind(field, &value, "a whole number, zero or more");
        }
        number.map(|number| At::new(number, reading.place(&value.span())))
    }

    /// The number, decimals allowed, under this name. It can be infinite or none at all (`nan`).
    pub(super) fn decimal(&mut self, reading: &mut Reading<'t>, field: Field) -> Option<At<f64>> {
        let value = self.take(field.name)?;
        let number = decimal(value.get_ref());
        if number.is_none() {
            reading.wrong_kind(field, &value, "a number");
        }
        number.map(|number| At::new(number, reading.place(&value.span())))
    }

    /// The `true` or `false` under this name.
    pub(super) fn flag(&mut self, reading: &mut Reading<'t>, field: Field) -> Option<At<bool>> {
        let value = self.take(field.name)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            reading.wrong_kind(field, &value, "true or false");
        }
        flag.map(|flag| At::new(flag, reading.place(&value.span())))
    }

    /// The texts of the table under this name, each with its own name, which can be any; in no order.
    pub(super) fn texts_by_name(&mut self, reading: &mut Reading<'t>, field: Field) -> Vec<(At<String>, At<String>)> {
        let Some(table) = self.table(reading, field) else { return Vec::new() };
        let mut texts = Vec::new();
        for (name, value) in table.entries {
            let name = At::new(name.get_ref().to_string(), reading.place(&name.span()));
            match string_at(reading, &value) {
                Some(text) => texts.push((name, text)),
                None => reading.wrong_kind(field, &value, "a table of texts"),
            }
        }
        texts
    }

    /// The table under this name.
    pub(super) fn table(&mut self, reading: &mut Reading<'t>, field: Field) -> Option<Table<'t>> {
        let value = self.take(field.name)?;
        if !value.get_ref().is_table() {
            reading.wrong_kind(field, &value, "a table");
        }
        Table::of(reading, field, value)
    }

    /// The tables under this name; none where it is missing.
    pub(super) fn tables(&mut self, reading: &mut Reading<'t>, field: Field) -> Vec<Table<'t>> {
        let Some(value) = self.take(field.name) else { return Vec::new() };
        let all_tables = |items: &toml::de::DeArray<'_>| items.iter().all(|item| item.get_ref().is_table());
        if !value.get_ref().as_array().is_some_and(all_tables) {
            reading.wrong_kind(field, &value, "a list of tables");
            return Vec::new();
        }
        let DeValue::Array(items) = value.into_inner() else { return Vec::new() };
        items.into_iter().filter_map(|item| Table::of(reading, field, item)).collect()
    }

    /// Names that a later version gives a meaning: using one is a fault that says so.
    pub(super) fn reserved(&mut self, reading: &mut Reading<'t>, names: &[&'static str]) {
        self.refuse(reading, names, |title, place| Fault::not_yet(place, title));
    }

    /// Names that cannot be used here: the fault of each is told by how a message calls it and where it stands.
    pub(super) fn refuse(
        &mut self,
        reading: &mut Reading<'t>,
        names: &[&'static str],
        fault: impl Fn(&str, Place) -> Fault,
    ) {
        for &name in names {
            self.known.push(name);
            if let Some((key, _)) = self.entries.remove_entry(name) {
                let title = format!("`{name}`{}", self.within());
                reading.faults.push(fault(&title, reading.place(&key.span())));
            }
        }
    }

    /// Names that are allowed here and mean nothing any more, as another setting has already been refused.
    pub(super) fn ignore(&mut self, names: &[&'static str]) {
        for &name in names {
            self.take(name);
        }
    }

    /// Ends the reading of this table: what is left is unknown.
    pub(super) fn finish(self, reading: &mut Reading<'t>) {
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            let message = format!("unknown setting `{}`{}", name.escape_debug(), self.within());
            let advice = match nearest(name, &self.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            reading.faults.push(Fault::new(reading.place(&key.span()), message, advice));
        }
    }

    fn of(reading: &Reading<'t>, field: Field, value: Spanned<DeValue<'t>>) -> Option<Table<'t>> {
        let place = reading.place(&value.span());
        match value.into_inner() {
            DeValue::Table(entries) => Some(Table { title: field.example, place, entries, known: Vec::new() }),
            _ => None,
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.known.push(name);
        self.entries.remove(name)
    }

    fn within(&self) -> String {
        if self.title.is_empty() { String::new() } else { format!(" in {}", self.title) }
    }
}

fn string_at(reading: &Reading<'_>, value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
    value.get_ref().as_str().map(|text| At::new(text.to_owned(), reading.place(&value.span())))
}

/// Whole numbers are numbers too.
fn decimal(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(number) => number.as_str().parse().ok(),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
        }
        _ => None,
    }
}

fn advice(field: Field) -> String {
    format!("write it as {}", field.example)
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("; ")
}

/// The known name a typing error away from `name`.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(name, candidate);
    known.iter().copied().filter(|k| distance(k) <= 1 + k.len() / 5).min_by_key(|k| distance(k))
}
