//! Diagnostics: a fault in a file or an argument, its location, and advice. Settings and policies share them.
//!
//! Nothing here knows what a setting or a ruling is. Callers must not put anything into a message that can be a secret.

mod suggest;
mod text;

pub use suggest::nearest;
pub use text::{Field, TomlText, TomlValue};

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as its reader named it; or the flag or environment variable that gave the value.
    pub file: Arc<str>,
    /// The line in the file, counted from 1; `None` for the file as a whole.
    pub line: Option<usize>,
}

impl Location {
    /// A flag or an environment variable.
    pub fn from_name(name: &str) -> Location {
        Location { file: Arc::from(name), line: None }
    }

    /// A file as a whole.
    pub fn file(path: &Path) -> Location {
        Location::from_name(&path.display().to_string())
    }

    /// A line of a file, counted from 1.
    pub fn line(path: &Path, line: usize) -> Location {
        Location { line: Some(line), ..Location::file(path) }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// A fault; in a list of warnings, a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where it is.
    pub location: Location,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

impl Diagnostic {
    /// What is wrong at a location.
    pub fn new(location: Location, message: impl Into<String>, advice: impl Into<String>) -> Diagnostic {
        Diagnostic { location, message: message.into(), advice: advice.into() }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

/// A value and where it was written. No `Debug` of its own beyond the value's: it can be a secret.
#[derive(Debug, Clone)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub location: Location,
}

impl<T> Spanned<T> {
    /// A value and its location.
    pub fn new(value: T, location: Location) -> Spanned<T> {
        Spanned { value, location }
    }

    /// What is wrong with this value.
    pub fn fault(&self, message: impl Into<String>, advice: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.location.clone(), message, advice)
    }
}
