//! The figures of an audit as a table of text.

use crate::audit::{Audit, Client, ClientFigures};
use crate::cli::style::{BAD, BOLD, FAINT, GOOD};
use std::io::{self, Write};

/// Writes it: each client, with what R2 would refuse of its requests.
pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let ready = audit.clients.values().filter(|figures| figures.findings.is_empty()).count();
    let count = audit.clients.len();
    writeln!(out, "{BOLD}{ready} of {count} clients are ready for R2{BOLD:#}, judged by policy {}", audit.policy)?;
    for (client, figures) in &audit.clients {
        write_client(client, figures, out)?;
    }
    Ok(())
}

fn write_client(client: &Client, figures: &ClientFigures, out: &mut dyn Write) -> io::Result<()> {
    let id = client.key_id.as_deref().unwrap_or("no key");
    let product = if client.product.is_empty() { "no user agent" } else { &client.product };
    let (requests, refused) = (figures.requests(), figures.refused());
    let mark =
        if figures.findings.is_empty() { format!("{GOOD}ready{GOOD:#}") } else { format!("{BAD}not ready{BAD:#}") };
    writeln!(out, "\n{mark}  {BOLD}{product}{BOLD:#}, {id}: {requests} requests, {refused} refused")?;
    for (key, found) in &figures.findings {
        writeln!(out, "  {} {}  {} times", key.operation, key.rule, found.count)?;
        writeln!(out, "    {} {}: {}", found.status, found.code, found.message)?;
        writeln!(out, "    {FAINT}{}{FAINT:#}", found.example.escape_debug())?;
    }
    Ok(())
}
