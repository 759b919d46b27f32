//! Splitting: text in pieces of every size in, records out.

use super::*;

fn lines() -> Splitter {
    Splitter::Lines(Lines::default())
}

fn objects(path: &'static [u8]) -> Splitter {
    Splitter::Objects(Objects::inside(path))
}

/// The records of a text that comes in pieces of that size, each behind its line.
fn split(mut splitter: Splitter, text: &[u8], size: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut sink = |place: Place, record: Result<&[u8], Broken>| {
        let record = match record {
            Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Err(broken) => format!("{broken:?}"),
        };
        found.push(format!("{} {record}", place.line));
    };
    text.chunks(size).for_each(|chunk| splitter.feed(chunk, &mut sink));
    splitter.finish(&mut sink);
    found
}

#[test]
fn lines_are_records_however_they_arrive() {
    for (text, expected) in [
        ("", &[][..]),
        ("a", &["1 a"]),
        ("a\n", &["1 a"]),
        ("a\r\nb\r\n", &["1 a", "2 b"]),
        ("\n\na\n\n\nb", &["3 a", "6 b"]),
        ("a\rb\n", &["1 a\rb"]),
    ] {
        for size in 1..5 {
            assert_eq!(split(lines(), text.as_bytes(), size), expected, "{text:?} by {size}");
        }
    }
}

#[test]
fn objects_are_records_however_they_arrive() {
    for (text, expected) in [
        ("", &[][..]),
        ("{}", &["1 {}"]),
        ("{\"a\":1}\n{\"b\":{\"c\":[1]}}\n", &["1 {\"a\":1}", "2 {\"b\":{\"c\":[1]}}"]),
        ("{\"a\":\n 1\n}\n{}", &["1 {\"a\":\n 1\n}", "4 {}"]),
        ("{\"a\":\"}{\\\"[\\\\\"}{}", &["1 {\"a\":\"}{\\\"[\\\\\"}", "1 {}"]),
        ("no JSON\n{}\n\"text\"\n", &["1 no JSON", "2 {}", "3 \"text\""]),
        ("{\"a\":{\"b\n{\"c\":1}\n", &["1 CutOff", "2 {\"c\":1}"]),
        ("{\"a\":{\"b\":1,\n{\"c\":1}\n", &["1 CutOff", "2 {\"c\":1}"]),
        ("{\"a\":1", &["1 CutOff"]),
        ("}\n{}\n", &["1 }", "2 {}"]),
    ] {
        for size in 1..5 {
            assert_eq!(split(objects(b""), text.as_bytes(), size), expected, "{text:?} by {size}");
        }
    }
}

#[test]
fn elements_are_found_inside_brackets() {
    for (path, text, expected) in [
        (&b"{["[..], r#"{"Records":[{"a":[{}]},{"b":1}]}"#, &[r#"1 {"a":[{}]}"#, r#"1 {"b":1}"#][..]),
        (b"{[", "{\"Records\":[\n{},\n{}]}\n{\"Records\":[{\"c\":1}]}", &["2 {}", "3 {}", "4 {\"c\":1}"]),
        (b"{[", r#"{"x":{"y":{}},"Records":[{"a":"#, &["1 CutOff"]),
        (b"{[", "{\"Records\":[{\"a\":\"b\n{\"c\":1}]}", &["1 CutOff", "2 {\"c\":1}"]),
        (b"{{[", r#"{"log":{"version":"1","entries":[{"a":1},{}]}}"#, &[r#"1 {"a":1}"#, "1 {}"]),
        (b"{{[", r#"{"log":{"creator":{"x":[{}]}}}"#, &[]),
    ] {
        for size in 1..5 {
            assert_eq!(split(objects(path), text.as_bytes(), size), expected, "{text:?} by {size}");
        }
    }
}

#[test]
fn a_long_record_is_reported_and_the_next_is_read() {
    let long = "x".repeat(MAX_RECORD + 1);
    let text = format!("{long}\na\n");
    for size in [1 << 10, 4 << 20] {
        assert_eq!(split(lines(), text.as_bytes(), size), ["1 TooLong", "2 a"]);
    }
    let numbers = format!("{{\"a\":[{}1]}}\n{{}}", "1,".repeat(MAX_RECORD));
    assert_eq!(split(objects(b""), numbers.as_bytes(), 1 << 10), ["1 TooLong", "2 {}"]);
}

#[test]
fn long_strings_are_cut_between_characters() {
    for filler in ["x", "é", "✓", "\\n"] {
        let text = format!("{{\"a\":\"{}\",\"b\":1}}", filler.repeat(MAX_STRING));
        for size in [7, 1 << 20] {
            let found = split(objects(b""), text.as_bytes(), size);
            assert_eq!(found.len(), 1, "{filler}");
            assert!(found[0].len() < MAX_STRING + 40 && found[0].ends_with(",\"b\":1}"), "{filler}");
            assert!(serde_json::from_str::<serde_json::Value>(&found[0][2..]).is_ok(), "{filler}");
        }
    }
}
