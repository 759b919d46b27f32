//! `[[cors]]` and `--cors`.

use super::*;
use crate::access::BucketScope;

const RULE: &str = "[[cors]]\nallowed_origins = [\"https://app.example\"]\nallowed_methods = [\"GET\"]\n";

#[test]
fn a_rule_is_read() {
    let text = r#"
        [[cors]]
        allowed_origins = ["*"]
        allowed_methods = ["GET"]
        [[cors]]
        buckets = ["media", "logs-*"]
        allowed_origins = ["https://App.example", "http://localhost:*"]
        allowed_methods = ["PUT", "HEAD"]
        allowed_headers = ["Content-Type", "x-amz-*"]
        expose_headers = ["ETag"]
        max_age_seconds = 86_400
        on_errors = true
    "#;
    let settings = Start::with_file(text).load().unwrap().settings;
    let [named, general] = settings.cors.given() else { panic!("{:?}", settings.cors) };
    assert_eq!(general.buckets, BucketScope::All);
    assert!(matches!(&named.buckets, BucketScope::Matching(patterns) if patterns.len() == 2));
    let rule = &named.rule;
    let shown: Vec<String> = rule.origins.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["https://app.example", "http://localhost:*"]);
    assert_eq!(rule.methods.iter().map(|method| method.name()).collect::<Vec<_>>(), ["PUT", "HEAD"]);
    assert_eq!(rule.headers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["content-type", "x-amz-*"]);
    assert_eq!((rule.expose.len(), rule.max_age, rule.on_errors), (1, Some(86_400), true));
    assert_eq!((general.rule.max_age, general.rule.on_errors), (None, false));
}

#[test]
fn each_fault_has_its_line() {
    for (line, expected) in [
        ("allowed_origins = []", "4: `allowed_origins` names none"),
        (
            "allowed_origins = [\"*\",\n\"https://a/\"]",
            "5: \"https://a/\" is no origin: nothing may follow the host and port, not even a slash",
        ),
        ("allowed_origins = [\"https://*.*.a\"]", "4: \"https://*.*.a\" is no origin: it has more than one '*'"),
        ("allowed_origins = [\"https://me:hush@a\"]", "4: this origin names a user"),
        ("allowed_origins = [\"https://a\", \"HTTPS://A\"]", "4: \"HTTPS://A\" is named twice"),
        ("allowed_methods = []", "4: `allowed_methods` names none"),
        ("allowed_methods = [\"PATCH\"]", "4: \"PATCH\" is no method of S3"),
        ("allowed_methods = [\"get\"]", "4: \"get\" is no method of S3"),
        ("allowed_methods = [\"GET\", \"GET\"]", "4: \"GET\" is named twice"),
        ("allowed_headers = [\"x-*-*\"]", "4: \"x-*-*\" is no header: it has more than one '*'"),
        ("allowed_headers = [\"a b\"]", "4: \"a b\" is no header: names are letters, digits and hyphens"),
        ("allowed_headers = [\"etag\", \"ETag\"]", "4: \"ETag\" is named twice"),
        ("expose_headers = [\"*\"]", "4: \"*\" is no header"),
        ("expose_headers = []", "4: `expose_headers` names none"),
        ("max_age_seconds = 86401", "4: a max_age_seconds of 86401 is too long"),
        ("max_age_seconds = \"60\"", "4: `max_age_seconds` must be a whole number, zero or more, not of type string"),
        ("on_errors = \"yes\"", "4: `on_errors` must be true or false, not of type string"),
        ("buckets = []", "4: `buckets` names none, so the rule is good for nothing"),
        ("buckets = [\"Media\"]", "4: \"Media\": no bucket can have this name"),
        ("origins = [\"*\"]", "4: unknown setting `origins` in [[cors]]"),
    ] {
        // The rule without the line that the fault takes the place of.
        let name = line.split(' ').next().unwrap();
        let kept: Vec<&str> = RULE.lines().map(|kept| if kept.starts_with(name) { "" } else { kept }).collect();
        assert_eq!(Start::with_file(&format!("{}\n{line}", kept.join("\n"))).faults(), [expected], "{line}");
    }
    let empty = Start::with_file("[[cors]]\n").faults();
    assert_eq!(empty, ["1: this [[cors]] has no allowed_origins", "1: this [[cors]] has no allowed_methods"]);
}

#[test]
fn advice_names_what_was_meant() {
    let typo = RULE.replace("allowed_methods", "allowed_method");
    assert!(advice_of(&typo).contains(&"did you mean `allowed_methods`?".to_owned()));
    assert_eq!(advice_of(&RULE.replace("GET", "PATCH")), ["write one of GET, HEAD, PUT, POST, DELETE"]);
    let advice = advice_of(&RULE.replace("https://app.example", "app.example"));
    assert!(advice[0].contains("\"http://localhost:3000\""), "{advice:?}");
}

#[test]
fn a_pattern_that_lets_strangers_in_is_warned_of() {
    let loaded = Start::with_file(&RULE.replace("https://app.example", "https://*app.example")).load().unwrap();
    let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings[0].ends_with(
            "r2shim.toml:2: https://*app.example also lets https://notapp.example in, a name that anyone can register"
        ),
        "{warnings:?}"
    );
}

#[test]
fn the_flag_is_one_rule_for_all_buckets_and_wins_over_the_file() {
    let mut start = Start::with_file(&format!("{RULE}{RULE}"));
    start.flags.cors = vec!["http://localhost:3000".into(), "https://*.example".into()];
    let loaded = start.load().unwrap();
    let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["--cors: --cors is given, so the 2 [[cors]] of the settings file will not count"]);
    let [rule] = loaded.settings.cors.given() else { panic!("{:?}", loaded.settings.cors) };
    assert_eq!((rule.rule.origins.len(), rule.rule.methods.len()), (2, 5));
    start.flags.cors = vec!["http://localhost:3000/".into(), "*".into(), "*".into()];
    assert_eq!(
        start.faults(),
        [
            "--cors: \"http://localhost:3000/\" is no origin: nothing may follow the host and port, not even a slash",
            "--cors: \"*\" is named twice"
        ]
    );
}
