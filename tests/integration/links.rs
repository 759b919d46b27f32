//! Links between the documents lead somewhere: each relative link of a `.md` file names a file that is there, and its
//! anchor a heading of that file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The `.md` files below a folder of the checkout, without what is built or fetched.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_ours = |path: &PathBuf| !["target", "node_modules", ".git"].iter().any(|name| path.ends_with(name));
    let (folders, files): (Vec<_>, Vec<_>) = entries.filter(is_ours).partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    here.chain(folders.iter().flat_map(|folder| documents(folder))).collect()
}

/// The text without fenced code, whose lines are neither links nor headings.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The targets of a text's links: `[words](target)`.
fn targets(text: &str) -> Vec<String> {
    let prose = prose(text);
    prose.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or_default().to_owned()).collect()
}

/// The anchors of a text's headings, as GitHub makes them: lower case, without punctuation, hyphens for spaces.
fn anchors(text: &str) -> Vec<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let is_kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    headings
        .map(|heading| heading.to_lowercase().chars().filter(is_kept).collect::<String>().replace(' ', "-"))
        .collect()
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => (),
            other => plain.push(other),
        }
        plain
    })
}

/// What is wrong with a link of a document; `None` where it leads somewhere, or out of the checkout.
fn fault(document: &Path, target: &str, texts: &BTreeMap<PathBuf, String>) -> Option<String> {
    if target.contains("://") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { document.to_owned() } else { plain(&document.parent()?.join(file)) };
    let named = || format!("{} links to {target}", document.strip_prefix(root()).unwrap_or(document).display());
    if !path.exists() {
        return Some(format!("{}, which is not there", named()));
    }
    let has_anchor = || texts.get(&path).is_some_and(|text| anchors(text).iter().any(|known| known == anchor));
    (!anchor.is_empty() && !has_anchor()).then(|| format!("{}, which has no such heading", named()))
}

#[test]
fn every_link_leads_somewhere() {
    let texts: BTreeMap<_, _> =
        documents(root()).into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
    let links: Vec<_> =
        texts.iter().flat_map(|(path, text)| targets(text).into_iter().map(move |target| (path, target))).collect();
    assert!(links.len() > 40, "{links:?}");
    let faults: Vec<_> = links.iter().filter_map(|(path, target)| fault(path, target, &texts)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn links_and_headings_are_found() {
    let text = "# A b, `c`\n[x](docs/y.md#z) ![i](i.png)\n```\n# no heading\n[n](none)\n```\n## What's-it (new)\n";
    assert_eq!(targets(text), ["docs/y.md#z", "i.png"]);
    assert_eq!(anchors(text), ["a-b-c", "whats-it-new"]);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let readme = root().join("README.md");
    let texts = BTreeMap::from([(readme.clone(), "# Here\n".to_owned())]);
    let reported = |target: &str| fault(&readme, target, &texts);
    for good in ["#here", "README.md", "./src/../README.md#here", "src", "https://example.com/x#y"] {
        assert_eq!(reported(good), None, "{good}");
    }
    for bad in ["#there", "NONE.md", "src#here", "docs/README.md#here"] {
        assert!(reported(bad).is_some(), "{bad}");
    }
}
