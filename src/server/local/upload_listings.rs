//! ListMultipartUploads and ListParts.

use super::Local;
use super::uploads::upload_ref;
use crate::filters::Admitted;
use crate::s3::customer_key::CustomerKey;
use crate::s3::listing::MAX_PAGE;
use crate::s3::upload_listing::{UploadPosition, UploadQuery};
use crate::s3::view::RequestView;
use crate::s3::xml::{ListedPart, PartList, UploadList};
use crate::s3::{Code, S3Error, xml};
use crate::server::answer::Answer;
use crate::store::PartInfo;

impl Local {
    /// ListMultipartUploads.
    pub(super) async fn list_uploads(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let query = UploadQuery::parse(&request.view)?;
        let bucket = request.bucket()?;
        let page = self.store.list_uploads(bucket, &query).await?;
        Ok(Answer::xml(xml::list_uploads(UploadList {
            bucket: bucket.as_str(),
            prefix: &query.prefix,
            delimiter: query.delimiter.as_deref(),
            url_encoded: query.url_encoded,
            key_marker: &query.key_marker,
            upload_id_marker: &query.upload_id_marker,
            max_uploads: query.max_uploads,
            next: page.next.as_ref().map(UploadPosition::markers),
            uploads: &page.uploads,
            common_prefixes: &page.common_prefixes,
            owner: xml::OWNER,
        })))
    }

    /// ListParts.
    pub(super) async fn list_parts(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let at = upload_ref(request)?;
        let (max_parts, marker) = page(&request.view)?;
        let after = u16::try_from(marker).unwrap_or(u16::MAX);
        let most = usize::try_from(max_parts).unwrap_or(MAX_PAGE).min(MAX_PAGE);
        let upload = self.store.upload(&at).await?;
        if let Some(key) = CustomerKey::from_view(&request.view)? {
            upload.require_key(Some(&key))?;
        }
        let (parts, truncated) = self.store.list_parts(&at, after, most).await?;
        let parts: Vec<ListedPart> = parts.into_iter().map(listed).collect();
        Ok(Answer::xml(xml::list_parts(PartList {
            bucket: at.bucket.as_str(),
            key: at.key.as_str(),
            upload_id: &at.id,
            part_number_marker: u32::from(after),
            max_parts,
            truncated,
            parts: &parts,
            owner: xml::OWNER,
            storage_class: upload.storage_class,
        })))
    }
}

fn listed(part: PartInfo) -> ListedPart {
    ListedPart {
        number: u32::from(part.number),
        last_modified: part.last_modified,
        etag: part.etag.as_str().to_owned(),
        size: part.size,
        checksum: part.checksum,
    }
}

/// How many parts are listed, and after which number.
pub(super) fn page(view: &RequestView<'_>) -> Result<(u64, u64), S3Error> {
    Ok((number(view, "max-parts", MAX_PAGE as u64)?, number(view, "part-number-marker", 0)?))
}

/// The value of a parameter that is a number.
///
/// # Errors
/// `InvalidArgument` in S3's words for anything else.
fn number(view: &RequestView<'_>, name: &str, default: u64) -> Result<u64, S3Error> {
    let Some(text) = view.parameter(name) else { return Ok(default) };
    let good = |number: &u64| *number <= i32::MAX as u64;
    text.parse().ok().filter(good).ok_or_else(|| {
        let message = format!("Argument {name} must be an integer between 0 and 2147483647");
        S3Error::new(Code::INVALID_ARGUMENT).message(message)
    })
}
