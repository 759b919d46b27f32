//! ListObjects and ListObjectsV2.

use super::Local;
use crate::filters::Admitted;
use crate::s3::listing::{ListQuery, Version};
use crate::s3::{S3Error, xml};
use crate::server::answer::Answer;

impl Local {
    /// A page of a listing, in either version of the operation.
    pub(super) async fn list_objects(&self, request: &Admitted<'_>, version: Version) -> Result<Answer, S3Error> {
        let query = ListQuery::parse(version, &request.view)?;
        let bucket = request.bucket()?;
        let (prefix, delimiter) = (query.prefix.as_str(), query.delimiter.as_deref());
        let page = self.store.list(bucket, prefix, delimiter, query.start.as_ref(), query.limit()).await?;
        Ok(Answer::xml(xml::list_objects(bucket.as_str(), &query, &page, xml::OWNER)))
    }
}
