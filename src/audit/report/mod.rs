//! The readiness report of an audit: one model, and its forms for people and for programs.
//!
//! [`Report`] has every figure and every word, and makes invisible characters of clients' texts visible. The renderers
//! only do the layout, so all forms have the same content.

mod advice;
mod model;
mod text;
mod markdown;
mod html;
mod counters;
mod form;
#[cfg(test)]
mod tests;

pub use advice::{Advice, Work};
pub use counters::counters;
pub use form::Form;
pub use html::html;
pub use markdown::markdown;
pub use model::{Report, grouped};
pub use text::text;

impl Report {
    /// The report as JSON, on lines of its own.
    pub fn to_json(&self) -> String {
        // Every key of it is a text, so it is always JSON; a test holds it.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
