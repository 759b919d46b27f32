//! The links of the chain by name, and what they have against a request.

use crate::policy::{RuleRef, Ruling};
use crate::s3::S3Error;
use std::fmt;

/// A link of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// How much a head may hold.
    Limits,
    /// Whether a browser may send what a page asks it to.
    Cors,
    /// Who the request is from.
    Authenticate,
    /// The region that the request is signed for.
    Region,
    /// Whether the request names something that S3 has.
    Address,
    /// Whether the key may do this here.
    Authorise,
    /// Whether the subset has what the request asks for.
    Policy,
    /// Whether there could be such a bucket and key.
    Names,
    /// What the body must be.
    Payload,
}

/// What a link may do to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It ends a request that may not go on, in every mode of the walk in which requests are carried out.
    Guard,
    /// It finds refusals; who runs the walk decides whether they end the request.
    Judge,
}

impl Filter {
    /// Every link, in the order in which a request meets them.
    pub const CHAIN: [Filter; 9] = [
        Filter::Limits,
        Filter::Cors,
        Filter::Authenticate,
        Filter::Region,
        Filter::Address,
        Filter::Authorise,
        Filter::Policy,
        Filter::Names,
        Filter::Payload,
    ];

    /// What logs, metrics and `explain` call it.
    pub fn name(self) -> &'static str {
        match self {
            Filter::Limits => "limits",
            Filter::Cors => "cors",
            Filter::Authenticate => "authenticate",
            Filter::Region => "region",
            Filter::Address => "address",
            Filter::Authorise => "authorise",
            Filter::Policy => "policy",
            Filter::Names => "names",
            Filter::Payload => "payload",
        }
    }

    /// Whether it ends requests or finds.
    pub fn role(self) -> Role {
        match self {
            Filter::Limits | Filter::Cors | Filter::Authenticate | Filter::Address | Filter::Authorise => Role::Guard,
            Filter::Region | Filter::Policy | Filter::Names | Filter::Payload => Role::Judge,
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One refusal of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The filter that found it.
    pub filter: Filter,
    /// R2's answer.
    pub error: S3Error,
    /// The policy's rule; none where no rule of the policy is behind the refusal.
    pub rule: Option<RuleRef>,
    /// What was refused, as a label of metrics, if there is no rule; none if the filter's name is enough.
    pub label: Option<&'static str>,
}

impl Finding {
    /// What was refused, from a bounded set.
    pub fn feature(&self) -> Option<&str> {
        self.rule.as_ref().map(|rule| rule.feature.as_str()).or(self.label)
    }
}

/// What a filter can have against a request, before it is known which filter that is.
pub(super) trait Refusal {
    /// The refusal as a finding of that filter.
    fn found_by(self, filter: Filter) -> Finding;
}

impl Refusal for S3Error {
    fn found_by(self, filter: Filter) -> Finding {
        Finding { filter, error: self, rule: None, label: None }
    }
}

impl Refusal for Ruling {
    fn found_by(self, filter: Filter) -> Finding {
        Finding { filter, error: self.error, rule: Some(self.rule), label: None }
    }
}

/// What a judge has made of a request. What R2 refuses another store may do, so there may be both a value and faults.
#[derive(Debug)]
pub(super) struct Judged<T> {
    /// What the request is carried out by; where no store could do that, why not, which an audit answers, too.
    pub(super) value: Result<T, S3Error>,
    /// Everything against it, R2's answer first.
    pub(super) faults: Vec<S3Error>,
}

impl<T> From<Result<T, S3Error>> for Judged<T> {
    /// Nothing against a value; an error is something no store could do.
    fn from(value: Result<T, S3Error>) -> Judged<T> {
        let faults = value.as_ref().err().cloned().into_iter().collect();
        Judged { value, faults }
    }
}
