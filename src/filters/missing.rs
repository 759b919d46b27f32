//! What is known when a request is explained, and what is missing for the server's decision.

use std::fmt;

/// What is known about an explained request besides its head and the rules.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    /// What is known of the keys that may sign.
    pub keys: KnownKeys<'k>,
    /// The body, byte for byte as it would be sent; `None` if only the head is available.
    pub body: Option<&'k [u8]>,
}

/// What is known of the keys that may sign.
#[derive(Debug, Clone, Copy)]
pub enum KnownKeys<'k> {
    /// Nothing: any key could exist.
    Nothing,
    /// The keys are those of the rules.
    OfRules {
        /// The ids of the keys whose secrets are not available.
        without_secret: &'k [String],
    },
}

/// A fact that decides about a request, and that is not known when the request is explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A valid signature.
    Signature,
    /// Whether there is a key with this id, what it may do, and its secret.
    Key(String),
    /// The secret of the key with this id.
    Secret(String),
    /// A header that the signature covers and that the client adds when it sends the request.
    Header(String),
    /// The certificate that the client shows when it uses the key with this id.
    Certificate(String),
    /// The body; the text says which property of it decides.
    Body(String),
    /// The content of the document in the body.
    Document,
    /// The CORS rules that are stored with the bucket.
    StoredRules,
}

impl Missing {
    /// What is missing, in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Missing::Signature => "signature",
            Missing::Key(_) => "key",
            Missing::Secret(_) => "secret",
            Missing::Header(_) => "header",
            Missing::Certificate(_) => "certificate",
            Missing::Body(_) => "body",
            Missing::Document => "document",
            Missing::StoredRules => "stored-rules",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Signature => f.write_str(
                "a signature: without one the request is refused, and with one key, region and date decide too",
            ),
            Missing::Key(id) => {
                write!(
                    f,
                    "whether there is a key {id:?}, whether it signed this and what it may do; name the settings"
                )?;
                f.write_str(" with --config to know")
            }
            Missing::Secret(id) => {
                write!(f, "the secret of the key {id:?} is not at hand, so its signature cannot be verified")
            }
            Missing::Header(name) => write!(f, "the signature covers the header {name}, which is not given"),
            Missing::Certificate(id) => {
                write!(f, "whether the client shows the certificate that the key {id:?} comes with")
            }
            Missing::Body(what) => f.write_str(what),
            Missing::Document => f.write_str("what the document in the body says"),
            Missing::StoredRules => f.write_str(
                "the CORS rules that PutBucketCors has stored with the bucket; those of the settings do not allow it",
            ),
        }
    }
}
