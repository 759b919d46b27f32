//! Operations on buckets whose answers are written here, so that names and regions in them are never the upstream's.

use super::RemoteStore;
use super::payload::Payload;
use super::receive::bad_gateway;
use super::response::UpstreamResponse;
use crate::filters::Admitted;
use crate::s3::headers::BUCKET_REGION;
use crate::s3::xml::{self, BucketInfo, BucketPage};
use crate::s3::{Code, S3Error};
use crate::server::answer::{Answer, Body};
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::upstream::Outgoing;
use http::StatusCode;
use http::header::LOCATION;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The most bytes of one page of buckets: 10,000 of them have 2 MB.
const MAX_PAGE_BYTES: usize = 8 << 20;

/// The most pages: S3 lists 10,000 buckets on one at most, and an account has a million at most.
const MAX_PAGES: usize = 100;

impl RemoteStore {
    /// ListBuckets: every page is read, then mapped, then cut to what the key may see.
    pub(super) async fn list_buckets(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let mut buckets = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let page = self.bucket_page(request, token.as_deref()).await?;
            buckets.extend(page.buckets);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        let mapped = buckets.into_iter().filter_map(|bucket: BucketInfo| {
            let name = self.remote.client_bucket(&bucket.name, !request.passes_whole)?;
            Some((name, bucket.created))
        });
        operations::list_buckets(request, mapped)
    }

    async fn bucket_page(&self, request: &Admitted<'_>, token: Option<&str>) -> Result<BucketPage, S3Error> {
        let encoded = |token| utf8_percent_encode(token, NON_ALPHANUMERIC);
        let query = token.map(|token| format!("continuation-token={}", encoded(token))).unwrap_or_default();
        let outgoing = Outgoing::new("GET", None, &query, self.remote.addressing).traced(&request.view);
        let response = self.sender.send(&outgoing, Payload::none()).await?;
        if response.status()? != StatusCode::OK {
            return Err(self.refusal(&outgoing, response).await);
        }
        let page = response.into_body().read_whole(MAX_PAGE_BYTES).await.map_err(bad_gateway)?;
        let page = page.ok_or_else(|| bad_gateway("a page of buckets without end"))?;
        BucketPage::parse(&page).map_err(bad_gateway)
    }

    /// CreateBucket. The region in the client's document is checked, and replaced by the one that the store expects.
    pub(super) async fn create_bucket(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let document = operations::read_document(request, body).await?;
        if self.remote.upstream_bucket(request.bucket()?).is_none() {
            return Err(cannot_be_made());
        }
        operations::location_of_new_bucket(&document, request.rules.policy.regions())?;
        let mut outgoing = self.outgoing(request)?;
        if self.remote.dialect.recreates_buckets {
            self.require_no_bucket(request).await?;
        }
        let constraint = self.remote.dialect.location_constraint(&self.remote.region);
        let document = constraint.map(xml::create_bucket_configuration).unwrap_or_default();
        let payload = Payload::document(document.into_bytes(), &mut outgoing)?;
        let response = self.sender.send(&outgoing, payload).await?;
        let answer = self.receive(request, &outgoing, response).await?;
        Ok(Answer { status: StatusCode::OK, body: Body::Empty, ..answer }
            .with(LOCATION, &format!("/{}", request.bucket()?)))
    }

    /// HeadBucket: the region in the answer is ours, also where the upstream names none.
    pub(super) async fn head_bucket(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let mut answer = self.forward(request, body).await?;
        answer.headers.retain(|(name, _)| *name != BUCKET_REGION);
        Ok(answer.with(BUCKET_REGION, &request.rules.policy.regions().name))
    }

    /// GetBucketLocation.
    pub(super) async fn get_bucket_location(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.require_bucket(request).await?;
        Ok(Answer::xml(xml::location_constraint(&request.rules.policy.regions().name)))
    }

    /// Answers with an error unless the request's bucket exists.
    pub(super) async fn require_bucket(&self, request: &Admitted<'_>) -> Result<(), S3Error> {
        let (outgoing, response) = self.ask_for_bucket(request).await?;
        if response.status()? == StatusCode::OK {
            end(response).await
        } else {
            Err(self.refusal(&outgoing, response).await)
        }
    }

    /// Answers with an error if the request's bucket exists, or if the store does not say. If another account owns it, or
    /// it is in another region, CreateBucket reports that.
    async fn require_no_bucket(&self, request: &Admitted<'_>) -> Result<(), S3Error> {
        let (outgoing, response) = self.ask_for_bucket(request).await?;
        let status = response.status()?;
        if status.is_server_error() {
            return Err(self.refusal(&outgoing, response).await);
        }
        end(response).await?;
        if status.is_success() { Err(Code::BUCKET_ALREADY_OWNED_BY_YOU.into()) } else { Ok(()) }
    }

    async fn ask_for_bucket(&self, request: &Admitted<'_>) -> Result<(Outgoing, UpstreamResponse), S3Error> {
        let bucket = self.remote.upstream_bucket(request.bucket()?).ok_or(Code::NO_SUCH_BUCKET)?;
        let outgoing = Outgoing::new("HEAD", Some(bucket), "", self.remote.addressing).traced(&request.view);
        let response = self.sender.send(&outgoing, Payload::none()).await?;
        Ok((outgoing, response))
    }
}

/// The answer to CreateBucket of a name that belongs to another bucket, or is hidden.
pub(super) fn cannot_be_made() -> S3Error {
    Code::ACCESS_DENIED.into()
}

/// Returns the connection to the pool after an answer to HEAD, which has no body.
async fn end(response: UpstreamResponse) -> Result<(), S3Error> {
    response.into_body().read_whole(0).await.map(drop).map_err(bad_gateway)
}
