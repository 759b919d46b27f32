//! The examples run: `r2shim check` takes each, and each policy among them is complete.

use crate::support::command::{FREE_PORTS, Output, r2shim};
use crate::support::secure::Authority;
use r2shim::server::life::run::DRAIN_LIMIT;
use r2shim::upstream::dialect::DIALECTS;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The text of an example.
fn text(name: &str) -> String {
    fs::read_to_string(examples().join(name)).unwrap()
}

/// What is in a folder of the examples; for `""` in all of them.
fn entries(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(examples().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The TOML files of a folder of the examples.
fn settings(folder: &str) -> Vec<PathBuf> {
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let files: Vec<_> = entries(folder).into_iter().filter(is_toml).collect();
    assert!(!files.is_empty(), "{folder}");
    files
}

/// The secrets the examples want from the environment, as their own comments say.
const SECRETS: [(&str, &str); 4] =
    [("ADMIN_SECRET", "a"), ("APP_SECRET", "b"), ("REPORTS_SECRET", "c"), ("STORE_SECRET", "d")];

/// What the check of a settings file prints if there is no fault and no warning.
fn checked(file: &Path) -> String {
    let data = tempfile::tempdir().unwrap();
    let words = ["check", "--config", file.to_str().unwrap(), "--data", data.path().to_str().unwrap()];
    let Output { code, out, errors } = r2shim(&[&words[..], &FREE_PORTS].concat(), &SECRETS);
    assert!(code == 0 && out.starts_with("ok: ") && errors.is_empty(), "{}:\n{out}{errors}", file.display());
    out
}

#[test]
fn every_example_passes_check() {
    let needs_certificate = |file: &PathBuf| file.ends_with("tls.toml");
    let files = ["", "two-nodes", "docker"].into_iter().flat_map(settings);
    for file in files.filter(|file| !needs_certificate(file)) {
        checked(&file);
    }
}

/// With every line that is a comment there, too.
#[test]
fn the_example_for_tls_passes_check_with_a_certificate() {
    let authority = Authority::new();
    let (identity, folder) = (authority.issue("server"), tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("examples")).unwrap();
    for (from, to) in
        [(&identity.certificate_file, "tls.crt"), (&identity.key_file, "tls.key"), (&authority.file(), "clients.crt")]
    {
        fs::copy(from, at(to)).unwrap();
    }
    let shown = text("tls.toml");
    let (head, settings) = shown.split_once("\n\n").unwrap();
    let fingerprint = identity.fingerprint();
    let all = settings.replace("\n# ", "\n").replace("sha256:...", &fingerprint);
    for text in [shown.clone(), format!("{head}\n\n{all}")] {
        let file = at("examples").join("tls.toml");
        fs::write(&file, text).unwrap();
        assert!(checked(&file).contains(" with TLS until "));
    }
}

#[test]
fn each_store_has_an_example_in_its_dialect() {
    // The first is only tested with, the second is any store.
    let is_test_store = |name: &str| ["versitygw", "other"].contains(&name);
    for store in DIALECTS.iter().map(|dialect| dialect.name).filter(|name| !is_test_store(name)) {
        let reported = checked(&examples().join(format!("{store}.toml")));
        assert!(reported.contains(&format!("dialect {store},")), "{reported}");
    }
}

#[test]
fn the_readme_names_every_example() {
    let readme = text("README.md");
    for path in entries("") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name == "README.md" || readme.contains(&name), "examples/README.md says nothing of {name}");
    }
}

#[test]
fn the_settings_of_the_unit_pass_check_where_systemd_puts_them() {
    let units = [text("systemd/r2shim.service"), text("systemd/secrets.conf")].concat();
    let folder = tempfile::tempdir().unwrap();
    let given = units.lines().filter_map(|line| line.strip_prefix("LoadCredential=")?.split(':').next());
    for name in given.filter(|name| name.ends_with(".secret")) {
        fs::write(folder.path().join(name), "hush\n").unwrap();
    }
    for settings in ["r2shim.toml", "store.toml"] {
        let file = folder.path().join(settings);
        fs::write(&file, text(&format!("systemd/{settings}"))).unwrap();
        checked(&file);
    }
}

/// The unit is for the settings beside it, which need no secret: a file that is not there keeps systemd from starting it.
#[test]
fn the_unit_needs_no_file_but_its_settings() {
    let unit = text("systemd/r2shim.service");
    let files: Vec<_> = unit.lines().filter(|line| line.starts_with("LoadCredential=")).collect();
    assert_eq!(files, ["LoadCredential=r2shim.toml:/etc/r2shim/r2shim.toml"]);
}

/// systemd holds what r2shim would bind: an address that only one of them names is closed, or lost at a restart.
#[test]
fn the_socket_has_the_addresses_of_the_settings() {
    let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let settings = text("systemd/r2shim.toml");
    let addresses = settings.lines().filter(|line| line.starts_with("listen =") || line.starts_with("admin ="));
    let socket = text("systemd/r2shim.socket");
    let held = socket.lines().filter_map(|line| line.strip_prefix("ListenStream=").map(str::to_owned));
    let held: Vec<_> = held.collect();
    assert_eq!(held, addresses.filter_map(quoted).collect::<Vec<_>>());
    assert_eq!(held.len(), 2);
}

/// Without these systemd would not hear that the server is ready, or that it hangs.
#[test]
fn the_unit_listens_to_what_the_server_says() {
    let unit = text("systemd/r2shim.service");
    let value = |name: &str| unit.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    assert_eq!(value("Type="), Some("notify".to_owned()));
    let watchdog: u64 = value("WatchdogSec=").unwrap().parse().unwrap();
    assert!(watchdog >= 10, "a machine under load may need seconds: {watchdog}");
}

#[test]
fn the_unit_and_the_images_wait_for_running_requests() {
    let after = |text: &str, name: &str| -> u64 {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        value.trim_end_matches('s').trim().parse().unwrap()
    };
    assert!(after(&text("systemd/r2shim.service"), "TimeoutStopSec=") > DRAIN_LIMIT.as_secs());
    for compose in ["docker/compose.yaml", "docker/compose.minio.yaml"] {
        assert!(after(&text(compose), "stop_grace_period:") > DRAIN_LIMIT.as_secs(), "{compose}");
    }
}

#[test]
fn the_image_of_minio_is_the_minio_that_is_tested_with() {
    let pin = |text: &str| text.split("github.com/minio/minio@").nth(1).unwrap().split('\n').next().unwrap().to_owned();
    let tested = fs::read_to_string(examples().join("../tests/fetch.sh")).unwrap();
    assert_eq!(pin(&text("docker/minio.Dockerfile")), pin(&tested));
}

/// The files below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

/// The documents and examples, each with its text.
fn papers() -> Vec<(PathBuf, String)> {
    let root = examples().join("..");
    let files = [below(&examples()), below(&root.join("docs")), vec![root.join("README.md")]].concat();
    files.into_iter().filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?))).collect()
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The help of the commands that containers and scripts use.
fn helps() -> String {
    [&["serve", "--help"][..], &["healthcheck", "--help"], &["keys", "new", "--help"], &["--help"]]
        .map(|words| r2shim(words, &[]).out)
        .concat()
}

#[test]
fn every_variable_that_papers_name_is_one_that_the_program_reads() {
    let known = helps();
    // The first two are a workflow's own. The last two are examples of what means nothing.
    let others = ["R2SHIM_SOURCE", "R2SHIM_REVISION", "R2SHIM_COMMIT", "R2SHIM_"];
    for (path, text) in papers() {
        for (at, _) in text.match_indices("R2SHIM_") {
            let name = text[at..].split(|c| !is_name(c)).next().unwrap();
            let is_known = known.contains(&format!("env: {name}]")) || known.contains(&format!("  {name}"));
            let is_known = is_known || known.contains(&format!(", {name}\n")) || others.contains(&name);
            assert!(is_known, "{} names {name}, which means nothing", path.display());
        }
    }
}

#[test]
fn every_flag_of_a_line_of_serve_is_one_that_serve_has() {
    let help = r2shim(&["serve", "--help"], &[]).out;
    for (path, text) in papers() {
        let text = text.replace("\\\n", " ");
        for line in text.lines().filter_map(|line| line.split("r2shim serve ").nth(1)) {
            let words = line.split(['`', '&', '|', '>', ';', '"']).next().unwrap_or_default().split_whitespace();
            for flag in words.filter(|word| word.starts_with("--")).map(|word| word.trim_end_matches(['.', ',', ':'])) {
                assert!(help.contains(&format!("{flag} ")), "{}: serve has no {flag}", path.display());
            }
        }
    }
}

#[test]
fn everything_in_the_package_is_there() {
    let manifest: toml::Table = toml::from_str(include_str!("../../Cargo.toml")).unwrap();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap();
    let root = examples().join("..");
    for asset in assets {
        let source = asset[0].as_str().unwrap();
        let (folder, file) = source.rsplit_once('/').unwrap_or((".", source));
        let is_made = folder.starts_with("target");
        let (start, end) = file.split_once('*').unwrap_or((file, file));
        let matches = |entry: PathBuf| {
            let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
            name.starts_with(start) && name.ends_with(end)
        };
        let found = is_made || fs::read_dir(root.join(folder)).unwrap().any(|entry| matches(entry.unwrap().path()));
        assert!(found, "{source}");
    }
}

#[test]
fn the_image_is_built_with_the_rust_that_cargo_asks_for() {
    let wanted = concat!("FROM rust:", env!("CARGO_PKG_RUST_VERSION"), "-");
    let dockerfile = text("docker/Dockerfile");
    assert!(dockerfile.contains(wanted), "{wanted}");
}

#[test]
fn two_nodes_are_started_where_the_settings_look_for_them() {
    let script = examples().join("two-nodes/start");
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    let reported = checked(&examples().join("two-nodes/r2shim.toml"));
    let script = text("two-nodes/start");
    let ports = script.split("ports=(").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    let ports: Vec<_> = ports.split(' ').collect();
    let nodes = format!("http://127.0.0.1:{} and http://127.0.0.1:{},", ports[0], ports[1]);
    assert!(reported.contains(&nodes), "{reported}");
}

#[test]
fn every_example_policy_is_complete_and_has_nothing_pointless() {
    for file in settings("policies") {
        let Output { code, out, errors } = r2shim(&["policy", "lint", file.to_str().unwrap()], &[]);
        assert!(code == 0 && out.starts_with("ok: ") && errors.is_empty(), "{}:\n{out}{errors}", file.display());
    }
}

#[test]
fn canned_acls_are_ignored_and_nothing_else_is_accepted() {
    let policy = examples().join("policies/canned-acl.toml");
    for (method, target, header, expected) in [
        ("PUT", "/media", "x-amz-acl: private", "undecided: nothing"),
        ("PUT", "/media/k", "x-amz-acl: public-read", "undecided: nothing"),
        ("POST", "/media/k?uploads", "x-amz-acl: private", "undecided: nothing"),
        ("PUT", "/media/k", "x-amz-checksum-crc32: AAAAAA==", "undecided: nothing"),
        ("PUT", "/media/k", "if-none-match: *", "undecided: nothing"),
        (
            "PUT",
            "/media/k",
            "x-amz-acl: everybody",
            "Header &apos;x-amz-acl&apos; with value &apos;everybody&apos; not",
        ),
        ("PUT", "/media", "x-amz-grant-read: id=x", "501 Not Implemented"),
        ("PUT", "/media/k", "x-amz-tagging: a=b", "501 Not Implemented"),
        ("PUT", "/media/k", "x-amz-storage-class: GLACIER", "501 Not Implemented"),
        ("PUT", "/media/k", "cf-create-bucket-if-missing: true", "501 Not Implemented"),
        ("POST", "/media/k?uploads", "x-amz-storage-class: STANDARD", "501 Not Implemented"),
    ] {
        let words = ["explain", method, target, "-H", header, "--policy", policy.to_str().unwrap()];
        let explained = r2shim(&words, &[]).out;
        assert!(explained.contains(expected), "{method} {target} {header}:\n{explained}");
    }
}

#[test]
fn canned_acls_are_all_that_differs_from_r2() {
    let policy = examples().join("policies/canned-acl.toml");
    let reported = r2shim(&["policy", "diff", "r2", policy.to_str().unwrap()], &[]).out;
    let headings: Vec<_> = reported.lines().filter(|line| !line.starts_with(' ')).collect();
    let rows = ["CreateBucket", "PutObject", "CopyObject", "CreateMultipartUpload"];
    let expected = rows.map(|operation| format!("{operation} headers x-amz-acl  policy/x-amz-acl"));
    assert_eq!(headings, expected);
}
