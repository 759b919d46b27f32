//! Finds the operation of a request: the most specific row of the table wins. Without a row there is no operation.

use crate::s3::operation::{Method, OPERATIONS, OperationSpec, Selector, Target};
use crate::s3::view::{RequestView, is_transport_query};

/// The row for a request; `None` where S3 has no such operation.
pub fn route(method: &str, target: Target, view: &RequestView<'_>) -> Option<&'static OperationSpec> {
    let method = Method::parse(method)?;
    OPERATIONS
        .iter()
        .filter(|row| row.method == method && row.target == target)
        .filter(|row| row.selectors.iter().all(|selector| selects(selector, view)))
        // Of two rows that are equally specific the first wins: the order of the table breaks ties.
        .rev()
        .max_by_key(|row| row.selectors.len())
}

fn selects(selector: &Selector, view: &RequestView<'_>) -> bool {
    match selector {
        Selector::Query(name) => view.has_parameter(name),
        Selector::QueryIs(name, value) if is_transport_query(name) => view.transport(name) == Some(value),
        Selector::QueryIs(name, value) => view.parameter(name) == Some(value),
        Selector::Header(name) => view.header_bytes(name).is_some(),
        Selector::HeaderStarts(name, start) => view
            .header_bytes(name)
            .and_then(|value| value.get(..start.len()))
            .is_some_and(|value| value.eq_ignore_ascii_case(start.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use crate::s3::view::tests::NAMES_COMPARED;
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn operation(method: &str, target: Target, query: &str, headers: &[(&'static str, &'static str)]) -> String {
        let headers: HeaderMap =
            headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        let view = RequestView::from_signed_headers(&headers, Query::parse(query).unwrap());
        route(method, target, &view).map_or("none".to_owned(), |row| row.operation.to_string())
    }

    #[test]
    fn the_most_specific_row_wins() {
        use Target::{Bucket, Object, Service};
        for (method, target, query, expected) in [
            ("GET", Service, "", "ListBuckets"),
            ("GET", Service, "x-id=ListBuckets", "ListBuckets"),
            ("GET", Service, "x-id=ListDirectoryBuckets", "ListDirectoryBuckets"),
            ("PUT", Bucket, "", "CreateBucket"),
            ("GET", Bucket, "", "ListObjects"),
            ("GET", Bucket, "list-type=2", "ListObjectsV2"),
            ("GET", Bucket, "list-type=3", "ListObjects"),
            ("GET", Bucket, "prefix=a&location", "GetBucketLocation"),
            ("GET", Bucket, "analytics", "ListBucketAnalyticsConfigurations"),
            ("GET", Bucket, "analytics&id=1", "GetBucketAnalyticsConfiguration"),
            ("DELETE", Bucket, "lifecycle", "DeleteBucketLifecycle"),
            ("POST", Bucket, "delete", "DeleteObjects"),
            ("POST", Bucket, "", "none"),
            ("POST", Object, "uploads", "CreateMultipartUpload"),
            ("POST", Object, "uploadId=u", "CompleteMultipartUpload"),
            ("PUT", Object, "partNumber=1&uploadId=u", "UploadPart"),
            ("PUT", Object, "uploadId=u", "PutObject"),
            ("GET", Object, "uploadId=u", "ListParts"),
            ("DELETE", Object, "tagging", "DeleteObjectTagging"),
            ("HEAD", Object, "tagging", "HeadObject"),
            ("OPTIONS", Object, "", "none"),
            ("PATCH", Object, "", "none"),
            ("put", Object, "", "none"),
        ] {
            assert_eq!(operation(method, target, query, &[]), expected, "{method} {target:?} {query}");
        }
    }

    /// Anyone can send such a request, and it is routed before its signature is looked at.
    #[test]
    fn the_work_does_not_grow_with_the_request() {
        let hoisted: String = (0..200).map(|n| format!("&x-amz-meta-{n}=v")).collect();
        let others: String = (0..800).map(|n| format!("&p{n}=v")).collect();
        let raw = format!("X-Amz-Signature=0{hoisted}{others}");
        let headers = HeaderMap::new();
        let view = RequestView::from_presigned(&headers, Query::parse(&raw).unwrap()).unwrap();
        for method in ["GET", "PUT", "POST", "DELETE"] {
            for target in [Target::Service, Target::Bucket, Target::Object] {
                NAMES_COMPARED.set(0);
                route(method, target, &view);
                let compared = NAMES_COMPARED.get();
                // A search among 800 names reads ten of them, and no target has more than 40 rows.
                assert!(compared <= 40 * 10 * 2, "{method} {target:?} compares {compared} names");
            }
        }
    }

    #[test]
    fn headers_select_too() {
        let copy = [("x-amz-copy-source", "/b/k")];
        assert_eq!(operation("PUT", Target::Object, "", &copy), "CopyObject");
        assert_eq!(operation("PUT", Target::Object, "partNumber=1&uploadId=u", &copy), "UploadPartCopy");
        let form = [("content-type", "Multipart/Form-Data; boundary=x")];
        assert_eq!(operation("POST", Target::Bucket, "", &form), "PostObject");
    }
}
