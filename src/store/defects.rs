//! What a check of a data folder finds, in words for people and for programs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Something in a data folder that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// What it is about.
    pub place: DefectSubject,
    /// What kind of thing is wrong.
    pub kind: DefectKind,
    /// What exactly, in words.
    pub text: String,
}

/// What a defect is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefectSubject {
    /// An object, by the names in its row. What is not UTF-8 in them is replaced.
    Object {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
    },
    /// A part of an open upload.
    Part {
        /// The bucket of the upload; "?" if that is lost.
        bucket: String,
        /// Its key; "?" if that is lost.
        key: String,
        /// Its id.
        upload: String,
        /// The part's number.
        number: u16,
    },
    /// What is configured for a bucket, by its name.
    Bucket(String),
    /// The row of a blob, by its number.
    Blob(u64),
    /// A file, by its path from the data folder.
    File(String),
}

/// Kinds of defects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefectKind {
    /// A row or a file cannot be read.
    Unreadable,
    /// A row names bytes that are not there.
    Missing,
    /// Bytes are not as many as a row says.
    Length,
    /// Bytes are not those that were written.
    Checksum,
    /// A blob is counted as used more or less often than it is.
    References,
    /// A row has lost what it belongs to.
    Dangling,
    /// A file belongs to no row. It takes room and does no other harm; `store gc` removes it.
    Orphan,
}

impl DefectKind {
    /// A word for programs: it stays what it is from version to version.
    pub fn name(self) -> &'static str {
        match self {
            DefectKind::Unreadable => "unreadable",
            DefectKind::Missing => "missing",
            DefectKind::Length => "length",
            DefectKind::Checksum => "checksum",
            DefectKind::References => "references",
            DefectKind::Dangling => "dangling",
            DefectKind::Orphan => "orphan",
        }
    }
}

/// On one line whatever a key is made of: control characters are escaped.
impl fmt::Display for DefectSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefectSubject::Object { bucket, key } => write!(f, "{}/{}", on_one_line(bucket), on_one_line(key)),
            DefectSubject::Part { bucket, key, upload, number } => {
                write!(
                    f,
                    "{}/{}: part {number} of upload {}",
                    on_one_line(bucket),
                    on_one_line(key),
                    on_one_line(upload)
                )
            }
            DefectSubject::Bucket(name) => write!(f, "bucket {}", on_one_line(name)),
            DefectSubject::Blob(number) => write!(f, "blob {number:x}"),
            DefectSubject::File(path) => f.write_str(&on_one_line(path)),
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

fn on_one_line(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line() {
        let object = |key: &str| DefectSubject::Object { bucket: "media".into(), key: key.into() };
        for (place, expected) in [
            (object("a/ü"), "media/a/ü: gone"),
            (object("a\nb\x1b["), "media/a\\nb\\u{1b}[: gone"),
            (DefectSubject::Bucket("media".into()), "bucket media: gone"),
            (DefectSubject::Blob(0x1f), "blob 1f: gone"),
            (
                DefectSubject::Part { bucket: "media".into(), key: "a".into(), upload: "u".into(), number: 7 },
                "media/a: part 7 of upload u: gone",
            ),
            (DefectSubject::File("tmp/0".into()), "tmp/0: gone"),
        ] {
            let finding = Defect { place, kind: DefectKind::Missing, text: "gone".into() };
            assert_eq!(finding.to_string(), expected);
        }
    }
}
