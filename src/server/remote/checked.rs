//! Documents of clients that are looked into before they go on as they came: DeleteObjects, CompleteMultipartUpload.

use super::RemoteStore;
use super::payload::Payload;
use crate::filters::Admitted;
use crate::s3::S3Error;
use crate::s3::xml::{CompleteMultipartUpload, Delete};
use crate::server::answer::Answer;
use crate::server::documents;
use crate::server::request_body::BodySource;
use crate::upstream::abilities::check_deletable;

impl RemoteStore {
    /// DeleteObjects, as the client wrote it. What asks for more than the policy has, or for a key that the store takes
    /// for another, is refused whole: nothing is removed.
    pub(super) async fn delete_objects(
        &self,
        request: &Admitted<'_>,
        body: &mut dyn BodySource,
    ) -> Result<Answer, S3Error> {
        let document = documents::read(request, body).await?;
        // A policy that never tells of versions has none to remove.
        let has_versions = !request.rules.policy.answers().withheld().iter().any(|element| element == "VersionId");
        for entry in &Delete::parse(&document)?.entries {
            check_deletable(entry, has_versions, self.remote.dialect)?;
        }
        self.forward_document(request, document).await
    }

    /// CompleteMultipartUpload. What is no list of parts is told in R2's words, whatever the store would say.
    pub(super) async fn complete_upload(
        &self,
        request: &Admitted<'_>,
        body: &mut dyn BodySource,
    ) -> Result<Answer, S3Error> {
        let document = documents::read(request, body).await?;
        CompleteMultipartUpload::parse(&document)?;
        self.forward_document(request, document).await
    }

    async fn forward_document(&self, request: &Admitted<'_>, document: Vec<u8>) -> Result<Answer, S3Error> {
        let mut outgoing = self.outgoing(request)?;
        let payload = Payload::document(document, &mut outgoing)?;
        let exchange = self.sender.send(&outgoing, payload).await?;
        self.receive(request, &outgoing, exchange).await
    }
}
