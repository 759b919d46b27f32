//! The chain told rather than walked: which filter decides about a request that nobody signed.

use crate::filters::exchange::{Exchange, Facts, Refusal};
use crate::filters::rules::Rules;
use crate::filters::{CHAIN, Filter};
use crate::policy;
use crate::s3::Timestamp;
use crate::s3::request::RequestHead;

/// What the chain makes of a request, filter by filter.
#[derive(Debug)]
pub struct Explanation {
    /// One step a filter, up to the one that decides.
    pub steps: Vec<Step>,
    /// What was found out on the way.
    pub facts: Facts,
    /// What comes of it.
    pub outcome: Outcome,
}

/// What comes of an explained request.
#[derive(Debug)]
pub enum Outcome {
    /// It would be carried out.
    Admitted,
    /// The policy would answer itself.
    Fixed(policy::Answer),
    /// It would be refused.
    Refused(Refusal),
}

/// What a filter does about an explained request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The filter's name.
    pub filter: &'static str,
    /// What it says.
    pub verdict: StepVerdict,
}

/// What a filter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepVerdict {
    /// Nothing against it.
    Passes,
    /// It was not asked: it would need a signature or a body.
    NotAsked,
    /// It refuses.
    Refuses,
}

/// Walks a request down the chain without those filters that need a signature or a body.
pub fn explain(rules: &Rules, head: RequestHead<'_>, now: Timestamp) -> Explanation {
    let mut exchange = Exchange::new(rules, head, now);
    let mut steps = Vec::new();
    let refused = CHAIN.iter().find_map(|filter| {
        let (verdict, refusal) = step(filter, &mut exchange);
        steps.push(Step { filter: filter.name, verdict });
        refusal
    });
    let facts = exchange.facts();
    let outcome = match (refused, exchange.fixed) {
        (Some(refusal), _) => Outcome::Refused(refusal),
        (None, Some(answer)) => Outcome::Fixed(answer),
        (None, None) => Outcome::Admitted,
    };
    Explanation { steps, facts, outcome }
}

fn step(filter: &Filter, exchange: &mut Exchange<'_>) -> (StepVerdict, Option<Refusal>) {
    if filter.needs_the_real_request {
        return (StepVerdict::NotAsked, None);
    }
    match filter.pass(exchange) {
        Ok(()) => (StepVerdict::Passes, None),
        Err(refusal) => (StepVerdict::Refuses, Some(refusal)),
    }
}
