//! Keys and buckets on the command line, and where faults of flags are located.

use super::*;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn keys_of_flags_are_the_only_ones() {
    let mut start =
        Start::with_file(KEY).variable("R2SHIM_ACCESS_KEY_ID", "e").variable("R2SHIM_SECRET_ACCESS_KEY", "s");
    start.flags.keys = vec!["dev:dev-secret".into(), "ci:ci-secret:object-read-only".into()];
    let loaded = start.load().unwrap();
    let ids: Vec<_> = loaded.keys.iter().map(|given| given.key.id.as_str()).collect();
    assert_eq!((ids, loaded.settings.keys.len()), (vec!["dev", "ci"], 2));
    let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    let expected = "--key: gives the only keys there are: that of R2SHIM_ACCESS_KEY_ID and that of the settings file \
                    will not be accepted";
    assert_eq!(warnings[0], expected);
}

#[test]
fn buckets_of_file_and_flags_are_made_once() {
    let mut start = Start::with_file("[[bucket]]\nname = \"media\"\n[[bucket]]\nname = \"logs\"\n");
    start.flags.buckets = texts(&["logs", " scratch"]);
    let names: Vec<_> = start.load().unwrap().settings.buckets.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["media", "logs", "scratch"]);
}

#[test]
fn each_fault_of_a_bucket_has_its_line() {
    for (lines, expected) in [
        ("", "1: this bucket has no name"),
        ("name = \"Media\"\n", "2: \"Media\" is no name of a bucket"),
        ("name = 7\n", "2: `name` must be a text, not of type integer"),
        ("nmae = \"media\"\n", "2: unknown setting `nmae` in [[bucket]]"),
        ("name = \"media\"\n[[bucket]]\nname = \"media\"\n", "4: the bucket media is named twice"),
    ] {
        let faults = Start::with_file(&format!("[[bucket]]\n{lines}")).faults();
        assert!(faults.contains(&expected.to_owned()), "{expected} is not among {faults:?}");
    }
    let hidden = "[[bucket]]\nname = \"else\"\n[upstream]\nkind = \"s3\"\nendpoints = [\"http://127.0.0.1:9100\"]\n\
                  access_key_id = \"k\"\nsecret_access_key = \"s\"\nonly_mapped = true\nbuckets = { media = \"a-b-c\" }\n";
    let expected = "2: clients cannot reach a bucket else: [upstream.buckets] hides it";
    assert_eq!(Start::with_file(hidden).faults(), [expected]);
}

#[test]
fn a_fault_names_the_variable_of_the_flag() {
    let flags = Flags {
        listen: texts(&["here"]),
        admin: Some("there".to_owned()),
        buckets: texts(&["A"]),
        keys: vec!["hush".into()],
        variables: ["R2SHIM_LISTEN", "R2SHIM_BUCKET", "R2SHIM_KEY"].map(str::to_owned).into(),
        ..Flags::default()
    };
    let faults = load(&flags, &|_| Err(VarError::NotPresent)).unwrap_err();
    let mut places: Vec<_> = faults.iter().map(|fault| &*fault.location.file).collect();
    places.sort_unstable();
    assert_eq!(places, ["--admin", "R2SHIM_BUCKET", "R2SHIM_KEY", "R2SHIM_LISTEN"]);
}

#[test]
fn a_default_address_that_serves_something_else_is_a_fault() {
    for (listen, public, expected) in [
        ("127.0.0.1:9001", None, "--admin: 127.0.0.1:9001, its default, serves something else already"),
        (
            "127.0.0.1:9002",
            Some("media"),
            "--public-listen: 127.0.0.1:9002, its default, serves something else already",
        ),
    ] {
        let mut start = Start::with_file("");
        start.flags.listen = vec![listen.to_owned()];
        start.flags.public = public.map(str::to_owned).into_iter().collect();
        let faults = start.load().unwrap_err();
        let shown: Vec<_> = faults.iter().map(|fault| format!("{}: {}", fault.location, fault.message)).collect();
        assert_eq!(shown, [expected]);
    }
}
