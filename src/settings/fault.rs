//! What is wrong in what the operator wrote, where it stands, and the way out.

use crate::policy;
use std::fmt;
use std::path::Path;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path as the operator named it; or the flag or environment variable that gave the value.
    pub file: String,
    /// The line in the file, counted from 1.
    pub line: Option<usize>,
}

impl Place {
    /// A flag or an environment variable.
    pub fn named(name: impl Into<String>) -> Place {
        Place { file: name.into(), line: None }
    }

    /// A file as a whole.
    pub fn file(path: &Path) -> Place {
        Place::named(path.display().to_string())
    }

    /// A line of a file, counted from 1.
    pub fn line(path: &Path, line: usize) -> Place {
        Place { line: Some(line), ..Place::file(path) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// One thing that is wrong. Never shows a secret: messages name settings, not the values of secret ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(place: Place, message: impl Into<String>, advice: impl Into<String>) -> Fault {
        Fault { place, message: message.into(), advice: advice.into() }
    }

    /// Something whose name is taken for a later version.
    pub fn not_yet(place: Place, name: &str) -> Fault {
        Fault::new(place, format!("{name} is not in this version yet"), "leave it out until it is")
    }
}

/// What reading settings has come upon so far.
#[derive(Default)]
pub(super) struct Findings {
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// What is allowed and perhaps not meant.
    pub(super) warnings: Vec<Fault>,
}

impl Findings {
    /// The value; where there is a fault instead, the fault is kept.
    pub(super) fn good<T>(&mut self, value: Result<T, Fault>) -> Option<T> {
        value.map_err(|fault| self.faults.push(fault)).ok()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl From<policy::Fault> for Fault {
    fn from(fault: policy::Fault) -> Fault {
        let place = Place { file: fault.place.file.to_string(), line: Some(fault.place.line) };
        Fault::new(place, fault.message, fault.advice)
    }
}

/// A value and where it was written.
#[derive(Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl<T> At<T> {
    pub(super) fn new(value: T, place: Place) -> At<T> {
        At { value, place }
    }

    /// A fault in this value.
    pub(super) fn fault(&self, message: impl Into<String>, advice: impl Into<String>) -> Fault {
        Fault::new(self.place.clone(), message, advice)
    }
}
