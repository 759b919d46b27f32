//! The configuration of a bucket: CORS rules, lifecycle rules, encryption, and the fixed ACL.

use super::Local;
use crate::cors::stored_rules;
use crate::filters::Admitted;
use crate::s3::lifecycle::Lifecycle;
use crate::s3::xml::{self, BucketEncryption, CorsConfiguration, OWNER};
use crate::s3::{Code, S3Error};
use crate::server::answer::Answer;
use crate::server::connection::request_body::RequestBody;
use crate::server::operations;
use crate::store::ConfigurationKind;
use http::StatusCode;

/// The client's document, written anew from the parts that are known.
type Canonical = fn(&[u8]) -> Result<String, S3Error>;

impl Local {
    /// GetBucketCors.
    pub(super) async fn get_bucket_cors(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let document = self.store.configuration(request.bucket()?, ConfigurationKind::Cors).await?;
        document.map(Answer::xml).ok_or_else(|| Code::NO_SUCH_CORS_CONFIGURATION.into())
    }

    /// PutBucketCors: the rules answer browsers from now on.
    pub(super) async fn put_bucket_cors(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        self.put_configuration(request, body, ConfigurationKind::Cors, cors_document).await
    }

    /// DeleteBucketCors.
    pub(super) async fn delete_bucket_cors(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.delete_configuration(request, ConfigurationKind::Cors, None).await
    }

    /// GetBucketLifecycleConfiguration: a bucket that was never given rules has one, which aborts open uploads.
    pub(super) async fn get_bucket_lifecycle(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        match self.store.configuration(request.bucket()?, ConfigurationKind::Lifecycle).await? {
            None => Ok(Answer::xml(self.store.default_lifecycle().to_document())),
            Some(document) if document.is_empty() => Err(Code::NO_SUCH_LIFECYCLE_CONFIGURATION.into()),
            Some(document) => Ok(Answer::xml(document)),
        }
    }

    /// PutBucketLifecycleConfiguration: the rules are carried out soon after.
    pub(super) async fn put_bucket_lifecycle(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        self.put_configuration(request, body, ConfigurationKind::Lifecycle, lifecycle_document).await
    }

    /// DeleteBucketLifecycle: open uploads are no longer aborted either.
    pub(super) async fn delete_bucket_lifecycle(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.delete_configuration(request, ConfigurationKind::Lifecycle, Some(String::new())).await
    }

    /// GetBucketEncryption: the stored configuration, or that of a new bucket.
    pub(super) async fn get_bucket_encryption(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        let document = self.store.configuration(request.bucket()?, ConfigurationKind::Encryption).await?;
        Ok(Answer::xml(document.unwrap_or_else(|| BucketEncryption::default().to_document())))
    }

    /// PutBucketEncryption: only `AES256`, with which R2 encrypts everything anyway.
    pub(super) async fn put_bucket_encryption(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Answer, S3Error> {
        self.put_configuration(request, body, ConfigurationKind::Encryption, encryption_document).await
    }

    /// DeleteBucketEncryption.
    pub(super) async fn delete_bucket_encryption(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.delete_configuration(request, ConfigurationKind::Encryption, None).await
    }

    /// GetBucketAcl: the only account owns everything.
    pub(super) async fn get_bucket_acl(&self, request: &Admitted<'_>) -> Result<Answer, S3Error> {
        self.store.bucket(request.bucket()?).await?;
        Ok(Answer::xml(xml::access_control_policy(OWNER)))
    }

    async fn put_configuration(
        &self,
        request: &Admitted<'_>,
        body: &mut RequestBody<'_>,
        kind: ConfigurationKind,
        canonical: Canonical,
    ) -> Result<Answer, S3Error> {
        let document = canonical(&operations::read_document(request, body).await?)?;
        self.configurations.set(request.bucket()?, kind, Some(document)).await?;
        Ok(Answer::empty(StatusCode::OK))
    }

    async fn delete_configuration(
        &self,
        request: &Admitted<'_>,
        kind: ConfigurationKind,
        rest: Option<String>,
    ) -> Result<Answer, S3Error> {
        self.configurations.set(request.bucket()?, kind, rest).await?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }
}

/// The document of CORS rules that browsers can be answered by.
pub(super) fn cors_document(document: &[u8]) -> Result<String, S3Error> {
    let configuration = CorsConfiguration::parse(document)?;
    stored_rules(&configuration)?;
    Ok(configuration.to_document())
}

/// The document of lifecycle rules that can be carried out.
pub(super) fn lifecycle_document(document: &[u8]) -> Result<String, S3Error> {
    Ok(Lifecycle::parse(document)?.to_document())
}

/// The document of an encryption that there is.
pub(super) fn encryption_document(document: &[u8]) -> Result<String, S3Error> {
    Ok(BucketEncryption::parse(document)?.to_document())
}
