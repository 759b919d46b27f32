//! What clients may rely on, whatever store is behind: one list of cases, run over the local store and over real
//! servers of others.
//!
//! A case makes its own buckets and leaves them: the whole store is thrown away. Topics are tests, one for each store;
//! all cases of a topic run, and each that fails is named. Those over real servers need the programs that `tests/run`
//! builds, and only it runs them.

mod deviations;
mod subject;
mod payloads;
mod buckets;
mod objects;
mod bodies;
mod checksums;
mod reads;
mod conditions;
mod keys;
mod listings;
mod deletes;
mod copies;
mod uploads;
mod refusals;

use std::panic::{self, AssertUnwindSafe};
use subject::Subject;

/// A case: its name and what it does.
type Case = (&'static str, fn(&Subject));

/// Functions of the module, each with its name.
macro_rules! cases {
    ($($case:ident),* $(,)?) => { &[$((stringify!($case), $case)),*] };
}
use cases;

/// Runs all cases of a topic and fails with the names of those that failed; their messages are above.
fn run(subject: &Subject, cases: &[Case]) {
    let fails = |case: &&Case| panic::catch_unwind(AssertUnwindSafe(|| (case.1)(subject))).is_err();
    let failed: Vec<_> = cases.iter().filter(fails).map(|(name, _)| *name).collect();
    assert!(failed.is_empty(), "over {}: {failed:?}", subject.store);
}

/// All topics as tests over a store, each with an attribute more.
macro_rules! over {
    ($tests:ident, $store:ident, $attribute:meta) => {
        over!($tests, $store, $attribute: buckets objects bodies checksums reads conditions keys listings deletes copies
            uploads refusals);
    };
    ($tests:ident, $store:ident, $attribute:meta: $($topic:ident)*) => {
        mod $tests { $(
            #[test]
            #[$attribute]
            fn $topic() {
                super::run(&super::Subject::$store(), super::$topic::CASES);
            }
        )* }
    };
}

over!(over_local, local, doc = "Always there.");
over!(over_minio, minio, ignore = "needs a built MinIO: run by tests/run");
over!(over_versitygw, versitygw, ignore = "needs a built versitygw: run by tests/run");
