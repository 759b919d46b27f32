//! A report as a page: one file, without script, that needs no network and can be printed.

use crate::audit::report::model::{Report, grouped};
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
}

/// The report as a page. A server sends it with [`content_policy`] as a header.
pub fn html(report: &Report) -> String {
    let page = ReportPage { report, style: STYLE, content_policy: content_policy() };
    // Only what is shown can fail to be written, and all of it is text.
    page.render().unwrap_or_default()
}
