//! A setting that takes one of a few names.

use crate::diagnostics::nearest;
use crate::diagnostics::{Diagnostic, Spanned};

/// The one of `choices` that the text names; `what` is their name in messages.
pub(super) fn one_of<T: Copy>(text: &Spanned<String>, what: &str, choices: &[(&str, T)]) -> Result<T, Diagnostic> {
    if let Some((_, chosen)) = choices.iter().find(|(name, _)| *name == text.value) {
        return Ok(*chosen);
    }
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    let advice = match nearest(&text.value, &names) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("write one of {}", names.join(", ")),
    };
    Err(text.fault(format!("{:?} is no {what}", text.value), advice))
}
