//! DeleteObjects: the one document of a client's that is looked into before it goes on.

use super::RemoteStore;
use super::payload::Payload;
use crate::filters::Admitted;
use crate::s3::names::ObjectKey;
use crate::s3::xml::{Delete, DeleteEntry};
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
