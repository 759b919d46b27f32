//! `keys list`: the keys of the settings, without their secrets.

use super::given;
use crate::access::BucketScope;
use crate::cli::failure::{Failure, write_warnings};
use crate::cli::keys::arguments::ListKeys;
use crate::s3::Timestamp;
use crate::settings::GivenKey;
use serde::Serialize;
use std::io::{self, Write};

/// A key as `--json` writes it.
#[derive(Serialize)]
struct Line<'k> {
    access_key_id: &'k str,
    permission: &'static str,
    /// Names and patterns; `null` for all buckets.
    buckets: Option<Vec<String>>,
    /// `null` for a key that does not expire.
    expires: Option<String>,
    expired: bool,
    from: String,
    secret_from: String,
}

impl<'k> Line<'k> {
    fn new(given: &'k GivenKey, now: Timestamp) -> Line<'k> {
        let key = &given.key;
        Line {
            access_key_id: &key.id,
            permission: key.permission.name(),
            buckets: match &key.buckets {
                BucketScope::All => None,
                BucketScope::Matching(patterns) => Some(patterns.iter().map(ToString::to_string).collect()),
            },
            expires: key.expires.map(Timestamp::iso_8601),
            expired: key.check_end(now).is_err(),
            from: given.place.to_string(),
            secret_from: given.secret.to_string(),
        }
    }

    fn columns(&self) -> [String; 5] {
        let expires = match (&self.expires, self.expired) {
            (None, _) => "no end".to_owned(),
            (Some(end), true) => format!("expired at {end}"),
            (Some(end), false) => format!("until {end}"),
        };
        let buckets = self.buckets.as_ref().map_or_else(|| "all buckets".to_owned(), |names| names.join(", "));
        [self.access_key_id.escape_debug().to_string(), self.permission.to_owned(), buckets, expires, self.from.clone()]
    }
}

/// Writes a line for each key, in the order in which they are given.
pub(in crate::cli) fn run(arguments: &ListKeys, now: Timestamp, out: &mut dyn Write) -> Result<(), Failure> {
    let loaded = given(&arguments.source)?;
    write_warnings(&loaded.warnings, &mut anstream::stderr().lock())?;
    let lines: Vec<Line<'_>> = loaded.keys.iter().map(|key| Line::new(key, now)).collect();
    match (arguments.json, lines.is_empty()) {
        (true, _) => {
            for line in &lines {
                writeln!(out, "{}", serde_json::to_string(line).map_err(io::Error::from)?)?;
            }
        }
        (false, true) => writeln!(out, "no key is given: the first start makes one, and keeps it in the data folder")?,
        (false, false) => table(&lines, out)?,
    }
    Ok(())
}

fn table(lines: &[Line<'_>], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 5]> = lines.iter().map(Line::columns).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in &rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::keys::tests::{Settings, now};

    fn listed(json: bool) -> String {
        let (settings, mut out) = (Settings::new(), Vec::new());
        run(&ListKeys { source: settings.source(), json }, now(), &mut out).unwrap();
        settings.without_folder(&String::from_utf8(out).unwrap())
    }

    #[test]
    fn keys_are_listed_without_secrets() {
        assert_eq!(
            listed(false),
            "app        object-read-write  media        no end                               r2shim.toml:1\n\
             old        object-read-only   all buckets  expired at 2026-01-01T00:00:00.000Z  r2shim.toml:6\n\
             elsewhere  admin-read-only    logs-*       until 2027-12-31T00:00:00.000Z       r2shim.toml:11\n"
        );
        assert!(!listed(true).contains("app-secret"));
    }

    #[test]
    fn keys_are_listed_in_json() {
        let text = listed(true);
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines[2],
            serde_json::json!({
                "access_key_id": "elsewhere", "permission": "admin-read-only", "buckets": ["logs-*"],
                "expires": "2027-12-31T00:00:00.000Z", "expired": false, "from": "r2shim.toml:11",
                "secret_from": "$NOT_THERE",
            })
        );
        assert_eq!(
            (&lines[0]["buckets"], &lines[0]["expires"]),
            (&serde_json::json!(["media"]), &serde_json::Value::Null)
        );
        assert_eq!(lines[1]["expired"], true);
    }
}
