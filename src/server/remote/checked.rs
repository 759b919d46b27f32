//! Documents of clients that are looked into before they go on as they came: DeleteObjects, CompleteMultipartUpload.

use super::RemoteStore;
use super::payload::Payload;
use crate::filters::Admitted;
use crate::s3::names::ObjectKey;
use crate::s3::xml::{CompleteMultipartUpload, Delete, DeleteEntry};
use crate::s3::{Code, S3Error};
use crate::server::answer::Answer;
use crate::server::documents;
use crate::server::request_body::BodySource;
use crate::upstream::request::mistaken_key;

impl RemoteStore {
    /// DeleteObjects, as the client wrote it. What asks for more than the policy has, or for a key that the store takes
    /// for another, is refused whole: nothing is removed.
    pub(super) async fn delete_objects(
        &self,
        request: &Admitted<'_>,
        body: &mut dyn BodySource,
    ) -> Result<Answer, S3Error> {
        let document = documents::read(request, body).await?;
        for entry in &Delete::parse(&document)?.entries {
            self.check_deletable(entry)?;
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

    fn check_deletable(&self, entry: &DeleteEntry) -> Result<(), S3Error> {
        // A policy that never tells of versions has none to remove.
        let has_versions = !self.rules.policy.answers().withheld().iter().any(|element| element == "VersionId");
        if entry.version_id.as_deref().is_some_and(|id| id != "null") && !has_versions {
            let message = "DeleteObjects element VersionId not implemented";
            return Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message));
        }
        match ObjectKey::parse(&entry.key) {
            Ok(key) if self.remote.dialect.mistakes(&key) => Err(mistaken_key()),
            _ => Ok(()),
        }
    }
}
