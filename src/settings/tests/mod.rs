//! Settings texts and what they come to; every fault with its line.

mod changes;
mod cors;
mod file;
mod flags;
mod keys;
mod limits;
mod pages;
mod places;
mod public;
mod remote;
mod tls;

use super::*;
use crate::diagnostics::Diagnostic;
use std::collections::HashMap;
use std::env::VarError;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// A folder with a settings file in it, the environment and the flags of one start.
struct Start {
    folder: TempDir,
    flags: Flags,
    environment: HashMap<&'static str, &'static str>,
}

impl Start {
    fn new() -> Start {
        let folder = TempDir::new().unwrap();
        let flags = Flags { data: Some(folder.path().join("data")), ..Flags::default() };
        Start { folder, flags, environment: HashMap::new() }
    }

    fn with_file(text: &str) -> Start {
        let mut start = Start::new();
        let path = start.folder.path().join("r2shim.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        start.flags.config = Some(path);
        start
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Start {
        self.environment.insert(name, value);
        self
    }

    fn load(&self) -> Result<Loaded, Vec<Diagnostic>> {
        let lookup =
            |name: &str| self.environment.get(name).map(|value| (*value).to_owned()).ok_or(VarError::NotPresent);
        load(&self.flags, &lookup)
    }

    /// The faults as `LINE: message`, the folder's own name left out.
    fn faults(&self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        let line =
            |fault: &Diagnostic| fault.location.line.map_or(fault.location.file.to_string(), |line| line.to_string());
        let show = |fault: Diagnostic| format!("{}: {}", line(&fault), fault.message).replace(&folder, "");
        self.load().err().unwrap_or_default().into_iter().map(show).collect()
    }
}

fn advice_of(text: &str) -> Vec<String> {
    Start::with_file(text).load().unwrap_err().into_iter().map(|fault| fault.advice).collect()
}

/// A key for clients.
const KEY: &str = "[[key]]\naccess_key_id = \"k\"\nsecret_access_key = \"s\"\npermission = \"object-read-only\"\n";
