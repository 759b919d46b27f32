//! The answers of the port for public buckets: an object with the headers that browsers know, or a page.
//!
//! An object has no `x-amz-*` headers, not even user metadata, because they are for clients of the S3 API. A page shows
//! nothing about the store: it is the same for an object that does not exist, is not public, or is refused by the
//! store.

use crate::s3::headers::OBJECT_HEADERS;
use crate::s3::{Code, S3Error};
use crate::server::answer::{Answer, Body};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};

/// HTTP's headers that are sent with an object besides [`OBJECT_HEADERS`].
const ABOUT_THE_BYTES: &[&str] = &["accept-ranges", "content-range", "etag", "last-modified"];

/// Headers of errors that browsers know.
const ABOUT_THE_ERROR: &[&str] = &["allow", "content-range"];

/// The answer of a backend, without the headers that are for clients of the S3 API.
pub(super) fn object(answer: Answer) -> Answer {
    let goes_out =
        |name: &HeaderName| [OBJECT_HEADERS, ABOUT_THE_BYTES].iter().any(|names| names.contains(&name.as_str()));
    let headers = answer.headers.into_iter().filter(|(name, _)| goes_out(name)).collect();
    Answer { headers, ..answer }
}

/// The page for an error of the store. If the store refuses (401, 403, 409), the page is that of a missing object. If
/// it is overloaded (429), the page says nothing about the object.
pub(super) fn refused_by_store(error: &S3Error) -> Answer {
    let status = error.status;
    if status == StatusCode::TOO_MANY_REQUESTS {
        return self::error(&Code::SERVICE_UNAVAILABLE.into());
    }
    let is_shown = matches!(status, StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE);
    if is_shown || status.is_server_error() { self::error(error) } else { self::error(&Code::NO_SUCH_KEY.into()) }
}

/// The page of an error.
pub(super) fn error(error: &S3Error) -> Answer {
    let status = error.status;
    let text = match status {
        StatusCode::NOT_FOUND => "There is no public object at this address.",
        _ => &error.message,
    };
    let page = Answer { body: Body::Text(page(status, text)), ..Answer::empty(status) };
    let page = page.with(CONTENT_TYPE, "text/html; charset=utf-8");
    let known = error.headers.iter().filter(|(name, _)| ABOUT_THE_ERROR.contains(name));
    let page = known.fold(page, |page, (name, value)| page.with(HeaderName::from_static(name), value));
    if status == StatusCode::SERVICE_UNAVAILABLE { page.with(RETRY_AFTER, "5") } else { page }
}

fn page(status: StatusCode, text: &str) -> String {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let text = escaped(text);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1><p>{text}</p></body>\n</html>\n"
    )
}

/// The text, escaped for HTML, because it may have a host that a client named.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(answer: &Answer) -> Vec<String> {
        answer.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn refusals_of_the_store_look_like_404() {
        for (error, status) in [
            (Code::NO_SUCH_KEY, 404),
            (Code::NO_SUCH_BUCKET, 404),
            (Code::ACCESS_DENIED, 404),
            (Code::UNAUTHORIZED, 404),
            (Code::INVALID_OBJECT_NAME, 404),
            (Code::PRECONDITION_FAILED, 412),
            (Code::INVALID_RANGE, 416),
            (Code::INTERNAL_ERROR, 500),
            (Code::BAD_GATEWAY, 502),
            (Code::SERVICE_UNAVAILABLE, 503),
        ] {
            assert_eq!(refused_by_store(&error.into()).status.as_u16(), status, "{}", error.name);
        }
    }

    #[test]
    fn a_store_with_too_much_to_do_does_not_make_an_object_absent() {
        let mut busy = S3Error::new(Code::INVALID_REQUEST);
        busy.status = StatusCode::TOO_MANY_REQUESTS;
        let page = refused_by_store(&busy);
        assert_eq!((page.status.as_u16(), &headers(&page)[1..]), (503, &["retry-after: 5".to_owned()][..]));
    }

    #[test]
    fn a_page_is_html_and_all_404s_are_one() {
        let pages = [Code::NO_SUCH_KEY, Code::NO_SUCH_BUCKET, Code::ACCESS_DENIED].map(|code| {
            let page = refused_by_store(&S3Error::new(code).cause("secret").detail("BucketName", "private"));
            let Body::Text(text) = &page.body else { panic!("no text") };
            (headers(&page), text.clone())
        });
        assert_eq!(pages[0], pages[1]);
        assert_eq!(pages[0], pages[2]);
        assert_eq!(pages[0].0, ["content-type: text/html; charset=utf-8"]);
        assert!(pages[0].1.contains("<h1>404 Not Found</h1>") && !pages[0].1.contains("private"), "{}", pages[0].1);
        let named = super::error(&S3Error::new(Code::INVALID_REQUEST).message("<b>\"&"));
        assert!(matches!(&named.body, Body::Text(text) if text.contains("<p>&lt;b&gt;&quot;&amp;</p>")));
    }

    #[test]
    fn headers_that_browsers_know_are_kept() {
        let range = S3Error::new(Code::INVALID_RANGE).header("content-range", "bytes */9").header("x-amz-a", "b");
        assert_eq!(headers(&super::error(&range))[1..], ["content-range: bytes */9"]);
        let answer = Answer::empty(StatusCode::OK)
            .with(CONTENT_TYPE, "text/plain")
            .with(HeaderName::from_static("x-amz-meta-a"), "b")
            .with(HeaderName::from_static("x-amz-version-id"), "v")
            .with(HeaderName::from_static("cache-control"), "max-age=60")
            .with(HeaderName::from_static("etag"), "\"e\"");
        assert_eq!(headers(&object(answer)), ["content-type: text/plain", "cache-control: max-age=60", "etag: \"e\""]);
    }
}
