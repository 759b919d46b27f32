//! Chooses a policy and finds its text.

use crate::diagnostics::nearest;
use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::policy::{BUILTIN, Policy, Source};
use crate::settings::paths::beside;
use crate::settings::resolved::Mode;
use std::borrow::Cow;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// Which policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyReference {
    /// One that is compiled in, by name.
    BuiltIn(String),
    /// A file of the operator's.
    File(PathBuf),
}

impl PolicyReference {
    /// A text with a slash or with `.toml` at its end is a path, any other a built-in name.
    pub fn parse(text: &str) -> PolicyReference {
        if text.contains('/') || text.ends_with(".toml") {
            PolicyReference::File(PathBuf::from(text))
        } else {
            PolicyReference::BuiltIn(text.to_owned())
        }
    }

    /// Reads and compiles it. `location` is where it was chosen, for faults in the choice itself.
    pub fn load(&self, location: &Location) -> Result<Policy, Vec<Diagnostic>> {
        self.load_noting(location, &RefCell::default())
    }

    /// The same, and the files that are read are pushed to `files`.
    pub(super) fn load_noting(
        &self,
        location: &Location,
        files: &RefCell<Vec<PathBuf>>,
    ) -> Result<Policy, Vec<Diagnostic>> {
        let read = |path: &Path| {
            files.borrow_mut().push(path.to_owned());
            read(path)
        };
        match self {
            PolicyReference::BuiltIn(name) => Policy::builtin(name).ok_or_else(|| vec![unknown(name, location)])?,
            PolicyReference::File(path) => {
                let source = read(path).map_err(|cause| {
                    let advice =
                        format!("built in are {}; a path must be a file this user can read", names().join(", "));
                    vec![Diagnostic::new(location.clone(), cause, advice)]
                })?;
                // The path of an extended policy is relative to the file that extends it.
                Policy::compile(&source, &|base| read(&beside(path, base)))
            }
        }
    }
}

/// The policy the settings choose. `flag` is relative to the working folder, `written` to the settings `file`.
pub(super) fn chosen(
    flag: Option<Spanned<String>>,
    written: Option<Spanned<String>>,
    file: &Path,
    mode: Mode,
) -> Spanned<PolicyReference> {
    if let Some(flag) = flag {
        return Spanned::new(PolicyReference::parse(&flag.value), flag.location);
    }
    let Some(written) = written else {
        return Spanned::new(
            PolicyReference::BuiltIn(mode.default_policy().to_owned()),
            Location::from_name("the default policy"),
        );
    };
    let reference = match PolicyReference::parse(&written.value) {
        PolicyReference::File(_) => PolicyReference::File(beside(file, &written.value)),
        named => named,
    };
    Spanned::new(reference, written.location)
}

/// The text of a policy's line, for a quotation; `None` if the file has changed since.
pub fn policy_line(location: &Location) -> Option<String> {
    let built_in = BUILTIN.iter().find(|(_, file, _)| *file == &*location.file).map(|(.., text)| Cow::Borrowed(*text));
    let text = built_in.or_else(|| std::fs::read_to_string(&*location.file).ok().map(Cow::Owned))?;
    text.lines().nth(location.line?.checked_sub(1)?).map(|line| line.trim().to_owned())
}

fn read(path: &Path) -> Result<Source, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Source { name, file: path.display().to_string(), text: Cow::Owned(text) })
}

fn unknown(name: &str, location: &Location) -> Diagnostic {
    let advice = match nearest(name, &names()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("built in are {}; a path has a '/' or ends in .toml", names().join(", ")),
    };
    Diagnostic::new(location.clone(), format!("there is no policy {name:?}"), advice)
}

fn names() -> Vec<&'static str> {
    BUILTIN.iter().map(|(name, ..)| *name).collect()
}
