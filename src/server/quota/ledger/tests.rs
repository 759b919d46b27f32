use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Limits as text: `requests=2 rate=1`.
fn limits(text: &str) -> KeyLimits {
    let mut limits = KeyLimits::default();
    for (name, value) in text.split_whitespace().map(|word| word.split_once('=').unwrap()) {
        let value = Some(value.parse().unwrap());
        match name {
            "requests" => limits.requests = value,
            "rate" => limits.request_rate = value,
            "copies" => limits.copies = value,
            "in" => limits.bytes_in = value,
            "out" => limits.bytes_out = value,
            other => panic!("{other}"),
        }
    }
    limits
}

/// What becomes of steps, under limits in all (requests, copies) and of each key. A step is a time in milliseconds and
/// what happens: `a` is a request of key `a`, `a copy` one that copies, `a ends`, `a in 500` are bytes, `-` is
/// unsigned.
fn outcomes(all: (u64, u64), of_key: &str, steps: &[(u64, &str)]) -> Vec<String> {
    let (mut ledger, limits) = (Ledger::default(), limits(of_key));
    let mut outcomes = Vec::new();
    for (at, step) in steps {
        let mut words = step.split_whitespace();
        let key = words.next().filter(|key| *key != "-");
        let rest: Vec<_> = words.collect();
        match rest[..] {
            ["ends"] => ledger.leave(key, false),
            ["copy", "ends"] => ledger.leave(key, true),
            [way @ ("in" | "out"), bytes] => {
                let (way, rate) = match way {
                    "in" => (Direction::In, limits.bytes_in),
                    _ => (Direction::Out, limits.bytes_out),
                };
                let wait = ledger.moved(key.unwrap(), way, bytes.parse().unwrap(), rate.unwrap(), ms(*at));
                outcomes.push(format!("{}", wait.as_millis()));
            }
            _ => {
                let key = key.map(|key| (key, limits));
                let ask = Ask { key, is_copy: rest == ["copy"], requests: all.0, copies: all.1 };
                let entered = ledger.enter(&ask, ms(*at));
                outcomes.push(match entered {
                    Ok(_) => "ok".to_owned(),
                    Err(Over { limit, wait }) => format!("{} {}", limit.name(), wait.as_millis()),
                });
            }
        }
    }
    outcomes
}

#[test]
fn each_limit_refuses_what_is_over_it_and_nothing_else() {
    for (what, all, of_key, steps, expected) in [
        (
            "requests in all, whosever they are",
            (2, 0),
            "",
            &[(0, "a"), (0, "-"), (0, "b"), (0, "-"), (0, "a ends"), (0, "b")][..],
            &["ok", "ok", "requests 1000", "requests 1000", "ok"][..],
        ),
        (
            "requests of a key; another goes on",
            (0, 0),
            "requests=1",
            &[(0, "a"), (0, "a"), (0, "b"), (0, "a ends"), (0, "a")],
            &["ok", "key_requests 1000", "ok", "ok"],
        ),
        (
            "copies; what copies nothing goes on",
            (0, 2),
            "copies=1",
            &[(0, "a copy"), (0, "a copy"), (0, "a"), (0, "b copy"), (0, "c copy"), (0, "a copy ends"), (0, "c copy")],
            &["ok", "key_copies 1000", "ok", "ok", "copies 1000", "ok"],
        ),
        (
            "a rate; another key goes on",
            (0, 0),
            "rate=2",
            &[(0, "a"), (0, "a"), (0, "a"), (0, "b"), (400, "a"), (500, "a")],
            &["ok", "ok", "request_rate 500", "ok", "request_rate 100", "ok"],
        ),
        (
            "what another limit refuses takes no token of the rate",
            (0, 0),
            "requests=1 rate=2",
            &[(0, "a"), (0, "a"), (0, "a"), (0, "a ends"), (0, "a"), (0, "a ends"), (0, "a")],
            &["ok", "key_requests 1000", "key_requests 1000", "ok", "request_rate 500"],
        ),
        (
            "bytes wait, and a debt of more than ten seconds refuses",
            (0, 0),
            "in=1000 out=1000",
            &[
                (0, "a"),
                (0, "a in 3000"),
                (0, "b"),
                (0, "b in 1000"),
                (0, "a in 8000"),
                (0, "a"),
                (0, "a in 500"),
                (0, "a"),
                (500, "a"),
                (500, "a out 1500"),
            ],
            &["ok", "2000", "ok", "0", "10000", "ok", "10500", "bytes_in 500", "ok", "500"],
        ),
        ("no limits", (0, 0), "requests=0 rate=0 copies=0 in=0", &[(0, "a copy"), (0, "a copy")], &["ok", "ok"]),
    ] {
        assert_eq!(outcomes(all, of_key, steps), expected, "{what}");
    }
}

#[test]
fn keys_that_use_nothing_do_not_stay() {
    let mut ledger = Ledger::default();
    let ask = |key| Ask { key: Some((key, limits("rate=1"))), is_copy: false, requests: 0, copies: 0 };
    for (at, key, kept) in [(0, "a", 1), (0, "b", 2), (5_000, "c", 2)] {
        ledger.enter(&ask(key), ms(at)).unwrap();
        if key == "a" {
            ledger.leave(Some(key), false);
        }
        assert_eq!(ledger.keys.len(), kept, "{key}");
    }
    assert!(!ledger.keys.contains_key("a"), "b is in flight, a is not");
    ledger.leave(Some("a"), false);
}
