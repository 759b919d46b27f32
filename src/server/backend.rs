//! The backend, which carries out the requests that the chain admits: the local disk or a remote store.

use crate::filters::Admitted;
use crate::s3::S3Error;
use crate::server::answer::Answer;
use crate::server::connection::request_body::RequestBody;
use crate::server::local::Local;
use crate::server::remote::RemoteStore;

/// One of the two. Clones share the store.
#[derive(Clone)]
pub enum Backend {
    /// The local disk.
    Local(Local),
    /// A remote store.
    Remote(RemoteStore),
}

impl Backend {
    /// Carries out an admitted request.
    pub async fn answer(&self, request: &Admitted<'_>, body: &mut RequestBody<'_>) -> Result<Answer, S3Error> {
        match self {
            // Boxed: the local disk has many operations, and the future of a request to a remote store should not be as
            // large as all
            // of them.
            Backend::Local(local) => Box::pin(local.answer(request, body)).await,
            Backend::Remote(remote) => remote.answer(request, body).await,
        }
    }

    /// Refuses requests that an audit never carries out, in either backend.
    ///
    /// # Errors
    /// The refusal.
    pub fn check_place(&self, request: &Admitted<'_>) -> Result<(), S3Error> {
        match self {
            Backend::Local(_) => Ok(()),
            Backend::Remote(remote) => remote.check_place(request),
        }
    }
}
