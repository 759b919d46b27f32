//! The house stands: a module uses only modules above it in its list, and crates with a room of their own stay in it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file and the modules its path goes through: `src/s3/xml/reader.rs` is `["s3", "xml", "reader"]`.
struct Source {
    path: PathBuf,
    module: Vec<String>,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root).unwrap().with_extension("");
            let mut module: Vec<String> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
                module.pop();
            }
            found.push(Source { text: fs::read_to_string(&path).unwrap(), path, module });
        }
    }
}

/// For every module with children, their names in the order they are declared.
fn floors(sources: &[Source]) -> HashMap<Vec<String>, Vec<String>> {
    let declared = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_start_matches("pub ").trim_start_matches("pub(crate) "));
        lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).map(str::to_owned).collect()
    };
    sources.iter().map(|source| (source.module.clone(), declared(&source.text))).collect()
}

/// The text without comments, so that a doc link is not taken for a use.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every path under `crate::` that the code names, braces of `use` lists opened one level.
fn crate_paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let mut path = Vec::new();
        let mut rest = rest;
        loop {
            if let Some(list) = rest.strip_prefix('{') {
                let list = list.split('}').next().unwrap_or_default();
                let heads = list.split(',').map(|item| item.trim().split("::").next().unwrap_or_default().to_owned());
                paths.extend(heads.filter(|head| !head.is_empty()).map(|head| [path.clone(), vec![head]].concat()));
                break;
            }
            let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
            path.push(rest[..end].to_owned());
            match rest[end..].strip_prefix("::") {
                Some(more) => rest = more,
                None => {
                    paths.push(path);
                    break;
                }
            }
        }
    }
    paths
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let sources = sources();
    let floors = floors(&sources);
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| !source.module.is_empty() && source.module != ["main"]) {
        for path in crate_paths(&code(&source.text)) {
            // Walk down as long as user and used are in the same room; where they part, the order counts.
            let shared = source.module.iter().zip(&path).take_while(|(a, b)| a == b).count();
            let (Some(user), Some(used)) = (source.module.get(shared), path.get(shared)) else { continue };
            let Some(order) = floors.get(&source.module[..shared]) else { continue };
            let place = |name: &String| order.iter().position(|declared| declared == name);
            if let (Some(user_at), Some(used_at)) = (place(user), place(used))
                && used_at > user_at
            {
                faults.push(format!("{}: {user} uses {used}, which stands below it", source.path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_is_in_the_list() {
    let sources = sources();
    let floors = floors(&sources);
    for source in sources.iter().filter(|source| !source.module.is_empty() && source.module != ["main"]) {
        let (name, parent) = source.module.split_last().unwrap();
        assert!(floors[parent].contains(name), "{} is not declared in its mod.rs", source.path.display());
    }
}

/// What is named outside the rooms that may name it.
fn strays(needles: &[&str], rooms: &[&[&str]]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources() {
        let module: Vec<&str> = source.module.iter().map(String::as_str).collect();
        let code = code(&source.text).split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let is_test = module.last() == Some(&"tests");
        if !is_test && !rooms.iter().any(|room| module.starts_with(room)) {
            let hits = needles.iter().filter(|needle| code.contains(**needle));
            found.extend(hits.map(|needle| format!("{} names {needle}", source.path.display())));
        }
    }
    found
}

#[test]
fn crates_with_a_room_of_their_own_stay_in_it() {
    let none: Vec<String> = Vec::new();
    assert_eq!(strays(&["pingora::"], &[&["server"]]), none);
    assert_eq!(strays(&["prometheus::"], &[&["server", "metrics"]]), none);
    assert_eq!(strays(&["quick_xml::"], &[&["s3", "xml"]]), none);
    assert_eq!(strays(&["redb::"], &[&["store"]]), none);
    let files = ["std::fs", "File::open", "OpenOptions", "tokio::fs"];
    assert_eq!(strays(&files, &[&["store"], &["audit"], &["settings"], &["cli"]]), none);
    let clocks = ["SystemTime::now", "Instant::now"];
    assert_eq!(strays(&clocks, &[&["store"], &["server"], &["cli"]]), none);
}
