//! The layers: a module uses only modules listed before it, and some crates are named in certain modules only.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of modules, outermost first: those of `src/s3/xml/reader.rs` are `s3`, `xml` and `reader`.
type Names = Vec<String>;

/// For every module, its children in the order they are declared.
type Orders = HashMap<Names, Vec<String>>;

/// A source file.
struct Source {
    path: PathBuf,
    module: Names,
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
            let mut module: Names = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
                module.pop();
            }
            found.push(Source { text: fs::read_to_string(&path).unwrap(), path, module });
        }
    }
}

fn names(path: &str) -> Names {
    path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn orders(sources: &[Source]) -> Orders {
    sources.iter().map(|source| (source.module.clone(), declared(&source.text))).collect()
}

/// The modules that a text declares as files, in their order.
fn declared(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let (visibility, name) = line.split_once("mod ")?;
        let good = visibility.is_empty() || visibility.starts_with("pub");
        name.strip_suffix(';').filter(|_| good).map(str::to_owned)
    };
    text.lines().filter_map(name).collect()
}

/// The text without comments, so that a doc link is not taken for a use.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The code without its tests, and the tests: the module `tests` and nothing else under `#[cfg(test)]`.
fn parted(code: &str) -> (String, String) {
    let starts = code.match_indices("#[cfg(test)]\n").map(|(at, mark)| (at, &code[at + mark.len()..]));
    let is_module = |line: &str| {
        let (visibility, rest) = line.split_once("mod tests {").unwrap_or(("no", ""));
        rest.is_empty() && (visibility.is_empty() || visibility.starts_with("pub"))
    };
    let mut modules = starts.filter(|(_, after)| after.lines().next().is_some_and(is_module));
    let Some((at, module)) = modules.next() else { return (code.to_owned(), String::new()) };
    let (tests, behind) = module.split_once("\n}").unwrap_or((module, ""));
    (format!("{}{behind}", &code[..at]), tests.to_owned())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every path of more than one name in the code, brace lists opened: `use a::{b, c::{d, e}};` has `a::b`, `a::c::d` and
/// `a::c::e`, and of the inner ones `c::d` and `c::e` once more.
fn paths(code: &str) -> Vec<Names> {
    let mut found = Vec::new();
    let mut before = ' ';
    for (at, c) in code.char_indices() {
        let starts = is_word(c) && !is_word(before) && before != ':';
        if starts && code[at..].trim_start_matches(is_word).starts_with("::") {
            read_tree(&code[at..], &[], &mut found);
        }
        before = c;
    }
    found
}

/// Reads one tree of a `use` or one path, and gives back what follows it.
fn read_tree<'t>(text: &'t str, prefix: &[String], found: &mut Vec<Names>) -> &'t str {
    if let Some(list) = text.strip_prefix('{') {
        return read_list(list, prefix, found);
    }
    let rest = text.trim_start_matches(is_word);
    let path = [prefix, &[text[..text.len() - rest.len()].to_owned()]].concat();
    match rest.strip_prefix("::") {
        Some(more) => read_tree(more, &path, found),
        None => {
            found.push(path);
            rest
        }
    }
}

/// Reads trees up to the brace that closes their list; other text between commas, for example `as _`, is ignored.
fn read_list<'t>(mut text: &'t str, prefix: &[String], found: &mut Vec<Names>) -> &'t str {
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix('}') {
            return rest;
        }
        let rest = read_tree(text, prefix, found);
        let Some(end) = rest.find([',', '}']) else { return "" };
        text = rest[end..].trim_start_matches(',');
    }
}

/// What a path inside `module` names, counted from the crate's root; `None` where it starts elsewhere.
fn resolved(path: &[String], module: &[String]) -> Option<Names> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "super" => Some([module.get(..module.len().checked_sub(ups)?)?, &path[ups..]].concat()),
        _ => None,
    }
}

/// Uses of modules that are listed after their user.
fn faults(module: &[String], text: &str, orders: &Orders) -> Vec<String> {
    let (code, tests) = parted(&code(text));
    let inner = [module, &["tests".to_owned()]].concat();
    let in_code = paths(&code).into_iter().filter_map(|path| resolved(&path, module));
    let in_tests = paths(&tests).into_iter().filter_map(|path| resolved(&path, &inner));
    in_code.chain(in_tests).filter_map(|used| fault(module, &used, orders)).collect()
}

/// Walks down as long as user and used are in the same module; below that, the order counts.
fn fault(module: &[String], used: &[String], orders: &Orders) -> Option<String> {
    let shared = module.iter().zip(used).take_while(|(a, b)| a == b).count();
    let (user, used) = (module.get(shared)?, used.get(shared)?);
    let order = orders.get(&module[..shared])?;
    let place = |name: &String| order.iter().position(|declared| declared == name);
    (place(used)? > place(user)?)
        .then(|| format!("{}: {user} uses {used}, which is listed after it", module.join("::")))
}

/// Which of the needles, paths or ends of paths, the code names outside its tests.
fn named<'n>(text: &str, needles: &[&'n str]) -> Vec<&'n str> {
    let paths = paths(&parted(&code(text)).0);
    let is_named = |needle: &Names| paths.iter().any(|path| path.windows(needle.len()).any(|part| part == &needle[..]));
    needles.iter().copied().filter(|needle| is_named(&names(needle))).collect()
}

/// What is named outside the modules that may name it.
fn misplaced(needles: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources() {
        let at_home = allowed.iter().any(|module| source.module.starts_with(&names(module)));
        if !at_home && !source.module.contains(&"tests".to_owned()) {
            let hits = named(&source.text, needles);
            found.extend(hits.iter().map(|needle| format!("{} names {needle}", source.path.display())));
        }
    }
    found
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let sources = sources();
    let orders = orders(&sources);
    let of = |source: &Source| faults(&source.module, &source.text, &orders);
    let found: Vec<String> = sources.iter().filter(|source| source.module != ["main"]).flat_map(of).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_module_is_in_the_list() {
    let sources = sources();
    let orders = orders(&sources);
    for source in sources.iter().filter(|source| !source.module.is_empty() && source.module != ["main"]) {
        let (name, parent) = source.module.split_last().unwrap();
        assert!(orders[parent].contains(name), "{} is not declared in its mod.rs", source.path.display());
    }
}

#[test]
fn crates_are_named_only_where_they_may_be() {
    let none: Vec<String> = Vec::new();
    assert_eq!(misplaced(&["pingora"], &["server"]), none);
    assert_eq!(misplaced(&["prometheus"], &["server::observe::metrics"]), none);
    assert_eq!(misplaced(&["procfs"], &["server::observe::process"]), none);
    assert_eq!(misplaced(&["quick_xml"], &["s3::xml"]), none);
    assert_eq!(misplaced(&["redb"], &["store"]), none);
    let aws = ["aws_config", "aws_credential_types", "aws_smithy_http_client"];
    assert_eq!(misplaced(&aws, &["server::remote::credentials"]), none);
    assert_eq!(misplaced(&["rustls"], &["settings::pem", "settings::tls", "server::tls"]), none);
    assert_eq!(misplaced(&["tokio_rustls"], &["server::tls"]), none);
    assert_eq!(misplaced(&["x509_parser"], &["settings::tls"]), none);
    assert_eq!(misplaced(&["h2", "futures_core"], &["server::connection::http2"]), none);
    let files = ["std::fs", "tokio::fs", "File::open", "OpenOptions"];
    assert_eq!(misplaced(&files, &["store", "server::audit", "server::control", "settings", "cli"]), none);
    assert_eq!(misplaced(&["Instant::now"], &["store", "server", "cli"]), none);
    // What a server writes and judges by the time of day gets it as an argument. HTTP/2 has a Date in each answer.
    let times_of_day = ["SystemTime::now", "OffsetDateTime::now_utc", "OffsetDateTime::now_local", "UtcDateTime::now"];
    assert_eq!(misplaced(&times_of_day, &["server::clock", "server::connection::http2::session", "cli"]), none);
}

#[test]
fn uses_of_later_modules_are_found() {
    let lists = [("", "mod low;\npub mod middle;\npub(crate) mod high;"), ("middle", "mod one;\nmod two;\nmod three;")];
    let orders: Orders = lists.iter().map(|(module, text)| (names(module), declared(text))).collect();
    for (module, text, found) in [
        ("middle", "use crate::low::A;", 0),
        ("middle", "use crate::high::A;", 1),
        ("middle", "use crate::{low::A, high::{B, C}};", 2),
        ("middle", "fn f() { crate::high::f() }", 1),
        ("middle", "use crate::middle::two::A;", 0),
        ("middle::two", "use super::one::A;", 0),
        ("middle::two", "use super::{Here, three};", 1),
        ("middle::two", "use super::{\n    one::{A, B as C},\n    three::{self, D},\n};", 2),
        ("middle::two", "use super::super::high;", 1),
        ("middle::two", "use super::super::{low, middle::three::A};", 1),
        ("middle::two", "#[cfg(test)]\nmod tests {\n    use super::three;\n}", 0),
        ("middle::two", "#[cfg(test)]\nmod tests {\n    use super::super::three;\n}", 1),
        ("middle::two", "/// See [`crate::high`].\n// super::three\nfn f() {}", 0),
    ] {
        assert_eq!(faults(&names(module), text, &orders).len(), found, "{module}: {text}");
    }
}

#[test]
fn uses_are_found_in_every_form() {
    let needles = ["std::fs", "File::open", "redb"];
    for (text, found) in [
        ("use std::fs;", &["std::fs"][..]),
        ("use std::fs::File;", &["std::fs"]),
        ("use std::{fs, io};", &["std::fs"]),
        ("use std::{collections::{BTreeMap, HashMap}, fs::{self, File}};", &["std::fs"]),
        ("fn f() { redb::Database::create() }", &["redb"]),
        ("fn f() { File::open(path) }", &["File::open"]),
        ("use std::fmt;", &[]),
        ("struct A {\n    #[cfg(test)]\n    b: u8,\n}\nuse std::fs;", &["std::fs"]),
        ("#[cfg(test)]\nmod tests;\nuse std::fs;", &["std::fs"]),
        ("#[cfg(test)]\nmod tests {\n    use std::fs;\n}", &[]),
        ("#[cfg(test)]\npub(super) mod tests {\n    use std::fs;\n}", &[]),
        ("#[cfg(test)]\nmod tests {\n    use std::io;\n}\n\nuse std::fs;", &["std::fs"]),
    ] {
        assert_eq!(named(text, &needles), found, "{text}");
    }
}
