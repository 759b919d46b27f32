//! The settings on the command line, and the location of each value.

use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::settings::key_flag::KeyText;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The values of the command line, not yet checked: their faults are reported with those of the file.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`: the settings file.
    pub config: Option<PathBuf>,
    /// `--listen`, as often as given; empty if it was not.
    pub listen: Vec<String>,
    /// `--public`: buckets whose objects are read without a key, as often as given.
    pub public: Vec<String>,
    /// `--public-listen`, as often as given; empty if it was not.
    pub public_listen: Vec<String>,
    /// `--admin`.
    pub admin: Option<String>,
    /// `--admin-host`, as often as given; empty if it was not.
    pub admin_hosts: Vec<String>,
    /// `--pages`.
    pub pages: Option<bool>,
    /// `--data`: the data folder.
    pub data: Option<PathBuf>,
    /// `--policy`: a built-in name or a path.
    pub policy: Option<String>,
    /// `--audit`.
    pub audit: bool,
    /// `--audit-file`.
    pub audit_file: Option<PathBuf>,
    /// `--cors`, as often as given: the origins of pages; empty if it was not.
    pub cors: Vec<String>,
    /// `--control`: the control socket, or `off`.
    pub control: Option<PathBuf>,
    /// `--durability`.
    pub durability: Option<String>,
    /// `--tls-certificate`: a PEM file.
    pub tls_certificate: Option<String>,
    /// `--tls-key`: a PEM file.
    pub tls_key: Option<String>,
    /// `--tls-client-ca`: a PEM file.
    pub tls_client_ca: Option<String>,
    /// `--tls-client-certificates`.
    pub tls_client_certificates: Option<String>,
    /// `--bucket`, as often as given.
    pub buckets: Vec<String>,
    /// `--key`, as often as given.
    pub keys: Vec<KeyText>,
    /// The variables whose values are used for flags that were not given. Faults in their values are located there.
    pub variables: BTreeSet<String>,
}

impl Flags {
    /// The variable that stands for a flag: `R2SHIM_READY_FILE` for `--ready-file`.
    pub fn variable(flag: &str) -> String {
        let name = flag.trim_start_matches("--").replace('-', "_");
        format!("R2SHIM_{}", name.to_ascii_uppercase())
    }

    /// Where a flag's value was written: the flag, or its variable.
    pub fn place(&self, flag: &str) -> Location {
        let variable = Flags::variable(flag);
        Location::from_name(if self.variables.contains(&variable) { &variable } else { flag })
    }

    /// Findings in flags. If a value is from a variable, its finding is located there.
    pub(super) fn placed(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let place = |location: Location| match location.line {
            None if location.file.starts_with("--") => self.place(&location.file),
            _ => location,
        };
        found.into_iter().map(|found| Diagnostic { location: place(found.location), ..found }).collect()
    }
}

/// The value of a flag.
pub(super) fn flag(value: &Option<String>, name: &str) -> Option<Spanned<String>> {
    value.clone().map(|value| Spanned::new(value, Location::from_name(name)))
}

/// The values of a flag that may be repeated, or separated by commas.
pub(super) fn given(flag: &str, values: &[String]) -> Vec<Spanned<String>> {
    values.iter().map(|text| Spanned::new(text.trim().to_owned(), Location::from_name(flag))).collect()
}

/// The same as a list of the file; `None` if the flag is not given.
pub(super) fn given_list(flag: &str, values: &[String]) -> Option<Spanned<Vec<Spanned<String>>>> {
    (!values.is_empty()).then(|| Spanned::new(given(flag, values), Location::from_name(flag)))
}
