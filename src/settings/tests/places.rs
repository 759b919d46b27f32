//! Whether a data folder will do.

use super::*;
use std::path::PathBuf;

#[test]
fn a_data_folder_must_be_a_folder_or_makeable() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for (path, good) in [
        (folder.path().to_owned(), true),
        (folder.path().join("a/b"), true),
        (PathBuf::from("relative-and-not-there"), true),
        (file.clone(), false),
        (file.join("under"), false),
    ] {
        assert_eq!(check_data_folder(&path).is_ok(), good, "{}", path.display());
    }
    assert!(!folder.path().join("a").exists(), "checking makes nothing");
}
