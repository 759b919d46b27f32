//! The four conditions of a request on an object, decided for reads and for writes.
//!
//! The store decides writes inside its transaction, so that one of two writes that both require a new key fails.

use crate::s3::Timestamp;
use crate::s3::etag::{ETag, ETagList};
use crate::s3::view::RequestView;

/// HTTP's conditions, in the order of [`Conditions`].
const CONDITIONS: [&str; 4] = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/// Those of a copy on its source.
const ON_THE_SOURCE: [&str; 4] = [
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
];

/// Those of a copy on what it replaces.
const ON_THE_DESTINATION: [&str; 4] = [
    "cf-copy-destination-if-match",
    "cf-copy-destination-if-none-match",
    "cf-copy-destination-if-modified-since",
    "cf-copy-destination-if-unmodified-since",
];

/// The object's properties that conditions are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existing<'a> {
    /// The object's tag.
    pub etag: &'a ETag,
    /// When it was written; compared by whole seconds, which is all HTTP dates carry.
    pub last_modified: Timestamp,
}

/// The four conditional headers as a request has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<ETagList>,
    /// `If-None-Match`.
    pub if_none_match: Option<ETagList>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<ConditionDate>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<ConditionDate>,
}

/// The date of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionDate {
    /// An HTTP date.
    At(Timestamp),
    /// Anything else: another form, no text, or several lines. RFC 9110 (sections 13.1.3 and 13.1.4) ignores such a
    /// condition, which overwrites what it protects. Here it does not hold, as in R2.
    Unreadable,
}

/// The conditions of a GetObject or HeadObject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadConditions(pub Conditions);

/// The conditions of a write on what it replaces (R2's page: all four).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteConditions(pub Conditions);

/// The outcome of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOutcome {
    /// Answer as if there were no conditions.
    Proceed,
    /// 304: the client has it already.
    NotModified,
    /// 412.
    Failed,
}

impl Conditions {
    fn from_view(view: &RequestView<'_>) -> Conditions {
        Conditions::named(view, CONDITIONS)
    }

    /// The headers of these names, in the order of the fields.
    fn named(view: &RequestView<'_>, names: [&str; 4]) -> Conditions {
        let [if_match, if_none_match, if_modified_since, if_unmodified_since] = names;
        Conditions {
            if_match: tags(view, if_match),
            if_none_match: tags(view, if_none_match),
            if_modified_since: ConditionDate::from_view(view, if_modified_since),
            if_unmodified_since: ConditionDate::from_view(view, if_unmodified_since),
        }
    }

    /// `If-Match` or, only if that is missing, `If-Unmodified-Since` (RFC 9110 section 13.2.2, steps 1 and 2).
    fn still_the_same(&self, existing: Existing<'_>) -> bool {
        match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) => tags.matches_strongly(existing.etag),
            (None, Some(ConditionDate::At(date))) => existing.last_modified.seconds() <= date.seconds(),
            (None, Some(ConditionDate::Unreadable)) => false,
            (None, None) => true,
        }
    }

    /// `If-None-Match` or, only if that is missing, `If-Modified-Since` (steps 3 and 4).
    fn has_changed(&self, existing: Existing<'_>) -> bool {
        match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) => !tags.matches_weakly(existing.etag),
            (None, Some(ConditionDate::At(date))) => existing.last_modified.seconds() > date.seconds(),
            (None, Some(ConditionDate::Unreadable)) => false,
            (None, None) => true,
        }
    }

    /// Whether no object, and no free key, meets the conditions: the date that decides is unreadable.
    fn never_hold(&self) -> bool {
        let decides = |tags: &Option<ETagList>, date| tags.is_none() && date == Some(ConditionDate::Unreadable);
        decides(&self.if_match, self.if_unmodified_since) || decides(&self.if_none_match, self.if_modified_since)
    }
}

impl ConditionDate {
    /// The date in a header; `None` if there is no such header.
    fn from_view(view: &RequestView<'_>, name: &str) -> Option<ConditionDate> {
        let mut lines = view.headers().filter(|(header, _)| *header == name).map(|(_, value)| value);
        let first = lines.next()?;
        let text = std::str::from_utf8(first).ok().filter(|_| lines.next().is_none());
        Some(text.and_then(Timestamp::parse_http_date).map_or(ConditionDate::Unreadable, ConditionDate::At))
    }
}

impl ReadConditions {
    /// The conditions of a GetObject or HeadObject. An unreadable `If-Modified-Since` is ignored: the client gets the
    /// object instead of a 304 (RFC 9110 section 13.1.3).
    pub fn from_view(view: &RequestView<'_>) -> ReadConditions {
        let conditions = Conditions::from_view(view);
        let if_modified_since = conditions.if_modified_since.filter(|date| *date != ConditionDate::Unreadable);
        ReadConditions(Conditions { if_modified_since, ..conditions })
    }

    /// The conditions a copy makes on its source, `x-amz-copy-source-if-*`. Whichever does not hold, the copy is
    /// answered with 412: there is nothing the client could have already. None is ignored, since a copy is a write.
    pub fn from_copy_source(view: &RequestView<'_>) -> ReadConditions {
        ReadConditions(Conditions::named(view, ON_THE_SOURCE))
    }

    /// Whether the answer is always 412, because the date that decides is malformed.
    pub fn never_hold(&self) -> bool {
        self.0.never_hold()
    }

    /// Decides in the order of RFC 9110 section 13.2.2.
    pub fn decide(&self, existing: Existing<'_>) -> ReadOutcome {
        if !self.0.still_the_same(existing) {
            ReadOutcome::Failed
        } else if !self.0.has_changed(existing) {
            ReadOutcome::NotModified
        } else {
            ReadOutcome::Proceed
        }
    }
}

impl WriteConditions {
    /// The conditions of a request.
    pub fn from_view(view: &RequestView<'_>) -> WriteConditions {
        WriteConditions(Conditions::from_view(view))
    }

    /// R2's conditions on what a copy replaces, `cf-copy-destination-if-*` (R2 docs, "Extensions").
    pub fn from_copy_destination(view: &RequestView<'_>) -> WriteConditions {
        WriteConditions(Conditions::named(view, ON_THE_DESTINATION))
    }

    /// Whether the write may replace what is there; where it may not, the answer is 412 for every condition. A key that
    /// is free meets `If-None-Match` and `If-Unmodified-Since` and fails the other two.
    pub fn hold(&self, existing: Option<Existing<'_>>) -> bool {
        match existing {
            Some(existing) => self.0.still_the_same(existing) && self.0.has_changed(existing),
            None => self.hold_on_a_free_key(),
        }
    }

    fn hold_on_a_free_key(&self) -> bool {
        let needs_a_date = self.0.if_none_match.is_none() && self.0.if_modified_since.is_some();
        self.0.if_match.is_none() && !needs_a_date && !self.0.never_hold()
    }
}

/// All values of a header that lists tags: one sent twice is one list (RFC 9110 section 5.2).
fn tags(view: &RequestView<'_>, name: &str) -> Option<ETagList> {
    let values = view.headers().filter(|(header, _)| *header == name);
    let values: Vec<_> = values.map(|(_, value)| String::from_utf8_lossy(value)).collect();
    (!values.is_empty()).then(|| ETagList::parse(&values.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::query::Query;
    use http::{HeaderMap, HeaderName, HeaderValue};

    const TAG: &str = "d41d8cd98f00b204e9800998ecf8427e";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    /// Half a second past what [`SAME`] says: dates are compared by whole seconds.
    const WRITTEN: Timestamp = Timestamp::from_millis(784_111_777_500);

    fn conditions(pairs: &[(&'static str, &'static str)]) -> Conditions {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        read_with(&headers, Conditions::from_view)
    }

    fn read_with<T>(headers: &HeaderMap, read: impl Fn(&RequestView<'_>) -> T) -> T {
        read(&RequestView::from_signed_headers(headers, Query::default()))
    }

    /// What is no HTTP date, or not one.
    const UNREADABLE: &[&[&str]] = &[
        &[""],
        &["yesterday"],
        &["2000-01-01T00:00:00Z"],
        &["Sat, 01 Jan 2000 00:00:00 +0000"],
        &["Sat, 01 Jan 2000 00:00:00 UTC"],
        &["946684800"],
        &["Sat, 32 Jan 2000 00:00:00 GMT"],
        &["\u{e9}"],
        &[AFTER, AFTER],
    ];

    fn dated(name: &str, lines: &[&str]) -> HeaderMap {
        let line = |line: &&str| {
            let latin1: Vec<u8> = line.chars().map(|c| c as u8).collect();
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(&latin1).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn a_date_that_cannot_be_read_never_lets_a_write_happen() {
        use ReadOutcome::{Failed, NotModified, Proceed};
        let etag = ETag::parse(TAG).unwrap();
        let existing = Existing { etag: &etag, last_modified: WRITTEN };
        for lines in UNREADABLE {
            for (name, read, copied) in
                [("if-unmodified-since", Failed, Failed), ("if-modified-since", Proceed, NotModified)]
            {
                let headers = dated(name, lines);
                assert_eq!(read_with(&headers, ReadConditions::from_view).decide(existing), read, "{name} {lines:?}");
                let write = read_with(&headers, WriteConditions::from_view);
                assert_eq!((write.hold(Some(existing)), write.hold(None)), (false, false), "{name} {lines:?}");
                let headers = dated(&format!("x-amz-copy-source-{name}"), lines);
                let of_source = read_with(&headers, ReadConditions::from_copy_source);
                assert_eq!((of_source.decide(existing), of_source.never_hold()), (copied, true), "{name} {lines:?}");
            }
        }
    }

    #[test]
    fn reads_follow_rfc_9110() {
        use ReadOutcome::{Failed, NotModified, Proceed};
        let etag = ETag::parse(TAG).unwrap();
        let existing = Existing { etag: &etag, last_modified: WRITTEN };
        for (pairs, expected) in [
            (&[][..], Proceed),
            (&[("if-match", TAG)], Proceed),
            (&[("if-match", "*")], Proceed),
            (&[("if-match", "\"x\"")], Failed),
            (&[("if-match", "\"x\""), ("if-match", TAG)], Proceed),
            (&[("if-match", "W/\"d41d8cd98f00b204e9800998ecf8427e\"")], Failed),
            (&[("if-none-match", TAG)], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "W/\"d41d8cd98f00b204e9800998ecf8427e\"")], NotModified),
            (&[("if-none-match", "\"x\"")], Proceed),
            (&[("if-modified-since", BEFORE)], Proceed),
            (&[("if-modified-since", SAME)], NotModified),
            (&[("if-modified-since", AFTER)], NotModified),
            (&[("if-unmodified-since", BEFORE)], Failed),
            (&[("if-unmodified-since", SAME)], Proceed),
            (&[("if-unmodified-since", AFTER)], Proceed),
            // The tag decides, and the date beside it is not read.
            (&[("if-match", TAG), ("if-unmodified-since", BEFORE)], Proceed),
            (&[("if-none-match", "\"x\""), ("if-modified-since", AFTER)], Proceed),
            (&[("if-none-match", TAG), ("if-modified-since", BEFORE)], NotModified),
            // What must hold comes before what saves a transfer.
            (&[("if-match", "\"x\""), ("if-none-match", TAG)], Failed),
            (&[("if-match", TAG), ("if-none-match", TAG)], NotModified),
            (&[("if-unmodified-since", BEFORE), ("if-modified-since", AFTER)], Failed),
            (&[("if-match", TAG), ("if-unmodified-since", "")], Proceed),
        ] {
            assert_eq!(ReadConditions(conditions(pairs)).decide(existing), expected, "{pairs:?}");
        }
    }

    #[test]
    fn writes_hold_or_do_not() {
        let etag = ETag::parse(TAG).unwrap();
        let existing = Existing { etag: &etag, last_modified: WRITTEN };
        for (pairs, over_it, on_a_free_key) in [
            (&[][..], true, true),
            (&[("if-match", TAG)], true, false),
            (&[("if-match", "*")], true, false),
            (&[("if-match", "\"x\"")], false, false),
            (&[("if-none-match", "*")], false, true),
            (&[("if-none-match", TAG)], false, true),
            (&[("if-none-match", "\"x\", W/\"d41d8cd98f00b204e9800998ecf8427e\"")], false, true),
            (&[("if-none-match", "\"x\"")], true, true),
            (&[("if-modified-since", BEFORE)], true, false),
            (&[("if-modified-since", SAME)], false, false),
            (&[("if-unmodified-since", SAME)], true, true),
            (&[("if-unmodified-since", BEFORE)], false, true),
            (&[("if-none-match", "*"), ("if-modified-since", BEFORE)], false, true),
            (&[("if-match", TAG), ("if-unmodified-since", "never")], true, false),
            (&[("if-none-match", "\"x\""), ("if-modified-since", "never")], true, true),
            (&[("if-match", TAG), ("if-modified-since", "never")], false, false),
        ] {
            let conditions = WriteConditions(conditions(pairs));
            assert_eq!(conditions.hold(Some(existing)), over_it, "{pairs:?} over an object");
            assert_eq!(conditions.hold(None), on_a_free_key, "{pairs:?} on a free key");
        }
    }

    #[test]
    fn a_copy_has_conditions_of_its_own() {
        let headers = [("if-match", "\"x\""), ("x-amz-copy-source-if-none-match", TAG)];
        let headers: HeaderMap = headers
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .into_iter()
            .collect();
        let view = RequestView::from_signed_headers(&headers, Query::default());
        let of_source = ReadConditions::from_copy_source(&view).0;
        assert_eq!((of_source.if_match, of_source.if_none_match), (None, Some(ETagList::parse(TAG))));
        let of_target = WriteConditions::from_view(&view).0;
        assert_eq!((of_target.if_match, of_target.if_none_match), (Some(ETagList::parse("x")), None));
    }
}
