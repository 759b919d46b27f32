//! Listings and buckets: what a page holds, how the next one is asked for, and what becomes of odd keys and names.

use crate::support::{Request, Response, TestServer};

/// A server whose bucket has these keys, given percent-encoded.
fn server(keys: &[&str]) -> TestServer {
    let server = TestServer::with_bucket("r2", "media");
    for key in keys {
        assert_eq!(server.send(Request::put(&format!("/media/{key}")).body(*key)).status, 200, "{key}");
    }
    server
}

fn list(server: &TestServer, query: &str) -> Response {
    server.send(Request::get(&format!("/media?{query}")))
}

/// Keys, a bar, common prefixes: the order within each is the listing's.
fn page(answer: &Response) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let prefixes = text.split("<CommonPrefixes>").skip(1).map(|rest| Response { body: rest.into(), ..answer.clone() });
    let prefixes: Vec<_> = prefixes.map(|rest| rest.element("Prefix")).collect();
    format!("{}|{}", answer.elements("Key").join(" "), prefixes.join(" "))
}

#[test]
fn prefixes_and_delimiters() {
    let server = server(&["a", "a/b", "a/b/c", "a/d", "a0", "b--c--d", "b--e", "z"]);
    for (query, expected) in [
        ("", "a a/b a/b/c a/d a0 b--c--d b--e z|"),
        ("prefix=a", "a a/b a/b/c a/d a0|"),
        ("prefix=a%2F", "a/b a/b/c a/d|"),
        ("prefix=x", "|"),
        ("prefix=", "a a/b a/b/c a/d a0 b--c--d b--e z|"),
        ("delimiter=%2F", "a a0 b--c--d b--e z|a/"),
        ("delimiter=/&prefix=a/", "a/b a/d|a/b/"),
        ("delimiter=/&prefix=a", "a a0|a/"),
        ("delimiter=--", "a a/b a/b/c a/d a0 z|b--"),
        ("delimiter=--&prefix=b--", "b--e|b--c--"),
        ("delimiter=", "a a/b a/b/c a/d a0 b--c--d b--e z|"),
        ("delimiter=none", "a a/b a/b/c a/d a0 b--c--d b--e z|"),
        ("delimiter=a", "b--c--d b--e z|a"),
    ] {
        assert_eq!(page(&list(&server, query)), expected, "V1 {query}");
        assert_eq!(page(&list(&server, &format!("list-type=2&{query}"))), expected, "V2 {query}");
    }
}

#[test]
fn max_keys() {
    let server = server(&["a", "b", "c"]);
    for (max_keys, expected, echoed, truncated) in [
        ("0", "|", "0", "false"),
        ("1", "a|", "1", "true"),
        ("2.9", "a b|", "2", "true"),
        ("3", "a b c|", "3", "false"),
        ("1000", "a b c|", "1000", "false"),
        ("1001", "a b c|", "1001", "false"),
        ("99999999999", "a b c|", "99999999999", "false"),
    ] {
        for version in ["", "list-type=2&"] {
            let answer = list(&server, &format!("{version}max-keys={max_keys}"));
            assert_eq!(page(&answer), expected, "{max_keys}");
            assert_eq!(
                (answer.element("MaxKeys").as_str(), answer.element("IsTruncated").as_str()),
                (echoed, truncated)
            );
        }
    }
    let message = "MaxKeys params must be positive integer <= 1000.";
    for max_keys in ["-1", "", "x", "1e3", "+1", "%201"] {
        for version in ["", "list-type=2&"] {
            let answer = list(&server, &format!("{version}max-keys={max_keys}"));
            assert_eq!(answer.error(), (400, "InvalidMaxKeys".into(), message.into()), "{max_keys}");
        }
    }
}

#[test]
fn parameters_that_are_refused() {
    let server = server(&["a"]);
    for (query, status, message) in [
        ("continuation-token=x", 400, "continuation-token not supported in ListObjects"),
        ("list-type=2&continuation-token=x", 400, "The continuation token provided is incorrect"),
        ("list-type=3", 501, "ListObjectsV3 not implemented"),
        ("list-type=", 501, "ListObjectsV not implemented"),
        ("encoding-type=weird", 501, "Unrecognized encoding-type \"weird\" not implemented"),
        ("list-type=2&encoding-type=", 501, "Unrecognized encoding-type \"\" not implemented"),
        ("list-type=2&marker=a", 501, "ListObjectsV2 search parameter marker not implemented"),
        ("start-after=a", 501, "ListObjectsV1 search parameter start-after not implemented"),
        ("location&foobar", 400, "Search param foobar is unsupported for bucket location"),
    ] {
        let answer = list(&server, query);
        assert_eq!((answer.status, answer.element("Message").as_str()), (status, message), "{query}");
    }
}

/// Reads all pages of this many entries; `next` gives the query of the following page.
fn read_through(server: &TestServer, query: &str, next: impl Fn(&Response) -> Option<String>) -> Vec<String> {
    let (mut pages, mut at) = (Vec::new(), String::new());
    loop {
        let answer = list(server, &format!("{query}{at}"));
        pages.push(page(&answer));
        match next(&answer) {
            Some(parameter) => at = format!("&{parameter}"),
            None => return pages,
        }
        assert!(pages.len() < 100, "it never ends");
    }
}

#[test]
fn pages_follow_each_other() {
    let server = server(&["a/1", "a/2", "b", "c/1", "c/2", "d"]);
    let truncated = |answer: &Response| answer.element("IsTruncated") == "true";
    let by_token = |answer: &Response| {
        let token = answer.element("NextContinuationToken");
        assert_eq!(truncated(answer), !token.is_empty());
        (!token.is_empty()).then(|| format!("continuation-token={token}"))
    };
    let by_marker = |answer: &Response| {
        let marker = answer.element("NextMarker");
        assert_eq!(truncated(answer), !marker.is_empty());
        (!marker.is_empty()).then(|| format!("marker={marker}"))
    };
    let flat = ["a/1 a/2|", "b c/1|", "c/2 d|"];
    assert_eq!(read_through(&server, "list-type=2&max-keys=2", by_token), flat);
    assert_eq!(read_through(&server, "max-keys=2", by_marker), flat);
    let rolled = ["b|a/", "d|c/"];
    assert_eq!(read_through(&server, "list-type=2&delimiter=/&max-keys=2", by_token), rolled);
    assert_eq!(read_through(&server, "delimiter=/&max-keys=2", by_marker), rolled);
    let single = ["|a/", "b|", "|c/", "d|"];
    assert_eq!(read_through(&server, "list-type=2&delimiter=/&max-keys=1", by_token), single);
    assert_eq!(read_through(&server, "delimiter=/&max-keys=1", by_marker), single);
    assert_eq!(read_through(&server, "delimiter=/&max-keys=1&encoding-type=url", by_marker), single);
}

#[test]
fn pages_start_where_the_client_asks() {
    let server = server(&["a", "b", "c"]);
    for (query, expected) in [
        ("marker=a", "b c|"),
        ("marker=aa", "b c|"),
        ("marker=c", "|"),
        ("marker=", "a b c|"),
        ("list-type=2&start-after=b", "c|"),
        ("list-type=2&start-after=", "a b c|"),
        ("list-type=2&start-after=b&prefix=a", "|"),
        ("list-type=2&continuation-token=", "a b c|"),
    ] {
        assert_eq!(page(&list(&server, query)), expected, "{query}");
    }
    // A token wins over the start, and says so in the answer.
    let token = list(&server, "list-type=2&max-keys=1").element("NextContinuationToken");
    let answer = list(&server, &format!("list-type=2&start-after=b&continuation-token={token}"));
    assert_eq!(page(&answer), "b c|");
    assert_eq!((answer.element("ContinuationToken"), answer.element("StartAfter")), (token, "b".to_owned()));
}

#[test]
fn a_listing_has_the_fields_of_an_object() {
    let server = server(&["a"]);
    let tag = server.send(Request::get("/media/a")).header("etag").to_owned();
    let answer = list(&server, "list-type=2&prefix=a");
    for (element, value) in [
        ("Name", "media"),
        ("Prefix", "a"),
        ("KeyCount", "1"),
        ("MaxKeys", "1000"),
        ("IsTruncated", "false"),
        ("Key", "a"),
        ("ETag", tag.as_str()),
        ("Size", "1"),
        ("StorageClass", "STANDARD"),
        ("Owner", ""),
    ] {
        assert_eq!(answer.element(element), value, "{element}");
    }
    assert_eq!(answer.header("content-type"), "application/xml");
    let modified = answer.element("LastModified");
    assert!(modified.len() == 24 && modified.ends_with('Z'), "{modified}");
    // V1 names the owner always, V2 where it is asked to.
    for (query, owners) in
        [("", 1), ("list-type=2", 0), ("list-type=2&fetch-owner=false", 0), ("list-type=2&fetch-owner=true", 1)]
    {
        assert_eq!(list(&server, query).elements("Owner").len(), owners, "{query}");
    }
}

#[test]
fn odd_keys_are_listed_as_they_are() {
    for (sent, plain, encoded) in [
        ("a%20b", "a b", "a%20b"),
        ("a+b", "a+b", "a%2Bb"),
        ("%3Ca%3E%26%22b%22", "<a>&\"b\"", "%3Ca%3E%26%22b%22"),
        ("gr%C3%BC%C3%9Fe", "grüße", "gr%C3%BC%C3%9Fe"),
        ("%F0%9F%90%9F", "🐟", "%F0%9F%90%9F"),
        ("a//b/", "a//b/", "a//b/"),
        ("../..", "../..", "../.."),
        ("100%25", "100%", "100%25"),
        ("a%0Ab", "a\nb", "a%0Ab"),
        ("a%00b", "a&#x0;b", "a%00b"),
    ] {
        let server = server(&[sent]);
        assert_eq!(list(&server, "list-type=2").element("Key"), plain, "{sent}");
        let answer = list(&server, "encoding-type=url");
        assert_eq!(
            (answer.element("Key").as_str(), answer.element("EncodingType").as_str()),
            (encoded, "url"),
            "{sent}"
        );
        assert_eq!(server.send(Request::get(&format!("/media/{encoded}"))).text(), sent, "{sent}");
        let answer = list(&server, &format!("encoding-type=url&prefix={encoded}&delimiter=%26"));
        assert_eq!(answer.element("Prefix"), encoded, "{sent}");
    }
    let longest = "k".repeat(1024);
    assert_eq!(server(&[&longest]).keys("media"), [longest]);
}

#[test]
fn keys_stand_in_the_order_of_their_bytes() {
    let server = server(&["b", "B", "a-b", "a/b", "a.b", "%C3%A4", "z", "a%01", "%F0%9F%90%9F", "%EF%BC%A1"]);
    let answer = list(&server, "encoding-type=url");
    let expected = ["B", "a%01", "a-b", "a.b", "a/b", "b", "z", "%C3%A4", "%EF%BC%A1", "%F0%9F%90%9F"];
    assert_eq!(answer.elements("Key"), expected);
}

#[test]
fn buckets_from_first_to_last() {
    let server = TestServer::start("r2");
    let send = |method: &str, target: &str| server.send(Request::new(method, target));
    assert_eq!(send("GET", "/").elements("Name"), [""; 0]);
    let created = send("PUT", "/media");
    assert_eq!((created.status, created.header("location")), (200, "/media"));
    let owned = "The bucket you tried to create already exists, and you own it.";
    assert_eq!(send("PUT", "/media").error(), (409, "BucketAlreadyOwnedByYou".into(), owned.into()));
    assert_eq!(send("PUT", "/another").status, 200);
    let listed = send("GET", "/");
    assert_eq!(listed.elements("Name"), ["another", "media"]);
    assert!(!listed.element("ID").is_empty());
    assert_eq!(listed.elements("CreationDate").len(), 2);
    let head = send("HEAD", "/media");
    assert_eq!((head.status, head.header("x-amz-bucket-region")), (200, "auto"));
    assert!(send("GET", "/media?location").text().contains(">auto</LocationConstraint>"));
    assert_eq!(send("PUT", "/media/kept").status, 200);
    let refused = send("DELETE", "/media").error();
    assert_eq!((refused.0, refused.1.as_str()), (409, "BucketNotEmpty"));
    assert_eq!(send("DELETE", "/media/kept").status, 204);
    assert_eq!(send("DELETE", "/media").status, 204);
    assert_eq!(send("GET", "/").elements("Name"), ["another"]);
}

#[test]
fn what_is_not_there() {
    let server = TestServer::with_bucket("r2", "media");
    let (no_bucket, no_key) = ("The specified bucket does not exist.", "The specified key does not exist.");
    for (method, target, code, message) in [
        ("GET", "/nowhere", "NoSuchBucket", no_bucket),
        ("GET", "/nowhere?list-type=2", "NoSuchBucket", no_bucket),
        ("GET", "/nowhere?location", "NoSuchBucket", no_bucket),
        ("DELETE", "/nowhere", "NoSuchBucket", no_bucket),
        ("GET", "/nowhere/a", "NoSuchBucket", no_bucket),
        ("PUT", "/nowhere/a", "NoSuchBucket", no_bucket),
        ("DELETE", "/nowhere/a", "NoSuchBucket", no_bucket),
        ("GET", "/media/a", "NoSuchKey", no_key),
    ] {
        let answer = server.send(Request::new(method, target));
        assert_eq!(answer.error(), (404, code.into(), message.into()), "{method} {target}");
    }
    for target in ["/nowhere", "/nowhere/a", "/media/a"] {
        let head = server.send(Request::new("HEAD", target));
        assert_eq!((head.status, head.body.len()), (404, 0), "{target}");
    }
    assert_eq!(server.send(Request::new("DELETE", "/media/a")).status, 204, "what is not there is deleted too");
}

#[test]
fn where_a_bucket_may_be() {
    let server = TestServer::start("r2");
    let create = |bucket: usize, constraint: &str| {
        let document = format!("<CreateBucketConfiguration>{constraint}</CreateBucketConfiguration>");
        server.send(Request::put(&format!("/bucket-{bucket}")).body(document))
    };
    let constraint = |region: &str| format!("<LocationConstraint>{region}</LocationConstraint>");
    let good = [String::new(), "<LocationConstraint/>".into(), constraint("auto"), constraint("us-east-1")];
    for (n, text) in good.iter().enumerate() {
        assert_eq!(create(n, text).status, 200, "{text}");
    }
    let before = server.contents();
    for hint in ["wnam", "WNAM"] {
        let message = format!("The location hint '{hint}' is not in this subset; use 'auto'.");
        let answer = create(9, &constraint(hint));
        assert_eq!(answer.error(), (400, "InvalidRegionName".into(), message), "{hint}");
    }
    for region in ["eu-west-1", "AUTO", "nowhere"] {
        let answer = create(9, &constraint(region));
        let message =
            format!("The region name '{region}' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto");
        assert_eq!(answer.error(), (400, "InvalidRegionName".into(), message), "{region}");
    }
    for unsupported in ["<Location/>", "<Bucket/>", "<Tags/>"] {
        assert_eq!(create(9, unsupported).status, 501, "{unsupported}");
    }
    assert_eq!(server.contents(), before);
}

#[test]
fn names_no_bucket_can_have() {
    let server = TestServer::start("r2");
    let long = "a".repeat(64);
    for name in ["ab", "-abc", "abc-", "Abc", "a_c", "a.b.c", "a%20c", "192.168.0.1", long.as_str(), "gr%C3%BCn"] {
        for method in ["PUT", "GET", "DELETE"] {
            let answer = server.send(Request::new(method, &format!("/{name}")));
            let message = "The specified bucket name is not valid.";
            assert_eq!(answer.error(), (400, "InvalidBucketName".into(), message.into()), "{method} {name}");
        }
    }
    for name in ["abc", "a-c", "123", &"a".repeat(63)] {
        assert_eq!(server.send(Request::put(&format!("/{name}"))).status, 200, "{name}");
    }
}

#[test]
fn many_keys_in_one_delete() {
    let server = server(&["a", "b%26c", "d"]);
    let document = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>false</Quiet>\
                    <Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object><Object><Key>none</Key></Object>\
                    <Object><Key>d</Key><VersionId>v</VersionId></Object></Delete>";
    let answer = server.send(Request::new("POST", "/media?delete").body(document));
    assert_eq!((answer.status, answer.elements("Deleted").len(), answer.elements("Error").len()), (200, 3, 1));
    assert_eq!(answer.elements("Key"), ["a", "b&c", "none", "d"]);
    assert_eq!(answer.element("Code"), "NotImplemented");
    assert_eq!(server.keys("media"), ["d"]);
    // R2 lists what it deleted, whether asked to be quiet or not.
    let quiet = "<Delete><Quiet>true</Quiet><Object><Key>d</Key></Object></Delete>";
    let answer = server.send(Request::new("POST", "/media?delete").body(quiet));
    assert_eq!((answer.status, answer.elements("Deleted").len()), (200, 1));
    let nowhere = server.send(Request::new("POST", "/nowhere?delete").body(quiet));
    assert_eq!(nowhere.error().1, "NoSuchBucket");
}
