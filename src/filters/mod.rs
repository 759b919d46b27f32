//! The life of a request, as one function: [`walk`]. Read this first.
//!
//! First come limits, then the facts: bucket, key, operation and the view of headers and query. Faults of the facts are
//! recorded, and reported only after the client is authenticated. Then every request meets the filters of
//! [`Filter::CHAIN`] in that order. A *guard* ends a request that it refuses. A *judge* reports every refusal of the
//! request. [`admit`] answers with the first finding; [`explain`] continues and shows all. An explained request is
//! judged by what is known about it: filters that need more than the head report what is missing.
//!
//! Public objects are read without a key, on another port: [`admit_public`] is not part of the chain.
//!
//! The result is [`Admitted`]: an operation that may be carried out, by the local store or an upstream. A browser's
//! preflight ends in the chain, with its answer.
//!
//! Nothing here touches a socket, a file or a clock, so tests and `r2shim explain` can call the whole chain as a
//! function.

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

/// Walks a request down the chain, and enforces the findings or, in an audit, notes them. `subject` keeps what is known
/// about the request, even if it is refused.
///
/// # Errors
/// The first refusal, in the order in which R2 answers. In an audit, the refusal of a guard, or names or a body that no
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

/// Admits an unsigned request if it reads a public object, on the port for public buckets. It is the only way to admit
/// a request besides the chain. `subject` keeps what the request is about.
///
/// # Errors
/// `MethodNotAllowed` with `Allow` for other methods, `InvalidRequest` for a host that may or may not name a bucket,
/// `NoSuchKey` for everything that is not a public object, and the errors of large heads and of preflights that no rule
/// allows.
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

/// The chain. Each line that names a [`Filter`] is one step, in the order of [`Filter::CHAIN`].
fn walk<'a>(request: &Request<'a>, run: &mut Run<'_>, subject: &mut Subject) -> Result<Walked<'a>, Box<Finding>> {
    // Heads that are too large are refused before any other work on them.
    run.guard(Filter::Limits, limits::check(request))?;
    // Bucket, key, operation, view. A fault found here is reported below, to authenticated clients only.
    let query = Query::parse(request.head.query);
    let facts = Facts::establish(request, query.clone(), subject);
    // A browser's preflight is answered before authentication, from the CORS rules alone.
    if let Some(headers) = run.guard_or_miss(Filter::Cors, cors::check(request), NotAnswered::missing)? {
        return Ok(Walked::Preflight(headers));
    }
    // Is the request signed by a known key? SigV4 is verified over the request as sent.
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
        // The store gets the request as if the client had sent it there.
        Mode::AuditRemote => (facts, None),
    };
    // Are the bucket and key valid names?
    let Judged { value: names, faults } = names::judge(&facts);
    run.judge(Filter::Names, faults)?;
    // What must the body be, and what must be verified before it counts?
    let plan = body(request, run, &facts, &caller)?;
    Ok(Walked::Passed(Passed { facts, caller, names, plan, answer }))
}

/// What the body must be. The body of an explained request may be unknown.
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

/// The end of the chain for an operation without a row: no policy judges it, and the finding of filter `address` is
/// noted.
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
