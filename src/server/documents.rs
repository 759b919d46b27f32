//! Documents in requests: read whole, within a limit, and checked against the digests that came with them.

use crate::body::{BodyVerifier, DocumentCollector};
use crate::filters::{Admitted, BodyPlan};
use crate::s3::{Code, S3Error};
use crate::server::connection::request_body::BodySource;

/// The document of a request whose plan says it has one.
pub(super) async fn read(request: &Admitted<'_>, body: &mut dyn BodySource) -> Result<Vec<u8>, S3Error> {
    let BodyPlan::Document { limit, announced } = &request.plan else {
        return Err(S3Error::new(Code::INTERNAL_ERROR).cause("a document was asked for that was not planned"));
    };
    let mut verifier = BodyVerifier::new(announced.clone());
    let mut document = DocumentCollector::new(*limit);
    while let Some(piece) = body.next().await? {
        for bytes in verifier.update(piece)? {
            document.update(&bytes)?;
        }
    }
    verifier.finish()?;
    Ok(document.finish())
}
