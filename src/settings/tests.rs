//! Settings texts and what they come to; every fault with its line.

use super::*;
use crate::store::Durability;
use std::collections::HashMap;
use std::env::VarError;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with a settings file in it, the environment and the flags of one start.
struct Start {
    folder: TempDir,
    flags: Flags,
    environment: HashMap<&'static str, &'static str>,
}

impl Start {
    fn new() -> Start {
        let folder = TempDir::new().unwrap();
        let flags = Flags { data: Some(folder.path().join("data")), ..Flags::default() };
        Start { folder, flags, environment: HashMap::new() }
    }

    fn with_file(text: &str) -> Start {
        let mut start = Start::new();
        let path = start.folder.path().join("r2shim.toml");
        std::fs::write(&path, text).unwrap();
        start.flags.config = Some(path);
        start
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Start {
        self.environment.insert(name, value);
        self
    }

    fn load(&self) -> Result<Loaded, Vec<Fault>> {
        let lookup =
            |name: &str| self.environment.get(name).map(|value| (*value).to_owned()).ok_or(VarError::NotPresent);
        load(&self.flags, &lookup)
    }

    /// The faults as `LINE: message`, the folder's own name left out.
    fn faults(&self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        let line = |fault: &Fault| fault.place.line.map_or(fault.place.file.clone(), |line| line.to_string());
        let show = |fault: Fault| format!("{}: {}", line(&fault), fault.message).replace(&folder, "");
        self.load().err().unwrap_or_default().into_iter().map(show).collect()
    }
}

fn advice_of(text: &str) -> Vec<String> {
    Start::with_file(text).load().unwrap_err().into_iter().map(|fault| fault.advice).collect()
}

const KEY: &str = "[[key]]\naccess_key_id = \"k\"\nsecret_access_key = \"s\"\npermission = \"object-read-only\"\n";

#[test]
fn without_any_settings_the_defaults_hold() {
    let mut start = Start::new();
    start.flags = Flags::default();
    let settings = start.load().unwrap().settings;
    assert_eq!(settings.listen, ["127.0.0.1:9000".parse().unwrap()]);
    assert_eq!(settings.admin, Some("127.0.0.1:9001".parse().unwrap()));
    assert_eq!(settings.policy.name(), "r2");
    assert!(matches!(settings.upstream, Upstream::Local));
    assert_eq!(settings.data_folder, Path::new("./r2shim-data"));
    assert_eq!(settings.store, StoreOptions { durability: Durability::Fsync, index_cache: None, upload_age: None });
    assert_eq!(settings.mode, Mode::Enforce);
    assert!(settings.domains.is_empty());
}

#[test]
fn a_full_file_is_read() {
    let mut start = Start::with_file(
        r#"
        listen = ["127.0.0.1:9100", "[::1]:9100"]
        admin = "off"
        policy = "open"
        mode = "enforce"
        domains = ["S3.example.test", "localhost"]
        [[key]]
        access_key_id = "any shape, Ünicode too"
        secret_access_key = "s"
        permission = "object-read-write"
        buckets = ["media", "logs-*"]
        [upstream]
        kind = "local"
        path = "objects"
        [store]
        durability = "none"
        index_cache = 64_000_000
        upload_age = 86_400
        "#,
    );
    start.flags.data = None;
    let settings = start.load().unwrap().settings;
    let folder = start.folder.path();
    assert_eq!(settings.listen.len(), 2);
    assert_eq!(settings.admin, None);
    assert_eq!(settings.policy.name(), "open");
    assert_eq!(settings.domains, ["s3.example.test", "localhost"]);
    assert_eq!(settings.data_folder, folder.join("objects"));
    let (index_cache, upload_age) = (Some(64_000_000), Some(86_400));
    assert_eq!(settings.store, StoreOptions { durability: Durability::None, index_cache, upload_age });
    let key = settings.keys.find("any shape, Ünicode too").unwrap();
    assert_eq!(key.permission.name(), "object-read-write");
}

#[test]
fn each_fault_has_its_line() {
    for (text, expected) in [
        ("listen = \"127.0.0.1:9000\"", "1: `listen` must be a list of texts, not of type string"),
        ("\nlisten = [1]", "2: `listen` must be a list of texts, not of type array"),
        ("listen = [\n\"127.0.0.1:9000\",\n\":9000\"]", "3: \":9000\" is no address to listen at"),
        ("listen = [\"127.0.0.1:1\", \"127.0.0.1:1\"]", "1: 127.0.0.1:1 is named twice"),
        ("admin = \"127.0.0.1:9000\"", "1: 127.0.0.1:9000 serves clients already"),
        ("admin = \"none\"", "1: \"none\" is no address to listen at"),
        ("policy = \"s3\"", "1: there is no policy \"s3\""),
        ("\npolicy = \"own/p.toml\"", "2: own/p.toml cannot be read: No such file or directory (os error 2)"),
        ("mode = \"lenient\"", "1: \"lenient\" is no mode"),
        ("domains = [\"s3.test:9000\"]", "1: \"s3.test:9000\" is no domain: a host name has no port"),
        ("domains = [\"http://s3\"]", "1: \"http://s3\" is no domain: a host name has no scheme and no path"),
        ("domains = [\"*.s3\"]", "1: \"*.s3\" is no domain: every bucket under it is meant already"),
        ("domains = [\"10.0.0.1\"]", "1: \"10.0.0.1\" is no domain: an IP address has no names under it"),
        ("domains = [\"s3.\"]", "1: \"s3.\" is no domain: its parts must be 1 to 63 letters, digits and inner hyphens"),
        ("domains = [\"a\", \"A\"]", "1: the domain a is named twice"),
        ("\n\nlisten_at = 1", "3: unknown setting `listen_at`"),
        ("[store]\ndurable = true", "2: unknown setting `durable` in [store]"),
        ("[store]\ndurability = \"maybe\"", "2: \"maybe\" is no durability"),
        ("[store]\nindex_cache = -1", "2: `index_cache` must be a whole number, zero or more, not of type integer"),
        ("[store]\nindex_cache = 4", "2: an index_cache of 4 bytes is too small"),
        ("[store]\nupload_age = 7", "2: an upload_age of 7 seconds is too small"),
        ("store = 1", "1: `store` must be a table, not of type integer"),
        ("key = 1", "1: `key` must be a list of tables, not of type integer"),
        ("[upstream]\nkind = \"disk\"\npool = 1", "2: `kind` must be \"local\" or \"s3\""),
        ("[upstream]\npath = \"\"", "2: the path is empty"),
        ("listen = [", "1: not TOML: unclosed array, expected `]`"),
    ] {
        let mut start = Start::with_file(text);
        start.flags.data = None;
        assert_eq!(start.faults(), [expected], "{text}");
    }
}

#[test]
fn what_is_reserved_says_that_it_is_not_there_yet() {
    for (text, expected) in [
        ("mode = \"audit\"", "1: `mode = \"audit\"` is not in this version yet"),
        ("[tls]\ncert = \"x\"", "1: `tls` is not in this version yet"),
        ("[limits]", "1: `limits` is not in this version yet"),
        ("[[cors]]\n[[cors]]", "1: `cors` is not in this version yet"),
        ("[audit]\npath = \"x\"", "1: `audit` is not in this version yet"),
    ] {
        assert_eq!(Start::with_file(text).faults(), [expected], "{text}");
    }
    let expiring = format!("{KEY}expires = 2030-01-01\n");
    assert_eq!(Start::with_file(&expiring).faults(), ["5: `expires` in [[key]] is not in this version yet"]);
}

#[test]
fn each_fault_of_a_key_has_its_line() {
    let id = "access_key_id = \"k\"\n";
    let secret = "secret_access_key = \"s\"\n";
    let permission = "permission = \"admin-read-only\"\n";
    for (lines, expected) in [
        ([id, secret, ""], "1: this key has no permission"),
        (["", secret, permission], "1: this key has no access_key_id"),
        ([id, "", permission], "1: this key has no secret"),
        (["access_key_id = \"\"\n", secret, permission], "2: the access key id is empty"),
        (
            ["access_key_id = \"a/b\"\n", secret, permission],
            "2: the access key id has a '/', which ends it in a signature",
        ),
        (["access_key_id = \"a\\n\"\n", secret, permission], "2: the access key id has a control character"),
        ([id, "secret_access_key = \"\"\n", permission], "3: the secret is empty"),
        ([id, "secret_access_key = 1234\n", permission], "3: `secret_access_key` must be a text, not of type integer"),
        ([id, "secret_access_key_env = \"NONE\"\n", permission], "3: the variable NONE is not set"),
        ([id, "secret_access_key_env = \"EMPTY\"\n", permission], "3: the variable EMPTY is empty"),
        ([id, secret, "permission = \"object-write\"\n"], "4: \"object-write\" is no permission"),
        (
            [id, secret, "permission = \"admin-read-only\"\nbuckets = []"],
            "5: `buckets` names none, so the key is good for nothing",
        ),
        ([id, secret, "permission = \"admin-read-only\"\nbuckets = [\"A\"]"], "5: \"A\": no bucket can have this name"),
        (
            [id, secret, "permission = \"admin-read-only\"\nbuckets = [\"*\"]"],
            "5: \"*\": a pattern cannot start with '*'",
        ),
    ] {
        let start = Start::with_file(&format!("[[key]]\n{}", lines.concat())).variable("EMPTY", "");
        assert!(start.faults().contains(&expected.to_owned()), "{expected} is not among {:?}", start.faults());
    }
}

#[test]
fn a_secret_is_named_exactly_once() {
    let twice = format!("{KEY}secret_access_key_env = \"S\"\n");
    assert_eq!(Start::with_file(&twice).variable("S", "s").faults(), ["1: this key names its secret more than once"]);
}

#[test]
fn two_keys_cannot_have_one_id() {
    let faults = Start::with_file(&format!("{KEY}{KEY}")).faults();
    assert_eq!(faults, ["6: two keys have the id \"k\"; the first is at r2shim.toml:2"]);
}

#[test]
fn all_faults_are_told_at_once() {
    let mut start = Start::with_file("listn = []\nadmin = 1\n[[key]]\npermission = \"x\"\n[store]\ndurability = 1\n");
    start.flags.listen = vec!["here".into()];
    let faults = start.variable("R2SHIM_ACCESS_KEY_ID", "id").faults();
    for expected in [
        "1: unknown setting `listn`",
        "2: `admin` must be a text, not of type integer",
        "3: this key has no access_key_id",
        "3: this key has no secret",
        "4: \"x\" is no permission",
        "6: `durability` must be a text, not of type integer",
        "--listen: \"here\" is no address to listen at",
        "R2SHIM_ACCESS_KEY_ID: R2SHIM_ACCESS_KEY_ID is set and R2SHIM_SECRET_ACCESS_KEY is not",
    ] {
        assert!(faults.contains(&expected.to_owned()), "{expected} is not among {faults:#?}");
    }
    assert_eq!(faults.len(), 8);
}

#[test]
fn near_misses_are_suggested() {
    for (text, advice) in [
        ("listn = []", "did you mean `listen`?"),
        ("domain = []", "did you mean `domains`?"),
        ("[[keys]]", "did you mean `key`?"),
        ("[upstrem]", "did you mean `upstream`?"),
        ("[store]\ndurabilty = \"none\"", "did you mean `durability`?"),
        ("[store]\nzzz = 1", "known here: durability, index_cache, upload_age"),
        ("policy = \"opne\"", "did you mean \"open\"?"),
        ("admin = 9001", "write it as admin = \"127.0.0.1:9001\""),
    ] {
        assert_eq!(advice_of(text), [advice], "{text}");
    }
    let typo = KEY.replace("object-read-only", "object-read-onyl");
    assert_eq!(advice_of(&typo), ["did you mean \"object-read-only\"?"]);
}

#[test]
fn no_fault_shows_a_secret() {
    let text =
        "[[key]]\nsecret_access_key = [\"hush\"]\nsecret_access_key_env = 5\nsecret_access_key_file = \"none\"\n";
    let start = Start::with_file(text).variable("R2SHIM_SECRET_ACCESS_KEY", "hush");
    let shown = format!("{:?}", start.load().unwrap_err());
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn flags_win_over_the_file() {
    let text = "listen = [\"127.0.0.1:1\"]\nadmin = \"off\"\npolicy = \"open\"\n[upstream]\npath = \"a\"\n[store]\ndurability = \"none\"";
    let mut start = Start::with_file(text);
    start.flags.listen = vec!["127.0.0.1:2".into()];
    start.flags.admin = Some("127.0.0.1:3".into());
    start.flags.policy = Some("r2".into());
    start.flags.data = Some("elsewhere".into());
    start.flags.durability = Some("fsync".into());
    let settings = start.load().unwrap().settings;
    assert_eq!(settings.listen, ["127.0.0.1:2".parse().unwrap()]);
    assert_eq!(settings.admin, Some("127.0.0.1:3".parse().unwrap()));
    assert_eq!(settings.policy.name(), "r2");
    assert_eq!(settings.data_folder, Path::new("elsewhere"));
    assert_eq!(settings.store.durability, Durability::Fsync);
}

#[test]
fn the_environments_key_wins_over_the_files_and_says_so() {
    let start = Start::with_file(KEY).variable("R2SHIM_ACCESS_KEY_ID", "e").variable("R2SHIM_SECRET_ACCESS_KEY", "s");
    let loaded = start.load().unwrap();
    assert!(loaded.settings.keys.find("e").is_some() && loaded.settings.keys.find("k").is_none());
    assert_eq!(loaded.keys[0].secret, SecretPlace::Environment("R2SHIM_SECRET_ACCESS_KEY".into()));
    assert_eq!(loaded.warnings.len(), 1);
}

#[test]
fn half_a_pair_in_the_environment_is_a_fault() {
    for (name, value, expected) in [
        ("R2SHIM_ACCESS_KEY_ID", "i", "R2SHIM_ACCESS_KEY_ID is set and R2SHIM_SECRET_ACCESS_KEY is not"),
        ("R2SHIM_SECRET_ACCESS_KEY", "s", "R2SHIM_SECRET_ACCESS_KEY is set and R2SHIM_ACCESS_KEY_ID is not"),
        ("R2SHIM_ACCESS_KEY_ID", "", "R2SHIM_ACCESS_KEY_ID is set and empty"),
    ] {
        assert_eq!(Start::new().variable(name, value).faults(), [format!("{name}: {expected}")]);
    }
}

#[test]
fn a_secret_can_stand_in_a_file_beside_the_settings() {
    let text = KEY.replace("secret_access_key = \"s\"", "secret_access_key_file = \"app.secret\"");
    let start = Start::with_file(&text);
    let path = start.folder.path().join("app.secret");
    std::fs::write(&path, "hush\n").unwrap();
    assert_eq!(start.load().unwrap().keys[0].secret, SecretPlace::File(path.clone()));
    std::fs::write(&path, "").unwrap();
    assert_eq!(start.faults(), ["3: the secret's file app.secret must hold one line"]);
    std::fs::remove_file(&path).unwrap();
    assert!(start.faults()[0].starts_with("3: the secret's file app.secret cannot be read"));
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let mut start = Start::new();
    start.flags.config = Some(start.folder.path().join("none.toml"));
    assert!(start.faults()[0].starts_with("none.toml: the settings file cannot be read"), "{:?}", start.faults());
}

mod kept_pair {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const SEED: [u8; 48] = [7; 48];

    #[test]
    fn is_made_once_and_used_again() {
        let start = Start::new();
        let mut first = start.load().unwrap();
        assert!(first.keys.is_empty(), "loading makes nothing");
        first.make_key(SEED).unwrap();
        let file = start.folder.path().join("data/credentials.toml");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "no draft stays behind");
        let again = start.load().unwrap();
        assert!(again.settings.keys.find(&"07".repeat(16)).is_some());
        assert_eq!(again.keys[0].secret, SecretPlace::Kept(file));
        assert!(again.warnings.is_empty());
    }

    #[test]
    fn of_another_start_wins_over_a_new_one() {
        let start = Start::new();
        let (mut one, mut other) = (start.load().unwrap(), start.load().unwrap());
        one.make_key(SEED).unwrap();
        other.make_key([8; 48]).unwrap();
        assert_eq!(other.keys[0].key.id, one.keys[0].key.id);
    }

    #[test]
    fn that_others_can_read_is_a_warning() {
        let start = Start::new();
        start.load().unwrap().make_key(SEED).unwrap();
        let file = start.folder.path().join("data/credentials.toml");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let loaded = start.load().unwrap();
        assert_eq!(loaded.warnings[0].message, "others can read the secret: the file's mode is 0644");
    }

    #[test]
    fn that_is_torn_is_a_fault_and_stays_as_it_is() {
        let start = Start::new();
        let file = start.folder.path().join("data/credentials.toml");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        for torn in ["", "access_key_id = \"k\"\n", "access_key_id = \"k\"\nsecret_access_key = \"", "x = 1\n"] {
            std::fs::write(&file, torn).unwrap();
            let faults = start.faults();
            assert_eq!(faults.last().unwrap(), "data/credentials.toml: the kept key is incomplete", "{torn:?}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), torn);
        }
    }

    #[test]
    fn is_not_needed_where_keys_are_given() {
        let start = Start::with_file(KEY);
        start.load().unwrap().make_key(SEED).unwrap();
        assert!(!start.folder.path().join("data").exists());
    }
}

mod data_folder {
    use super::*;

    #[test]
    fn must_be_a_folder_or_makeable() {
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
}
