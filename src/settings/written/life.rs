//! What a settings file says of the life of a server, at its top.

use crate::diagnostics::Spanned;
use crate::settings::table::{Reading, Table};

/// How a server is spoken to, and how it takes notice of changed files.
#[derive(Default)]
pub(in crate::settings) struct WrittenLife {
    pub(in crate::settings) control: Option<Spanned<String>>,
    pub(in crate::settings) reload_interval: Option<Spanned<u64>>,
    pub(in crate::settings) drain_delay: Option<Spanned<u64>>,
}

settings! {
    /// The top of the file, as far as it is about this.
    LIFE:
    CONTROL "control" r#"control = "/run/r2shim/control.sock""#;
    RELOAD_INTERVAL "reload_interval" "reload_interval = 5";
    DRAIN_DELAY "drain_delay" "drain_delay = 5";
}

impl WrittenLife {
    /// Takes them from the top of the file.
    pub(super) fn take<'t>(top: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenLife {
        WrittenLife {
            control: top.text(reading, CONTROL),
            reload_interval: top.number(reading, RELOAD_INTERVAL),
            drain_delay: top.number(reading, DRAIN_DELAY),
        }
    }
}
