//! What we build on stays buildable: Rust and gcc are enough, no cmake, no clang, no OpenSSL headers.

use std::process::Command;

/// `cargo tree` over everything a build compiles, one `name version (source)` a line.
fn tree() -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn rust_and_gcc_are_enough() {
    let tree = tree();
    assert!(tree.lines().any(|line| line.starts_with("pingora ")), "cargo tree shows our dependencies");
    for builder in ["aws-lc-sys", "openssl-sys", "boring-sys", "s2n-tls-sys", "cmake", "bindgen", "protobuf-build"] {
        let found: Vec<_> = tree.lines().filter(|line| line.split(' ').next() == Some(builder)).collect();
        assert!(found.is_empty(), "{found:?} needs more than Rust and gcc");
    }
    // Ours is the one of one line; the registry's needs cmake.
    let zlib: Vec<_> = tree.lines().filter(|line| line.starts_with("libz-ng-sys ")).collect();
    assert!(zlib.iter().all(|line| line.contains("1.1.99")), "{zlib:?}");
}
