//! Filters `address` and `names`: which bucket and key the request names, and which operation it is for.
//!
//! Faults are kept, not told: strangers get an answer about their signature first, and what the subset lacks is refused
//! by name whatever the bucket is called.

use crate::filters::exchange::{Exchange, Refusal};
use crate::routing::{Location, route};
use crate::s3::copy_source::CopySource;
use crate::s3::query::Query;
use crate::s3::view::{Conflict, RequestView};
use crate::s3::{Code, S3Error};
use crate::sigv4;

/// Fills in address, view and row.
pub(super) fn resolve(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let host = exchange.head.header("host").unwrap_or_default();
    let location = Location::find(host, exchange.head.path, &exchange.rules.domains);
    exchange.view = view(exchange);
    if let (Ok(location), Ok(view)) = (&location, &exchange.view) {
        exchange.row = route(exchange.head.method, location.target(), view);
    }
    exchange.raw_key = location.as_ref().map_or("", Location::raw_key);
    exchange.address = location.and_then(|location| location.address());
    Ok(())
}

/// Refuses names that no bucket or object can have, that of a copy's source among them.
pub(super) fn check_names(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    exchange.address()?;
    CopySource::of_request(exchange.view()?)?;
    Ok(())
}

/// Whether the `x-amz-*` parameters are headers follows from how the request says it is signed; the signature itself
/// is verified over the same bytes by the next filter.
fn view<'a>(exchange: &Exchange<'a>) -> Result<RequestView<'a>, S3Error> {
    let invalid_query = |_| S3Error::new(Code::INVALID_URI).message("The query is not UTF-8 once decoded.");
    let query = Query::parse(exchange.head.query).map_err(invalid_query)?;
    if !sigv4::is_presigned(&query) {
        return Ok(RequestView::of_signed_headers(exchange.head.headers, query));
    }
    RequestView::of_presigned(exchange.head.headers, query).map_err(|conflict| match conflict {
        Conflict::Twice(name) => S3Error::new(Code::INVALID_ARGUMENT)
            .message(format!("{name} is in the query and in the headers, or in the query twice")),
        Conflict::NotAHeader(name) => {
            S3Error::new(Code::INVALID_ARGUMENT).message(format!("The search parameter {name} cannot be a header"))
        }
    })
}
