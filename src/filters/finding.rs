//! The filters of the chain, and what they find against a request.

use crate::policy::{RuleRef, Ruling};
use crate::s3::S3Error;
use std::fmt;

/// A link of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// How large a head may be.
    Limits,
    /// Whether a browser may send the request of a page.
    Cors,
    /// The signature of the request.
    Authenticate,
    /// The region that the request is signed for.
    Region,
    /// Whether the request names an operation of S3.
    Address,
    /// Whether the key may do this in this bucket.
    Authorise,
    /// Whether the subset has what the request asks for.
    Policy,
    /// Whether the bucket and key are valid names.
    Names,
    /// What the body must be.
    Payload,
}

/// What a link may do to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It ends a request that it refuses, in every mode in which requests are carried out.
    Guard,
    /// It reports refusals; the mode of the walk decides whether they end the request.
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

    /// Its name in logs, metrics and `explain`.
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

    /// Whether it is a guard or a judge.
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
    /// The policy's rule; `None` if the refusal does not come from the policy.
    pub rule: Option<RuleRef>,
    /// What was refused, as a label of metrics, if there is no rule; `None` if the filter's name is enough.
    pub label: Option<&'static str>,
}

impl Finding {
    /// What was refused, from a bounded set.
    pub fn feature(&self) -> Option<&str> {
        self.rule.as_ref().map(|rule| rule.feature.as_str()).or(self.label)
    }
}

/// An error that becomes a finding once its filter is known.
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

/// The result of a judge. Another store may do what R2 refuses, so there may be both a value and faults.
#[derive(Debug)]
pub(super) struct Judged<T> {
    /// The value to carry the request out by. If no store could carry it out, the error, which an audit answers, too.
    pub(super) value: Result<T, S3Error>,
    /// All refusals, R2's answer first.
    pub(super) faults: Vec<S3Error>,
}

impl<T> From<Result<T, S3Error>> for Judged<T> {
    /// A value without refusals; an error is something no store could do.
    fn from(value: Result<T, S3Error>) -> Judged<T> {
        let faults = value.as_ref().err().cloned().into_iter().collect();
        Judged { value, faults }
    }
}
