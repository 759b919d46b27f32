//! Checks a whole row, after its rules are known.

use crate::policy::compile::Compiler;
use crate::policy::compiled::{Judgement, OperationPolicy, RuleIndex};
use crate::policy::verdict::Verdict;
use crate::policy::vocabulary;
use crate::s3::operation::BodyKind;

/// The checksum that current SDKs send with every document by default.
const SDK_CHECKSUM: &str = "x-amz-checksum-crc32";

impl Compiler<'_> {
    /// A fault where a write ignores a condition, a checksum, encryption, a lock or a version that the policy does not
    /// name: only a rule for the name, or for a prefix of such names alone, may do that.
    pub(super) fn check_ignored_protection(&mut self, row: &OperationPolicy) {
        let spec = row.answered_as.spec();
        if row.verdict.verdict.ends() || spec.method.is_read() {
            return;
        }
        let headers = spec.headers.iter().flat_map(|group| group.iter().copied());
        let headers = headers.filter(|name| vocabulary::protects_data(name));
        let headers = headers.filter_map(|name| Some((name, unmentioned(&row.headers, &row.unlisted_headers, name)?)));
        let parameters = spec.parameters.iter().copied().filter(|name| *name == "versionId");
        let parameters =
            parameters.filter_map(|name| Some((name, unmentioned(&row.query, &row.unlisted_query, name)?)));
        for (name, judgement) in headers.chain(parameters) {
            if *judgement.verdict == Verdict::Ignore {
                let message = format!("{} would ignore '{name}', which protects data", row.answered_as);
                self.fault(&judgement.location, message, "name it in the row, with its group or by itself");
            }
        }
    }

    /// A warning where a row accepts an operation with a document, and refuses the checksum that SDKs send with it.
    pub(super) fn warn_of_refused_checksum(&mut self, row: &OperationPolicy) {
        let spec = row.answered_as.spec();
        let is_document = spec.body == BodyKind::Document && spec.knows_header(SDK_CHECKSUM);
        let named = || row.headers.find(SDK_CHECKSUM).map(|(_, rule)| &rule.otherwise);
        let judgement = named().unwrap_or(&row.unlisted_headers);
        if is_document && !row.verdict.verdict.ends() && judgement.verdict.is_refusal() {
            let operation = row.answered_as;
            let message = format!("SDKs send '{SDK_CHECKSUM}' with {operation}, and the row refuses it");
            self.warn(&row.verdict.location, message, "add accept = [\"checksums\"] to it");
        }
    }
}

/// What is said of a name that no rule is for but one for more than what protects data.
fn unmentioned<'r>(rules: &'r RuleIndex, unlisted: &'r Judgement, name: &str) -> Option<&'r Judgement> {
    match rules.find(name) {
        None => Some(unlisted),
        Some((_, rule)) if rule.prefix().is_some_and(|prefix| !vocabulary::protects_data(prefix)) => {
            Some(&rule.otherwise)
        }
        Some(_) => None,
    }
}
