//! `admin`: an address alone, or a table that says more.

use crate::diagnostics::{Location, Spanned};
use crate::settings::table::{Reading, Setting, Table};

/// The admin address and what is shown there.
#[derive(Default)]
pub(in crate::settings) struct WrittenAdmin {
    pub(in crate::settings) listen: Option<Spanned<String>>,
    pub(in crate::settings) pages: WrittenPages,
}

/// What `[admin]` says of pages.
#[derive(Default)]
pub(in crate::settings) struct WrittenPages {
    pub(in crate::settings) pages: Option<Spanned<bool>>,
    pub(in crate::settings) hosts: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::settings) inspector_requests: Option<Spanned<u64>>,
    pub(in crate::settings) download: Option<Spanned<bool>>,
}

settings! {
    /// `[admin]`.
    ADMIN_SETTINGS:
    LISTEN "listen" r#"listen = "127.0.0.1:9001""#;
    PAGES "pages" "pages = true";
    HOSTS "hosts" r#"hosts = ["r2shim.example.test"]"#;
    INSPECTOR_REQUESTS "inspector_requests" "inspector_requests = 500";
    DOWNLOAD "download" "download = true";
}

impl WrittenAdmin {
    /// Takes the setting of either form from the top of the file.
    pub(super) fn take<'t>(top: &mut Table<'t>, reading: &mut Reading<'t>, setting: Setting) -> WrittenAdmin {
        if !top.has_table(setting) {
            return WrittenAdmin { listen: top.text(reading, setting), pages: WrittenPages::default() };
        }
        let table = top.table(reading, Setting { example: "[admin]", ..setting });
        table.map(|table| WrittenAdmin::read(table, reading)).unwrap_or_default()
    }

    fn read<'t>(mut table: Table<'t>, reading: &mut Reading<'t>) -> WrittenAdmin {
        let pages = WrittenPages {
            pages: table.flag(reading, PAGES),
            hosts: table.texts(reading, HOSTS),
            inspector_requests: table.number(reading, INSPECTOR_REQUESTS),
            download: table.flag(reading, DOWNLOAD),
        };
        let admin = WrittenAdmin { listen: table.text(reading, LISTEN), pages };
        table.finish(reading);
        admin
    }
}

impl WrittenPages {
    /// Where each setting is that has a meaning with pages alone, and its name.
    pub(in crate::settings) fn of_pages(&self) -> impl Iterator<Item = (&Location, &'static str)> {
        let requests = self.inspector_requests.as_ref().map(|number| (&number.location, INSPECTOR_REQUESTS.name));
        let download = self.download.as_ref().map(|download| (&download.location, DOWNLOAD.name));
        requests.into_iter().chain(download)
    }
}
