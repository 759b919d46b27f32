//! The life of a request, as a list. Read this first.
//!
//! Every request walks down [`CHAIN`] in this order. A filter reads what the ones before it found out, adds what it
//! finds out itself, or refuses; the first refusal is the answer. What comes out at the end is [`Admitted`]: an
//! operation that may be carried out, by the local store or an upstream.
//!
//! Nothing here touches a socket, a file or a clock, so the whole chain is a function call to a test and to
//! `r2shim explain`.

mod rules;
mod exchange;
mod limits;
mod address;
mod authenticate;
mod region;
mod authorise;
mod enforce;
mod plan;
mod explain;

pub use exchange::{Admitted, BodyPlan, Facts, Refusal};
pub use explain::{Explanation, Outcome, Step, StepVerdict, explain};
pub use rules::{CurrentRules, Limits, Rules};

use exchange::Exchange;

use crate::s3::Timestamp;
use crate::s3::request::RequestHead;

/// A link of the chain.
#[derive(Debug)]
pub struct Filter {
    /// What logs, metrics and `explain` call it.
    pub name: &'static str,
    /// Whether it needs a signature or a body to decide, which a request that is only explained does not have.
    pub needs_the_real_request: bool,
    run: fn(&mut Exchange<'_>) -> Result<(), Refusal>,
}

/// Every filter, in the order a request meets it.
pub const CHAIN: &[Filter] = &[
    // Heads that are too large are refused before anyone looks at them closely.
    Filter { name: "limits", needs_the_real_request: false, run: limits::check },
    // Which bucket, key and operation. A fault found here is kept until the client is known.
    Filter { name: "address", needs_the_real_request: false, run: address::resolve },
    // Who: SigV4 over the request as sent.
    Filter { name: "authenticate", needs_the_real_request: true, run: authenticate::verify },
    // The signature's region is `auto` or one of its aliases.
    Filter { name: "region", needs_the_real_request: true, run: region::normalise },
    // May this key do this here?
    Filter { name: "authorise", needs_the_real_request: true, run: authorise::check },
    // Does the subset have it: payload kind, operation, query, headers.
    Filter { name: "policy", needs_the_real_request: false, run: enforce::decide },
    // Could there be such a bucket or key at all.
    Filter { name: "names", needs_the_real_request: false, run: address::check_names },
    // What the body must be, and what must be true of it before it counts.
    Filter { name: "body", needs_the_real_request: true, run: plan::plan },
];

/// Walks a request down the chain. `facts` keeps what was found out, also where the request is refused.
pub fn admit<'a>(
    rules: &'a Rules,
    head: RequestHead<'a>,
    now: Timestamp,
    facts: &mut Facts,
) -> Result<Admitted<'a>, Refusal> {
    let mut exchange = Exchange::new(rules, head, now);
    let passed = CHAIN.iter().try_for_each(|filter| filter.pass(&mut exchange));
    *facts = exchange.facts();
    passed.and_then(|()| exchange.admitted())
}

impl Filter {
    fn pass(&self, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
        (self.run)(exchange).map_err(|refusal| refusal.by(self.name))
    }
}
