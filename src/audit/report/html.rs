//! A report as a page: one file, without script, that needs no network and can be printed.

use crate::audit::report::model::{Report, grouped, times};
use crate::page::{STYLE, content_policy};
use askama::Template;

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    report: &'a Report,
    style: &'static str,
    content_policy: &'static str,
}

impl ReportPage<'_> {
    fn number(&self, number: &u64) -> String {
        grouped(*number)
    }

    fn times(&self, count: &u64) -> String {
        times(*count)
    }

    /// The minute of a time in ISO 8601.
    fn minute(&self, time: &str) -> String {
        time.get(..16).unwrap_or(time).replace('T', " ")
    }
}

/// The report as a page. A server sends it with [`content_policy`] as a header.
pub fn html(report: &Report) -> String {
    let page = ReportPage { report, style: STYLE, content_policy: content_policy() };
    // Only what is shown can fail to be written, and all of it is text.
    page.render().unwrap_or_default()
}
