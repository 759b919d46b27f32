//! What a record of a log is: a request of a client, something else, or unreadable.

use crate::audit::logs::request::LoggedRequest;
use crate::audit::logs::splitter::Broken;
use std::fmt;

/// What a record is.
#[derive(Debug)]
pub enum Entry {
    /// A request of a client.
    Request(Box<LoggedRequest>),
    /// Something else, which is counted and not judged.
    LeftOut(LeftOut),
}

/// Why a record is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// The store or its provider did this by itself: lifecycle, replication, the source of a copy, one key of many.
    StoreItself,
    /// A request to an interface that S3 does not have: administration, website endpoints.
    OtherInterface,
    /// It is about something else than S3.
    NotS3,
    /// A preflight of a browser.
    Preflight,
    /// It stands in the log twice.
    Again,
    /// The store refused the client's signature, so the request is not one of its clients'.
    NotLetIn,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LeftOut::StoreItself => "what the store did by itself",
            LeftOut::OtherInterface => "requests to other interfaces of the store",
            LeftOut::NotS3 => "records that are not about S3",
            LeftOut::Preflight => "preflights of browsers",
            LeftOut::Again => "records that are there twice",
            LeftOut::NotLetIn => "requests whose signature the store did not accept",
        })
    }
}

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It has no borders.
    Broken(Broken),
    /// It is not UTF-8.
    NotUtf8,
    /// It has too few fields for this format.
    Other,
    /// It is no JSON, or not of the form: what JSON says of it.
    Json(String),
    /// A field is missing or is not what it should be.
    Field(&'static str),
    /// The operation is none of S3's: its name in the log.
    Operation(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Broken(Broken::TooLong) => f.write_str("it is longer than 1 MiB"),
            Unreadable::Broken(Broken::CutOff) => f.write_str("it is cut off"),
            Unreadable::NotUtf8 => f.write_str("it is not UTF-8"),
            Unreadable::Other => f.write_str("it is no line of this format"),
            Unreadable::Json(why) => write!(f, "it is no record of this format: {why}"),
            Unreadable::Field(name) => write!(f, "its {name} is missing, or cannot be read"),
            Unreadable::Operation(name) => write!(f, "S3 has no operation {name:?}"),
        }
    }
}

impl From<serde_json::Error> for Unreadable {
    /// What JSON says names types and places, and values only where they have the wrong type.
    fn from(error: serde_json::Error) -> Unreadable {
        let text = error.to_string();
        // A record is mostly one line, so where in it says nothing.
        let what = text.split(" at line ").next().unwrap_or_default();
        let is_secret = error.is_data() && !what.starts_with("missing field");
        Unreadable::Json(if is_secret { "a field has another type" } else { what }.to_owned())
    }
}

/// What a format gives for a record.
pub type Read = Result<Entry, Unreadable>;
