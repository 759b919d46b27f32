//! Code that both backends share, the local disk and a remote store.

use crate::body::{BodyVerifier, DocumentCollector};
use crate::filters::Admitted;
use crate::policy::{self, BucketAnswer};
use crate::region::Regions;
use crate::s3::bucket_listing::BucketQuery;
use crate::s3::listing::MAX_PAGE;
use crate::s3::names::BucketName;
use crate::s3::operation::Access;
use crate::s3::xml::{self, BucketInfo, BucketPaging, CreateBucketConfiguration, Delete, OWNER};
use crate::s3::{Code, S3Error, Timestamp};
use crate::server::answer::Answer;
use crate::server::connection::request_body::RequestBody;
use http::HeaderName;

/// Whether there is another page of buckets, and where it starts (R2 docs, "Extensions").
const CF_IS_TRUNCATED: HeaderName = HeaderName::from_static("cf-is-truncated");
const CF_NEXT_TOKEN: HeaderName = HeaderName::from_static("cf-next-continuation-token");

/// The answer that the policy has for every bucket.
///
/// # Errors
/// The answer, if it is an error.
pub(super) fn fixed(fixed: &policy::RuledAnswer) -> Result<Answer, S3Error> {
    match &fixed.answer {
        BucketAnswer::Document { status, body } => Ok(Answer { status: *status, ..Answer::xml(body.clone()) }),
        BucketAnswer::Error(error) => Err(S3Error::clone(error)),
    }
}

/// ListBuckets: the page that the client asks for of the buckets that the key covers, sorted by name, each with its
/// time of creation.
pub(super) fn list_buckets(
    request: &Admitted<'_>,
    buckets: impl Iterator<Item = (BucketName, Timestamp)>,
) -> Result<Answer, S3Error> {
    let (signer, query) = (request.signer()?, BucketQuery::parse(&request.view)?);
    let visible = buckets.filter(|(name, _)| signer.covers_bucket(name));
    let mut listed: Vec<_> = visible.map(|(name, created)| BucketInfo { name: name.to_string(), created }).collect();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let page = query.page(listed)?;
    let paging = BucketPaging {
        start_after: query.start_after.as_deref(),
        continuation_token: query.continuation_token.as_deref(),
        max_keys: query.max_keys.unwrap_or(MAX_PAGE as u64),
        next: page.next.as_deref(),
    };
    let paged = query.asks_for_a_page();
    let answer = Answer::xml(xml::list_buckets(OWNER, &page.buckets, paged.then_some(paging)));
    let truncated = paged.then(|| (CF_IS_TRUNCATED, if page.next.is_some() { "true" } else { "false" }));
    let next = page.next.as_deref().map(|token| (CF_NEXT_TOKEN, token));
    Ok(truncated.into_iter().chain(next).fold(answer, |answer, (name, value)| answer.with(name, value)))
}

/// Refuses to make a bucket for a key without that permission. A write can ask for its bucket to be made, and its key
/// may only write objects.
pub(super) fn may_make_bucket(request: &Admitted<'_>) -> Result<(), S3Error> {
    let allowed = request.signer()?.allows(Access::ManageBuckets, Some(request.bucket()?));
    if allowed { Ok(()) } else { Err(Code::ACCESS_DENIED.into()) }
}

/// Whether a write asks for its bucket to be made if it is missing (R2 docs, "Extensions").
pub(super) fn makes_bucket(request: &Admitted<'_>) -> bool {
    request.view.header("cf-create-bucket-if-missing") == Some("true")
}

/// The document in the body of a request: read whole, within its limit, and checked against the digests that came with
/// it.
pub(super) async fn read_document(request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Vec<u8>, S3Error> {
    let (limit, announced) = request.document_body()?;
    let mut verifier = BodyVerifier::new(announced.clone());
    let mut document = DocumentCollector::new(limit);
    while let Some(piece) = body.next().await? {
        for bytes in verifier.update(piece)? {
            document.update(&bytes)?;
        }
    }
    verifier.finish()?;
    let document = document.finish();
    if request.rules.mode.is_audit() {
        body.keep(&document);
    }
    Ok(document)
}

/// The document of a DeleteObjects. If it has a key that the signer may not delete, the whole request is refused and
/// nothing is removed.
pub(super) async fn read_delete(request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Delete, S3Error> {
    let delete = Delete::parse(&read_document(request, body).await?)?;
    let signer = request.signer()?;
    match delete.entries.iter().all(|entry| signer.covers_key(&entry.key)) {
        true => Ok(delete),
        false => Err(S3Error::new(Code::ACCESS_DENIED).cause("a key is not in the paths of the session token")),
    }
}

/// The location that the client asks for in a new bucket. Refuses a CreateBucketConfiguration with another region than
/// the server's, or with more than a region.
pub(super) fn location_of_new_bucket(document: &[u8], regions: &Regions) -> Result<Option<String>, S3Error> {
    let wanted = CreateBucketConfiguration::parse(document)?;
    if let Some(element) = wanted.unsupported.first() {
        let message = format!("CreateBucketConfiguration element {element} not implemented");
        return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
    }
    let constraint = wanted.location_constraint.as_deref().unwrap_or_default();
    regions.normalise(constraint)?;
    Ok(regions.location(constraint))
}
