//! The assumptions about a request without a row, which an audit passes on: it has a body if the method may have one,
//! and its answer is bytes.

use super::answer::AnswerKind;
use super::names::Operation;
use super::spec::{Access, BodyKind, Method, OperationSpec, Target};

/// A row a method. They stand under a name that no client sends: that of an operation of Lambda functions.
static UNKNOWN: [OperationSpec; 5] = [
    unknown(Method::Get, BodyKind::None),
    unknown(Method::Head, BodyKind::None),
    unknown(Method::Delete, BodyKind::None),
    unknown(Method::Put, BodyKind::Object),
    unknown(Method::Post, BodyKind::Object),
];

const fn unknown(method: Method, body: BodyKind) -> OperationSpec {
    let name = Operation::WriteGetObjectResponse;
    // It is not known what it does, so it needs the permission to change everything.
    let row = OperationSpec::new(name, method, Target::Object, Access::ManageBuckets, AnswerKind::Object);
    OperationSpec { body, ..row }
}

/// What is assumed of an unknown operation of this method; `None` where the method is none of S3's.
pub fn unknown_operation(method: &str) -> Option<&'static OperationSpec> {
    let method = Method::parse(method)?;
    UNKNOWN.iter().find(|row| row.method == method)
}
