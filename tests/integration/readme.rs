//! What the documents say in tables is what the program does, and the files that they name exist. A test that fails prints
//! what the text should be.

use crate::support::command::{FREE_PORTS, Output, r2shim};
use r2shim::filters::Limits;
use r2shim::policy::{Effective, Policy};
use r2shim::s3::metadata::{MAX_USER_BYTES, MAX_USER_ENTRIES};
use r2shim::upstream::dialect::DIALECTS;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const README: &str = include_str!("../../README.md");
const POLICIES: &str = include_str!("../../docs/policies.md");
const SETTINGS: &str = include_str!("../../docs/settings.md");
const FRONTING: &str = include_str!("../../docs/fronting.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
const DIFFERENCES: &str = include_str!("../../docs/differences.md");
const LOCAL: &str = include_str!("../../docs/local.md");
const TLS: &str = include_str!("../../docs/tls.md");
const CLIENTS: &str = include_str!("../../docs/clients.md");

fn is_refusal(verdict: &str) -> bool {
    verdict.starts_with(|c: char| c.is_ascii_digit())
}

/// What the table says of a header's rule, where it refuses all values or all but one: the header's group.
fn refused_header(policy: &Policy, ruling: &Effective<'_>) -> Option<String> {
    let group = policy.group_of(ruling.name).unwrap_or(ruling.name);
    if is_refusal(&ruling.verdict) {
        return Some(group.to_owned());
    }
    let rest = ruling.verdict.strip_prefix("[\"STANDARD\"]: ignore; ")?;
    is_refusal(rest).then(|| format!("{group} but `STANDARD`"))
}

/// A row of the table: operation, whether it is there, the parameters it takes, the headers it refuses.
fn row(policy: &Policy, rulings: &[Effective<'_>]) -> String {
    let operation = &rulings[0];
    let of_kind = |kind: &'static str| rulings.iter().filter(move |ruling| ruling.kind == kind);
    let has = if is_refusal(&operation.verdict) { "refused" } else { operation.verdict.as_str() };
    let taken = of_kind("query").filter(|ruling| !is_refusal(&ruling.verdict));
    let parameters: Vec<_> = taken.map(|ruling| format!("`{}`", ruling.name)).collect();
    let mut refused: Vec<String> = Vec::new();
    let named = of_kind("headers").filter(|ruling| !ruling.of_default);
    for named in named.filter_map(|ruling| refused_header(policy, ruling)) {
        if !refused.contains(&named) {
            refused.push(named);
        }
    }
    format!("| {} | {has} | {} | {} |\n", operation.operation, parameters.join(", "), refused.join(", "))
}

#[test]
fn the_table_of_operations_is_the_policy() {
    let policy = Policy::builtin("r2").unwrap().unwrap();
    let rulings: Vec<_> = policy.effective().filter(|ruling| !ruling.operation.is_empty()).collect();
    let rows = rulings.chunk_by(|a, b| a.operation == b.operation);
    let served = rows.filter(|rulings| !is_refusal(&rulings[0].verdict)).map(|rulings| row(&policy, rulings));
    let head = "| operation | r2 | query parameters it takes | headers it refuses |\n|---|---|---|---|\n";
    let table: String = [head.to_owned()].into_iter().chain(served).collect();
    assert!(POLICIES.contains(&format!("\n{table}\n")), "docs/policies.md should have:\n{table}");
}

/// The long flags of a command, as its help names them.
fn flags(words: &[&str]) -> BTreeSet<String> {
    let help = r2shim(&[words, &["--help"]].concat(), &[]).out;
    let options = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
    options.filter_map(|rest| rest.split([' ', ',']).next()).map(|name| format!("--{name}")).collect()
}

#[test]
fn the_settings_table_has_every_flag_of_serve_and_no_other() {
    let table = SETTINGS.split("| flag |").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
    let documented =
        table.split('`').filter_map(|code| code.strip_prefix("--")).filter_map(|rest| rest.split(' ').next());
    let documented: BTreeSet<_> = documented.map(|name| format!("--{name}")).collect();
    assert_eq!(documented, flags(&["serve"]));
}

#[test]
fn every_command_is_in_the_settings_page() {
    let help = r2shim(&["--help"], &[]).out;
    let commands = help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(SETTINGS.contains(&format!("r2shim {name}")), "docs/settings.md does not have `r2shim {name}`");
    }
}

#[test]
fn the_settings_shown_pass_check() {
    let shown = |page: &'static str| page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown: Vec<_> = [SETTINGS, FRONTING].into_iter().flat_map(shown).collect();
    let has = |part: &str| shown.iter().filter(|settings| settings.contains(part)).count();
    assert!(has("[[key]]") == 1 && has("kind = \"s3\"") == 2, "the pages show no settings");
    for settings in shown {
        let checked = check(settings);
        assert!(checked.code == 0 && checked.out.starts_with("ok: "), "{}{}", checked.out, checked.errors);
        assert_eq!(checked.errors, "", "{settings}");
    }
}

/// `check` of settings with that text, with the secrets that the pages name.
fn check(settings: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r2shim.toml");
    std::fs::write(&file, settings).unwrap();
    let words = ["check", "--config", file.to_str().unwrap()];
    r2shim(&[&words[..], &FREE_PORTS].concat(), &[("APP_SECRET", "x"), ("STORE_SECRET", "y")])
}

#[test]
fn the_policy_shown_is_complete() {
    let shown = POLICIES.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    std::fs::write(&file, shown).unwrap();
    let linted = r2shim(&["policy", "lint", file.to_str().unwrap()], &[]);
    assert!(linted.code == 0 && linted.out.starts_with("ok: "), "{}{}", linted.out, linted.errors);
}

#[test]
fn the_table_of_the_upstreams_settings_has_them_all() {
    let section = SETTINGS.split("## The upstream").nth(1).unwrap_or_default();
    let table = section.split("| setting |").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
    let code = |row: &'static str| row.split('`').skip(1).step_by(2);
    // What a row says besides its own name may be names too: the three ways to give a secret share one.
    let documented: BTreeSet<_> = table.lines().flat_map(code).collect();
    let advice = check("[upstream]\nkind = \"s3\"\nno_such_setting = 1\n").errors;
    let known = advice.split("known here: ").nth(1).unwrap_or_default().lines().next().unwrap_or_default();
    let known: Vec<_> = known.split(", ").filter(|name| !["kind", "path"].contains(name)).collect();
    assert!(known.len() > 10, "{advice}");
    let missing: Vec<_> = known.iter().filter(|name| !documented.contains(*name)).collect();
    assert!(missing.is_empty(), "docs/settings.md does not have {missing:?}");
}

#[test]
fn every_setting_is_in_its_page_and_in_an_example() {
    let examples = [
        include_str!("../../examples/local.toml"),
        include_str!("../../examples/scoped-keys.toml"),
        include_str!("../../examples/browser.toml"),
        include_str!("../../examples/tls.toml"),
    ]
    .join("");
    for (table, name) in r2shim::settings::declared() {
        assert!(SETTINGS.contains(name), "docs/settings.md does not have {name} {table}");
        let is_local = table != "[upstream]" || ["kind", "path"].contains(&name);
        assert!(!is_local || examples.contains(name), "no example has {name} {table}");
    }
}

#[test]
fn the_table_of_dialects_names_them_all() {
    let table = FRONTING.split("| `dialect` |").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
    let documented = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(documented.collect::<Vec<_>>(), DIALECTS.iter().map(|dialect| dialect.name).collect::<Vec<_>>());
}

#[test]
fn the_files_that_documents_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let users = [README, POLICIES, SETTINGS, FRONTING, OPERATIONS, DIFFERENCES, LOCAL, CLIENTS, TLS];
    let developers = [include_str!("../../ARCHITECTURE.md"), include_str!("../../CONTRIBUTING.md")];
    let papers = [users.join("\n"), developers.join("\n")].join("\n");
    let is_path = |code: &&str| code.contains('/') && [".rs", ".md", ".toml"].iter().any(|end| code.ends_with(end));
    let paths = papers.split('`').filter(is_path).filter(|path| !path.contains([' ', '*', '\n']));
    let is_there = |path: &str| ["", "src", "src/store"].iter().any(|folder| root.join(folder).join(path).is_file());
    let missing: Vec<_> = paths.filter(|path| !is_there(path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The limits that protect the server, as its page has them.
#[test]
fn the_table_of_limits_has_the_numbers_of_the_program() {
    let limits = Limits::default();
    let Limits { ports, requests, .. } = limits;
    let thousands = |n: usize| format!("{},{:03}", n / 1000, n % 1000);
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let kib = |bytes: usize| format!("{} KiB", bytes >> 10);
    let rows = [
        ("connections to the S3 port", thousands(ports.connections)),
        ("connections from one IPv4 address or IPv6 network of 64 bits", thousands(ports.connections_per_address)),
        ("a TLS handshake", seconds(ports.handshake_time)),
        ("first byte of a head on a new connection", seconds(ports.first_byte_time)),
        ("idle time between requests", seconds(ports.idle_time)),
        ("a head, from its first byte to its end", seconds(ports.head_time)),
        ("all header names and values", kib(limits.header_bytes)),
        ("headers", limits.headers.to_string()),
        ("path and query", kib(limits.target_bytes)),
        ("query parameters", thousands(limits.parameters)),
        ("a request document", format!("{} MiB", requests.document_bytes >> 20)),
        ("a pause in a body", seconds(requests.body_idle)),
        ("the rate of a body", format!("{} KiB in each {}", requests.body_bytes >> 10, seconds(requests.body_window))),
        ("user metadata", format!("{} bytes; {MAX_USER_ENTRIES} entries", thousands(MAX_USER_BYTES))),
        ("an object or part in one request", "5 GiB less 5 MiB".to_owned()),
    ];
    for (what, limit) in rows {
        assert!(
            OPERATIONS.contains(&format!("\n| {what} | {limit}")),
            "docs/operations.md should have: | {what} | {limit}"
        );
    }
    assert_eq!(limits.object_bytes, (5 << 30) - (5 << 20));
}
