//! Every operation of S3, including those that R2 lacks.
//!
//! The table is only about the protocol: the form of a request for the operation, its query parameters and `x-amz-*`
//! headers, its body, the permission that it needs, and its answer.
//! Whether R2 *has* the operation is a ruling of `policies/*.toml`; [`crate::routing`] finds the row of a
//! request.
//!
//! The source of a row is the operation's page in the S3 API reference,
//! `https://docs.aws.amazon.com/AmazonS3/latest/API/API_NAME.html` with the operation's name; that of PostObject is
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>. The preflights of browsers are no operations:
//! the operator's rules answer them, and no policy has a say ([`crate::cors`]).
//!
//! To add an operation, add its name in `names.rs` and its row, at the same place, in the file of its topic.

mod names;
mod answer;
mod spec;
mod groups;
mod documents;

/// Rows with named fields. The first four have no default; the others are empty, or what most operations have.
macro_rules! rows {
    ($table:ident: $($name:ident {
        method: $method:ident, target: $target:ident, access: $access:ident, answer: $answer:expr,
        $($field:ident: $value:expr,)*
    })*) => {
        pub(super) const $table: &[OperationSpec] = {
            use super::answer::AnswerKind::*;
            &[$(OperationSpec {
                $($field: $value,)*
                ..OperationSpec::new(
                    super::names::Operation::$name,
                    super::spec::Method::$method,
                    super::spec::Target::$target,
                    super::spec::Access::$access,
                    $answer,
                )
            },)*]
        };
    };
}

mod buckets;
mod objects;
mod uploads;
mod subresources;
mod configuration;
mod unknown;

pub use answer::{AnswerKind, DocumentSpec, Identity, UnknownElements};
pub use names::Operation;
pub use spec::{Access, BodyKind, ChecksumOf, Describes, Method, OperationSpec, Selector, Target};
pub use unknown::unknown_operation;

/// The table: a row an operation.
pub static OPERATIONS: &[OperationSpec] = &{
    let tables = [
        buckets::BUCKETS,
        objects::OBJECTS,
        uploads::UPLOADS,
        subresources::SUBRESOURCES,
        configuration::CONFIGURATION,
    ];
    let mut all = [buckets::BUCKETS[0]; Operation::COUNT];
    let (mut table, mut row, mut number) = (0, 0, 0);
    while table < tables.len() {
        while row < tables[table].len() {
            all[number] = tables[table][row];
            assert!(all[number].operation as usize == number, "the rows are not in the order of the names");
            (row, number) = (row + 1, number + 1);
        }
        (table, row) = (table + 1, 0);
    }
    assert!(number == Operation::COUNT, "an operation has no row");
    all
};

/// Whether a query parameter of this name selects an operation somewhere in the table, that is, names a sub-resource.
///
/// A request with a sub-resource that its row does not know must never fall through to the bare operation:
/// `DELETE /bucket?lifecycle` is not DeleteBucket.
pub fn is_subresource(name: &str) -> bool {
    OPERATIONS.iter().flat_map(|row| row.selectors).any(|s| matches!(s, Selector::Query(q) if *q == name))
}

impl Operation {
    /// The operation of that name, as the S3 API reference spells it.
    pub fn parse(name: &str) -> Option<Operation> {
        OPERATIONS.iter().map(|row| row.operation).find(|operation| operation.name() == name)
    }

    /// The operation's row.
    pub fn spec(self) -> &'static OperationSpec {
        // The table is in the order of the names, or it does not compile.
        &OPERATIONS[self as usize]
    }
}

#[cfg(test)]
mod tests;
