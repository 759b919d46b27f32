//! `[answers]` looked up: which headers of an upstream's answer reach the client, and which elements do not.
//!
//! Headers are an allow-list, so that a header an upstream learns tomorrow stays behind. Its names are of answers,
//! which the operation table does not have; a slip among them shows in `policy diff` and lets nothing through.

use crate::policy::compiled::{Answers, Listed, covers};
use crate::policy::lookup::Compiler;
use crate::policy::written::At;
use crate::s3::headers::ABOUT_THE_ANSWERER;
use http::HeaderName;

/// What every header of the list starts with: HTTP's own headers are no feature of S3 that a policy could rule on.
const PREFIX: &str = "x-amz-";

impl Compiler<'_> {
    pub(super) fn answers(&mut self) -> Option<Answers> {
        let written = &self.written.answers;
        let headers = self.listed(written.headers.as_ref(), "headers", Self::check_answer_header);
        let withheld = self.listed(written.withheld.as_ref(), "withheld", Self::check_element);
        Some(Answers { headers: headers?, withheld: withheld? })
    }

    /// A list every name of which is checked; a fault where there is none.
    fn listed(
        &mut self,
        list: Option<&At<Vec<At<String>>>>,
        key: &str,
        check: impl Fn(&mut Self, &At<String>),
    ) -> Option<Listed> {
        let Some(list) = list else {
            self.missing(&self.start.clone(), &format!("'{key}' in [answers]"));
            return None;
        };
        for name in &list.it {
            check(self, name);
        }
        self.warn_of_covered_names(&list.it);
        Some(Listed { names: list.it.iter().map(|name| name.it.clone()).collect(), place: list.place.clone() })
    }

    fn check_answer_header(&mut self, name: &At<String>) {
        let stem = name.it.strip_suffix('*').unwrap_or(&name.it);
        // HeaderName takes upper case too, and makes it lower.
        let is_lower_case = HeaderName::from_bytes(stem.as_bytes()).is_ok_and(|header| header.as_str() == stem);
        if ABOUT_THE_ANSWERER.contains(&name.it.as_str()) {
            let message = format!("'{}' is what an upstream says of itself", name.it);
            self.fault(&name.place, message, "it reaches no client: remove it");
        } else if !is_lower_case || !stem.starts_with(PREFIX) || name.it == PREFIX || stem.contains('*') {
            let advice = "a name in lower case, or a prefix ending in *, that starts with x-amz-";
            self.fault(&name.place, format!("'{}' is no x-amz-* header", name.it), advice);
        }
    }

    fn check_element(&mut self, name: &At<String>) {
        let is_local_name = name.it.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.it.chars().all(|c| c.is_ascii_alphanumeric());
        if !is_local_name {
            let message = format!("'{}' is no element of an S3 answer", name.it);
            self.fault(&name.place, message, "its local name, letters and digits, without a namespace");
        }
    }

    fn warn_of_covered_names(&mut self, names: &[At<String>]) {
        for (i, name) in names.iter().enumerate() {
            // Of two that are the same, the second is one too many.
            let is_enough =
                |(at, listed): &(usize, &At<String>)| covers(&listed.it, &name.it) && (listed.it != name.it || *at < i);
            if let Some((_, listed)) = names.iter().enumerate().find(is_enough) {
                let message = format!("'{}' has no effect beside '{}'", name.it, listed.it);
                self.warn(&name.place, message, "remove it");
            }
        }
    }
}
