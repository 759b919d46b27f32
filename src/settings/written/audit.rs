//! `[audit]`: where an audit is kept.

use crate::diagnostics::Spanned;
use crate::settings::table::{Reading, Table};

/// `[audit]`.
#[derive(Default)]
pub(in crate::settings) struct WrittenAudit {
    pub(in crate::settings) file: Option<Spanned<String>>,
}

settings! {
    /// `[audit]`.
    AUDITS:
    FILE "file" r#"file = "/var/lib/r2shim/audit.json""#;
}

impl WrittenAudit {
    pub(super) fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenAudit {
        let audit = WrittenAudit { file: table.text(reading, FILE) };
        table.finish(reading);
        audit
    }
}
