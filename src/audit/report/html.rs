//! A report as a page: one file, without script, that needs no network and can be printed.

use crate::audit::report::model::{Change, ClientReport, Found, Report, grouped, times};
use crate::page::{STYLE, content_policy};
use askama::Template;

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    report: &'a Report,
    style: &'static str,
    content_policy: &'static str,
}

/// What follows each other or not, and is alike.
struct Alike<'r, T> {
    first: &'r T,
    all: Vec<&'r T>,
}

/// Puts together what is alike, in the order of the first of each.
fn alike<'r, T>(all: &'r [T], are: impl Fn(&T, &T) -> bool) -> Vec<Alike<'r, T>> {
    let mut groups: Vec<Alike<'r, T>> = Vec::new();
    for one in all {
        match groups.iter_mut().find(|group| are(group.first, one)) {
            Some(group) => group.all.push(one),
            None => groups.push(Alike { first: one, all: vec![one] }),
        }
    }
    groups
}

impl ReportPage<'_> {
    /// The changes of a client, those with the same advice together.
    fn topics<'r>(&self, client: &'r ClientReport) -> Vec<Alike<'r, Change>> {
        alike(&client.changes, |one, other| one.title == other.title)
    }

    /// Where a rule was found, the operations with the same answer together.
    fn answers<'r>(&self, change: &'r Change) -> Vec<Alike<'r, Found>> {
        let answer = |found: &Found| (found.status, found.code.clone(), found.message.clone());
        alike(&change.found, |one, other| answer(one) == answer(other))
    }

    fn number(&self, number: &u64) -> String {
        grouped(*number)
    }

    fn times(&self, count: &u64) -> String {
        times(*count)
    }

    /// The minute of the end, if it is another than that of the beginning.
    fn later(&self, [first, last]: &[String; 2]) -> Option<String> {
        Some(self.minute(last)).filter(|last| *last != self.minute(first))
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
