//! Keys for clients, wherever they stand.

use super::*;
use crate::s3::Timestamp;

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
        (
            [id, "secret_access_key_env = \"NONE\"\n", permission],
            "3: the variable that secret_access_key_env names is not set",
        ),
        (
            [id, "secret_access_key_env = \"EMPTY\"\n", permission],
            "3: the variable that secret_access_key_env names is empty",
        ),
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
fn a_key_can_have_an_end() {
    let millis = |written: &str| {
        let loaded = Start::with_file(&format!("{KEY}expires = {written}\n")).load().unwrap();
        loaded.keys[0].key.expires.map(Timestamp::millis)
    };
    for written in
        ["2027-01-15T08:00:00Z", "2027-01-15 08:00:00Z", "2027-01-15T09:00:00+01:00", "\"2027-01-15T08:00:00Z\""]
    {
        assert_eq!(millis(written), Some(1_800_000_000_000), "{written}");
    }
    assert_eq!(Start::with_file(KEY).load().unwrap().keys[0].key.expires, None);
    let no_time = "5: `expires` is no date and time with an offset from UTC";
    for (written, expected) in [
        ("2027-01-15", no_time),
        ("2027-01-15T08:00:00", no_time),
        ("08:00:00", no_time),
        ("\"tomorrow\"", no_time),
        ("\"\"", no_time),
        ("1800000000", "5: `expires` must be a date and time, not of type integer"),
    ] {
        assert_eq!(Start::with_file(&format!("{KEY}expires = {written}\n")).faults(), [expected], "{written}");
    }
}

#[test]
fn keys_that_end_soon_are_warned_of() {
    let start = Start::with_file(&format!("{KEY}expires = 2027-01-15T08:00:00Z\n"));
    let keys = start.load().unwrap().keys;
    let end = 1_800_000_000;
    for (seconds, expected) in [
        (end - 15 * 86_400, None),
        (end - 14 * 86_400, Some("the key \"k\" expires at 2027-01-15T08:00:00.000Z, in 14 days")),
        (end - 86_400 - 7_300, Some("the key \"k\" expires at 2027-01-15T08:00:00.000Z, in 26 hours")),
        (end - 60, Some("the key \"k\" expires at 2027-01-15T08:00:00.000Z, in 1 minute")),
        (end, Some("the key \"k\" expired at 2027-01-15T08:00:00.000Z: requests with it are refused")),
        (end + 1, Some("the key \"k\" expired at 2027-01-15T08:00:00.000Z: requests with it are refused")),
    ] {
        let warnings = expiring(&keys, Timestamp::from_millis(seconds * 1000));
        let messages: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(messages, expected.into_iter().collect::<Vec<_>>(), "{seconds}");
        assert!(warnings.iter().all(|warning| warning.location.line == Some(1)));
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
    assert_eq!(start.faults(), ["3: the file that secret_access_key_file names must hold one line"]);
    std::fs::remove_file(&path).unwrap();
    assert!(start.faults()[0].starts_with("3: the file that secret_access_key_file names cannot be read"));
}

#[test]
fn no_fault_repeats_what_can_be_a_secret() {
    for name in ["secret_access_key_env", "secret_access_key_file"] {
        for secret in ["THE-SECRET", "THE_SECRET", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"] {
            let text = KEY.replace("secret_access_key = \"s\"", &format!("{name} = \"{secret}\""));
            let faults = Start::with_file(&text).load().unwrap_err();
            assert_eq!(faults.len(), 1);
            assert!(!format!("{faults:?}").contains(secret), "{faults:?}");
        }
    }
}

#[test]
fn a_settings_file_with_a_secret_that_everyone_can_read_is_a_warning() {
    let by_variable = KEY.replace("secret_access_key = \"s\"", "secret_access_key_env = \"S\"");
    for (text, mode, warned) in
        [(KEY, 0o644, true), (KEY, 0o640, false), (KEY, 0o600, false), (by_variable.as_str(), 0o644, false)]
    {
        let start = Start::with_file(text).variable("S", "s");
        let path = start.flags.config.clone().unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let warnings = start.load().unwrap().warnings;
        let messages: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
        let expected = ["others can read the secret: the file's mode is 0644"];
        assert_eq!(messages, if warned { &expected[..] } else { &[] }, "{mode:o} {text}");
    }
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
    fn in_which_a_byte_has_changed_is_a_fault_or_the_same() {
        let start = Start::new();
        start.load().unwrap().make_key(SEED).unwrap();
        let data = start.folder.path().join("data");
        let file = credentials::path(&data);
        let read = || credentials::read(&data, &mut Vec::new()).ok().map(|given| given.unwrap().key);
        let (whole, truth) = (std::fs::read(&file).unwrap(), read());
        assert!(truth.is_some());
        let mut faults = 0;
        for (at, change) in
            (0..whole.len()).flat_map(|at| [1, 2, 4, 8, 16, 32, 64, 128, 255].map(|change| (at, change)))
        {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            std::fs::write(&file, bytes).unwrap();
            let found = read();
            assert!(found.is_none() || found == truth, "byte {at} ^ {change}");
            faults += usize::from(found.is_none());
        }
        assert!(faults > whole.len(), "{faults}");
    }

    #[test]
    fn that_was_changed_by_hand_is_taken_without_its_checksum() {
        let start = Start::new();
        start.load().unwrap().make_key(SEED).unwrap();
        let file = start.folder.path().join("data/credentials.toml");
        let text = std::fs::read_to_string(&file).unwrap().replace(&"07".repeat(16), "mine");
        std::fs::write(&file, &text).unwrap();
        let expected = "the kept key is not the one that was made: the file has been damaged, or changed by hand";
        assert_eq!(start.faults(), [format!("data/credentials.toml: {expected}")]);
        let without: Vec<_> = text.lines().filter(|line| !line.contains("checksum")).collect();
        std::fs::write(&file, without.join("\n")).unwrap();
        assert!(start.load().unwrap().settings.keys.find("mine").is_some());
    }

    #[test]
    fn is_not_needed_where_keys_are_given() {
        let start = Start::with_file(KEY);
        start.load().unwrap().make_key(SEED).unwrap();
        assert!(!start.folder.path().join("data").exists());
    }
}
