//! The life of a request, as one function: [`walk`]. Read this first.
//!
//! First come limits, then the facts: bucket, key, operation and the view of headers and query. What cannot be
//! established is recorded, and reported only once the client is known. Then every request meets the links of
//! [`Filter::CHAIN`] in that order. A *guard* ends a request that may not go on. A *judge* finds: it reports every
//! refusal of the request, and who runs the walk decides what becomes of them. [`admit`] answers the first; [`explain`]
//! goes on and shows all. A request that is explained is judged by what is known of it: filters that have to know more
//! than the head say what is missing.
//!
//! Public objects are read without a key, on a port of their own: [`admit_public`] is not part of the chain.
//!
//! What comes out is [`Admitted`]: an operation that may be carried out, by the local store or an upstream. A browser's
//! preflight ends on the way, with its answer.
//!
//! Nothing here touches a socket, a file or a clock, so the whole chain is a function call to a test and to
//! `r2shim explain`.

mod rules;
mod request;
mod finding;
mod missing;
mod run;
mod limits;
mod facts;
mod cors;
mod authenticate;
mod certificate;
mod region;
mod unknown;
mod authorise;
mod policy;
mod names;
mod explained_body;
mod payload;
mod operation_request;
mod public;
mod admitted;
mod explain;
#[cfg(test)]
mod tests;

pub use admitted::{Accepted, Admitted};
use admitted::{Passed, Walked};
use cors::NotAnswered;
pub use cors::cors_headers;
pub use explain::{Explanation, explain};
pub use facts::Subject;
pub use finding::{Filter, Finding, Role};
pub use missing::{Known, KnownKeys, Missing};
pub use operation_request::OperationRequest;
pub use payload::BodyPlan;
pub use public::public_cors_headers;
pub use request::Arrival;
pub use rules::{CurrentRules, Limits, Mode, Rules};
pub use run::{Step, StepVerdict};

use authenticate::Caller;
use facts::Facts;
use finding::Judged;
use public::PublicRead;
use request::{Request, Shown};
use run::Run;

use crate::s3::query::Query;
use crate::s3::request::RequestHead;
use crate::s3::{S3Error, Timestamp};

/// Walks a request down the chain, and enforces what it finds or, in an audit, notes it. `subject` keeps what was found
/// out about the request, also where it is refused.
///
/// # Errors
/// The first refusal, in the order in which R2 answers. In an audit, that of a guard, or of names and a body that no
/// store can have.
pub fn admit<'a>(
    rules: &'a Rules,
    head: RequestHead<'a>,
    arrival: impl Into<Arrival>,
    subject: &mut Subject,
) -> Result<Accepted<'a>, Box<Finding>> {
    let Arrival { now, certificate } = arrival.into();
    let request = Request { rules, head, now, certificate: Shown::Known(certificate) };
    let mut run = Run::in_mode(rules.mode);
    let walked = walk(&request, &mut run, subject);
    subject.findings = run.into_findings();
    match walked? {
        Walked::Preflight(headers) => Ok(Accepted::Preflight(headers)),
        Walked::Passed(passed) => Admitted::new(&request, passed).map(Accepted::Request),
    }
}

/// Admits a request that nobody signed, if it is a read of a public object: the one door besides the chain, for the port
/// of public buckets. `subject` keeps what the request is about.
///
/// # Errors
/// `MethodNotAllowed` with `Allow` for other methods, `InvalidRequest` for a host that may or may not name a bucket,
/// `NoSuchKey` for everything that is not a public object, those of heads that are too large, and of preflights that no
/// rule allows.
pub fn admit_public<'a>(
    rules: &'a Rules,
    head: RequestHead<'a>,
    now: Timestamp,
    subject: &mut Subject,
) -> Result<Accepted<'a>, S3Error> {
    let request = Request { rules, head, now, certificate: Shown::Known(None) };
    limits::check(&request)?;
    if let Some(headers) = public::preflight(&request)? {
        return Ok(Accepted::Preflight(headers));
    }
    let read = PublicRead::find(&request, subject)?;
    Ok(Accepted::Request(Admitted::public(&request, read, public::view(&head))))
}

/// The chain: each line that names a [`Filter`] is a link, in the order of [`Filter::CHAIN`].
fn walk<'a>(request: &Request<'a>, run: &mut Run<'_>, subject: &mut Subject) -> Result<Walked<'a>, Box<Finding>> {
    // Heads that are too large are refused before anything looks at them closely.
    run.guard(Filter::Limits, limits::check(request))?;
    // Bucket, key, operation, view. A fault found here is reported below, to known clients only.
    let query = Query::parse(request.head.query);
    let facts = Facts::establish(request, query.clone(), subject);
    // A browser's question about a page is answered before anyone is known, from the CORS rules alone.
    if let Some(headers) = run.guard_or_miss(Filter::Cors, cors::check(request), NotAnswered::missing)? {
        return Ok(Walked::Preflight(headers));
    }
    // Who: SigV4 over the request as sent.
    let caller = match run.known() {
        None => run.guard(Filter::Authenticate, authenticate::identify(request, &query, &facts))?,
        Some(known) => run.examine(Filter::Authenticate, authenticate::examine(request, &query, &facts, known.keys))?,
    };
    subject.key_id = caller.key_id();
    // Is the region that the request is signed for `auto` or one of its aliases?
    run.examine(Filter::Region, region::judge(request, &caller))?;
    // Does the request name something that S3 has?
    let facts = match run.guard(Filter::Address, facts) {
        Ok(facts) => facts,
        Err(finding) => match unknown::facts(request, &caller) {
            Some(facts) => return unknown_operation(request, run, facts, caller),
            None => return Err(finding),
        },
    };
    // May this key do this here, and read the source of a copy?
    run.examine(Filter::Authorise, authorise::check(request, &facts, &caller))?;
    // Does the subset have it: payload kind, operation, query, headers?
    let mut decision = policy::decide(request, &facts, &caller);
    if request.rules.mode.is_audit() {
        decision.refuse_error_of_buckets();
    }
    run.judge(Filter::Policy, decision.refusals)?;
    run.note(&decision.ignored, decision.answer.as_ref());
    let (facts, answer) = match request.rules.mode {
        Mode::Enforce | Mode::AuditLocal => {
            (facts.under(decision.operation, decision.ignored, subject), decision.answer)
        }
        // The store is to get what it gets without us.
        Mode::AuditRemote => (facts, None),
    };
    // Could there be such a bucket and key?
    let Judged { value: names, faults } = names::judge(&facts);
    run.judge(Filter::Names, faults)?;
    // What must the body be, and what must be true of it before it counts?
    let plan = body(request, run, &facts, &caller)?;
    Ok(Walked::Passed(Passed { facts, caller, names, plan, answer }))
}

/// What the body must be: judged where the request is here, examined where it is explained.
fn body(
    request: &Request<'_>,
    run: &mut Run<'_>,
    facts: &Facts<'_>,
    caller: &Caller<'_>,
) -> Result<Result<BodyPlan, S3Error>, Box<Finding>> {
    let Some(known) = run.known() else {
        let Judged { value, faults } = payload::plan(request, facts, caller);
        run.judge(Filter::Payload, faults)?;
        return Ok(value);
    };
    run.examine(Filter::Payload, payload::examine(request, facts, caller, known.body))
}

/// The end of the chain for what no row is for: no policy rules over it, and the finding of filter `address` is noted.
fn unknown_operation<'a>(
    request: &Request<'a>,
    run: &mut Run<'_>,
    facts: Facts<'a>,
    caller: Caller<'a>,
) -> Result<Walked<'a>, Box<Finding>> {
    run.examine(Filter::Authorise, authorise::check(request, &facts, &caller))?;
    let Judged { value: names, faults } = names::judge(&facts);
    run.judge(Filter::Names, faults)?;
    let plan = body(request, run, &facts, &caller)?;
    Ok(Walked::Passed(Passed { facts, caller, names, plan, answer: None }))
}
