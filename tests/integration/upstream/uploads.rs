//! Operations that answer before they are done: blanks keep the connection open, and what follows may be an error.

use super::{front, store};
use crate::support::scripted::{Scripted, Step};
use crate::support::{Request, Response, TestServer};

const COMPLETION: &str =
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part></CompleteMultipartUpload>";
const START: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ntransfer-encoding: chunked\r\n\r\n";
const BLANKS: &str = "a\r\n          \r\n";
const END: &str = "0\r\n\r\n";

fn complete() -> Request {
    Request::new("POST", "/media/new?uploadId=u").body(COMPLETION)
}

fn copy() -> Request {
    Request::put("/media/new").header("x-amz-copy-source", "/media/kept")
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

fn completed() -> String {
    let result = "<CompleteMultipartUploadResult><Location>http://store.internal/acme-prod-media/new</Location>\
                  <Bucket>acme-prod-media</Bucket><Key>new</Key><ETag>&quot;x-1&quot;</ETag>\
                  </CompleteMultipartUploadResult>";
    chunk(result)
}

fn copied() -> String {
    chunk(
        "<CopyObjectResult><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag>\
         </CopyObjectResult>",
    )
}

fn failed() -> String {
    chunk("<Error><Code>InternalError</Code><Message>at acme-prod-media</Message></Error>")
}

fn answered(script: Vec<Step>, request: Request) -> (Scripted, TestServer, std::io::Result<Response>) {
    let upstream = Scripted::always([vec![Step::ReadHead, Step::ReadBody], script].concat());
    let server = front(&upstream);
    let answer = server.connect().try_send(&request.signed(server.address));
    (upstream, server, answer)
}

#[test]
fn a_success_after_blanks_is_a_success() {
    for (request, result, etag) in [(complete(), completed(), "\"x-1\""), (copy(), copied(), "\"x\"")] {
        for blanks in ["", BLANKS] {
            let text = [START, blanks, blanks, &result, END].concat();
            let (.., answer) = answered(vec![Step::send(text)], request.clone());
            let answer = answer.unwrap();
            assert_eq!((answer.status, answer.element("ETag").as_str()), (200, etag), "{}", answer.text());
            assert!(!answer.text().contains("acme-prod-media"), "{}", answer.text());
        }
    }
}

/// The status was sent already, so the error is in the place of the result; clients of S3 expect that.
#[test]
fn an_error_after_blanks_is_an_error() {
    for request in [complete(), copy()] {
        for blanks in ["", BLANKS] {
            let text = [START, blanks, &failed(), END].concat();
            let (.., answer) = answered(vec![Step::send(text)], request.clone());
            let answer = answer.unwrap();
            assert_eq!(answer.element("Code"), "InternalError", "{}", answer.text());
            assert_eq!((answer.element("ETag").as_str(), answer.text().contains("acme-prod-media")), ("", false));
            assert!(answer.status == 200 || answer.status >= 500, "{}", answer.status);
        }
    }
}

/// The client must not give up while the store still works.
#[test]
fn blanks_are_passed_on_at_once() {
    let start = [START, BLANKS].concat();
    let upstream = Scripted::always([
        Step::ReadHead,
        Step::ReadBody,
        Step::send(start),
        Step::Wait,
        Step::send([completed().as_str(), END].concat()),
    ]);
    let server = front(&upstream);
    let mut connection = server.connect();
    connection.begin(&complete().header("connection", "close").signed(server.address));
    assert_eq!(connection.read_head().status, 200);
    upstream.go_on();
    assert!(String::from_utf8(connection.read_to_end()).unwrap().contains("<Key>new</Key>"));
}

#[test]
fn a_result_that_breaks_off_is_none() {
    for text in [[START, BLANKS].concat(), [START, BLANKS, "99\r\n<CompleteM"].concat(), [START, BLANKS, END].concat()]
    {
        let (.., answer) = answered(vec![Step::send(text.clone())], complete());
        let is_error = |answer: &Response| !answer.element("Code").is_empty() && answer.element("ETag").is_empty();
        assert!(answer.as_ref().map_or(true, is_error), "{text} {answer:?}");
    }
}

/// The store gets what was read of the list: an element that R2 ignores is not there.
#[test]
fn lists_of_parts_go_along() {
    let upstream = Scripted::answering(store::usual);
    let server = front(&upstream);
    let list = COMPLETION.replace("<Part>", "<Unknown/><Part>");
    assert_eq!(server.send(Request::new("POST", "/media/new?uploadId=u").body(list)).status, 200);
    let received = upstream.only_request();
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><CompleteMultipartUpload \
                    xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1</PartNumber><ETag>&quot;x&quot;\
                    </ETag></Part></CompleteMultipartUpload>";
    assert_eq!((received.path(), received.text().as_str()), ("/acme-prod-media/new", expected));
}
