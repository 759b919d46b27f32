//! Every ruling of the built-in policies, written down: `tests/rulings/`, a file for each.
//!
//! For each operation the policy is asked about the operation itself and about every name that the operation table
//! knows (`all` at the top of the file), one at a time, with the values that a rule distinguishes and one other. A line
//! has an operation, a kind, what becomes of the names, and the names. In an answer `{name}` and `{value}` stand for
//! those of the request. The largest group of a kind has no list and is called `all others`; the names that every
//! operation accepts are listed once (`every`). `in this order` is which refusal comes first where there are several.
//!
//! So a change of the policy, of its language or of the operation table shows what it changes for clients.
//! `R2SHIM_WRITE_RULINGS=1 cargo test --test integration rulings` writes the files anew.

use http::{HeaderMap, HeaderName, HeaderValue};
use r2shim::policy::{BUILTIN, BucketAnswer, Decision, Ignored, Policy};
use r2shim::s3::headers::{HTTP_HEADERS, METADATA_PREFIX, R2_EXTENSIONS, TRANSPORT_HEADERS, TRANSPORT_WITHOUT_EFFECT};
use r2shim::s3::operation::{OPERATIONS, Operation, Selector};
use r2shim::s3::payload::PayloadKind;
use r2shim::s3::query::Query;
use r2shim::s3::view::{RequestView, TRANSPORT_QUERY};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

/// Headers that no table has, and members of families.
const OTHER_HEADERS: &[&str] =
    &["x-amz-zzz", "cf-zzz", "zzz", "authorization", "host", "x-amz-meta-colour", "x-amz-grant-zzz"];

/// Parameters that no table has, members of families, and headers in the place of parameters.
const OTHER_PARAMETERS: &[&str] =
    &["zzz", "response-zzz", "x-amz-zzz", "x-amz-acl", "Acl", "X-Amz-Content-Sha256", "X-Amz-Zzz"];

/// The values that rules distinguish.
const VALUES: &[(&str, &[&str])] = &[
    ("x-amz-storage-class", &["STANDARD", "STANDARD_IA"]),
    ("x-amz-checksum-crc32", &["AAAAAA=="]),
    ("x-amz-acl", &["private"]),
    ("x-amz-server-side-encryption", &["AES256"]),
    ("x-amz-bucket-object-lock-enabled", &["false"]),
    ("x-amz-metadata-directive", &["COPY", "MERGE", "REPLACE"]),
    ("encoding-type", &["url"]),
    ("list-type", &["2", "3"]),
];

/// The value where no rule distinguishes any.
const OTHER_VALUE: &str = "vvv";

/// Headers of an upstream's answer.
const ANSWER_HEADERS: &[&str] = &[
    "x-amz-abort-date",
    "x-amz-bucket-region",
    "x-amz-checksum-crc32",
    "x-amz-checksum-type",
    "x-amz-delete-marker",
    "x-amz-expiration",
    "x-amz-id-2",
    "x-amz-meta-colour",
    "x-amz-missing-meta",
    "x-amz-mp-parts-count",
    "x-amz-object-lock-mode",
    "x-amz-object-size",
    "x-amz-replication-status",
    "x-amz-request-charged",
    "x-amz-request-id",
    "x-amz-restore",
    "x-amz-server-side-encryption",
    "x-amz-storage-class",
    "x-amz-tagging-count",
    "x-amz-version-id",
    "x-amz-website-redirect-location",
    "x-amz-zzz",
];

/// Where a request has a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Query,
    Headers,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Kind::Query { "query" } else { "headers" })
    }
}

/// A name and a value that a request has.
type Part = (Kind, &'static str, &'static str);

fn headers() -> BTreeSet<&'static str> {
    let selectors = OPERATIONS.iter().flat_map(|row| row.selectors).filter_map(|selector| match selector {
        Selector::Header(name) | Selector::HeaderStarts(name, _) => Some(*name),
        Selector::Query(_) | Selector::QueryIs(..) => None,
    });
    let documented = OPERATIONS.iter().flat_map(|row| row.headers).flat_map(|group| group.iter().copied());
    let lists =
        [HTTP_HEADERS, R2_EXTENSIONS, TRANSPORT_HEADERS, TRANSPORT_WITHOUT_EFFECT, OTHER_HEADERS, &[METADATA_PREFIX]];
    selectors.chain(documented).chain(lists.into_iter().flatten().copied()).collect()
}

fn parameters() -> BTreeSet<&'static str> {
    let selectors = OPERATIONS.iter().flat_map(|row| row.selectors).filter_map(|selector| match selector {
        Selector::Query(name) | Selector::QueryIs(name, _) => Some(*name),
        Selector::Header(_) | Selector::HeaderStarts(..) => None,
    });
    let documented = OPERATIONS.iter().flat_map(|row| row.parameters).copied();
    selectors.chain(documented).chain(TRANSPORT_QUERY.iter().chain(OTHER_PARAMETERS).copied()).collect()
}

/// Every name with each of its values.
fn parts(kind: Kind) -> Vec<Part> {
    let names = if kind == Kind::Headers { headers() } else { parameters() };
    let values = |name: &str| VALUES.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, values)| *values);
    let of_name = |name: &'static str| values(name).iter().copied().chain([OTHER_VALUE]).map(move |v| (kind, name, v));
    names.into_iter().flat_map(of_name).collect()
}

/// What the policy says of a request with these parts.
fn decide(policy: &Policy, operation: Operation, parts: &[Part], payload: PayloadKind) -> Decision {
    let of_kind = |kind: Kind| parts.iter().filter(move |part| part.0 == kind);
    let mut map = HeaderMap::new();
    for (_, name, value) in of_kind(Kind::Headers) {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static(value));
    }
    let query: Vec<_> = of_kind(Kind::Query).map(|(_, name, value)| format!("{name}={value}")).collect();
    let query = query.join("&");
    policy.decide(operation, &RequestView::from_signed_headers(&map, Query::parse(&query).unwrap()), payload)
}

/// The answer in a line; the second value is the label of what was refused.
fn outcome(decision: Decision, operation: Operation) -> (String, Option<String>) {
    let ignores = decision.ignored != Ignored::default();
    match (decision.refusals.into_iter().next(), decision.answer) {
        (Some(ruling), _) => (ruling.error.to_string(), Some(ruling.rule.feature)),
        (None, Some(answer)) => (fixed(answer.answer), None),
        (None, None) if decision.operation != operation => (format!("as {}", decision.operation), None),
        (None, None) => (if ignores { "ignore" } else { "accept" }.to_owned(), None),
    }
}

fn fixed(answer: BucketAnswer) -> String {
    match answer {
        BucketAnswer::Document { status, body } => format!("{} {}", status.as_u16(), body.trim()),
        BucketAnswer::Error(error) => format!("fixed {error}"),
    }
}

/// The text with a slot in the place of each occurrence of the word.
fn with_slot(text: &str, word: &str, slot: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_=".contains(c);
    let mut rest = text;
    let mut out = String::new();
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |length| start + length);
        out.push_str(&rest[..start]);
        out.push_str(if &rest[start..end] == word { slot } else { &rest[start..end] });
        rest = &rest[end..];
    }
    out + rest
}

/// What becomes of each name alone, its values that a rule distinguishes written behind it (`name=value`).
fn outcomes(policy: &Policy, operation: Operation, kind: Kind) -> BTreeMap<String, String> {
    let ask = |part: Part| {
        let (text, _) = outcome(decide(policy, operation, &[part], PayloadKind::Signed), operation);
        with_slot(&with_slot(&text, part.1, "{name}"), part.2, "{value}")
    };
    let mut outcomes = BTreeMap::new();
    for part @ (_, name, value) in parts(kind) {
        let text = ask(part);
        if value == OTHER_VALUE {
            outcomes.insert(name.to_owned(), text);
        } else if text != ask((kind, name, OTHER_VALUE)) {
            outcomes.insert(format!("{name}={value}"), text);
        }
    }
    outcomes
}

/// What becomes of every name on every operation that the policy serves.
type Outcomes = BTreeMap<(Operation, Kind), BTreeMap<String, String>>;

fn all_outcomes(policy: &Policy) -> Outcomes {
    let is_served = |operation: &Operation| {
        let decision = decide(policy, *operation, &[], PayloadKind::Signed);
        decision.refusals.is_empty() && decision.answer.is_none()
    };
    let served = OPERATIONS.iter().map(|row| row.operation).filter(is_served);
    let both = served.flat_map(|operation| [(operation, Kind::Query), (operation, Kind::Headers)]);
    both.map(|(operation, kind)| ((operation, kind), outcomes(policy, operation, kind))).collect()
}

/// The names that every operation accepts which the policy serves.
fn accepted_everywhere(all: &Outcomes, kind: Kind) -> BTreeSet<String> {
    let accepted = |outcomes: &BTreeMap<String, String>| -> BTreeSet<String> {
        outcomes.iter().filter(|(_, text)| *text == "accept").map(|(name, _)| name.clone()).collect()
    };
    let of_kind = all.iter().filter(|((_, k), _)| *k == kind).map(|(_, outcomes)| accepted(outcomes));
    of_kind.reduce(|all, own| &all & &own).unwrap_or_default()
}

/// A line for every outcome that names of the kind have on the operation, but for those accepted everywhere.
fn lines_of_kind(
    outcomes: &BTreeMap<String, String>,
    operation: Operation,
    kind: Kind,
    everywhere: &BTreeSet<String>,
) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, text) in outcomes.iter().filter(|(name, _)| !everywhere.contains(*name)) {
        groups.entry(text).or_default().push(name);
    }
    let largest = groups.values().map(Vec::len).max();
    let listed = |names: &[&str]| if Some(names.len()) == largest { "all others".to_owned() } else { names.join(", ") };
    groups.iter().map(|(text, names)| format!("{operation} {kind}: {text}: {}\n", listed(names))).collect()
}

/// In which order the policy refuses the names of the kind when all come at once, as far as it has an order of its own.
fn order(policy: &Policy, operation: Operation, kind: Kind) -> Vec<String> {
    let of_request = |mut parts: Vec<Part>| {
        let mut refused = Vec::new();
        while let (_, Some(label)) = outcome(decide(policy, operation, &parts, PayloadKind::Signed), operation) {
            let before = parts.len();
            parts.retain(|(_, name, _)| *name != label);
            if parts.len() == before {
                break;
            }
            refused.push(label);
        }
        refused
    };
    let forward: Vec<_> = parts(kind).into_iter().filter(|(.., value)| *value == OTHER_VALUE).collect();
    let backward = forward.iter().copied().rev().collect();
    let (forward, backward) = (of_request(forward), of_request(backward));
    forward.into_iter().zip(backward).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

fn line_of_order(policy: &Policy, operation: Operation, kind: Kind) -> Option<String> {
    let names = order(policy, operation, kind);
    (names.len() > 1).then(|| format!("{operation} {kind} in this order: {}\n", names.join(", ")))
}

fn lines_of_operation(
    policy: &Policy,
    operation: Operation,
    all: &Outcomes,
    everywhere: &[(Kind, BTreeSet<String>)],
) -> String {
    let decision = decide(policy, operation, &[], PayloadKind::Signed);
    let mut lines = vec![format!("{operation}: {}\n", outcome(decision, operation).0)];
    for (kind, names) in everywhere {
        if let Some(outcomes) = all.get(&(operation, *kind)) {
            lines.extend(lines_of_kind(outcomes, operation, *kind, names));
            lines.extend(line_of_order(policy, operation, *kind));
        }
    }
    lines.concat()
}

/// What is said once for all operations.
fn lines_of_policy(policy: &Policy, everywhere: &[(Kind, BTreeSet<String>)]) -> String {
    let list = |names: BTreeSet<&'static str>| names.into_iter().collect::<Vec<_>>().join(", ");
    let (regions, limits) = (policy.regions(), policy.limits());
    let payload = |kind: PayloadKind| {
        let (text, _) = outcome(decide(policy, Operation::PutObject, &[], kind), Operation::PutObject);
        format!("payload {}: {text}\n", kind.name())
    };
    let (reach, stay): (Vec<&str>, Vec<&str>) =
        ANSWER_HEADERS.iter().partition(|name| policy.answers().header_reaches_client(name));
    let hints = match regions.hints.as_slice() {
        [] => String::new(),
        hints => format!("region hints: {hints:?}: {}\n", regions.hint_refusal),
    };
    let locations = match regions.locations.as_slice() {
        [] => String::new(),
        locations => format!("region locations: {locations:?}\n"),
    };
    let accepted = |(kind, names): &(Kind, BTreeSet<String>)| {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        format!("every {kind}: accept: {}\n", names.join(", "))
    };
    [
        format!("all query: {}\n", list(parameters())),
        format!("all headers: {}\n", list(headers())),
        everywhere.iter().map(accepted).collect(),
        format!("region: {} {:?}, else {}\n", regions.name, regions.aliases, regions.refusal),
        locations,
        hints,
        format!("limits: part order {:?}, equal parts {}\n", limits.part_order, limits.equal_parts),
        format!("limits: a failed completion aborts {}\n", limits.aborts_failed_completion),
        format!("limits: one digest {}\n", limits.one_digest),
        PayloadKind::ALL.map(payload).concat(),
        format!("answers headers: accept: {}\n", reach.join(", ")),
        format!("answers headers: strip: {}\n", stay.join(", ")),
        format!("answers elements: strip: {}\n", policy.answers().strip_elements().join(", ")),
    ]
    .concat()
}

fn rulings(policy: &Policy) -> String {
    let all = all_outcomes(policy);
    let everywhere = [Kind::Query, Kind::Headers].map(|kind| (kind, accepted_everywhere(&all, kind)));
    let operations = OPERATIONS.iter().map(|row| lines_of_operation(policy, row.operation, &all, &everywhere));
    [lines_of_policy(policy, &everywhere)].into_iter().chain(operations).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_rulings_are_those_written_down() {
    for (name, ..) in BUILTIN {
        let found = rulings(&Policy::builtin(name).unwrap().unwrap());
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/rulings/{name}.txt"));
        if std::env::var_os("R2SHIM_WRITE_RULINGS").is_some() {
            std::fs::write(&file, &found).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap();
        let known: BTreeSet<_> = written.lines().collect();
        let new: Vec<_> = found.lines().filter(|line| !known.contains(line)).collect();
        assert!(
            new.is_empty() && found == written,
            "{} does not have (R2SHIM_WRITE_RULINGS=1 writes it anew):\n{}",
            file.display(),
            new.join("\n")
        );
    }
}
