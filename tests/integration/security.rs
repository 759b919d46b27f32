//! The table of attacks in SECURITY.md: each test that it names is there.

use std::path::Path;

const SECURITY: &str = include_str!("../../SECURITY.md");

/// What a row has in the place of tests where there are none.
const NONE: &str = "none yet";

/// The rows of the tables of attacks: the attack, and what stands beside it.
fn rows() -> Vec<(&'static str, &'static str)> {
    let part = SECURITY.split("## Attacks and their tests").nth(1).unwrap_or_default();
    let cells = part.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    cells.filter(|(_, tests)| *tests != "covered by").collect()
}

/// The files and names in code marks, in their order; a name is in the file before it.
fn named(tests: &str) -> Vec<(&str, &str)> {
    let (mut file, mut found) = ("", Vec::new());
    for mark in tests.split('`').skip(1).step_by(2) {
        if mark.contains('/') { file = mark } else { found.push((file, mark)) }
    }
    found
}

/// Whether a file has a function of this name, in Rust, Python or bash.
fn has_function(file: &str, name: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    [format!("fn {name}("), format!("def {name}("), format!("\n{name}() {{")].iter().any(|start| text.contains(start))
}

#[test]
fn every_attack_has_tests_and_they_are_there() {
    let rows = rows();
    assert!(rows.len() > 40, "the tables are read: {}", rows.len());
    for (attack, tests) in rows {
        let named = named(tests);
        assert!(named.is_empty() == tests.starts_with(NONE), "{attack}: tests, or \"{NONE}\" at the start");
        let missing: Vec<_> = named.iter().filter(|(file, name)| !has_function(file, name)).collect();
        assert!(missing.is_empty(), "{attack}: no such test {missing:?}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    assert!(has_function("tests/integration/security.rs", "what_is_not_there_is_not_found"));
    assert!(has_function("tests/clients/test_boto3.py", "test_conditional_writes"));
    assert!(!has_function("tests/integration/security.rs", "what_is_not"));
    assert!(!has_function("tests/integration/nowhere.rs", "a"));
    assert_eq!(named("`a/b.rs`: `x`, `y`; `c/d.py`: `z`"), [("a/b.rs", "x"), ("a/b.rs", "y"), ("c/d.py", "z")]);
    assert!(named(NONE).is_empty());
}
