//! Checks, before an upload is completed on a remote store, that its parts have the sizes that R2 requires.

use super::RemoteStore;
use super::payload::Payload;
use super::receive::at;
use super::response::UpstreamResponse;
use crate::filters::Admitted;
use crate::s3::S3Error;
use crate::s3::xml::{CompletedPart, ErrorDocument, MAX_ERROR_BYTES, PartPage, StoredPart};
use crate::upstream::part_sizes::{self, ListRefusal};
use crate::upstream::{Outgoing, failure};
use http::StatusCode;
use std::sync::atomic::Ordering;

/// The most bytes of one page of parts: 10,000 of them with every checksum have 4 MB.
const MAX_PAGE_BYTES: usize = 8 << 20;

/// The most pages: stores list 1,000 parts on one, and an upload has 10,000 at most.
const MAX_PAGES: usize = 20;

/// The store's answer to ListParts.
enum Listing {
    /// The parts that it has.
    Parts(Vec<StoredPart>),
    /// No list, and the reason for the log.
    None(String),
}

impl RemoteStore {
    /// Refuses an upload whose parts, in order, are not of one size. If the store does not list parts, they are not
    /// checked, and log and metrics report it.
    ///
    /// # Errors
    /// R2's for such parts, and the store's if there is no such upload.
    pub(super) async fn check_part_sizes(
        &self,
        request: &Admitted<'_>,
        parts: &[&CompletedPart],
    ) -> Result<(), S3Error> {
        if parts.len() < 2 {
            return Ok(());
        }
        match self.stored_parts(request).await? {
            Listing::Parts(stored) => part_sizes::check(parts, &stored),
            Listing::None(why) => {
                let bucket = request.bucket()?.as_str();
                self.unchecked_uploads.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(bucket, %why, "the sizes of an upload's parts were not checked: the upstream lists no parts");
                Ok(())
            }
        }
    }

    async fn stored_parts(&self, request: &Admitted<'_>) -> Result<Listing, S3Error> {
        let (completion, upload) = (self.outgoing(request)?, request.view.parameter("uploadId").unwrap_or_default());
        let (mut stored, mut after) = (Vec::new(), 0);
        for _ in 0..MAX_PAGES {
            let outgoing = completion.asking(part_sizes::query(upload, after));
            let page = match self.part_page(&outgoing).await? {
                Ok(page) => page,
                Err(why) => return Ok(Listing::None(why)),
            };
            stored.extend(page.parts);
            match page.next.filter(|next| *next > after) {
                Some(next) => after = next,
                None => break,
            }
        }
        Ok(Listing::Parts(stored))
    }

    /// A page of the list, or why the store gives none.
    async fn part_page(&self, outgoing: &Outgoing) -> Result<Result<PartPage, String>, S3Error> {
        let response = self.sender.send(outgoing, Payload::none()).await?;
        if response.status()? != StatusCode::OK {
            return refused(response).await.map(Err);
        }
        let page = response.into_body().read_whole(MAX_PAGE_BYTES).await.map_err(super::receive::bad_gateway)?;
        let parsed = page.as_deref().map(PartPage::parse);
        Ok(match parsed {
            Some(Ok(page)) => Ok(page),
            Some(Err(why)) => Err(why.to_string()),
            None => Err("a page of parts without end".to_owned()),
        })
    }
}

/// Why the store refuses to list parts, if that is no reason to refuse the client's request.
async fn refused(response: UpstreamResponse) -> Result<String, S3Error> {
    let (status, node) = (response.status()?, response.node.clone());
    let body = response.into_body().read_whole(MAX_ERROR_BYTES).await.ok().flatten();
    let document = body.and_then(|body| ErrorDocument::parse(&body));
    let error = at(&node, failure::client_error(status, document.as_ref()));
    match ListRefusal::of(status, document.as_ref()) {
        ListRefusal::Final => Err(error),
        ListRefusal::Unlisted => Ok(error.cause.unwrap_or_default()),
    }
}
