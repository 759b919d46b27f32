//! What policies decide, as tables of requests and answers.

use super::*;

#[test]
fn built_in_policies_compile_without_warnings() {
    for (name, ..) in BUILTIN {
        let policy = Policy::builtin(name).unwrap().unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert_eq!((policy.name(), policy.warnings()), (*name, &[][..]));
    }
}
