//! ARCHITECTURE.md is about this program: its map has every module, and the files, types and functions that it names
//! exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder of the checkout and of all below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

/// What is in backticks, outside of fenced code.
fn code(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names that a piece of code consists of, where it is a name of Rust: `Filter::CHAIN`, `keys_are_paths`. Words that
/// could be of a protocol or of plain English are not.
fn names(code: &str) -> Vec<&str> {
    let names: Vec<_> = code.split("::").collect();
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(is_word);
    let is_telling = names.len() > 1 || code.contains('_') || code.chars().next().is_some_and(char::is_uppercase);
    if is_telling && names.iter().all(is_name) { names } else { Vec::new() }
}

#[test]
fn names_of_rust_are_distinguished_from_other_words() {
    for (code, expected) in [
        ("Filter::CHAIN", vec!["Filter", "CHAIN"]),
        ("keys_are_paths", vec!["keys_are_paths"]),
        ("BodyPlan", vec!["BodyPlan"]),
        ("limits", vec![]),
        ("If-Match", vec![]),
        ("x-amz-*", vec![]),
        ("src/filters/mod.rs", vec![]),
    ] {
        assert_eq!(names(code), expected, "{code}");
    }
}

#[test]
fn the_names_that_it_uses_exist() {
    let sources: String = files(&root().join("src"))
        .iter()
        .chain(&files(&root().join("policies")))
        .chain(&[root().join("Cargo.toml")])
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let known: BTreeSet<&str> = sources.split(|c| !is_word(c)).collect();
    let used = code(ARCHITECTURE).into_iter().flat_map(names);
    let missing: BTreeSet<_> = used.filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md uses names that are not in src: {missing:?}");
}

#[test]
fn the_map_has_every_module_in_its_order() {
    let map = ARCHITECTURE.split("| module |").nth(1).unwrap_or_default();
    let mapped = map.lines().take_while(|line| line.contains('|')).filter_map(|line| line.strip_prefix("| `"));
    let mapped: Vec<_> = mapped.filter_map(|row| row.split('`').next()).collect();
    let declared = include_str!("../../src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod "));
    assert_eq!(mapped, declared.map(|line| line.trim_end_matches(';')).collect::<Vec<_>>());
}

#[test]
fn the_filters_are_in_the_order_of_the_chain() {
    let table = ARCHITECTURE.split("| filter |").nth(1).unwrap_or_default();
    let rows = table.lines().skip(2).map_while(|line| line.trim().strip_prefix("| `"));
    let mapped: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    let chain: Vec<_> = r2shim::filters::Filter::CHAIN.iter().map(|filter| filter.name()).collect();
    assert_eq!(mapped, chain);
}

/// Whether a line names one operation of the table, and is no comment.
fn names_an_operation(line: &str) -> bool {
    let is_variant =
        |rest: &str| rest.starts_with(char::is_uppercase) && rest.chars().nth(1).is_some_and(char::is_lowercase);
    let code = line.split("//").next().unwrap_or_default();
    ["Operation::", "Op::"].iter().any(|path| code.split(path).skip(1).any(is_variant))
}

#[test]
fn single_operations_are_named_only_where_the_text_says() {
    let src = root().join("src");
    let is_program = |file: &PathBuf| {
        let name = file.strip_prefix(&src).unwrap().to_str().unwrap();
        !name.starts_with("s3/operation/") && !name.contains("tests")
    };
    let names_one = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        text.split("#[cfg(test)]").next().unwrap().lines().any(names_an_operation)
    };
    let naming = files(&src).into_iter().filter(is_program).filter(names_one);
    let naming: BTreeSet<_> =
        naming.map(|file| file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned()).collect();
    let expected = [
        "access/token.rs",
        "audit/watch.rs",
        "filters/public.rs",
        "server/local/judge.rs",
        "server/local/mod.rs",
        "server/local/unsupported.rs",
        "server/observed.rs",
        "server/remote/mod.rs",
        "upstream/dialect.rs",
    ];
    assert_eq!(naming, BTreeSet::from(expected.map(str::to_owned)));
    for file in expected {
        assert!(ARCHITECTURE.contains(&format!("`{file}`")), "ARCHITECTURE.md does not name {file}");
    }
}
