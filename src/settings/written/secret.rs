//! The three ways to name a secret access key.

use crate::diagnostics::Spanned;
use crate::settings::table::{Reading, Table};

/// What names a secret; exactly one of them must.
pub(in crate::settings) struct WrittenSecret {
    pub(in crate::settings) itself: Option<Spanned<String>>,
    pub(in crate::settings) env: Option<Spanned<String>>,
    pub(in crate::settings) file: Option<Spanned<String>>,
}

settings! {
    /// The settings that name a secret.
    SECRET:
    ITSELF "secret_access_key" r#"secret_access_key = "...""#;
    ENV "secret_access_key_env" r#"secret_access_key_env = "APP_SECRET""#;
    FILE "secret_access_key_file" r#"secret_access_key_file = "app.secret""#;
}

impl WrittenSecret {
    pub(super) fn read<'t>(table: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenSecret {
        WrittenSecret {
            itself: table.text(reading, ITSELF),
            env: table.text(reading, ENV),
            file: table.text(reading, FILE),
        }
    }

    /// The same with a text in the place of what names it elsewhere.
    pub(in crate::settings) fn stand_in(&mut self) {
        let named = self.env.take().or(self.file.take());
        self.itself = named.map(|named| Spanned::new("not at hand".to_owned(), named.location));
    }

    /// Every one that is written.
    pub(in crate::settings) fn given(&self) -> impl Iterator<Item = &Spanned<String>> {
        [&self.itself, &self.env, &self.file].into_iter().flatten()
    }
}
