//! Files of settings.

use crate::settings::fuzzing::load_text;

/// Faults say where and what to do, and say nothing of the secret that every input could have.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let found = load_text(text).unwrap_or_else(|faults| {
        assert!(!faults.is_empty());
        faults
    });
    let is_secret = text.matches(SECRET).count() == text.matches(HUSH).count() && !text.contains("\"\"\"");
    for found in found {
        assert!(!found.message.is_empty() && !found.advice.is_empty());
        assert!(!is_secret || !format!("{found:?}").contains(HUSH), "a message has a secret in it: {found}");
    }
}

/// What the seeds have for secrets, and where.
const HUSH: &str = "hush-hush";
const SECRET: &str = "secret_access_key = \"hush-hush\"";
