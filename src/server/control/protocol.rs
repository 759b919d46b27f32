//! Commands and answers of the control socket.

use crate::diagnostics::{Diagnostic, Location};
use crate::store::Defect;
use crate::store::upkeep::{BackedUp, Checked, Compacted};
use serde::{Deserialize, Serialize};

/// Bytes of a line, either way: an answer may have a fault for every line of a settings file.
pub(super) const MAX_LINE_BYTES: u64 = 1 << 20;

/// A command to a running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Read the settings again, and use what can be used without a restart.
    Reload {},
    /// Hand the listening sockets to the sender, a server that is about to take over, and keep serving.
    HandOver {},
    /// Stop accepting, let requests in flight end, and end: the sender has the sockets.
    Leave {},
    /// Check the local store. The answer is many lines, and ends when the sender leaves.
    StoreCheck {
        /// How many bytes to read in a second at most.
        bytes_a_second: u64,
    },
    /// Copy the local store. The answer is many lines, and ends, with the copy, when the sender leaves.
    StoreBackup {
        /// The new folder, from the root on.
        folder: String,
        /// Whether blobs may be hard links.
        link: bool,
        /// How many bytes to read in a second at most.
        bytes_a_second: u64,
    },
    /// Compact the index of the local store. The answer is many lines, and ends, with the compaction, when the sender
    /// leaves.
    StoreCompact {
        /// How many bytes to copy in a second at most.
        bytes_a_second: u64,
    },
}

/// The server's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// The settings are in force, except those that need a restart.
    Reloaded {
        /// The settings that have changed and are in force.
        swapped: Vec<String>,
        /// Those that have changed and take effect at the next start.
        needs_restart: Vec<String>,
        /// Settings that are allowed but may be mistakes.
        warnings: Vec<Fault>,
    },
    /// The settings have faults. The previous settings stay in force.
    Refused {
        /// All of them.
        faults: Vec<Fault>,
    },
    /// The listening sockets are beside this answer: those for clients, for public buckets, and the admin address.
    HandedOver {},
    /// The server is about to end.
    Leaving {},
    /// The progress of reading. More lines follow.
    Progress {
        /// Bytes read.
        done: u64,
        /// Bytes to read in all.
        of: u64,
    },
    /// A finding in the store. More lines follow.
    Found(Defect),
    /// The store is checked.
    Checked(Checked),
    /// The store is copied.
    BackedUp(BackedUp),
    /// The index of the store is compacted.
    Compacted(Compacted),
    /// It cannot be done.
    Failed {
        /// Why.
        message: String,
    },
    /// The command cannot be read; another version of the program may have sent it.
    NotUnderstood {
        /// Why.
        message: String,
    },
}

/// A diagnostic, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The file, the flag or the variable.
    pub file: String,
    /// The line in the file, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

impl From<&Diagnostic> for Fault {
    fn from(found: &Diagnostic) -> Fault {
        let Diagnostic { location, message, advice } = found.clone();
        Fault { file: location.file.to_string(), line: location.line, message, advice }
    }
}

impl From<Fault> for Diagnostic {
    fn from(sent: Fault) -> Diagnostic {
        let location = Location { line: sent.line, ..Location::from_name(&sent.file) };
        Diagnostic::new(location, sent.message, sent.advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_words_and_unknown_ones_are_refused() {
        for (line, command) in [
            (r#"{"command":"reload"}"#, Some(Command::Reload {})),
            (r#"{"command":"reload","now":true}"#, None),
            (r#"{"command":"store-check","bytes_a_second":7}"#, Some(Command::StoreCheck { bytes_a_second: 7 })),
            (r#"{"command":"store-check"}"#, None),
            (
                r#"{"command":"store-backup","folder":"/b","link":true,"bytes_a_second":7}"#,
                Some(Command::StoreBackup { folder: "/b".into(), link: true, bytes_a_second: 7 }),
            ),
            (r#"{"command":"store-backup","folder":"/b","bytes_a_second":7}"#, None),
            (r#"{"command":"store-compact","bytes_a_second":7}"#, Some(Command::StoreCompact { bytes_a_second: 7 })),
            (r#"{"command":"stop"}"#, None),
            (r#"{}"#, None),
            ("reload", None),
        ] {
            assert_eq!(serde_json::from_str::<Command>(line).ok(), command, "{line}");
        }
    }

    #[test]
    fn a_fault_arrives_as_it_was_sent() {
        let location = Location { file: "r2shim.toml".into(), line: Some(3) };
        let fault = Diagnostic::new(location, "unknown setting `listn`", "did you mean `listen`?");
        let sent = serde_json::to_string(&Answer::Refused { faults: vec![Fault::from(&fault)] }).unwrap();
        let Answer::Refused { faults } = serde_json::from_str(&sent).unwrap() else { panic!("{sent}") };
        assert_eq!(faults.into_iter().map(Diagnostic::from).collect::<Vec<_>>(), [fault]);
    }
}
