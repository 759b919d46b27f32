//! The pages at the admin address.

use super::*;

/// Where pages are, and what they are like, or the faults.
fn said_of(text: &str) -> String {
    said(Start::with_file(text))
}

fn said(start: Start) -> String {
    match start.load() {
        Ok(Loaded { settings: Settings { admin, pages, .. }, .. }) => {
            let admin = admin.map_or("off".to_owned(), |address| address.to_string());
            let served = if pages.served { "pages" } else { "no pages" };
            let hosts = pages.hosts.join(",");
            format!("{admin}: {served}, hosts [{hosts}], {} requests, download {}", pages.requests, pages.download)
        }
        Err(_) => start.faults().join(" | "),
    }
}

#[test]
fn pages_are_served_where_only_this_machine_can_ask_for_them_and_where_they_are_wanted() {
    for (text, expected) in [
        ("", "127.0.0.1:9001: pages"),
        ("admin = \"127.0.0.1:7\"", "127.0.0.1:7: pages"),
        ("admin = \"[::1]:7\"", "[::1]:7: pages"),
        ("admin = \"0.0.0.0:7\"", "0.0.0.0:7: no pages"),
        ("admin = \"[::]:7\"", "[::]:7: no pages"),
        ("admin = \"192.0.2.1:7\"", "192.0.2.1:7: no pages"),
        ("admin = \"off\"", "off: no pages"),
        ("[admin]", "127.0.0.1:9001: pages"),
        ("[admin]\nlisten = \"127.0.0.1:7\"", "127.0.0.1:7: pages"),
        ("[admin]\npages = false", "127.0.0.1:9001: no pages"),
        ("[admin]\nlisten = \"0.0.0.0:7\"", "0.0.0.0:7: no pages"),
        ("[admin]\nlisten = \"0.0.0.0:7\"\npages = true", "0.0.0.0:7: pages"),
        ("[admin]\nlisten = \"off\"\npages = true", "off: no pages"),
    ] {
        assert_eq!(said_of(text), format!("{expected}, hosts [], 500 requests, download false"), "{text}");
    }
    let all = "[admin]\nhosts = [\"R2.example.test\", \"r2shim\"]\ninspector_requests = 7\ndownload = true";
    assert_eq!(said_of(all), "127.0.0.1:9001: pages, hosts [r2.example.test,r2shim], 7 requests, download true");
}

#[test]
fn the_flag_gives_the_address_and_the_table_the_rest() {
    let mut start = Start::with_file("[admin]\nlisten = \"127.0.0.1:7\"\npages = true\ndownload = true");
    start.flags.admin = Some("0.0.0.0:8".to_owned());
    let settings = start.load().unwrap().settings;
    assert_eq!(settings.admin, Some("0.0.0.0:8".parse().unwrap()));
    assert!(settings.pages.served && settings.pages.download);
}

#[test]
fn flags_for_pages_and_names_win_over_the_file() {
    for (pages, hosts, expected) in [
        (None, &[][..], "127.0.0.1:7: no pages, hosts [a]"),
        (Some(true), &[], "127.0.0.1:7: pages, hosts [a]"),
        (Some(false), &["b", "R2.lan"], "127.0.0.1:7: no pages, hosts [b,r2.lan]"),
    ] {
        let mut start = Start::with_file("[admin]\nlisten = \"127.0.0.1:7\"\npages = false\nhosts = [\"a\"]");
        start.flags.pages = pages;
        start.flags.admin_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        assert!(said(start).starts_with(expected), "{pages:?} {hosts:?}");
    }
    let mut start = Start::with_file("");
    start.flags.admin_hosts = vec!["http://a".to_owned()];
    assert_eq!(said(start), "--admin-host: \"http://a\" is no host name: a host name has no scheme and no path");
}

#[test]
fn what_is_wrong_with_pages_is_a_fault() {
    for (text, faults) in [
        ("admin = 7", "1: `admin` must be a text, not of type integer"),
        ("[admin]\nlisten = \"7\"", "2: \"7\" is no address to listen at"),
        ("[admin]\npages = \"yes\"", "2: `pages` must be true or false, not of type string"),
        ("[admin]\nhosts = [\"http://a\"]", "2: \"http://a\" is no host name: a host name has no scheme and no path"),
        ("[admin]\nhosts = [\"a:9001\"]", "2: \"a:9001\" is no host name: a host name has no port"),
        ("[admin]\ninspector_requests = 0", "2: the inspector cannot keep 0 requests"),
        ("[admin]\ninspector_requests = 10001", "2: the inspector cannot keep 10001 requests"),
        ("[admin]\npage = true", "2: unknown setting `page` in [admin]"),
    ] {
        assert_eq!(said_of(text), faults, "{text}");
    }
}

#[test]
fn what_has_no_effect_is_a_warning() {
    for (text, warnings) in [
        ("[admin]\npages = true\ndownload = true", &[][..]),
        ("[admin]\npages = false", &[]),
        ("[admin]\nlisten = \"0.0.0.0:7\"", &[]),
        (
            "[admin]\npages = false\nhosts = [\"a\"]\ndownload = true",
            &["4: download has no effect, as no pages are served"],
        ),
        (
            "[admin]\nlisten = \"0.0.0.0:7\"\ninspector_requests = 7",
            &["3: inspector_requests has no effect, as no pages are served"],
        ),
        (
            "[admin]\nlisten = \"off\"\npages = true\ndownload = false\nhosts = [\"a\"]",
            &[
                "3: pages has no effect, as admin is off",
                "5: hosts has no effect, as admin is off",
                "4: download has no effect, as admin is off",
            ],
        ),
    ] {
        let found = Start::with_file(&format!("{text}\n{KEY}")).load().unwrap().warnings;
        let found: Vec<_> =
            found.iter().map(|found| format!("{}: {}", found.location.line.unwrap(), found.message)).collect();
        assert_eq!(found, warnings, "{text}");
    }
}
