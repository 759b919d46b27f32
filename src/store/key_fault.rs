//! What is wrong with the key that a client brings, or does not bring, for what is stored (SSE-C).

use crate::s3::{Code, S3Error};

/// A client's key that does not fit, and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// To read or copy an object.
    Object(KeyMismatch),
    /// To add a part to an upload, or to complete it.
    Upload(KeyMismatch),
}

/// How a client's key does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMismatch {
    /// One is needed, and there is none.
    Missing,
    /// It is another one.
    Wrong,
    /// There is one, and nothing is encrypted.
    NotApplicable,
}

/// The words for a key that is not applicable to an object are R2's, from its simulator. R2's words for the others are not
/// known: they are S3's.
impl From<KeyFault> for S3Error {
    fn from(fault: KeyFault) -> S3Error {
        let message = match fault {
            KeyFault::Object(KeyMismatch::Wrong) => return Code::ACCESS_DENIED.into(),
            KeyFault::Object(KeyMismatch::Missing) => {
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided \
                 to retrieve the object."
            }
            KeyFault::Object(KeyMismatch::NotApplicable) => {
                "The encryption parameters are not applicable to this object."
            }
            KeyFault::Upload(KeyMismatch::Missing) => {
                "The multipart upload initiate requested encryption. Subsequent part requests must include the \
                 appropriate encryption parameters."
            }
            KeyFault::Upload(KeyMismatch::Wrong) => {
                "The provided encryption parameters did not match the ones used originally."
            }
            KeyFault::Upload(KeyMismatch::NotApplicable) => {
                "The multipart upload initiate did not request encryption. Please resend the request without sending \
                 encryption parameters."
            }
        };
        S3Error::new(Code::INVALID_REQUEST).message(message)
    }
}
