//! Documents of clients that are read before they are forwarded: DeleteObjects, CompleteMultipartUpload. The store gets
//! only the parts that were read.

use super::RemoteStore;
use super::payload::Payload;
use crate::filters::Admitted;
use crate::policy::PartOrder;
use crate::s3::S3Error;
use crate::s3::part_list::in_order;
use crate::s3::xml::CompleteMultipartUpload;
use crate::server::answer::Answer;
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::upstream::unsupported::check_deletable;

impl RemoteStore {
    /// DeleteObjects. A document with an entry that the policy lacks, or with a key that the store takes for another,
    /// is refused as a whole, and nothing is removed.
    pub(super) async fn delete_objects(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let delete = operations::read_delete(request, body).await?;
        // A policy that strips version ids from answers has no versions to remove.
        let has_versions =
            !request.rules.policy.answers().strip_elements().iter().any(|element| element == "VersionId");
        for entry in &delete.entries {
            check_deletable(entry, has_versions, self.remote.dialect)?;
        }
        self.forward_document(request, delete.to_document()).await
    }

    /// CompleteMultipartUpload. A malformed list of parts, or one that breaks the policy's rules, is refused here with
    /// R2's error. The store gets the parts in the order of their numbers.
    pub(super) async fn complete_upload(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let document = operations::read_document(request, body).await?;
        let limits = request.rules.policy.limits();
        let listed = CompleteMultipartUpload::parse(&document)?.parts;
        let parts = in_order(&listed, limits.part_order == PartOrder::Any)?;
        if limits.equal_parts {
            self.check_part_sizes(request, &parts).await?;
        }
        self.forward_document(request, CompleteMultipartUpload::document_of(parts.into_iter())).await
    }

    async fn forward_document(&self, request: &Admitted<'_>, document: String) -> Result<Answer, S3Error> {
        let mut outgoing = self.outgoing(request)?;
        let payload = Payload::document(document.into_bytes(), &mut outgoing)?;
        let response = self.sender.send(&outgoing, payload).await?;
        self.receive(request, &outgoing, response).await
    }
}
