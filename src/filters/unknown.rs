//! Requests that an audit passes on only for keys that may do everything in every bucket.
//!
//! A store may give any meaning to a method, a path and parameters that no row of the table has, in any bucket. The
//! documents of some operations name other buckets, to which the store would write with r2shim's key.

use crate::access::Grant;
use crate::filters::authenticate::Caller;
use crate::filters::facts::{Facts, view};
use crate::filters::request::Request;
use crate::filters::rules::Mode;
use crate::routing::RawAddress;
use crate::s3::operation::{Method, OperationSpec, Target, is_subresource, unknown_operation};
use crate::s3::query::Query;
use crate::s3::{Code, S3Error};

/// The facts about a request without a row, if it may be passed on. It must name a bucket, because requests to a
/// store's own interfaces do not.
pub(super) fn facts<'a>(request: &Request<'a>, caller: &Caller<'a>) -> Option<Facts<'a>> {
    let head = &request.head;
    let may = request.rules.mode == Mode::AuditRemote && caller.grant().is_some_and(Grant::may_do_everything);
    let raw = RawAddress::find(head.header("host").unwrap_or_default(), head.path, &request.rules.domains).ok()?;
    let spec = unknown_operation(head.method).filter(|_| may && raw.target() != Target::Service)?;
    let (address, view) = (raw.address_of_other_store(), view(head, Query::parse(head.query)).ok()?);
    Some(Facts { spec, address, unfit: None, raw_key: raw.raw_key(), view, mode: request.rules.mode })
}

/// Refuses requests that could do more than was authorised, unless the key may do everything: documents that name other
/// buckets, and unknown parameters, by which the store could take the request for another operation.
pub(super) fn check(mode: Mode, grant: &Grant<'_>, facts: &Facts<'_>) -> Result<(), S3Error> {
    if mode != Mode::AuditRemote || grant.may_do_everything() {
        return Ok(());
    }
    let denied = |cause| Err(S3Error::new(Code::ACCESS_DENIED).cause(cause));
    if facts.spec.names_others && !grant.has_all_buckets() {
        return denied("its document names buckets or resources, and the key has some buckets only");
    }
    let mut parameters = facts.view.parameters();
    if parameters.any(|(name, value)| may_select_another(facts.spec, name, value)) {
        return denied("a parameter that no operation here has, and the key is limited");
    }
    Ok(())
}

/// A read may have meaningless parameters with values, because pages add them to bypass caches.
fn may_select_another(row: &OperationSpec, name: &str, value: &str) -> bool {
    let writes = !matches!(row.method, Method::Get | Method::Head);
    !row.knows_parameter(name) && (writes || value.is_empty() || is_subresource(name))
}
