//! Audits as JSON: what a server keeps, what `r2shim audit` writes, and what `r2shim report` reads.
//!
//! The form is fixed by its version and does not follow the types of [`crate::audit::tally`]: a field that moves there
//! changes nothing here unless it is meant to.
//!
//! An audit has a checksum of what it says, so that no byte that changes on the disk makes other figures. White space is
//! not in it: a text that a tool has laid out anew is the same audit. It
//! guards against damage, not against people.

use crate::audit::client::Client;
use crate::audit::rule::RuleId;
use crate::audit::tally::{Audit, ClientFigures, Coverage, FindingFigures, FindingKey, OperationFigures, Source};
use crate::s3::Timestamp;
use crc_fast::CrcAlgorithm;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a file of an audit calls itself.
const FORMAT: &str = "r2shim-audit";
/// The version of the form.
const VERSION: u64 = 2;
/// The version before, which has no checksum.
const WITHOUT_CHECKSUM: u64 = 1;

/// The most that a figure can say. So many of them that fill a file add up without an overflow.
const MOST: u64 = 1 << 40;

/// Why a text is no audit that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// It is something else, or damaged: what JSON says of it.
    NoAudit(String),
    /// Another version of the program wrote it: the version of its form.
    Version(u64),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::NoAudit(why) => write!(f, "this is no audit, or it is damaged: {why}"),
            FileError::Version(version) => write!(
                f,
                "this audit has version {version} of the form, and this program reads version {VERSION}: read it with \
                 the program that wrote it, or make the audit again"
            ),
        }
    }
}

impl std::error::Error for FileError {}

/// Read first, so that a file of another version is known as one whatever else it holds.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditFile {
    format: String,
    version: u64,
    policy: String,
    sources: Vec<SourceText>,
    clients: Vec<ClientText>,
    #[serde(deserialize_with = "figure")]
    findings_not_kept: u64,
    /// Of all the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    name: String,
    format: String,
    #[serde(deserialize_with = "figure")]
    judged: u64,
    #[serde(deserialize_with = "figure")]
    left_out: u64,
    #[serde(deserialize_with = "figure")]
    not_understood: u64,
    not_visible: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientText {
    key_id: Option<String>,
    product: String,
    versions: BTreeSet<String>,
    first: String,
    last: String,
    operations: BTreeMap<String, OperationText>,
    findings: Vec<FindingText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationText {
    #[serde(deserialize_with = "figure")]
    requests: u64,
    #[serde(deserialize_with = "figure")]
    refused: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingText {
    operation: String,
    rule: String,
    status: u16,
    code: String,
    message: String,
    #[serde(deserialize_with = "figure")]
    count: u64,
    first: String,
    last: String,
    example: String,
    buckets: BTreeSet<String>,
}

/// Reads a number of requests or findings.
fn figure<'de, D: Deserializer<'de>>(text: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(text)?;
    let too_large = || D::Error::custom(format!("{number} is more than an audit counts, which is {MOST}"));
    (number <= MOST).then_some(number).ok_or_else(too_large)
}

impl Audit {
    /// The audit as JSON, on lines of its own.
    pub fn to_json(&self) -> String {
        let mut file = AuditFile {
            format: FORMAT.to_owned(),
            version: VERSION,
            policy: self.policy.clone(),
            sources: self.sources.iter().map(source_text).collect(),
            clients: self.clients.iter().map(|(client, figures)| client_text(client, figures)).collect(),
            findings_not_kept: self.findings_not_kept,
            checksum: None,
        };
        file.checksum = Some(file.sum());
        // Every key of it is a text, so it is always JSON; a test holds it.
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// The audit that a JSON text holds.
    ///
    /// # Errors
    /// If it is none, is damaged, or has another version.
    pub fn from_json(text: &str) -> Result<Audit, FileError> {
        let no_audit = |error: serde_json::Error| FileError::NoAudit(error.to_string());
        let header: Header = serde_json::from_str(text).map_err(no_audit)?;
        if header.format != FORMAT {
            return Err(FileError::NoAudit(format!("its format is {:?}", header.format)));
        }
        if ![WITHOUT_CHECKSUM, VERSION].contains(&header.version) {
            return Err(FileError::Version(header.version));
        }
        serde_json::from_str::<AuditFile>(text).map_err(no_audit)?.proven()?.into_audit()
    }
}

impl AuditFile {
    /// The sum of what it says, without a checksum.
    fn sum(&self) -> String {
        // As above, it is always JSON.
        let text = serde_json::to_vec(self).unwrap_or_default();
        format!("{:016x}", crc_fast::checksum(CrcAlgorithm::Crc64Nvme, &text))
    }

    /// The same, if it says what was written.
    fn proven(mut self) -> Result<AuditFile, FileError> {
        let noted = self.checksum.take();
        let expected = (self.version != WITHOUT_CHECKSUM).then(|| self.sum());
        if noted == expected {
            Ok(self)
        } else {
            Err(FileError::NoAudit("its checksum says that something in it has changed".to_owned()))
        }
    }

    fn into_audit(self) -> Result<Audit, FileError> {
        let mut clients = BTreeMap::new();
        for text in self.clients {
            let (client, figures) = text.into_figures()?;
            if clients.insert(client, figures).is_some() {
                return Err(FileError::NoAudit("a client is in it twice".to_owned()));
            }
        }
        let sources = self.sources.into_iter().map(SourceText::into_source).collect();
        Ok(Audit { policy: self.policy, sources, clients, findings_not_kept: self.findings_not_kept })
    }
}

fn source_text(source: &Source) -> SourceText {
    SourceText {
        name: source.name.clone(),
        format: source.format.clone(),
        judged: source.coverage.judged,
        left_out: source.coverage.left_out,
        not_understood: source.coverage.not_understood,
        not_visible: source.not_visible.clone(),
    }
}

impl SourceText {
    fn into_source(self) -> Source {
        let SourceText { judged, left_out, not_understood, .. } = self;
        let coverage = Coverage { judged, left_out, not_understood };
        Source { name: self.name, format: self.format, coverage, not_visible: self.not_visible }
    }
}

fn client_text(client: &Client, figures: &ClientFigures) -> ClientText {
    let operation = |figures: &OperationFigures| OperationText { requests: figures.requests, refused: figures.refused };
    ClientText {
        key_id: client.key_id.clone(),
        product: client.product.clone(),
        versions: figures.versions.clone(),
        first: figures.first.iso_8601(),
        last: figures.last.iso_8601(),
        operations: figures.operations.iter().map(|(name, figures)| (name.clone(), operation(figures))).collect(),
        findings: figures.findings.iter().map(|(key, figures)| finding_text(key, figures)).collect(),
    }
}

fn finding_text(key: &FindingKey, figures: &FindingFigures) -> FindingText {
    FindingText {
        operation: key.operation.clone(),
        rule: key.rule.as_str().to_owned(),
        status: figures.status,
        code: figures.code.clone(),
        message: figures.message.clone(),
        count: figures.count,
        first: figures.first.iso_8601(),
        last: figures.last.iso_8601(),
        example: figures.example.clone(),
        buckets: figures.buckets.clone(),
    }
}

impl ClientText {
    fn into_figures(self) -> Result<(Client, ClientFigures), FileError> {
        let mut operations = BTreeMap::new();
        for (name, OperationText { requests, refused }) in self.operations {
            if refused > requests {
                return Err(FileError::NoAudit(format!("{name} has more refused requests than requests")));
            }
            operations.insert(name, OperationFigures { requests, refused });
        }
        let findings = self.findings.into_iter().map(FindingText::into_figures).collect::<Result<_, _>>()?;
        let (first, last) = (time(&self.first)?, time(&self.last)?);
        let client = Client { key_id: self.key_id, product: self.product };
        Ok((client, ClientFigures { operations, findings, versions: self.versions, first, last }))
    }
}

impl FindingText {
    fn into_figures(self) -> Result<(FindingKey, FindingFigures), FileError> {
        let (first, last) = (time(&self.first)?, time(&self.last)?);
        let key = FindingKey { operation: self.operation, rule: RuleId::from_text(self.rule) };
        let figures = FindingFigures {
            status: self.status,
            code: self.code,
            message: self.message,
            count: self.count,
            first,
            last,
            example: self.example,
            buckets: self.buckets,
        };
        Ok((key, figures))
    }
}

fn time(text: &str) -> Result<Timestamp, FileError> {
    Timestamp::parse_iso_8601(text).ok_or_else(|| FileError::NoAudit(format!("{text:?} is no time")))
}
