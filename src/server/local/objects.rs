//! PutObject, DeleteObject and DeleteObjects.

use super::Local;
use crate::body::{BodyVerifier, Digested};
use crate::filters::Admitted;
use crate::s3::customer_key::CustomerKey;
use crate::s3::metadata::Metadata;
use crate::s3::names::ObjectKey;
use crate::s3::precondition::WriteConditions;
use crate::s3::storage_class::StorageClass;
use crate::s3::view::RequestView;
use crate::s3::xml::{Delete, DeleteEntry, DeleteOutcome};
use crate::s3::{Code, S3Error, xml};
use crate::server::answer::Answer;
use crate::server::clock;
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::store::{BodyWriter, NewObject};
use http::header::ETAG;
use http::{HeaderName, HeaderValue, StatusCode};

impl Local {
    /// PutObject: the object exists only after length, hash and every digest agree and the commit is durable.
    pub(super) async fn put_object(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let (length, announced) = request.object_body()?;
        let (metadata, storage_class, key) = described(&request.view)?;
        let conditions = WriteConditions::from_view(&request.view);
        let (bucket, object_key) = (request.bucket()?, request.object_key()?);
        self.make_missing_bucket(request).await?;
        let mut upload = self.store_for(request).begin(bucket, object_key, length, &conditions, key.as_ref()).await?;
        let digested = receive(upload.body(), BodyVerifier::new(announced.clone()), body).await?;
        let object = NewObject {
            metadata,
            storage_class,
            etag: digested.etag()?,
            checksum: digested.checksum,
            now: clock::now(),
            conditions,
        };
        let info = upload.commit(object).await?;
        let checksum = info.checksum.iter().flat_map(|checksum| checksum.headers());
        let answer = Answer::empty(StatusCode::OK).with(ETAG, &info.etag.quoted()).with_all(checksum);
        self.with_expiration(answer.with_all(key_headers(key.as_ref())), request, info.last_modified)
    }

    /// DeleteObject: to delete an object that does not exist succeeds.
    pub(super) async fn delete_object(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.store.delete_object(request.bucket()?, request.object_key()?).await?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// DeleteObjects: a key that fails does not stop the others.
    pub(super) async fn delete_objects(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        let wanted = operations::read_delete(request, body).await?;
        let outcomes = self.delete_each(request, &wanted).await?;
        Ok(Answer::xml(xml::delete_result(&outcomes)))
    }

    async fn delete_each(&self, request: &Admitted<'_>, wanted: &Delete) -> Result<Vec<DeleteOutcome>, S3Error> {
        let parsed: Vec<_> = wanted.entries.iter().map(deletable).collect();
        let good: Vec<ObjectKey> = parsed.iter().flatten().cloned().collect();
        let mut deleted = self.store.delete_objects(request.bucket()?, &good).await?.into_iter();
        let outcomes = wanted.entries.iter().zip(parsed).map(|(entry, parsed)| {
            let key = entry.key.clone();
            // The store answers for the good keys, in their order.
            match parsed.and_then(|_| deleted.next().unwrap_or(Ok(())).map_err(S3Error::from)) {
                Ok(()) => DeleteOutcome::Deleted { key },
                Err(error) => DeleteOutcome::Failed { key, error },
            }
        });
        Ok(outcomes.collect())
    }
}

/// The description of an object in a write: metadata, storage class, and the key to encrypt it with.
pub(super) fn described(view: &RequestView<'_>) -> Result<(Metadata, StorageClass, Option<CustomerKey>), S3Error> {
    let storage_class = StorageClass::from_view(view)?.unwrap_or_default();
    Ok((Metadata::from_view(view)?, storage_class, CustomerKey::from_view(view)?))
}

/// The headers of an answer that confirm that the client's key was used.
pub(super) fn key_headers(key: Option<&CustomerKey>) -> Vec<(HeaderName, HeaderValue)> {
    key.map(CustomerKey::headers).unwrap_or_default()
}

/// The key of an entry without versions and conditions. The store does not honour them, and to remove an object in
/// spite of a condition would lose data.
fn deletable(entry: &DeleteEntry) -> Result<ObjectKey, S3Error> {
    match entry.restriction(false) {
        None => ObjectKey::parse(&entry.key).map_err(S3Error::from),
        Some(name) => {
            let message = format!("DeleteObjects element {name} not implemented");
            Err(S3Error::new(Code::NOT_IMPLEMENTED).message(message))
        }
    }
}

/// Verifies the body while it is written, and makes its entity tag. Nothing is kept unless the verification succeeds.
pub(super) async fn receive(
    into: &mut BodyWriter,
    mut verifier: BodyVerifier,
    body: &mut RequestBody<'_>,
) -> Result<Digested, S3Error> {
    verifier.make_md5();
    while let Some(piece) = body.next().await? {
        for bytes in verifier.update(piece)? {
            into.push(bytes).await?;
        }
    }
    verifier.finish()
}
