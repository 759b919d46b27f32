//! TOML in which every value has its line. Only the first syntax error is reported, because later ones follow from it.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use std::ops::Range;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// A value of the text.
pub type TomlValue<'t> = toml::Spanned<DeValue<'t>>;

/// A key of a table with its value.
pub struct Field<'v> {
    /// The key.
    pub key: Spanned<String>,
    /// Its value.
    pub value: &'v TomlValue<'v>,
}

/// The text of a file.
pub struct TomlText<'t> {
    file: Arc<str>,
    text: &'t str,
    /// Where lines end. Every value is asked for its line, and looking through the text for each takes the square of
    /// it.
    line_ends: Vec<usize>,
}

impl<'t> TomlText<'t> {
    /// The text of the file of that name.
    pub fn new(file: &str, text: &'t str) -> TomlText<'t> {
        TomlText { file: Arc::from(file), text, line_ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The text as a table, or where it is not TOML. `what` is what it should be.
    pub fn document(&self, what: &str) -> Result<toml::Spanned<DeTable<'t>>, Diagnostic> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        match errors.into_iter().min_by_key(|error| error.span().map_or(0, |span| span.start)) {
            None => Ok(table),
            Some(error) => Err(self.syntax_error(&error, what)),
        }
    }

    fn syntax_error(&self, error: &toml::de::Error, what: &str) -> Diagnostic {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        let (at, message) = match self.unclosed() {
            Some((at, '{')) => (at, "unclosed inline table, expected `}`".to_owned()),
            Some((at, _)) => (at, "unclosed array, expected `]`".to_owned()),
            None => (error.span().unwrap_or_default().start, message),
        };
        let advice = format!("{what} is a TOML document, see https://toml.io");
        Diagnostic::new(self.location(&(at..at)), format!("not TOML: {message}"), advice)
    }

    /// The bracket that is never closed, if there is one, because the parser reports a place after it.
    fn unclosed(&self) -> Option<(usize, char)> {
        let mut open = Vec::new();
        let mut chars = self.text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '[' | '{' => open.push((at, c)),
                ']' | '}' => {
                    open.pop();
                }
                '#' => {
                    chars.by_ref().find(|(_, c)| *c == '\n');
                }
                '"' | '\'' => skip_string(&mut chars, c),
                _ => {}
            }
        }
        open.pop()
    }

    /// The line that a span starts on.
    pub fn location(&self, span: &Range<usize>) -> Location {
        let line = 1 + self.line_ends.partition_point(|end| *end < span.start);
        Location { file: self.file.clone(), line: Some(line) }
    }

    /// The entries of a table in the text's order.
    pub fn fields<'v>(&self, table: &'v DeTable<'v>) -> Vec<Field<'v>> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let key =
            |key: &toml::Spanned<_>| Spanned::new(String::from(key.get_ref() as &str), self.location(&key.span()));
        entries.into_iter().map(|(name, value)| Field { key: key(name), value }).collect()
    }

    /// The value as a string, with its line.
    pub fn string(&self, value: &TomlValue<'_>) -> Option<Spanned<String>> {
        value.get_ref().as_str().map(|text| Spanned::new(text.to_owned(), self.location(&value.span())))
    }
}

/// Goes on behind the end of a string on one line.
fn skip_string(chars: &mut std::str::CharIndices<'_>, quote: char) {
    while let Some((_, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => {
                chars.next();
            }
            '\n' => return,
            c if c == quote => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_is_one_and_on_its_line() {
        for (text, expected) in [
            ("a = [\"x\"\nb = 1\nc = 2\n[d]\n", "f:1: not TOML: unclosed array, expected `]`"),
            ("[t]\na = [ # ]\n  \"]\",\n", "f:2: not TOML: unclosed array, expected `]`"),
            ("a = [\n  \"x\",\n  y,\n]\nb = 1\n", "f:3: not TOML: "),
            ("a = { b = 1\nc = 2\n", "f:1: not TOML: unclosed inline table, expected `}`"),
            ("a = 1\na = 2\n", "f:2: not TOML: duplicate key"),
            ("[t\na = 1\n", "f:1: not TOML: "),
            ("a = \"x\nb = 1\nc = \"\n", "f:1: not TOML: "),
        ] {
            let found = TomlText::new("f", text).document("it").unwrap_err().to_string();
            assert!(found.starts_with(expected), "{text:?}: {found}");
        }
    }

    #[test]
    fn values_know_their_lines() {
        let text = TomlText::new("f", "b = 1\n\na = \"x\"\n[t]\nc = [\n  2]\n");
        let table = text.document("it").unwrap();
        let lines: Vec<_> =
            text.fields(table.get_ref()).iter().map(|f| (f.key.value.clone(), f.key.location.line)).collect();
        assert_eq!(lines, [("b".to_owned(), Some(1)), ("a".to_owned(), Some(3)), ("t".to_owned(), Some(4))]);
    }
}
