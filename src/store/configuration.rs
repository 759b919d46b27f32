//! What can be configured for a bucket.

use crate::s3::names::BucketName;
use crate::store::error::StoreError;

/// What is configured for a bucket, or why it does not read.
pub type StoredConfiguration = (BucketName, Result<String, StoreError>);

/// A kind of configuration. A bucket has at most one document of each, which is kept as text: what is in it is the
/// caller's to check before it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigurationKind {
    /// Which pages of other origins may use the bucket.
    Cors,
    /// When objects expire and uploads are aborted. An empty text is a configuration that was removed: the bucket then
    /// has not even the rules of a new one.
    Lifecycle,
    /// How objects are encrypted.
    Encryption,
    /// Where its maker wanted the bucket to be.
    Location,
}

impl ConfigurationKind {
    /// All of them.
    pub const ALL: [ConfigurationKind; 4] = [
        ConfigurationKind::Cors,
        ConfigurationKind::Lifecycle,
        ConfigurationKind::Encryption,
        ConfigurationKind::Location,
    ];

    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            ConfigurationKind::Cors => "CORS",
            ConfigurationKind::Lifecycle => "lifecycle",
            ConfigurationKind::Encryption => "encryption",
            ConfigurationKind::Location => "location",
        }
    }
}
