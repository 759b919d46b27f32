//! The three ways to name a secret access key.

use crate::settings::fault::At;
use crate::settings::table::{Field, Reading, Table};

/// What names a secret; exactly one of them must.
pub(in crate::settings) struct WrittenSecret {
    pub(in crate::settings) itself: Option<At<String>>,
    pub(in crate::settings) env: Option<At<String>>,
    pub(in crate::settings) file: Option<At<String>>,
}

fields! {
    ENV "secret_access_key_env" r#"secret_access_key_env = "APP_SECRET""#;
    FILE "secret_access_key_file" r#"secret_access_key_file = "app.secret""#;
}

pub(super) const ITSELF: Field = Field { name: "secret_access_key", example: r#"secret_access_key = "...""# };

impl WrittenSecret {
    pub(super) fn read<'t>(table: &mut Table<'t>, reading: &mut Reading<'t>) -> WrittenSecret {
        WrittenSecret {
            itself: table.text(reading, ITSELF),
            env: table.text(reading, ENV),
            file: table.text(reading, FILE),
        }
    }

    /// Every one that is written.
    pub(in crate::settings) fn given(&self) -> impl Iterator<Item = &At<String>> {
        [&self.itself, &self.env, &self.file].into_iter().flatten()
    }
}
