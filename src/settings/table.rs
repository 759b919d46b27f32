//! Reads TOML tables setting by setting, so that one wrong setting does not hide the next.
//!
//! A derived deserialiser stops at its first fault and puts values, secrets too, into its messages. Here each setting
//! is taken by name and kind, messages name kinds only, and the remaining settings are unknown.

use crate::diagnostics::{Diagnostic, Location, Spanned, TomlText, TomlValue, nearest};
use crate::s3::Timestamp;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A setting: its name, and a line that shows how it is written.
#[derive(Clone, Copy)]
pub(in crate::settings) struct Setting {
    pub(super) name: &'static str,
    pub(super) example: &'static str,
}

/// The text being read and the faults found in it so far.
pub(super) struct Reading<'t> {
    text: TomlText<'t>,
    pub(super) faults: Vec<Diagnostic>,
}

/// A table of the text, of which settings are taken one by one.
pub(super) struct Table<'t> {
    /// How a message calls the table: empty at the top, else as `[upstream]`.
    title: &'static str,
    /// Where the table starts.
    pub(super) location: Location,
    entries: DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Reading<'t> {
    pub(super) fn new(path: &Path, text: &'t str) -> Reading<'t> {
        Reading { text: TomlText::new(&path.display().to_string(), text), faults: Vec::new() }
    }

    /// The whole text as a table; `None` if it is not TOML, and that is the fault.
    pub(super) fn document(&mut self) -> Option<Table<'t>> {
        match self.text.document("a settings file") {
            Ok(document) => {
                let location = self.text.location(&document.span());
                Some(Table { title: "", location, entries: document.into_inner(), known: Vec::new() })
            }
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    fn wrong_kind(&mut self, setting: Setting, value: &TomlValue<'_>, expected: &str) {
        let message = format!("`{}` must be {expected}, not of type {}", setting.name, value.get_ref().type_str());
        self.faults.push(Diagnostic::new(self.text.location(&value.span()), message, advice(setting)));
    }
}

impl<'t> Table<'t> {
    /// The text under this name.
    pub(super) fn text(&mut self, reading: &mut Reading<'t>, setting: Setting) -> Option<Spanned<String>> {
        let value = self.take(setting.name)?;
        let text = reading.text.string(&value);
        if text.is_none() {
            reading.wrong_kind(setting, &value, "a text");
        }
        text
    }

    /// The list of texts under this name, and the location of the list.
    pub(super) fn texts(
        &mut self,
        reading: &mut Reading<'t>,
        setting: Setting,
    ) -> Option<Spanned<Vec<Spanned<String>>>> {
        let value = self.take(setting.name)?;
        let items = value.get_ref().as_array().map(|items| items.iter().map(|item| reading.text.string(item)));
        let texts: Option<Vec<_>> = items.and_then(Iterator::collect);
        if texts.is_none() {
            reading.wrong_kind(setting, &value, "a list of texts");
        }
        texts.map(|texts| Spanned::new(texts, reading.text.location(&value.span())))
    }

    /// The whole number, zero or more, under this name.
    pub(super) fn number(&mut self, reading: &mut Reading<'t>, setting: Setting) -> Option<Spanned<u64>> {
        let value = self.take(setting.name)?;
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            reading.wrong_kind(setting, &value, "a whole number, zero or more");
        }
        number.map(|number| Spanned::new(number, reading.text.location(&value.span())))
    }

    /// The number, decimals allowed, under this name. It can be infinite or none at all (`nan`).
    pub(super) fn decimal(&mut self, reading: &mut Reading<'t>, setting: Setting) -> Option<Spanned<f64>> {
        let value = self.take(setting.name)?;
        let number = decimal(value.get_ref());
        if number.is_none() {
            reading.wrong_kind(setting, &value, "a number");
        }
        number.map(|number| Spanned::new(number, reading.text.location(&value.span())))
    }

    /// The `true` or `false` under this name.
    pub(super) fn flag(&mut self, reading: &mut Reading<'t>, setting: Setting) -> Option<Spanned<bool>> {
        let value = self.take(setting.name)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            reading.wrong_kind(setting, &value, "true or false");
        }
        flag.map(|flag| Spanned::new(flag, reading.text.location(&value.span())))
    }

    /// The time under this name, with its offset from UTC: a date-time of TOML, or a text of the same form.
    pub(super) fn time(&mut self, reading: &mut Reading<'t>, setting: Setting) -> Option<Spanned<Timestamp>> {
        let value = self.take(setting.name)?;
        let text = value.get_ref().as_datetime().map(ToString::to_string);
        let text = text.or_else(|| value.get_ref().as_str().map(str::to_owned));
        let location = reading.text.location(&value.span());
        match text {
            Some(text) => {
                let time = Timestamp::parse_iso_8601(&text);
                if time.is_none() {
                    let message = format!("`{}` is no date and time with an offset from UTC", setting.name);
                    reading.faults.push(Diagnostic::new(location.clone(), message, advice(setting)));
                }
                time.map(|time| Spanned::new(time, location))
            }
            None => {
                reading.wrong_kind(setting, &value, "a date and time");
                None
            }
        }
    }

    /// The texts of the table under this name, each with its own name, which can be any; in no order.
    pub(super) fn texts_by_name(
        &mut self,
        reading: &mut Reading<'t>,
        setting: Setting,
    ) -> Vec<(Spanned<String>, Spanned<String>)> {
        let Some(table) = self.table(reading, setting) else { return Vec::new() };
        let mut texts = Vec::new();
        for (name, value) in table.entries {
            let name = Spanned::new(name.get_ref().to_string(), reading.text.location(&name.span()));
            match reading.text.string(&value) {
                Some(text) => texts.push((name, text)),
                None => reading.wrong_kind(setting, &value, "a table of texts"),
            }
        }
        texts
    }

    /// Whether there is a table under this name.
    pub(super) fn has_table(&self, setting: Setting) -> bool {
        self.entries.get(setting.name).is_some_and(|value| value.get_ref().is_table())
    }

    /// The table under this name.
    pub(super) fn table(&mut self, reading: &mut Reading<'t>, setting: Setting) -> Option<Table<'t>> {
        let value = self.take(setting.name)?;
        if !value.get_ref().is_table() {
            reading.wrong_kind(setting, &value, "a table");
        }
        Table::from_value(reading, setting, value)
    }

    /// The tables under this name; none if it is missing.
    pub(super) fn tables(&mut self, reading: &mut Reading<'t>, setting: Setting) -> Vec<Table<'t>> {
        let Some(value) = self.take(setting.name) else { return Vec::new() };
        let all_tables = |items: &toml::de::DeArray<'_>| items.iter().all(|item| item.get_ref().is_table());
        if !value.get_ref().as_array().is_some_and(all_tables) {
            reading.wrong_kind(setting, &value, "a list of tables");
            return Vec::new();
        }
        let DeValue::Array(items) = value.into_inner() else { return Vec::new() };
        items.into_iter().filter_map(|item| Table::from_value(reading, setting, item)).collect()
    }

    /// Names that cannot be used here. `fault` makes the fault of each from how a message calls it and its location.
    pub(super) fn refuse(
        &mut self,
        reading: &mut Reading<'t>,
        names: impl Iterator<Item = &'static str>,
        fault: impl Fn(&str, Location) -> Diagnostic,
    ) {
        for name in names {
            self.known.push(name);
            if let Some((key, _)) = self.entries.remove_entry(name) {
                let title = format!("`{name}`{}", self.within());
                reading.faults.push(fault(&title, reading.text.location(&key.span())));
            }
        }
    }

    /// Names that are allowed here and mean nothing any more, as another setting has already been refused.
    pub(super) fn ignore(&mut self, names: impl Iterator<Item = &'static str>) {
        for name in names {
            self.take(name);
        }
    }

    /// Ends the reading of this table: the remaining settings are unknown.
    pub(super) fn finish(self, reading: &mut Reading<'t>) {
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            let message = format!("unknown setting `{}`{}", name.escape_debug(), self.within());
            let advice = match nearest(name, &self.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            reading.faults.push(Diagnostic::new(reading.text.location(&key.span()), message, advice));
        }
    }

    fn from_value(reading: &Reading<'t>, setting: Setting, value: TomlValue<'t>) -> Option<Table<'t>> {
        let location = reading.text.location(&value.span());
        match value.into_inner() {
            DeValue::Table(entries) => Some(Table { title: setting.example, location, entries, known: Vec::new() }),
            _ => None,
        }
    }

    fn take(&mut self, name: &'static str) -> Option<TomlValue<'t>> {
        self.known.push(name);
        self.entries.remove(name)
    }

    fn within(&self) -> String {
        if self.title.is_empty() { String::new() } else { format!(" in {}", self.title) }
    }
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

fn advice(setting: Setting) -> String {
    format!("write it as {}", setting.example)
}
