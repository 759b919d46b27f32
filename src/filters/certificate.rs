//! A key's second factor: the client's certificate. This is the first check of filter `authorise`.

use crate::filters::authenticate::Caller;
use crate::filters::missing::Missing;
use crate::filters::request::{Request, Shown};
use crate::filters::run::Examined;
use crate::s3::{Code, S3Error};

/// The refusal of a request because of its certificate; `None` if the certificate is right.
pub(super) fn check(request: &Request<'_>, caller: &Caller<'_>) -> Option<Examined<(), S3Error>> {
    let id = caller.claim()?.access_key_id();
    let wanted = request.rules.keyring.find(id)?.client_certificate?;
    let (refusal, missing) = match request.certificate {
        Shown::Known(Some(shown)) if shown == wanted => return None,
        Shown::Known(Some(shown)) => (Some(refusal(&format!("the client has shown another one: {shown}"))), None),
        Shown::Known(None) => (Some(refusal("the client has shown none")), None),
        Shown::Unknown => (None, Some(Missing::Certificate(id.to_owned()))),
    };
    Some(Examined { value: (), refusals: refusal.into_iter().collect(), missing: missing.into_iter().collect() })
}

fn refusal(why: &str) -> S3Error {
    S3Error::new(Code::ACCESS_DENIED).cause(format!("the key comes with a client certificate, and {why}"))
}
