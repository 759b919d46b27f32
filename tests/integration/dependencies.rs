//! What we build on has its reason and stays buildable: Rust and gcc are enough; no cmake, clang or OpenSSL headers.

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
    let c_code = ["aws-lc-sys", "aws-lc-fips-sys", "openssl-sys", "boring-sys", "s2n-tls-sys"];
    for builder in c_code.into_iter().chain(["cmake", "bindgen", "protobuf-build"]) {
        let found: Vec<_> = tree.lines().filter(|line| line.split(' ').next() == Some(builder)).collect();
        assert!(found.is_empty(), "{found:?} needs more than Rust and gcc");
    }
    // Ours is the one of one line; the registry's needs cmake.
    let zlib: Vec<_> = tree.lines().filter(|line| line.starts_with("libz-ng-sys ")).collect();
    assert!(zlib.iter().all(|line| line.contains("1.1.99")), "{zlib:?}");
}

/// Two providers of cryptography in one process leave rustls without a default, and it panics when it is asked for one.
#[test]
fn tls_has_one_provider_of_cryptography() {
    let tree = tree();
    let versions = |name: &str| tree.lines().filter(|line| line.starts_with(&format!("{name} v"))).count();
    assert!(versions("rustls") > 0 && versions("ring") > 0, "TLS is rustls on ring");
    for provider in ["aws-lc-rs", "aws-lc-fips-sys", "rustls-openssl", "openssl", "native-tls", "s2n-tls", "boring"] {
        assert_eq!(versions(provider), 0, "{provider} is a second one");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = toml::from_str(include_str!("../../Cargo.toml")).unwrap();
    let named = |table: &str, suffix: &str| -> Vec<String> {
        manifest[table].as_table().unwrap().keys().map(|name| format!("`{name}`{suffix}")).collect()
    };
    let on_linux = manifest["target"]["cfg(target_os = \"linux\")"]["dependencies"].as_table().unwrap();
    let on_linux = on_linux.keys().map(|name| format!("`{name}` (Linux)")).collect();
    let used = [named("dependencies", ""), on_linux, named("dev-dependencies", " (tests)")].concat();
    let section = include_str!("../../CONTRIBUTING.md").split("## Dependencies").nth(1).unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let reported: Vec<String> = rows.filter_map(|row| Some(format!("`{}", row.split_once(" |")?.0))).collect();
    assert_eq!(reported, used);
}
