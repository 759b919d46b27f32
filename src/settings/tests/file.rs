//! The settings file and the flags, but for keys and a remote upstream.

use super::*;
use crate::routing::TrustedProxies;
use crate::store::{Durability, Options, ScrubPlan};
use std::path::Path;
use std::time::Duration;

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
    assert_eq!(settings.store, Options::default());
    assert_eq!(settings.mode, Mode::Enforce);
    assert!(settings.domains.is_empty());
    assert!(settings.public.is_none() && settings.public_listen.is_empty());
    assert_eq!(settings.trusted_proxies, TrustedProxies::default());
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
        scrub = 604_800
        scrub_rate = 8_388_608
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
    let (index_cache, upload_age) = (64_000_000, Duration::from_secs(86_400));
    let scrub = Some(ScrubPlan { interval: Duration::from_secs(604_800), bytes_a_second: 8 << 20 });
    let durability = Durability::None;
    assert_eq!(settings.store, Options { durability, index_cache, upload_age, scrub, ..Options::default() });
    let key = settings.keys.find("any shape, Ünicode too").unwrap();
    assert_eq!(key.permission.name(), "object-read-write");
}

#[test]
fn each_fault_has_its_line() {
    for (text, expected) in [
        ("listen = \"127.0.0.1:9000\"", "1: `listen` must be a list of texts, not of type string"),
        ("\nlisten = []", "2: `listen` names none, so no client could connect"),
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
        ("[store]\nscrub = 7", "2: a scrub every 7 seconds is too often"),
        ("[store]\nscrub_rate = 16", "2: a scrub_rate of 16 bytes a second is too small"),
        ("[audit]\npath = \"x\"", "2: unknown setting `path` in [audit]"),
        ("[audit]\nfile = \"\"", "2: the path is empty"),
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

/// What is written, whether `--audit` is given, and what comes of it.
#[test]
fn an_audit_judges_by_todays_policy_unless_another_is_named() {
    for (text, flag, mode, policy, file) in [
        ("", false, Mode::Enforce, "r2", "r2shim-data/r2shim-audit.json"),
        ("", true, Mode::Audit, "r2-2026", "r2shim-data/r2shim-audit.json"),
        ("mode = \"audit\"", false, Mode::Audit, "r2-2026", "r2shim-data/r2shim-audit.json"),
        ("mode = \"enforce\"\npolicy = \"open\"", true, Mode::Audit, "open", "r2shim-data/r2shim-audit.json"),
        ("mode = \"audit\"\n[audit]\nfile = \"/a.json\"", false, Mode::Audit, "r2-2026", "/a.json"),
    ] {
        let mut start = Start::with_file(text);
        (start.flags.data, start.flags.audit) = (None, flag);
        let settings = start.load().unwrap().settings;
        assert_eq!((settings.mode, settings.policy.name()), (mode, policy), "{text}");
        assert!(settings.audit_file.ends_with(file), "{text}: {}", settings.audit_file.display());
    }
}

#[test]
fn all_faults_are_reported_at_once() {
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
        ("[store]\nzzz = 1", "known here: durability, index_cache, upload_age, scrub, scrub_rate"),
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
fn a_file_that_cannot_be_read_is_a_fault() {
    let mut start = Start::new();
    start.flags.config = Some(start.folder.path().join("none.toml"));
    assert!(start.faults()[0].starts_with("none.toml: the settings file cannot be read"), "{:?}", start.faults());
}
