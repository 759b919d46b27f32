//! The formats of logs: their names, how the first bytes of a file show its format, and what each cannot show.

use crate::audit::logs::entry::Read;
use crate::audit::logs::splitter::{Lines, Objects, Splitter};
use crate::audit::logs::{access_log, cloudtrail, har, minio, own_log};

/// A format of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// S3's server access log.
    S3AccessLog,
    /// CloudTrail's events.
    CloudTrail,
    /// MinIO's audit log and its trace.
    Minio,
    /// What a browser recorded.
    Har,
    /// r2shim's own log as JSON.
    R2shim,
}

/// How many bytes at the beginning are used to detect the format.
pub const BEGINNING: usize = 64 << 10;

impl Format {
    /// All of them.
    pub const ALL: [Format; 5] = [Format::S3AccessLog, Format::CloudTrail, Format::Minio, Format::Har, Format::R2shim];

    /// What the command line and reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::S3AccessLog => "s3-access-log",
            Format::CloudTrail => "cloudtrail",
            Format::Minio => "minio",
            Format::Har => "har",
            Format::R2shim => "r2shim",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format of a log that begins with these bytes; `None` where they are of none.
    pub fn of(beginning: &[u8]) -> Option<Format> {
        let text = String::from_utf8_lossy(beginning);
        let text = without_mark(&text).trim_start();
        if !text.starts_with('{') {
            return text.lines().take(20).find_map(of_line);
        }
        let has = |name: &str| text.contains(&format!("\"{name}\""));
        let begins = |name: &str| text[1..].trim_start().starts_with(&format!("\"{name}\""));
        if begins("log") && (has("entries") || has("creator") || has("version")) {
            Some(Format::Har)
        } else if begins("Records") || (has("eventSource") && has("eventName")) {
            Some(Format::CloudTrail)
        } else if has("timestamp") && has("level") && has("target") {
            Some(Format::R2shim)
        } else if has("api") && (has("requestPath") || has("callStats") || has("deploymentid")) {
            Some(Format::Minio)
        } else {
            None
        }
    }

    /// Splits a log of this format into records. `beginning` is that of the log.
    pub fn splitter(self, beginning: &[u8]) -> Splitter {
        let events_stand_alone = || {
            !String::from_utf8_lossy(beginning).split_once('"').is_some_and(|(_, rest)| rest.starts_with("Records\""))
        };
        match self {
            Format::S3AccessLog | Format::R2shim => Splitter::Lines(Lines::default()),
            Format::CloudTrail if events_stand_alone() => Splitter::Objects(Objects::inside(b"")),
            Format::CloudTrail => Splitter::Objects(Objects::inside(b"{[")),
            Format::Minio => Splitter::Objects(Objects::inside(b"")),
            Format::Har => Splitter::Objects(Objects::inside(b"{{[")),
        }
    }

    /// Reads a record. `domains` are names below which buckets are hosts, in lower case.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(self, record: &[u8], domains: &[String]) -> Read {
        match self {
            Format::S3AccessLog => access_log::read(record),
            Format::CloudTrail => cloudtrail::read(record),
            Format::Minio => minio::read(record),
            Format::Har => har::read(record, domains),
            Format::R2shim => own_log::read(record),
        }
    }

    /// What it cannot show, each a few words.
    pub fn not_visible(self) -> &'static [&'static str] {
        match self {
            Format::S3AccessLog => &[
                "headers of requests: ACLs, checksums, storage classes, encryption, tags, conditions",
                "regions and payload kinds of requests that are signed in a header",
                "bodies of requests: which parts are completed, how many keys are deleted",
            ],
            Format::CloudTrail => &[
                "regions and payload kinds of requests",
                "bodies of requests: which parts are completed, how many keys are deleted",
            ],
            Format::Minio => &["bodies of requests: which parts are completed, what is configured"],
            Format::Har => &["bodies of requests: which parts are completed, how many keys are deleted"],
            Format::R2shim => &[
                "headers of requests: ACLs, checksums, storage classes, encryption, tags, conditions",
                "parameters of requests",
                "regions and payload kinds of requests",
                "user agents of requests",
                "bodies of requests: which parts are completed, how many keys are deleted",
            ],
        }
    }
}

/// The format of a line that is no JSON, or that has something before its JSON.
fn of_line(line: &str) -> Option<Format> {
    if access_log::read(line.as_bytes()).is_ok() {
        return Some(Format::S3AccessLog);
    }
    line.contains("{\"timestamp\"").then_some(Format::R2shim)
}

/// The text without a byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::logs::access_log::tests::line;

    #[test]
    fn formats_are_detected_from_their_first_bytes() {
        let line = line("REST.GET.OBJECT", "GET /k HTTP/1.1", "200");
        for (text, expected) in [
            (line.as_str(), Some(Format::S3AccessLog)),
            (&format!("\n# a comment\n{line}"), Some(Format::S3AccessLog)),
            ("{\"Records\":[{\"eventVersion\":\"1.08\"", Some(Format::CloudTrail)),
            ("\u{feff}{ \"Records\" : [", Some(Format::CloudTrail)),
            (
                "{\"eventVersion\":\"1\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"x\"}",
                Some(Format::CloudTrail),
            ),
            ("{\"version\":\"1\",\"deploymentid\":\"x\",\"api\":{\"name\":\"PutObject\"}}", Some(Format::Minio)),
            ("{\"type\":\"S3\",\"api\":\"s3.PutObject\",\"callStats\":{}}", Some(Format::Minio)),
            ("{\n  \"log\": {\n    \"version\": \"1.2\",", Some(Format::Har)),
            ("{\"timestamp\":\"x\",\"level\":\"INFO\",\"target\":\"access\"}", Some(Format::R2shim)),
            ("", None),
            ("{}", None),
            ("{\"a\":1}", None),
            ("127.0.0.1 - - [26/Nov/2026:09:30:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"curl\"", None),
        ] {
            assert_eq!(Format::of(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(Format::of(b"\xff\xfe\x00"), None);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()), Some(format));
            assert!(!format.not_visible().is_empty());
        }
        assert_eq!(Format::parse("syslog"), None);
    }
}
