//! The formats of `policy show`.

use crate::cli::style::{BOLD, FAINT};
use crate::page::{self, STYLE};
use crate::policy::{Feature, Mark, Table};
use askama::Template;
use clap::ValueEnum;
use std::io::{self, Write};

/// A format of `policy show`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// Text for a terminal, with the line of every ruling
    Text,
    /// Markdown
    Markdown,
    /// A page of HTML, in one file
    Html,
}

impl ShowFormat {
    /// Writes the table.
    pub(super) fn write(self, table: &Table, out: &mut dyn Write) -> io::Result<()> {
        match self {
            ShowFormat::Text => text(table, out),
            ShowFormat::Markdown => markdown(table, out),
            ShowFormat::Html => html(table, out),
        }
    }
}

fn text(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let legend: Vec<_> = Mark::ALL.iter().map(|mark| format!("{} {}", mark.sign(), mark.words())).collect();
    writeln!(out, "{BOLD}Policy {}{BOLD:#}\n{}", table.policy, legend.join("   "))?;
    if !table.usual.is_empty() {
        writeln!(out, "\n{BOLD}How things are refused, where no other answer is given{BOLD:#}")?;
        table.usual.iter().try_for_each(|(kind, words)| writeln!(out, "  {kind:<10} {words}"))?;
    }
    writeln!(out, "\n{BOLD}Every request{BOLD:#}")?;
    table.general.iter().try_for_each(|feature| text_feature(feature, "  ", out))?;
    for section in &table.sections {
        writeln!(out, "\n{BOLD}{}{BOLD:#}", section.title)?;
        for row in &section.rows {
            let words = row.words.as_ref().map(|words| format!("  {words}")).unwrap_or_default();
            writeln!(out, "  {} {}{words}  {FAINT}{}{FAINT:#}", row.mark.sign(), row.operation, row.rule)?;
            row.features.iter().try_for_each(|feature| text_feature(feature, "       ", out))?;
        }
    }
    Ok(())
}

fn text_feature(feature: &Feature, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    let when = feature.when.as_ref().map(|when| format!(" ({when})")).unwrap_or_default();
    let words = feature.words.as_ref().map(|words| format!("  {words}")).unwrap_or_default();
    let (sign, subject, names) = (feature.mark.sign(), feature.subject(), feature.names.join(", "));
    writeln!(out, "{indent}{sign} {subject}: {names}{when}{words}  {FAINT}{}{FAINT:#}", feature.rule)
}

fn markdown(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Policy {}\n", table.policy)?;
    Mark::ALL.iter().try_for_each(|mark| writeln!(out, "- {} {}", mark.sign(), mark.words()))?;
    if !table.usual.is_empty() {
        writeln!(out, "\n## How things are refused\n\nWhere the tables give no other answer, it is this one.\n")?;
        writeln!(out, "| refused | answer |\n|---|---|")?;
        table.usual.iter().try_for_each(|(kind, words)| writeln!(out, "| {kind} | {} |", code(words)))?;
    }
    writeln!(out, "\n## Every request\n")?;
    table.general.iter().try_for_each(|feature| writeln!(out, "- {}", markdown_feature(feature)))?;
    for section in &table.sections {
        writeln!(out, "\n## {}\n\n| operation | headers and parameters |\n|---|---|", section.title)?;
        for row in &section.rows {
            let words = row.words.as_deref().map(code);
            let said: Vec<_> = words.into_iter().chain(row.features.iter().map(markdown_feature)).collect();
            writeln!(out, "| {} {} | {} |", row.mark.sign(), row.operation, said.join("<br>"))?;
        }
    }
    Ok(())
}

fn markdown_feature(feature: &Feature) -> String {
    let names: Vec<_> = feature.names.iter().map(|name| code(name)).collect();
    let when = feature.when.as_ref().map(|when| format!(" ({when})")).unwrap_or_default();
    let words = feature.words.as_ref().map(|words| format!(" {}", code(words))).unwrap_or_default();
    format!("{} {}: {}{when}{words}", feature.mark.sign(), feature.subject(), names.join(", "))
}

/// A text as code in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage<'a> {
    table: &'a Table,
    marks: [Mark; 5],
    style: &'static str,
    content_policy: &'static str,
}

fn html(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let page = PolicyPage { table, marks: Mark::ALL, style: STYLE, content_policy: page::content_policy() };
    out.write_all(page.render().map_err(io::Error::other)?.as_bytes())
}
