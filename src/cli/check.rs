//! `check`: what `serve` would do, or every reason why it would not.

use crate::cli::arguments::Check;
use crate::cli::failure::{Failure, write_warnings};
use crate::cli::style::GOOD;
use crate::settings::{self, Loaded, credentials};
use std::io::Write;

/// Checks settings, keys, policy and data folder; changes nothing.
pub(super) fn run(arguments: &Check, out: &mut dyn Write) -> Result<(), Failure> {
    if arguments.online {
        return Err(Failure::not_yet("check --online"));
    }
    let flags = arguments.serving.flags();
    let loaded = settings::load(&flags, &|name| std::env::var(name))?;
    settings::check_data_folder(&loaded.settings.data_folder)?;
    write_warnings(&loaded.warnings, &mut anstream::stderr().lock())?;
    writeln!(out, "{GOOD}ok{GOOD:#}: {}", summary(&loaded))?;
    Ok(())
}

fn summary(loaded: &Loaded) -> String {
    let settings = &loaded.settings;
    let listen: Vec<_> = settings.listen.iter().map(ToString::to_string).collect();
    let admin = settings.admin.map_or("off".to_owned(), |address| address.to_string());
    let data = &settings.data_folder;
    let keys = match loaded.keys.len() {
        0 => format!("a key to be made in {}", credentials::path(data).display()),
        1 => "1 key".to_owned(),
        count => format!("{count} keys"),
    };
    let listen = listen.join(" and ");
    format!("listens on {listen}, admin {admin}, policy {}, {keys}, data {}", settings.policy.name(), data.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Flags;
    use std::env::VarError;

    #[test]
    fn the_summary_says_what_serve_would_do() {
        let flags = Flags { data: Some("not-there".into()), ..Flags::default() };
        let loaded = settings::load(&flags, &|_| Err(VarError::NotPresent)).unwrap();
        assert_eq!(
            summary(&loaded),
            "listens on 127.0.0.1:9000, admin 127.0.0.1:9001, policy r2, \
             a key to be made in not-there/credentials.toml, data not-there"
        );
    }
}
