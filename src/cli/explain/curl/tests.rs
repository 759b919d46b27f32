//! Command lines and the requests that curl sends for them.

use super::*;

const NOW: &str = "20261126T000000Z";

/// The request, or the faults, of a command line; the file `f` has 5 bytes.
fn read(line: &str) -> Result<Request, Vec<String>> {
    let size_of = |file: &str| (file == "f" || file == "a/f").then_some(5);
    let now = Timestamp::parse_amz_date(NOW).unwrap();
    let words = words(line).map_err(|fault| vec![fault.message.clone()])?;
    request(&words, &size_of, now).map_err(|faults| faults.into_iter().map(|fault| fault.message).collect())
}

/// `METHOD host path?query`, then the headers besides Host, each `name: value`, then the body.
fn said(line: &str) -> String {
    let request = read(line).unwrap();
    let head = request.head();
    let question = if head.query.is_empty() { "" } else { "?" };
    let mut text = format!("{} {} {}{question}{}", head.method, head.header("host").unwrap(), head.path, head.query);
    for (name, value) in head.headers.iter().filter(|(name, _)| *name != http::header::HOST) {
        text += &format!(" | {name}: {}", value.to_str().unwrap());
    }
    let body = request.body().map(String::from_utf8_lossy);
    text + &body.filter(|body| !body.is_empty()).map(|body| format!(" | {body}")).unwrap_or_default()
}

#[test]
fn a_command_line_is_the_request_that_curl_sends() {
    const FORM: &str = "content-type: application/x-www-form-urlencoded";
    for (line, expected) in [
        ("curl http://h/b/k", "GET h /b/k"),
        ("curl h:9000/b/k", "GET h:9000 /b/k"),
        ("curl -I http://h/b/k", "HEAD h /b/k"),
        ("curl --url http://h/b/k --head", "HEAD h /b/k"),
        ("curl -sSfL -XDELETE 'http://h/b/k?a=b&c'", "DELETE h /b/k?a=b&c"),
        ("curl -X put http://h/b/k", "put h /b/k"),
        ("curl -T f http://h/b/k", "PUT h /b/k | content-length: 5"),
        ("curl -T a/f http://h/b/", "PUT h /b/f | content-length: 5"),
        ("curl -T none http://h/b/k", "PUT h /b/k"),
        ("curl -X PUT http://h/b/k -H 'X-Amz-Acl: private'", "PUT h /b/k | x-amz-acl: private"),
        ("curl -H'a: 1' --header 'b: 2' -H 'c;' http://h/", "GET h / | a: 1 | b: 2 | c: "),
        ("curl -H 'Host: media.localhost' http://h/k", "GET media.localhost /k"),
        ("curl -d a=1 -d b=2 http://h/b", &format!("POST h /b | {FORM} | content-length: 7 | a=1&b=2")),
        (
            "curl -d x -H 'Content-Type:' -H 'content-type: a/b' http://h/b",
            "POST h /b | content-type: a/b | content-length: 1 | x",
        ),
        ("curl -G -d a=1 --data-urlencode 'b=x y' http://h/b?c", "GET h /b?c&a=1&b=x%20y"),
        ("curl --data-binary @f http://h/b", &format!("POST h /b | {FORM}")),
        ("curl --data-raw @f http://h/b", &format!("POST h /b | {FORM} | content-length: 2 | @f")),
        ("curl -H $'a: it\\'s' $'http://h/b/\\u0021k'", "GET h /b/!k | a: it's"),
        ("curl -H 'a: $'b http://h/", "GET h / | a: $b"),
        ("curl --json '{}' http://h/b", "POST h /b | content-type: application/json | content-length: 2 | {}"),
        ("curl -F file=@f http://h/b", "POST h /b | content-type: multipart/form-data; boundary=-"),
        ("curl -r 0-9 http://h/b/k", "GET h /b/k | range: bytes=0-9"),
        ("curl -u a:b http://h/b/k", "GET h /b/k | authorization: Basic YTpi"),
        ("curl -o out -- http://h/b/k", "GET h /b/k"),
        ("curl \\\n  -X DELETE \\\n  http://h/b/k", "DELETE h /b/k"),
    ] {
        assert_eq!(said(line), expected, "{line}");
    }
}

/// As curl does: the hash of the body where it is known.
#[test]
fn a_command_line_can_sign() {
    for (line, region, hash) in [
        ("curl --aws-sigv4 aws:amz:auto:s3 -u id:hush http://h/b/k", "auto", "e3b0c44298fc1c14"),
        ("curl --aws-sigv4 aws:amz:eu-west-1:s3 --user id:hush -T f http://h/b/k", "eu-west-1", "UNSIGNED-PAYLOAD"),
    ] {
        let request = read(line).unwrap();
        let header = |name| request.head().header(name).unwrap();
        assert!(header("x-amz-content-sha256").starts_with(hash), "{line}");
        assert_eq!(header("x-amz-date"), NOW);
        let start = format!("AWS4-HMAC-SHA256 Credential=id/20261126/{region}/s3/aws4_request, SignedHeaders=host;");
        assert!(header("authorization").starts_with(&start), "{line}");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    for (line, faults) in [
        ("curl", &["the command has no URL"][..]),
        ("curl http://a/ http://b/", &["the command has more than one URL"]),
        ("curl --frobnicate http://h/", &["the option --frobnicate of curl is not known here"]),
        (
            "curl -sZ --reqest PUT http://h/",
            &[
                "the option -Z of curl is not known here",
                "the option --reqest of curl is not known here",
                "the command has more than one URL",
            ],
        ),
        ("curl http://h/ -X", &["the option -X has no value"]),
        ("curl 'http://h/", &["a quote in the command line is not closed"]),
        ("curl ftp://h/b/k", &["\"ftp://h/b/k\" is neither a URL nor a path"]),
        ("curl --aws-sigv4 aws:amz -u id:hush http://h/", &["--aws-sigv4 and --user do not say how to sign"]),
        ("curl -H nonsense http://h/", &["\"nonsense\" is no header"]),
    ] {
        assert_eq!(read(line).unwrap_err(), faults, "{line}");
    }
    let secret = read("curl --aws-sigv4 aws -u id:hush http://h/").unwrap_err();
    assert!(!secret.concat().contains("hush"), "{secret:?}");
}
