//! The compatibility page held against the running server, row by row: what it crosses is refused in R2's words and
//! leaves nothing behind, what it marks is not refused.

use crate::support::{Request, Response, TestServer};
use r2shim::s3::Operation;
use r2shim::s3::operation::{Access, Method, OPERATIONS, OperationSpec, Selector, Target};
use serde::Deserialize;
use std::collections::HashSet;

/// A row of the page.
#[derive(Deserialize)]
struct PageRow {
    operation: String,
    /// `implemented`, `experimental` or `refused`.
    mark: String,
    /// A header, a query parameter or a few words; none where the row is the operation itself.
    feature: Option<String>,
}

impl PageRow {
    fn operation(&self) -> Operation {
        Operation::parse(&self.operation).unwrap()
    }

    fn is_refused(&self) -> bool {
        self.mark == "refused"
    }
}

fn page() -> Vec<PageRow> {
    serde_json::from_str(include_str!("../seed/rows.json")).unwrap()
}

/// The operations the page marks, also where it crosses them elsewhere (GetBucketLocation is in both tables).
fn served() -> HashSet<Operation> {
    page().iter().filter(|row| row.feature.is_none() && !row.is_refused()).map(PageRow::operation).collect()
}

fn server() -> TestServer {
    TestServer::with_object("r2", "media", "kept", "kept")
}

/// A request for an operation, made from its row of the table: it would change something were it carried out.
pub fn request(row: &OperationSpec) -> Request {
    let method = format!("{:?}", row.method).to_uppercase();
    let path = match row.target {
        Target::Service => "/",
        Target::Bucket if row.operation == Operation::CreateBucket => "/fresh",
        Target::Bucket => "/media",
        Target::Object if row.access == Access::WriteObjects && row.method != Method::Delete => "/media/new",
        Target::Object => "/media/kept",
    };
    let request = Request::new(&method, path).body(body(row.operation));
    row.selectors.iter().fold(request, |request, selector| match selector {
        Selector::Query(name) => request.parameter(name, if *name == "partNumber" { "1" } else { "" }),
        Selector::QueryIs(name, value) => request.parameter(name, value),
        Selector::Header(name) => request.header(name, "/media/kept"),
        Selector::HeaderStarts(name, start) => request.header(name, start),
    })
}

fn body(operation: Operation) -> &'static str {
    match operation {
        Operation::DeleteObjects => "<Delete><Object><Key>kept</Key></Object></Delete>",
        Operation::PutObject | Operation::UploadPart => "new",
        _ => "",
    }
}

fn not_implemented(what: &str) -> (u16, String, String) {
    (501, "NotImplemented".to_owned(), format!("{what} not implemented"))
}

/// What is refused, without the value of a header that is a client's key: answers do not show it.
fn without_key(what: &str) -> String {
    let shown = what.split_once("customer-key' with value '").map(|(before, _)| before);
    shown.map_or(what.to_owned(), |before| format!("{before}customer-key' with value '(not shown)'"))
}

/// On HEAD the status is all there is.
pub fn assert_refused(answer: &Response, request: &Request, what: &str) {
    match request.method.as_str() {
        "HEAD" => assert_eq!((answer.status, answer.text().as_str()), (501, ""), "{what}"),
        _ => assert_eq!(answer.error(), not_implemented(&without_key(what))),
    }
}

/// A request that the page crosses.
pub struct Refused {
    pub request: Request,
    /// What the refusal names.
    pub what: String,
    /// Whether it has to be signed to come as far as the policy.
    pub is_signed: bool,
}

/// Everything the page crosses.
pub fn refused() -> Vec<Refused> {
    crossed_headers().into_iter().chain(crossed_operations()).collect()
}

/// The crossed headers of served operations, each with two values.
fn crossed_headers() -> Vec<Refused> {
    let (page, served) = (page(), served());
    let crossed = page.iter().filter(|row| row.is_refused() && served.contains(&row.operation()));
    let named = crossed.filter_map(|row| Some((row.operation(), row.feature.as_deref()?)));
    // Crossed on the page, though the operation it marks cannot do without it.
    let source = (Operation::UploadPartCopy, "x-amz-copy-source");
    let headers = named.filter(|row| row.1.starts_with("x-amz-") && *row != source);
    let each = headers.flat_map(|(operation, header)| ["", "it's <v>"].map(|value| (operation, header, value)));
    each.map(|(operation, header, value)| Refused {
        request: request(operation.spec()).header(header, value),
        what: format!("Header '{}' with value '{value}'", header.to_ascii_lowercase()),
        is_signed: true,
    })
    .collect()
}

/// The operations the page does not mark.
fn crossed_operations() -> Vec<Refused> {
    let served = served();
    let crossed = OPERATIONS.iter().filter(|row| !served.contains(&row.operation));
    let what = |operation| match operation {
        Operation::PostObject => "Presigned post requests are not yet implemented".to_owned(),
        operation => operation.to_string(),
    };
    crossed
        .map(|row| Refused {
            request: request(row),
            what: what(row.operation),
            is_signed: row.access != Access::Unsigned,
        })
        .collect()
}

fn assert_all_refused(rows: &[Refused]) {
    let server = server();
    let before = server.contents();
    for Refused { request, what, is_signed } in rows {
        let answer = match is_signed {
            true => server.send(request.clone()),
            false => server.connect().send(request.clone().unsigned(server.address)),
        };
        assert_refused(&answer, request, what);
        assert_eq!(server.contents(), before, "{request:?}");
    }
}

#[test]
fn crossed_headers_are_refused_by_name_and_value() {
    let rows = crossed_headers();
    assert_all_refused(&rows);
    assert_eq!(rows.len(), 2 * 120, "the crossed rows of served operations that name a header, but the copy source");
}

#[test]
fn marked_rows_are_not_refused() {
    let server = server();
    for row in page().iter().filter(|row| !row.is_refused()) {
        let plain = request(row.operation().spec());
        let request = row.feature.as_deref().map_or(plain.clone(), |feature| with_feature(plain, feature));
        let answer = server.send(request);
        let message = answer.element("Message");
        assert_ne!(answer.status, 403, "{} {:?}: {message}", row.operation, row.feature);
        // The policy's refusals all end so.
        assert!(!message.ends_with("not implemented"), "{} {:?}: {message}", row.operation, row.feature);
    }
}

/// The request with a header or parameter of the page, with a value that asks for something.
fn with_feature(request: Request, feature: &str) -> Request {
    let name = feature.split(' ').next().unwrap_or_default();
    let value = match name {
        "encoding-type" => "url",
        "list-type" => "2",
        "max-keys" | "max-uploads" | "partNumber" | "PartNumber" => "1",
        "Content-MD5" => "CY9rzUYh03PK3k6DJie09g==",
        "If-Modified-Since" | "If-Unmodified-Since" | "Expires" => "Sun, 06 Nov 1994 08:49:37 GMT",
        "Range" => "bytes=0-0",
        "x-amz-metadata-directive" => "COPY",
        _ => "x",
    };
    let is_header = name.starts_with("x-amz-") || name.starts_with(char::is_uppercase) && name != "PartNumber";
    match (is_header, name) {
        (true, _) => request.without(name).header(name, value),
        (false, "PartNumber") => request.parameter("partNumber", value),
        (false, "list-type") => request,
        (false, _) => request.parameter(name, value),
    }
}

#[test]
fn operations_without_a_mark_are_refused_by_name() {
    let rows = crossed_operations();
    assert_all_refused(&rows);
    assert_eq!(rows.len() + served().len(), OPERATIONS.len());
}

/// Whatever hangs on a request that its operation does not know, the operation is not carried out.
#[test]
fn nothing_is_silently_ignored() {
    let server = server();
    let before = server.contents();
    let refused = |what: &str| not_implemented(what);
    let unsupported = |names: &str, method: &str| {
        let message = format!("Unsupported search param(s) {names} on a {method} bucket route");
        (400, "InvalidArgument".to_owned(), message)
    };
    for (method, target, headers, answer) in [
        ("DELETE", "/media/kept?tagging&junk", &[][..], refused("DeleteObjectTagging")),
        ("DELETE", "/media/kept?junk&tagging", &[], refused("DeleteObjectTagging")),
        ("DELETE", "/media/kept?versions", &[], refused("DeleteObject search parameter versions")),
        ("DELETE", "/media/kept?junk", &[], refused("DeleteObject search parameter junk")),
        ("DELETE", "/media/kept?versionId=null", &[], refused("DeleteObject search parameter versionId")),
        ("PUT", "/fresh?junk", &[], unsupported("\"junk\"", "PUT")),
        ("PUT", "/fresh?junk&more", &[], unsupported("\"junk\", \"more\"", "PUT")),
        ("DELETE", "/media?junk", &[], unsupported("\"junk\"", "DELETE")),
        ("DELETE", "/media?versions", &[], unsupported("\"versions\"", "DELETE")),
        ("PUT", "/media/new?junk=1", &[], refused("PutObject search parameter junk")),
        ("PUT", "/media/new?uploadId=u", &[], refused("PutObject search parameter uploadId")),
        ("PUT", "/media/new?partNumber=1", &[], refused("PutObject search parameter partNumber")),
        ("GET", "/media?list-type=3", &[], refused("ListObjectsV3")),
        ("GET", "/media?metadata=true", &[], refused("ListObjectsV1 search parameter metadata")),
        ("GET", "/media?list-type=2&metadata=true", &[], refused("ListObjectsV2 search parameter metadata")),
        ("GET", "/?prefix=a", &[], refused("ListBuckets search parameter prefix")),
        ("PUT", "/media/new", &[("x-amz-new-in-2030", "1")], refused("Header 'x-amz-new-in-2030' with value '1'")),
        ("GET", "/media/kept", &[("x-amz-new-in-2030", "")], refused("Header 'x-amz-new-in-2030' with value ''")),
        ("DELETE", "/media", &[("X-AMZ-Junk", "x")], refused("Header 'x-amz-junk' with value 'x'")),
        ("DELETE", "/media/kept", &[("if-match", "x")], refused("Header 'if-match' with value 'x'")),
        (
            "PUT",
            "/media/new",
            &[("cf-create-bucket-if-missing", "true")],
            refused("Header 'cf-create-bucket-if-missing' with value 'true'"),
        ),
    ] {
        let request = Request::new(method, target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        assert_eq!(server.send(request).error(), answer, "{method} {target} {headers:?}");
        assert_eq!(server.contents(), before, "{method} {target}");
    }
    for target in ["/media/kept?tagging", "/media?versioning", "/media/kept?junk"] {
        assert_eq!(server.send(Request::new("HEAD", target)).status, 501, "HEAD {target}");
    }
}

/// SDKs put headers of a presigned request into its query; there they are the headers they were.
#[test]
fn hoisted_headers_are_refused_as_headers() {
    let server = server();
    let before = server.contents();
    for (target, what) in [
        ("/media/new?x-amz-acl=private", "Header 'x-amz-acl' with value 'private'"),
        ("/media/new?X-Amz-Acl=public-read", "Header 'x-amz-acl' with value 'public-read'"),
        ("/media/new?x-amz-tagging=a%3Db", "Header 'x-amz-tagging' with value 'a=b'"),
        ("/media/new?x-amz-storage-class=GLACIER", "Header 'x-amz-storage-class' with value 'GLACIER'"),
    ] {
        let request = Request::put(target).body("new").presigned(server.address, 60);
        assert_eq!(server.connect().send(request).error(), not_implemented(what), "{target}");
    }
    // Where the query is no signature, it is only a query.
    let answer = server.send(Request::put("/media/new?x-amz-acl=private").body("new"));
    assert_eq!(answer.error(), not_implemented("PutObject search parameter x-amz-acl"));
    assert_eq!(server.contents(), before);
}
