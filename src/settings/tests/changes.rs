//! What a change of settings comes to in a running server.

use super::*;

/// What changes from the settings of one text to those of another.
fn changes(old: &str, new: &str) -> (String, String) {
    let start = Start::with_file(old);
    let old = start.load().unwrap().settings;
    std::fs::write(start.flags.config.as_ref().unwrap(), new).unwrap();
    let new = start.load().unwrap().settings;
    let changes = old.changes_to(&new);
    let in_force = old.replaced_by(&new);
    // What was swapped is in force, and what was not still waits.
    let left = in_force.changes_to(&new);
    assert_eq!((left.swapped.as_slice(), &left.needs_restart), (&[][..], &changes.needs_restart));
    assert_eq!(old.changes_to(&in_force), Changes { needs_restart: Vec::new(), ..changes.clone() });
    (changes.swapped.join(" "), changes.needs_restart.join(" "))
}

#[test]
fn each_change_is_swapped_or_named() {
    let other_key = KEY.replace("\"s\"", "\"t\"");
    for (new, swapped, needs_restart) in [
        ("", "", ""),
        ("# a comment", "", ""),
        ("policy = \"open\"", "policy", ""),
        ("domains = [\"s3.test\"]", "domains", ""),
        ("trusted_proxies = [\"10.0.0.1\"]", "trusted_proxies", ""),
        ("public = [\"media\"]", "public", "public_listen"),
        ("listen = [\"127.0.0.1:9\"]", "", "listen"),
        ("admin = \"off\"", "", "admin"),
        ("[admin]\ndownload = true", "", "admin"),
        ("mode = \"audit\"", "policy", "mode"),
        ("[limits]\nrequests = 1", "limits", ""),
        ("[limits.key]\nrequest_rate = 1", "limits", ""),
        ("[limits]\nbody_idle = 1\nbody_bytes = 1\nbody_window = 1", "limits", ""),
        ("[limits]\nconnections = 1\nhead_time = 1", "", "limits.connections limits.head_time"),
        ("[limits]\nconnections_per_address = 1\nidle_time = 1", "", "limits.connections_per_address limits.idle_time"),
        (
            "[limits]\nhandshake_time = 1\nfirst_byte_time = 1\nrequests = 1",
            "limits",
            "limits.handshake_time limits.first_byte_time",
        ),
        ("control = \"off\"", "", "control"),
        ("reload_interval = 0", "", "reload_interval"),
        ("[audit]\nfile = \"x\"", "", "audit.file"),
        ("[store]\ndurability = \"none\"", "", "store"),
        ("[[bucket]]\nname = \"media\"", "bucket", ""),
        ("[[cors]]\nallowed_origins = [\"*\"]\nallowed_methods = [\"GET\"]", "cors", ""),
    ] {
        let (old, new) = (KEY.to_owned(), format!("{new}\n{KEY}"));
        assert_eq!(changes(&old, &new), (swapped.to_owned(), needs_restart.to_owned()), "{new}");
    }
    assert_eq!(changes(KEY, &other_key).0, "key");
    let store = "[upstream]\nkind = \"s3\"\nendpoints = [\"http://127.0.0.1:9100\"]\n";
    let remote = format!("{KEY}{store}access_key_id = \"a\"\nsecret_access_key = \"b\"\n");
    for (old, new, swapped, needs_restart) in [
        ("secret_access_key = \"b\"", "secret_access_key = \"c\"", "upstream.access_key_id", ""),
        ("9100", "9101", "", "upstream.endpoints"),
        ("kind = \"s3\"", "kind = \"s3\"\npool = 7\nconnect_timeout = 1", "", "upstream.connect_timeout upstream.pool"),
        ("access_key_id = \"a\"\nsecret_access_key = \"b\"", "credentials = \"aws-chain\"", "", "upstream.credentials"),
    ] {
        let expected = (swapped.to_owned(), needs_restart.to_owned());
        assert_eq!(changes(&remote, &remote.replace(old, new)), expected, "{new}");
    }
    assert_eq!(changes(KEY, &remote).1, "audit.file control upstream.kind");
}

#[test]
fn an_audit_keeps_its_policy() {
    let audit = |policy: &str| format!("mode = \"audit\"\npolicy = \"{policy}\"\n{KEY}");
    assert_eq!(changes(&audit("r2"), &audit("open")), (String::new(), "policy".to_owned()));
}

#[test]
fn every_file_that_is_read_is_watched() {
    let start =
        Start::with_file(&format!("policy = \"./own.toml\"\n{}", KEY.replace("_key = \"s\"", "_key_file = \"s\"")));
    let at = |name: &str| start.folder.path().join(name);
    std::fs::write(at("own.toml"), "extends = \"base.toml\"\n").unwrap();
    std::fs::write(at("base.toml"), "extends = \"r2\"\n").unwrap();
    std::fs::write(at("s"), "hush").unwrap();
    let mut files = start.load().unwrap().files;
    files.sort();
    assert_eq!(files, [at("base.toml"), at("own.toml"), at("r2shim.toml"), at("s")]);
    let kept = Start::new();
    assert_eq!(kept.load().unwrap().files, [kept.folder.path().join("data/credentials.toml")]);
}

#[test]
fn files_that_are_new_are_read_before_they_count_as_known() {
    let start = Start::with_file(&format!("policy = \"./own.toml\"\n{KEY}"));
    std::fs::write(start.folder.path().join("own.toml"), "extends = \"r2\"\n").unwrap();
    let read = reread(&start.flags, &|_| Err(VarError::NotPresent), &Fingerprint::default());
    assert_eq!(read.files, Fingerprint::of(read.loaded.unwrap().files));
    assert_eq!(read.files.paths().count(), 2);
}

#[test]
fn a_pipe_is_not_taken_for_an_empty_file() {
    let flags = Flags { config: Some("/dev/null".into()), ..Flags::default() };
    let read = reread(&flags, &|_| Err(VarError::NotPresent), &Fingerprint::default());
    let faults = read.loaded.unwrap_err();
    assert_eq!(faults[0].to_string(), "/dev/null: it is no regular file, and cannot be read again");
}
