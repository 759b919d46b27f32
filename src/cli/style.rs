//! Colours for terminals. The streams of [`anstream`] remove them for other outputs, and if `NO_COLOR` is set.

use clap::builder::styling::{AnsiColor, Style};

/// Names and headings.
pub const BOLD: Style = Style::new().bold();
/// Success.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Failure.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Possible mistakes.
pub const DOUBT: Style = AnsiColor::Yellow.on_default().bold();
/// Details.
pub const FAINT: Style = Style::new().dimmed();
