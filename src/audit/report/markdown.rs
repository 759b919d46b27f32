//! A report as Markdown.

use crate::audit::report::model::{Change, ClientReport, Report, grouped, times};
use std::fmt::{self, Write};

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = write_all(report, &mut out);
    out
}

fn write_all(report: &Report, out: &mut String) -> fmt::Result {
    writeln!(out, "# {}\n\n{}", report.verdict(), plain(&report.summary()))?;
    if let Some([first, last]) = &report.period {
        writeln!(out, "From {first} to {last}.")?;
    }
    report.with_changes().try_for_each(|client| changes_of(client, out))?;
    if report.findings_not_kept > 0 {
        let count = grouped(report.findings_not_kept);
        writeln!(out, "\n{count} findings more were counted and not kept, as there were too many.")?;
    }
    writeln!(out, "\n## What is fine\n\n| operation | requests |\n|---|---:|")?;
    let fine = report.fine();
    fine.iter().try_for_each(|(operation, count)| writeln!(out, "| {} | {} |", plain(operation), grouped(*count)))?;
    let billed = &report.billed;
    writeln!(out, "\n## As R2 bills it\n\n| class | requests |\n|---|---:|")?;
    for (class, count) in
        [("A", billed.class_a), ("B", billed.class_b), ("free", billed.free), ("not named", billed.not_named)]
    {
        writeln!(out, "| {class} | {} |", grouped(count))?;
    }
    sources(report, out)
}

fn changes_of(client: &ClientReport, out: &mut String) -> fmt::Result {
    let (refused, requests) = (grouped(client.refused), grouped(client.requests));
    let words = client.readiness.words();
    writeln!(out, "\n## {}: {words}\n\nR2 would refuse {refused} of {requests} requests.", plain(&client.name()))?;
    client.changes.iter().try_for_each(|change| one_change(change, out))
}

fn one_change(change: &Change, out: &mut String) -> fmt::Result {
    let at_times = if change.sometimes { ", refused at times" } else { "" };
    writeln!(out, "\n### {}\n\n{}, {}{at_times}.", change.title, code(&change.rule), times(change.count))?;
    writeln!(out, "{}\n\n**Fix:** {}\n\n**Work:** {}.\n", change.why, plain(change.fix), change.work.words())?;
    writeln!(out, "| operation | times | R2's answer | example |\n|---|---:|---|---|")?;
    change.found.iter().try_for_each(|found| {
        let answer = code(&format!("{} {}: {}", found.status, found.code, found.message));
        let (operation, count, example) = (plain(&found.operation), grouped(found.count), code(&found.example));
        writeln!(out, "| {operation} | {count} | {answer} | {example} |")
    })
}

fn sources(report: &Report, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Where it comes from\n")?;
    writeln!(out, "| source | format | understood | judged | left out | not understood | does not show |")?;
    writeln!(out, "|---|---|---:|---:|---:|---:|---|")?;
    report.sources.iter().try_for_each(|source| {
        let [judged, left_out, not] = [source.judged, source.left_out, source.not_understood].map(grouped);
        let (name, format, hidden) = (code(&source.name), plain(&source.format), plain(&source.not_visible.join(", ")));
        writeln!(out, "| {name} | {format} | {} | {judged} | {left_out} | {not} | {hidden} |", source.understood())
    })
}

/// A text in which nothing is Markdown or HTML.
fn plain(text: &str) -> String {
    let is_mark = |c| matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '!');
    text.chars().fold(String::new(), |mut escaped, c| {
        if is_mark(c) {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}

/// A text as code, in a cell of a table too. It is fenced by more backticks than it has.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}
