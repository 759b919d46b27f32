//! Where a store behind r2shim cannot do what R2 does, and what comes instead. Nothing is skipped without a row here.

/// Something R2 does that a store may be unable to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
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
    /// `If-None-Match` over `If-Modified-Since`.
    TagsOverDates,
    /// `If-Match` over `If-None-Match`.
    MatchesOverNone,
    /// The ETag of what is unmodified.
    TagsOfTheUnmodified,
    /// A date to come in a condition on what was modified since, which nothing was.
    DatesToCome,
    /// No checksum in an answer to who gave none. The answer has its value.
    NoOtherChecksums,
    /// UploadPartCopy of a range without an end, refused.
    OpenRangesOfCopiedParts,
    /// Moments with milliseconds in documents. The answer has one as it is written.
    Milliseconds,
    /// An own code for a `max-keys` that is none.
    MaxKeys,
    /// A last page that says it is. The answer has the page that may follow: no keys, a bar, no prefixes.
    KnowingTheLastPage,
    /// Listings, V1, from a marker that has not their prefix.
    MarkersOutsideThePrefix,
    /// `encoding-type=url`. The answer has the EncodingType.
    EncodedNames,
    /// A range whose end is before its start, refused as malformed.
    BackwardRanges,
    /// Ranges of several pieces, of other units or without numbers, refused.
    UnreadableRanges,
    /// A `response-*` parameter with a line's end in it, refused. No header is made of it either way.
    RefusingControlCharacters,
    /// A part's number out of range, refused as an argument.
    PartNumbers,
    /// Parts in disorder, found before small ones.
    OrderBeforeSizes,
    /// AbortMultipartUpload of an upload that is not there, refused.
    AbortOfNothing,
    /// Pages of uploads that follow each other. The answer has the IsTruncated of the first.
    PagesOfUploads,
    /// UploadPartCopy of a range behind the end, refused as a range.
    RangesOfCopiedParts,
    /// CompleteMultipartUpload with another size of the whole than it has, refused.
    SizesOfTheWhole,
    /// CompleteMultipartUpload with a checksum of the whole and none of the parts.
    WholeChecksums,
}

/// What a store does instead.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub store: &'static str,
    pub lack: Lack,
    /// Status of the answer, and its code or what else the lack says.
    pub answers: (u16, &'static str),
    /// Why it is so, and stays so.
    pub why: &'static str,
}

/// The table.
pub const LACKS: &[Row] = &[
    row(
        "minio",
        Lack::KeyBelowKey,
        (200, ""),
        "An object is a folder there: `a/b` lies in the folder of `a`, is read, and never listed.",
    ),
    row(
        "versitygw",
        Lack::KeyBelowKey,
        (409, "ObjectParentIsFile"),
        "An object is a file there, and nothing lies in a file.",
    ),
    row(
        "minio",
        Lack::DotSegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row(
        "versitygw",
        Lack::DotSegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row(
        "minio",
        Lack::EmptySegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row(
        "versitygw",
        Lack::EmptySegments,
        (400, "InvalidObjectName"),
        "Keys are paths there; r2shim refuses what would be another key.",
    ),
    row("minio", Lack::ListsOfTags, (412, "PreconditionFailed"), "It compares the whole value with the tag."),
    row("versitygw", Lack::ListsOfTags, (412, "PreconditionFailed"), "It compares the whole value with the tag."),
    row("versitygw", Lack::AnyTagOnWrites, (412, "PreconditionFailed"), "It takes `*` for a tag on writes."),
    row("minio", Lack::DatesOnWrites, (501, "NotImplemented"), "It passes over them, so r2shim refuses."),
    row("versitygw", Lack::DatesOnWrites, (501, "NotImplemented"), "It passes over them, so r2shim refuses."),
    row("versitygw", Lack::Milliseconds, (200, "2006-03-01T00:00:00Z"), "It writes whole seconds."),
    row("minio", Lack::MaxKeys, (400, "InvalidArgument"), "S3's own code; only R2 has another."),
    row("versitygw", Lack::MaxKeys, (400, "InvalidArgument"), "S3's own code; only R2 has another."),
    row("minio", Lack::KnowingTheLastPage, (200, "|"), "V1 with a delimiter and a full last page says there is more."),
    row("versitygw", Lack::KnowingTheLastPage, (200, "|"), "A full last page below a prefix says there is more."),
    row(
        "minio",
        Lack::MarkersOutsideThePrefix,
        (501, "NotImplemented"),
        "It says so of itself: it cannot begin such a walk.",
    ),
    row(
        "versitygw",
        Lack::EncodedNames,
        (200, ""),
        "It does not know the parameter; clients decode what the answer says is encoded.",
    ),
    row("minio", Lack::BackwardRanges, (416, "InvalidRange"), "It has one answer for every bad range."),
    row(
        "versitygw",
        Lack::BackwardRanges,
        (200, ""),
        "It passes over what it cannot read, as RFC 9110 section 14.2 allows.",
    ),
    row(
        "minio",
        Lack::UnreadableRanges,
        (200, ""),
        "It passes over what it cannot read, as RFC 9110 section 14.2 allows.",
    ),
    row(
        "versitygw",
        Lack::UnreadableRanges,
        (200, ""),
        "It passes over what it cannot read, as RFC 9110 section 14.2 allows.",
    ),
    row("minio", Lack::RefusingControlCharacters, (200, ""), "Line ends become blanks."),
    row("versitygw", Lack::RefusingControlCharacters, (200, ""), "Line ends become blanks."),
    row("minio", Lack::PartNumbers, (400, "InvalidPart"), "Its code for them."),
    row("versitygw", Lack::OrderBeforeSizes, (400, "EntityTooSmall"), "It looks at sizes first."),
    row("minio", Lack::AbortOfNothing, (204, ""), "It removes what there is, and there is nothing."),
    row("minio", Lack::PagesOfUploads, (200, "false"), "It lists all uploads of a key at once."),
    row("versitygw", Lack::RangesOfCopiedParts, (400, "InvalidArgument"), "Its code for them."),
    row("minio", Lack::SizesOfTheWhole, (200, ""), "It passes over the header; the parts are what they are."),
    row("minio", Lack::WholeChecksums, (400, "InvalidPart"), "It wants the checksum of each part, asked directly too."),
    row("versitygw", Lack::WholeChecksums, (400, "InvalidRequest"), "It wants the checksum of each part, and says so."),
    row("minio", Lack::MatchesOverNone, (304, ""), "It looks at If-None-Match first."),
    row("minio", Lack::TagsOverDates, (304, ""), "It looks at dates beside tags."),
    row("versitygw", Lack::TagsOfTheUnmodified, (304, ""), "Its 304 has no headers of the object."),
    row("versitygw", Lack::DatesToCome, (200, ""), "It passes over such dates, as RFC 9110 section 13.1.3 allows."),
    row(
        "versitygw",
        Lack::NoOtherChecksums,
        (200, "y/Q5Jg=="),
        "The one that r2shim gives, so that it keeps no short bodies.",
    ),
    row("versitygw", Lack::OpenRangesOfCopiedParts, (200, ""), "It takes all up to the end."),
    row("versitygw", Lack::PagesOfUploads, (200, "true"), "It refuses the markers that it gave itself."),
];

const fn row(store: &'static str, lack: Lack, answers: (u16, &'static str), why: &'static str) -> Row {
    Row { store, lack, answers, why }
}
