//! Where a store behind r2shim cannot do what R2 does, and what comes instead. Nothing is skipped without a row here.

/// Something R2 does that a store may be unable to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// An object whose key continues another's behind a slash: `a` and `a/b`.
    KeyBelowKey,
    /// A key with `.` or `..` between its slashes.
    DotSegments,
    /// A key with an empty segment: `a//b`.
    EmptySegments,
}

/// What a store does instead.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub store: &'static str,
    pub lack: Lack,
    /// Status and code of the answer.
    pub answers: (u16, &'static str),
    /// Why it is so, and stays so.
    pub why: &'static str,
}

/// The table.
pub const LACKS: &[Row] = &[];
