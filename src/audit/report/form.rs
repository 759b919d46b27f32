//! The forms of a report, by name.

use crate::audit::report::{Report, counters, html, markdown, text};

/// A form of a report. All have the same figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For wikis and issues.
    Markdown,
    /// A page.
    Html,
    /// Counts for Prometheus.
    Prometheus,
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 5] = [Form::Html, Form::Json, Form::Markdown, Form::Prometheus, Form::Text];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Text => "text",
            Form::Json => "json",
            Form::Markdown => "markdown",
            Form::Html => "html",
            Form::Prometheus => "prometheus",
        }
    }

    /// The form of this name.
    pub fn parse(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Form::Text => "text/plain; charset=utf-8",
            Form::Json => "application/json",
            // RFC 7763.
            Form::Markdown => "text/markdown; charset=utf-8",
            Form::Html => "text/html; charset=utf-8",
            Form::Prometheus => "text/plain; version=0.0.4",
        }
    }

    /// The report in this form.
    pub fn of(self, report: &Report) -> String {
        match self {
            Form::Text => text(report),
            Form::Json => report.to_json(),
            Form::Markdown => markdown(report),
            Form::Html => html(report),
            Form::Prometheus => counters(report),
        }
    }
}
