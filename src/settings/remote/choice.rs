//! A setting that takes one of a few names.

use crate::settings::fault::{At, Fault};
use crate::settings::table::nearest;

/// What the text names among `choices`; `what` is how a message calls them.
pub(super) fn one_of<T: Copy>(text: &At<String>, what: &str, choices: &[(&str, T)]) -> Result<T, Fault> {
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
