//! Which of the given keys count: those of one source. The others cause a warning.

use crate::diagnostics::{Diagnostic, Location};
use crate::settings::credentials;
use crate::settings::keys::{GivenKey, ID};
use std::path::Path;

/// The given keys, by source.
pub(super) struct GivenKeys {
    pub(super) of_flags: Vec<GivenKey>,
    pub(super) of_environment: Option<GivenKey>,
    pub(super) of_file: Vec<GivenKey>,
}

impl GivenKeys {
    /// The keys of flags if there are any, else that of the environment, else those of the file, else the pair kept at
    /// the first start.
    pub(super) fn choose(
        self,
        data_folder: &Path,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Vec<GivenKey>, Vec<Diagnostic>> {
        if !self.of_flags.is_empty() {
            let pair = self.of_environment.map(|_| format!("that of {ID}"));
            warnings.extend(overruled("--key", [pair, of_file(self.of_file.len())]));
            return Ok(self.of_flags);
        }
        match self.of_environment {
            Some(key) => {
                warnings.extend(overruled(ID, [None, of_file(self.of_file.len())]));
                Ok(vec![key])
            }
            None if !self.of_file.is_empty() => Ok(self.of_file),
            None => Ok(credentials::read(data_folder, warnings)?.into_iter().collect()),
        }
    }
}

/// The keys of the file, in words.
fn of_file(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("that of the settings file".to_owned()),
        _ => Some(format!("the {count} of the settings file")),
    }
}

/// A warning that given keys will not be accepted.
fn overruled(giver: &str, others: [Option<String>; 2]) -> Option<Diagnostic> {
    let others: Vec<_> = others.into_iter().flatten().collect();
    let message = format!("gives the only keys there are: {} will not be accepted", others.join(" and "));
    let advice = "leave it out to use the others";
    (!others.is_empty()).then(|| Diagnostic::new(Location::from_name(giver), message, advice))
}
