//! A report for a terminal.

use crate::audit::report::model::{Change, ClientReport, Report, grouped, times};
use std::fmt::{self, Write};

/// The report as text.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = write_all(report, &mut out);
    out
}

fn write_all(report: &Report, out: &mut String) -> fmt::Result {
    writeln!(out, "{}.\n{}", report.verdict(), report.summary())?;
    if let Some([first, last]) = &report.period {
        writeln!(out, "From {first} to {last}.")?;
    }
    report.with_changes().try_for_each(|client| changes_of(client, out))?;
    if report.findings_not_kept > 0 {
        let count = grouped(report.findings_not_kept);
        writeln!(out, "\n{count} findings more were counted and not kept, as there were too many.")?;
    }
    writeln!(out, "\nWhat is fine")?;
    report.fine().iter().try_for_each(|(operation, count)| writeln!(out, "  {:>12}  {operation}", grouped(*count)))?;
    let billed = &report.billed;
    writeln!(out, "\nAs R2 bills it")?;
    for (class, count) in [
        ("Class A", billed.class_a),
        ("Class B", billed.class_b),
        ("free", billed.free),
        ("not named", billed.not_named),
    ] {
        writeln!(out, "  {:>12}  {class}", grouped(count))?;
    }
    sources(report, out)
}

fn changes_of(client: &ClientReport, out: &mut String) -> fmt::Result {
    let (refused, requests) = (grouped(client.refused), grouped(client.requests));
    writeln!(
        out,
        "\n{}: {} (R2 would refuse {refused} of {requests} requests)",
        client.name(),
        client.readiness.words()
    )?;
    client.changes.iter().try_for_each(|change| one_change(change, out))
}

fn one_change(change: &Change, out: &mut String) -> fmt::Result {
    let at_times = if change.sometimes { ", refused at times" } else { "" };
    writeln!(out, "\n  {} ({}), {}{at_times}", change.title, change.rule, times(change.count))?;
    for found in &change.found {
        writeln!(
            out,
            "    {} x{}: {} {}: {}",
            found.operation,
            grouped(found.count),
            found.status,
            found.code,
            found.message
        )?;
        if !found.example.is_empty() {
            writeln!(out, "      {}", found.example)?;
        }
    }
    writeln!(out, "    {}\n    Fix: {}\n    Work: {}", change.why, change.fix, change.work.words())
}

fn sources(report: &Report, out: &mut String) -> fmt::Result {
    writeln!(out, "\nWhere it comes from")?;
    for source in &report.sources {
        let [judged, left_out, not] = [source.judged, source.left_out, source.not_understood].map(grouped);
        writeln!(out, "  {} ({}): {} understood", source.name, source.format, source.understood())?;
        writeln!(out, "    {judged} judged, {left_out} left out, {not} not understood")?;
        if !source.not_visible.is_empty() {
            writeln!(out, "    it does not show: {}", source.not_visible.join(", "))?;
        }
    }
    Ok(())
}
