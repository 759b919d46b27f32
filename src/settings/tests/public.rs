//! Public buckets and trusted proxies.

use super::*;

#[test]
fn public_buckets_have_an_address_of_their_own() {
    for (text, buckets, listen) in [
        ("", "", &[][..]),
        ("public = [\"media\"]", "media", &["127.0.0.1:9002"]),
        ("public = [\"media\", \"site-*\"]", "media, site-*", &["127.0.0.1:9002"]),
        (
            "public = [\"media\"]\npublic_listen = [\"127.0.0.1:0\", \"[::1]:80\"]",
            "media",
            &["127.0.0.1:0", "[::1]:80"],
        ),
    ] {
        let settings = Start::with_file(text).load().unwrap().settings;
        let addresses: Vec<_> = settings.public_listen.iter().map(ToString::to_string).collect();
        assert_eq!(
            (settings.public.to_string(), addresses),
            (buckets.to_owned(), listen.iter().map(|a| (*a).to_owned()).collect()),
            "{text}"
        );
    }
}

#[test]
fn flags_win_over_the_file() {
    let mut start = Start::with_file("public = [\"media\"]\npublic_listen = [\"127.0.0.1:1\"]");
    start.flags.public = vec!["site".to_owned()];
    start.flags.public_listen = vec!["127.0.0.1:2".to_owned()];
    let settings = start.load().unwrap().settings;
    assert_eq!(settings.public.to_string(), "site");
    assert_eq!(settings.public_listen, ["127.0.0.1:2".parse().unwrap()]);
}

#[test]
fn what_cannot_be_public_is_a_fault() {
    for (text, faults) in [
        ("public = []", &["1: `public` names no bucket"][..]),
        (
            "public = [\n\"Media\",\n\"*\"]",
            &["2: \"Media\": no bucket can have this name", "3: \"*\": a pattern cannot start with '*'"],
        ),
        ("public = [\"media\"]\npublic_listen = []", &["2: `public_listen` names no address"]),
        ("public = [\"media\"]\npublic_listen = [\"9002\"]", &["2: \"9002\" is no address to listen at"]),
        (
            "public = [\"media\"]\npublic_listen = [\"127.0.0.1:9000\"]",
            &["2: 127.0.0.1:9000 serves something else already"],
        ),
        (
            "public = [\"media\"]\npublic_listen = [\"127.0.0.1:9001\"]",
            &["2: 127.0.0.1:9001 serves something else already"],
        ),
        ("public = [\"media\"]\npublic_listen = [\"[::1]:1\", \"[::1]:1\"]", &["2: [::1]:1 is named twice"]),
        ("public = \"media\"", &["1: `public` must be a list of texts, not of type string"]),
    ] {
        assert_eq!(Start::with_file(text).faults(), faults, "{text}");
    }
    let advice = advice_of("public = [\"*\"]");
    assert!(advice[0].contains("no way to make every bucket public"), "{advice:?}");
}

#[test]
fn an_address_without_public_buckets_is_perhaps_not_meant() {
    let warnings = Start::with_file("public_listen = [\"127.0.0.1:1\"]").load().unwrap().warnings;
    assert_eq!(warnings[0].message, "public_listen has no effect, as no bucket is public");
}

#[test]
fn proxies_are_addresses_and_ranges() {
    let settings = Start::with_file("trusted_proxies = [\"10.0.0.0/8\", \"::1\"]").load().unwrap().settings;
    for (address, trusted) in [("10.9.9.9", true), ("::1", true), ("127.0.0.1", false), ("11.0.0.1", false)] {
        assert_eq!(settings.trusted_proxies.has(address.parse().unwrap()), trusted, "{address}");
    }
    for (text, fault) in [
        ("trusted_proxies = []", "1: `trusted_proxies` names none"),
        ("trusted_proxies = [\"proxy\"]", "1: \"proxy\" is no range of addresses"),
        ("trusted_proxies = [\"10.0.0.1/8\"]", "1: \"10.0.0.1/8\" is an address in the range 10.0.0.0/8"),
        ("trusted_proxies = \"10.0.0.1\"", "1: `trusted_proxies` must be a list of texts, not of type string"),
    ] {
        assert_eq!(Start::with_file(text).faults(), [fault], "{text}");
    }
    assert_eq!(
        advice_of("trusted_proxies = [\"10.0.0.1/8\"]"),
        ["write \"10.0.0.0/8\" for the range, or the address without the slash"]
    );
    let warnings = Start::with_file("trusted_proxies = [\"0.0.0.0/0\"]").load().unwrap().warnings;
    assert!(warnings[0].message.starts_with("0.0.0.0/0 is every address"), "{warnings:?}");
}
