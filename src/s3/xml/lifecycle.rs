//! The document of PutBucketLifecycleConfiguration and of its answer, as [`Lifecycle`] rules.
//!
//! S3 has elements that R2 lacks: versions, tags, sizes of objects. They are refused by name, because a rule without
//! them would delete more than it should. If R2's limits and messages are not known, they are S3's (S3 API reference,
//! PutBucketLifecycleConfiguration).

use super::reader::{Element, malformed, parse, set_once};
use super::writer::{Elements, document};
use crate::s3::lifecycle::{Lifecycle, LifecycleRule, When};
use crate::s3::{Code, S3Error, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// The most rules of a bucket (R2 docs, "Object lifecycles", and S3).
const MAX_RULES: usize = 1000;
/// The most characters of a rule's name.
const MAX_ID: usize = 255;
/// The most bytes of a prefix: those of a key.
const MAX_PREFIX: usize = 1024;
/// The most days.
const MAX_DAYS: u32 = i32::MAX as u32;
/// The storage class to which objects can move.
const INFREQUENT_ACCESS: &str = "STANDARD_IA";
/// Bytes of the name that a rule without one gets.
const MADE_ID: usize = 16;
/// A day in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

const ROOT: &str = "LifecycleConfiguration";

impl Lifecycle {
    /// Reads the document. A rule without a name gets one that follows from its place and what it says.
    ///
    /// # Errors
    /// `MalformedXML`, `InvalidArgument`, `InvalidRequest` and `InvalidStorageClass` as on S3; `NotImplemented` for an
    /// element that R2 lacks, by name.
    pub fn parse(bytes: &[u8]) -> Result<Lifecycle, S3Error> {
        let root = parse(bytes, ROOT)?;
        let mut rules = Vec::new();
        for child in root.children()? {
            match child.name.as_str() {
                "Rule" => rules.push(rule(child)?),
                _ => return Err(unknown(&root, child)),
            }
        }
        if !(1..=MAX_RULES).contains(&rules.len()) {
            return Err(malformed(format!("{} rules", rules.len())));
        }
        name_all(&mut rules)?;
        Ok(Lifecycle { rules })
    }

    /// The document for these rules.
    pub fn to_document(&self) -> String {
        document(ROOT, |root| self.rules.iter().for_each(|rule| root.inside("Rule", |element| write(rule, element))))
    }
}

fn rule(element: &Element) -> Result<LifecycleRule, S3Error> {
    let (mut id, mut status, mut prefix, mut filter) = (None, None, None, None);
    let (mut expiration, mut transition, mut abort) = (None, None, None);
    for child in element.children()? {
        match child.name.as_str() {
            "ID" => set_once(&mut id, name(child)?)?,
            "Status" => set_once(&mut status, is_enabled(child)?)?,
            "Prefix" => set_once(&mut prefix, key_prefix(child)?)?,
            "Filter" => set_once(&mut filter, filter_prefix(child)?)?,
            "Expiration" => set_once(&mut expiration, when("Expiration", child)?)?,
            "Transition" => set_once(&mut transition, when("Transition", child)?)?,
            "AbortIncompleteMultipartUpload" => set_once(&mut abort, abort_after(child)?)?,
            _ => return Err(unknown(element, child)),
        }
    }
    if prefix.is_some() && filter.is_some() {
        return Err(malformed("a rule with <Filter> and <Prefix>"));
    }
    if expiration.is_none() && transition.is_none() && abort.is_none() {
        return Err(S3Error::new(Code::INVALID_REQUEST).message("At least one action needs to be specified in a rule."));
    }
    Ok(LifecycleRule {
        id: id.unwrap_or_default(),
        enabled: status.ok_or_else(|| malformed("a rule without <Status>"))?,
        prefix: filter.or(prefix).unwrap_or_default(),
        expiration,
        transition,
        abort_after: abort,
    })
}

fn name(element: &Element) -> Result<String, S3Error> {
    let id = element.leaf()?;
    if id.chars().count() > MAX_ID {
        return Err(invalid(format!("ID length should not exceed allowed limit of {MAX_ID}")));
    }
    Ok(id.to_owned())
}

fn is_enabled(element: &Element) -> Result<bool, S3Error> {
    match element.leaf()? {
        "Enabled" => Ok(true),
        "Disabled" => Ok(false),
        other => Err(malformed(format!("the status {other:.20}"))),
    }
}

fn key_prefix(element: &Element) -> Result<String, S3Error> {
    let prefix = element.leaf()?;
    if prefix.len() > MAX_PREFIX {
        return Err(invalid(format!("The maximum size of a prefix is {MAX_PREFIX}.")));
    }
    Ok(prefix.to_owned())
}

/// The prefix of a filter, which may be in an `<And>`; an empty filter is for all keys.
fn filter_prefix(filter: &Element) -> Result<String, S3Error> {
    let mut prefix = None;
    for child in filter.children()? {
        match child.name.as_str() {
            "Prefix" => set_once(&mut prefix, key_prefix(child)?)?,
            "And" => set_once(&mut prefix, and_prefix(child)?)?,
            _ => return Err(unknown(filter, child)),
        }
    }
    Ok(prefix.unwrap_or_default())
}

fn and_prefix(and: &Element) -> Result<String, S3Error> {
    let mut prefix = None;
    for child in and.children()? {
        match child.name.as_str() {
            "Prefix" => set_once(&mut prefix, key_prefix(child)?)?,
            _ => return Err(unknown(and, child)),
        }
    }
    prefix.ok_or_else(|| malformed("<And> without elements"))
}

/// When an action takes place. A transition also names the storage class.
fn when(action: &'static str, element: &Element) -> Result<When, S3Error> {
    let (mut when, mut class) = (None, None);
    for child in element.children()? {
        match child.name.as_str() {
            "Days" => set_once(&mut when, When::Days(days(action, "Days", child)?))?,
            "Date" => set_once(&mut when, When::Date(midnight(child)?))?,
            "StorageClass" if action == "Transition" => set_once(&mut class, infrequent_access(child)?)?,
            _ => return Err(unknown(element, child)),
        }
    }
    if action == "Transition" && class.is_none() {
        return Err(malformed("<Transition> without <StorageClass>"));
    }
    when.ok_or_else(|| malformed(format!("<{action}> without a time")))
}

fn abort_after(element: &Element) -> Result<u32, S3Error> {
    let mut after = None;
    for child in element.children()? {
        match child.name.as_str() {
            "DaysAfterInitiation" => {
                set_once(&mut after, days("AbortIncompleteMultipartUpload", "DaysAfterInitiation", child)?)?;
            }
            _ => return Err(unknown(element, child)),
        }
    }
    after.ok_or_else(|| malformed("<AbortIncompleteMultipartUpload> without a time"))
}

fn days(action: &str, name: &str, element: &Element) -> Result<u32, S3Error> {
    let number: i64 = element.leaf()?.trim().parse().map_err(|_| malformed(format!("<{name}> is no number")))?;
    let positive = u32::try_from(number).ok().filter(|days| (1..=MAX_DAYS).contains(days));
    positive.ok_or_else(|| invalid(format!("'{name}' for {action} action must be a positive integer")))
}

fn midnight(element: &Element) -> Result<Timestamp, S3Error> {
    let text = element.leaf()?.trim();
    // S3 also takes a date alone.
    let date = Timestamp::parse_iso_8601(text).or_else(|| Timestamp::parse_iso_8601(&format!("{text}T00:00:00Z")));
    let date = date.ok_or_else(|| malformed("<Date> is no date"))?;
    if date.millis() % DAY != 0 {
        return Err(invalid("'Date' must be at midnight GMT".to_owned()));
    }
    Ok(date)
}

fn infrequent_access(element: &Element) -> Result<(), S3Error> {
    match element.leaf()? {
        INFREQUENT_ACCESS => Ok(()),
        _ => Err(Code::INVALID_STORAGE_CLASS.into()),
    }
}

/// The elements of S3 that a rule here cannot have.
const NOT_IMPLEMENTED: &[&str] = &[
    "Tag",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
    "ExpiredObjectDeleteMarker",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
];

fn unknown(parent: &Element, child: &Element) -> S3Error {
    match NOT_IMPLEMENTED.iter().find(|name| **name == child.name) {
        Some(name) => {
            let message = format!("PutBucketLifecycleConfiguration element {name} not implemented");
            S3Error::new(Code::NOT_IMPLEMENTED).message(message)
        }
        None => parent.unexpected(child),
    }
}

fn invalid(message: String) -> S3Error {
    S3Error::new(Code::INVALID_ARGUMENT).message(message)
}

/// Gives names to the rules without one.
///
/// # Errors
/// `InvalidArgument` for two rules of one name.
fn name_all(rules: &mut [LifecycleRule]) -> Result<(), S3Error> {
    for (place, rule) in rules.iter_mut().enumerate().filter(|(_, rule)| rule.id.is_empty()) {
        let digest = Sha256::digest(format!("{place} {rule:?}"));
        rule.id = hex::encode(digest.iter().take(MADE_ID).copied().collect::<Vec<u8>>());
    }
    let mut names = HashSet::new();
    match rules.iter().find(|rule| !names.insert(rule.id.as_str())) {
        None => Ok(()),
        Some(_) => Err(invalid("Rule ID must be unique. Found same ID for more than one rule".to_owned())),
    }
}

fn write(rule: &LifecycleRule, element: &mut Elements) {
    if let Some(when) = rule.expiration {
        element.inside("Expiration", |expiration| write_when(when, expiration));
    }
    element.text("ID", &rule.id);
    element.inside("Filter", |filter| filter.text("Prefix", &rule.prefix));
    element.text("Status", if rule.enabled { "Enabled" } else { "Disabled" });
    if let Some(when) = rule.transition {
        element.inside("Transition", |transition| {
            write_when(when, transition);
            transition.text("StorageClass", INFREQUENT_ACCESS);
        });
    }
    if let Some(days) = rule.abort_after {
        element.inside("AbortIncompleteMultipartUpload", |abort| abort.value("DaysAfterInitiation", days));
    }
}

fn write_when(when: When, element: &mut Elements) {
    match when {
        When::Days(days) => element.value("Days", days),
        When::Date(date) => element.timestamp("Date", date),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(rules: &str) -> Result<Lifecycle, S3Error> {
        Lifecycle::parse(format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>").as_bytes())
    }

    /// A rule with these elements besides its status.
    fn rule_with(elements: &str) -> String {
        format!("<Rule><Status>Enabled</Status>{elements}</Rule>")
    }

    const EXPIRES: &str = "<Expiration><Days>1</Days></Expiration>";

    #[test]
    fn rules_are_read() {
        let lifecycle = parsed(
            "<Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>x/</Prefix></Filter><Expiration><Days>90</Days>\
             </Expiration><Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition></Rule>\
             <Rule><ID>b</ID><Status>Disabled</Status><Prefix>y/</Prefix><Expiration><Date>2024-01-01T00:00:00.000Z\
             </Date></Expiration></Rule>\
             <Rule><ID>c</ID><Status>Enabled</Status><Filter/><AbortIncompleteMultipartUpload><DaysAfterInitiation>7\
             </DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>",
        )
        .unwrap();
        let rule = |id: &str, prefix: &str| LifecycleRule {
            id: id.into(),
            enabled: true,
            prefix: prefix.into(),
            ..LifecycleRule::default()
        };
        let (days, date) = (|days| Some(When::Days(days)), Timestamp::parse_iso_8601("2024-01-01T00:00:00Z").unwrap());
        let expected = [
            LifecycleRule { expiration: days(90), transition: days(30), ..rule("a", "x/") },
            LifecycleRule { enabled: false, expiration: Some(When::Date(date)), ..rule("b", "y/") },
            LifecycleRule { abort_after: Some(7), ..rule("c", "") },
        ];
        assert_eq!(lifecycle.rules, expected);
    }

    #[test]
    fn a_document_says_what_it_was_made_of() {
        for rules in [
            rule_with(EXPIRES),
            rule_with("<ID>&lt;1&gt;</ID><Expiration><Date>2024-01-01</Date></Expiration>"),
            rule_with(
                "<Filter><And><Prefix>a</Prefix></And></Filter><Transition><Days>1</Days><StorageClass>STANDARD_IA</StorageClass></Transition>",
            ),
            format!("{0}{0}", rule_with(EXPIRES)),
        ] {
            let lifecycle = parsed(&rules).unwrap();
            assert_eq!(Lifecycle::parse(lifecycle.to_document().as_bytes()), Ok(lifecycle), "{rules}");
        }
    }

    #[test]
    fn a_rule_without_a_name_gets_one_and_keeps_it() {
        let (one, again) = (parsed(&rule_with(EXPIRES)).unwrap(), parsed(&rule_with(EXPIRES)).unwrap());
        assert_eq!(one.rules[0].id.len(), 2 * MADE_ID);
        assert_eq!(one, again);
    }

    #[test]
    fn malformed_configurations_are_refused() {
        let named = |id: &str| rule_with(&format!("<ID>{id}</ID>{EXPIRES}"));
        let long = "x".repeat(MAX_ID + 1);
        for (rules, code) in [
            (String::new(), "MalformedXML"),
            ("<Rule/>".into(), "InvalidRequest"),
            (format!("<Rule>{EXPIRES}</Rule>"), "MalformedXML"),
            (format!("<Rule><Status>On</Status>{EXPIRES}</Rule>"), "MalformedXML"),
            (rule_with(""), "InvalidRequest"),
            (rule_with(&format!("{EXPIRES}{EXPIRES}")), "MalformedXML"),
            (rule_with(&format!("<Prefix>a</Prefix><Filter/>{EXPIRES}")), "MalformedXML"),
            (rule_with(&format!("<Filter><And/></Filter>{EXPIRES}")), "MalformedXML"),
            (rule_with(&format!("<Filter><Prefix>{}</Prefix></Filter>{EXPIRES}", "x".repeat(1025))), "InvalidArgument"),
            (rule_with("<Expiration/>"), "MalformedXML"),
            (rule_with("<Expiration><Days>1</Days><Date>2024-01-01</Date></Expiration>"), "MalformedXML"),
            (rule_with("<Expiration><Days>x</Days></Expiration>"), "MalformedXML"),
            (rule_with("<Expiration><Days>0</Days></Expiration>"), "InvalidArgument"),
            (rule_with("<Expiration><Days>-1</Days></Expiration>"), "InvalidArgument"),
            (rule_with("<Expiration><Days>2147483648</Days></Expiration>"), "InvalidArgument"),
            (rule_with("<Expiration><Date>2024-01-01T00:00:01Z</Date></Expiration>"), "InvalidArgument"),
            (rule_with("<Expiration><Date>tomorrow</Date></Expiration>"), "MalformedXML"),
            (
                rule_with("<Expiration><Days>1</Days><StorageClass>STANDARD_IA</StorageClass></Expiration>"),
                "MalformedXML",
            ),
            (rule_with("<Transition><Days>1</Days></Transition>"), "MalformedXML"),
            (
                rule_with("<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>"),
                "InvalidStorageClass",
            ),
            (rule_with("<AbortIncompleteMultipartUpload/>"), "MalformedXML"),
            (rule_with("<Unknown/>"), "MalformedXML"),
            (format!("{0}{0}", named("a")), "InvalidArgument"),
            (named(&long), "InvalidArgument"),
            (rule_with(EXPIRES).repeat(MAX_RULES + 1), "MalformedXML"),
            ("<Other/>".into(), "MalformedXML"),
        ] {
            let error = parsed(&rules).unwrap_err();
            assert_eq!((error.status.as_u16(), error.code.as_ref()), (400, code), "{rules:.200}");
        }
        assert!(parsed(&rule_with(EXPIRES).repeat(MAX_RULES)).is_ok());
    }

    #[test]
    fn what_r2_lacks_is_refused_by_name() {
        let tag = "<Tag><Key>a</Key><Value>b</Value></Tag>";
        for (element, name) in [
            (format!("<Filter>{tag}</Filter>{EXPIRES}"), "Tag"),
            (format!("<Filter><And><Prefix>a</Prefix>{tag}</And></Filter>{EXPIRES}"), "Tag"),
            (format!("<Filter><ObjectSizeLessThan>1</ObjectSizeLessThan></Filter>{EXPIRES}"), "ObjectSizeLessThan"),
            (
                "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>".into(),
                "ExpiredObjectDeleteMarker",
            ),
            ("<NoncurrentVersionExpiration/>".into(), "NoncurrentVersionExpiration"),
        ] {
            let error = parsed(&rule_with(&element)).unwrap_err();
            let message = format!("PutBucketLifecycleConfiguration element {name} not implemented");
            assert_eq!((error.status.as_u16(), error.message.as_ref()), (501, message.as_str()));
        }
    }
}
