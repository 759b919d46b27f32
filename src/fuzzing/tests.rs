//! Every input that `fuzz/` keeps, without a fuzzer.

use super::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// Prints the input that a target fails on.
struct Replayed(PathBuf);

impl Drop for Replayed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed on {}", self.0.display());
        }
    }
}

#[test]
fn every_input_that_is_kept_passes() {
    for (name, target) in TARGETS {
        for kind in ["corpus", "regressions"] {
            let folder = fuzz().join(kind).join(name);
            for file in names(&folder) {
                let replayed = Replayed(folder.join(file));
                target(&fs::read(&replayed.0).unwrap());
            }
        }
    }
}

#[test]
fn every_target_has_its_program_and_its_corpus() {
    let targets: BTreeSet<String> = TARGETS.map(|(name, _)| name.to_owned()).into();
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let programs: BTreeSet<String> =
        names(&fuzz().join("fuzz_targets")).iter().map(|file| file.trim_end_matches(".rs").to_owned()).collect();
    assert_eq!(programs, targets);
    assert_eq!(names(&fuzz().join("corpus")), targets);
    for name in targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not in Cargo.toml");
        assert!(!names(&fuzz().join("corpus").join(&name)).is_empty(), "{name} has no corpus");
    }
}

/// Inputs are read by people and are in every clone.
#[test]
fn corpora_are_small() {
    let mut bytes = 0;
    for (name, _) in TARGETS {
        for kind in ["corpus", "regressions"] {
            let folder = fuzz().join(kind).join(name);
            bytes += names(&folder).iter().map(|file| fs::metadata(folder.join(file)).unwrap().len()).sum::<u64>();
        }
    }
    assert!(bytes < 1 << 20, "corpora have {bytes} bytes; fuzz/run --minimise leaves out what adds nothing");
}
