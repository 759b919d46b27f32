//! Colours, used where the output is a terminal: the streams of [`anstream`] take them out elsewhere, and where
//! `NO_COLOR` is set.

use clap::builder::styling::{AnsiColor, Style};

/// Names and headings.
pub const BOLD: Style = Style::new().bold();
/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What may not be meant.
pub const DOUBT: Style = AnsiColor::Yellow.on_default().bold();
/// What can be skipped.
pub const FAINT: Style = Style::new().dimmed();
