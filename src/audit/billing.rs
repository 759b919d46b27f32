//! The classes in which R2 bills operations: `policies/billing.toml`.

use crate::s3::operation::{OPERATIONS, Operation};
use serde::Deserialize;
use std::sync::LazyLock;

/// How R2 bills an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillingClass {
    /// Those that change state, and listings.
    A,
    /// Those that read.
    B,
    /// Those that cost nothing.
    Free,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Lists {
    class_a: Vec<String>,
    class_b: Vec<String>,
    free: Vec<String>,
}

/// By `Operation as usize`.
static CLASSES: LazyLock<Vec<Option<BillingClass>>> = LazyLock::new(|| {
    let lists = lists().unwrap_or(Lists { class_a: Vec::new(), class_b: Vec::new(), free: Vec::new() });
    OPERATIONS.iter().map(|row| lists.class(row.operation)).collect()
});

/// The file is compiled in, so a test holds that it is read.
fn lists() -> Result<Lists, toml::de::Error> {
    toml::from_str(include_str!("../../policies/billing.toml"))
}

impl Lists {
    fn class(&self, operation: Operation) -> Option<BillingClass> {
        let classes =
            [(&self.class_a, BillingClass::A), (&self.class_b, BillingClass::B), (&self.free, BillingClass::Free)];
        classes.into_iter().find(|(names, _)| names.iter().any(|name| name == operation.name())).map(|(_, class)| class)
    }
}

impl BillingClass {
    /// How R2 bills an operation; `None` where its page names no class.
    pub fn of(operation: Operation) -> Option<BillingClass> {
        CLASSES.get(operation as usize).copied().flatten()
    }

    /// The same, of an operation by its name.
    pub fn of_name(operation: &str) -> Option<BillingClass> {
        OPERATIONS.iter().find(|row| row.operation.name() == operation).and_then(|row| BillingClass::of(row.operation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_file_names_operations_of_the_table_once() {
        let lists = lists().unwrap();
        let all: Vec<&String> = [&lists.class_a, &lists.class_b, &lists.free].into_iter().flatten().collect();
        let known: HashSet<&str> = OPERATIONS.iter().map(|row| row.operation.name()).collect();
        let unknown: Vec<_> = all.iter().filter(|name| !known.contains(name.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn operations_have_the_class_of_their_list() {
        for (operation, class) in [
            (Operation::PutObject, Some(BillingClass::A)),
            (Operation::GetObject, Some(BillingClass::B)),
            (Operation::DeleteObject, Some(BillingClass::Free)),
            (Operation::GetObjectTagging, None),
        ] {
            assert_eq!(BillingClass::of(operation), class, "{operation}");
        }
    }
}
