//! Which pages of other origins may use which buckets (cross-origin resource sharing, CORS): rules as data, and the
//! answers to browsers.
//!
//! A browser lets a page read an answer from another origin only if the answer says so. Before a request that no form
//! could send, a PUT for example, it asks with a *preflight*. Both are answered from [`CorsRules`] alone. The answer
//! does not depend on whether the bucket exists, so it does not show that.
//!
//! S3 defines which rule matches (S3 user guide, Elements of a CORS configuration), the Fetch standard defines how a
//! browser reads an answer (<https://fetch.spec.whatwg.org/#http-cors-protocol>), and R2 defines the answers (R2 docs,
//! Configure CORS).
//!
//! This module is pure: [`crate::settings`] reads rules, and [`crate::filters`] and [`crate::server`] use them.

mod wildcard;
pub mod origin;
pub mod preflight;
pub mod rule;
mod rules;
mod configuration;
#[cfg(test)]
mod tests;

pub use configuration::stored_rules;
pub use origin::OriginPattern;
pub use preflight::{NotAllowed, is_preflight};
pub use rule::{CorsRule, HeaderPattern};
pub use rules::{BucketRule, CorsRules};

use http::{HeaderName, HeaderValue};

/// A header of an answer.
pub type Header = (HeaderName, HeaderValue);
