//! What a store behind r2shim does differently from R2, and why. No case is skipped without a row here.

/// Something R2 does that a store may do differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deviation {
    /// An object whose key continues another's behind a slash: `a` and `a/b`.
    KeyBelowKey,
    /// A key with `.` or `..` between its slashes.
    DotSegments,
    /// A key with an empty segment: `a//b`.
    EmptySegments,
    /// `If-Match` with more than one tag.
    ListsOfTags,
    /// `If-Match: *` on a write over an object.
    AnyTagOnWrites,
    /// `If-Unmodified-Since` on a write.
    DatesOnWrites,
    /// `If-None-Match` decides, and `If-Modified-Since` beside it does not.
    TagsOverDates,
    /// `If-Match` is checked before `If-None-Match`.
    MatchesOverNone,
    /// The ETag in a 304.
    TagsOfTheUnmodified,
    /// `If-Modified-Since` with a date in the future: nothing was modified since.
    DatesToCome,
    /// No checksum in the answer if the client sent none. The row has the checksum that comes.
    NoOtherChecksums,
    /// UploadPartCopy refuses a range without an end.
    OpenRangesOfCopiedParts,
    /// Milliseconds in the times of documents. The row has a time as the store writes it.
    Milliseconds,
    /// R2's own error code for a `max-keys` that is not a number.
    MaxKeys,
    /// The last page says that it is the last. The row has the page that may follow: no keys, a bar, no prefixes.
    KnowingTheLastPage,
    /// A listing (V1) from a marker that does not begin with its prefix.
    MarkersOutsideThePrefix,
    /// `encoding-type=url`. The row has the EncodingType.
    EncodedNames,
    /// A range whose end is before its start is refused as malformed.
    BackwardRanges,
    /// Ranges of several parts, of other units or without numbers are refused.
    UnreadableRanges,
    /// A `response-*` parameter with a line break in it is refused. It never splits a header either way.
    RefusingControlCharacters,
    /// A part number out of range is refused as an invalid argument.
    PartNumbers,
    /// AbortMultipartUpload of an upload that does not exist is refused.
    AbortOfNothing,
    /// Uploads are listed in pages. The row has the IsTruncated of the first.
    PagesOfUploads,
    /// UploadPartCopy of a range beyond the end is refused as an invalid range.
    RangesOfCopiedParts,
    /// CompleteMultipartUpload with a wrong size of the object is refused.
    SizesOfTheWhole,
    /// CompleteMultipartUpload with a checksum of the object and none of the parts.
    WholeChecksums,
}

/// What a store does instead.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub store: &'static str,
    pub deviation: Deviation,
    /// Status of the answer, and its code or what else the deviation names.
    pub answers: (u16, &'static str),
    /// Why it is so, and stays so.
    pub why: &'static str,
}

/// The table.
pub const DEVIATIONS: &[Row] = &[
    row(
        "minio",
        Deviation::KeyBelowKey,
        (200, ""),
        "An object is a folder there: `a/b` lies in the folder of `a`, is read, and never listed.",
    ),
    row(
        "versitygw",
        Deviation::KeyBelowKey,
        (409, "ObjectParentIsFile"),
        "An object is a file there, and nothing lies in a file.",
    ),
    row(
        "minio",
        Deviation::DotSegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row(
        "versitygw",
        Deviation::DotSegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row(
        "minio",
        Deviation::EmptySegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row(
        "versitygw",
        Deviation::EmptySegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row("minio", Deviation::ListsOfTags, (412, "PreconditionFailed"), "It compares the whole value with the tag."),
    row("versitygw", Deviation::ListsOfTags, (412, "PreconditionFailed"), "It compares the whole value with the tag."),
    row("versitygw", Deviation::AnyTagOnWrites, (412, "PreconditionFailed"), "It takes `*` for a tag on writes."),
    row("minio", Deviation::DatesOnWrites, (501, "NotImplemented"), "It passes over them, so r2shim refuses."),
    row("versitygw", Deviation::DatesOnWrites, (501, "NotImplemented"), "It passes over them, so r2shim refuses."),
    row("versitygw", Deviation::Milliseconds, (200, "2006-03-01T00:00:00Z"), "It writes whole seconds."),
    row("minio", Deviation::MaxKeys, (400, "InvalidArgument"), "S3's own code; only R2 has another."),
    row("versitygw", Deviation::MaxKeys, (400, "InvalidArgument"), "S3's own code; only R2 has another."),
    row(
        "minio",
        Deviation::KnowingTheLastPage,
        (200, "|"),
        "V1 with a delimiter and a full last page says there is more.",
    ),
    row("versitygw", Deviation::KnowingTheLastPage, (200, "|"), "A full last page below a prefix says there is more."),
    row(
        "minio",
        Deviation::MarkersOutsideThePrefix,
        (501, "NotImplemented"),
        "It says so of itself: it cannot begin such a walk.",
    ),
    row(
        "versitygw",
        Deviation::EncodedNames,
        (200, ""),
        "It does not know the parameter; clients decode what the answer says is encoded.",
    ),
    row("minio", Deviation::BackwardRanges, (416, "InvalidRange"), "It has one answer for every bad range."),
    row(
        "versitygw",
        Deviation::BackwardRanges,
        (200, ""),
        "It passes over what it cannot read, as RFC 9110 section 14.2 allows.",
    ),
    row(
        "minio",
        Deviation::UnreadableRanges,
        (200, ""),
        "It passes over what it cannot read, as RFC 9110 section 14.2 allows.",
    ),
    row(
        "versitygw",
        Deviation::UnreadableRanges,
        (200, ""),
        "It passes over what it cannot read, as RFC 9110 section 14.2 allows.",
    ),
    row("minio", Deviation::RefusingControlCharacters, (200, ""), "Line ends become blanks."),
    row("versitygw", Deviation::RefusingControlCharacters, (200, ""), "Line ends become blanks."),
    row("minio", Deviation::PartNumbers, (400, "InvalidPart"), "Its code for them."),
    row("minio", Deviation::AbortOfNothing, (204, ""), "It removes what there is, and there is nothing."),
    row("minio", Deviation::PagesOfUploads, (200, "false"), "It lists all uploads of a key at once."),
    row("versitygw", Deviation::RangesOfCopiedParts, (400, "InvalidArgument"), "Its code for them."),
    row("minio", Deviation::SizesOfTheWhole, (200, ""), "It passes over the header; the parts are what they are."),
    row(
        "minio",
        Deviation::WholeChecksums,
        (400, "InvalidPart"),
        "It wants the checksum of each part, asked directly too.",
    ),
    row(
        "versitygw",
        Deviation::WholeChecksums,
        (400, "InvalidRequest"),
        "It wants the checksum of each part, and says so.",
    ),
    row("minio", Deviation::MatchesOverNone, (304, ""), "It looks at If-None-Match first."),
    row("minio", Deviation::TagsOverDates, (304, ""), "It looks at dates beside tags."),
    row("versitygw", Deviation::TagsOfTheUnmodified, (304, ""), "Its 304 has no headers of the object."),
    row(
        "versitygw",
        Deviation::DatesToCome,
        (200, ""),
        "It passes over such dates, as RFC 9110 section 13.1.3 allows.",
    ),
    row(
        "versitygw",
        Deviation::NoOtherChecksums,
        (200, "y/Q5Jg=="),
        "The one that r2shim gives, so that it keeps no short bodies.",
    ),
    row("versitygw", Deviation::OpenRangesOfCopiedParts, (200, ""), "It takes all up to the end."),
    row("versitygw", Deviation::PagesOfUploads, (200, "true"), "It refuses the markers that it gave itself."),
];

const fn row(store: &'static str, deviation: Deviation, answers: (u16, &'static str), why: &'static str) -> Row {
    Row { store, deviation, answers, why }
}
