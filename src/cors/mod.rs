//! Which pages of other origins may use which buckets (cross-origin resource sharing, CORS): rules as data, and what a
//! browser is told by them.
//!
//! A browser lets a page read an answer from another origin only if the answer says so. Before a request that no form
//! could send, a PUT for example, it asks with a *preflight*. Both are answered from [`CorsRules`] alone. Whether there
//! is such a bucket makes no difference, so an answer tells nobody.
//!
//! Which rule matches is S3's to say (S3 user guide, Elements of a CORS configuration), what a browser makes of an answer
//! is the Fetch standard's (<https://fetch.spec.whatwg.org/#http-cors-protocol>), and R2 gives the answers that clients
//! see (R2 docs, Configure CORS).
//!
//! Pure: [`crate::settings`] reads rules, and [`crate::filters`] and [`crate::server`] ask them.

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
