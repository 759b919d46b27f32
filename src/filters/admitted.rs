//! The result of the chain: a request that may be carried out.

use crate::access::{Grant, KeyLimits};
use crate::body::Announced;
use crate::cors::Header;
use crate::filters::authenticate::Caller;
use crate::filters::facts::Facts;
use crate::filters::finding::{Filter, Finding, Refusal};
use crate::filters::names::Names;
use crate::filters::operation_request::OperationRequest;
use crate::filters::payload::BodyPlan;
use crate::filters::public::{PublicRead, PublicReadParts};
use crate::filters::request::Request;
use crate::filters::rules::{Mode, Rules};
use crate::policy;
use crate::routing::Forwarded;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error, Timestamp};
use std::ops::Deref;

/// A request that the chain does not refuse.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a request, and never a list of them")]
pub enum Accepted<'a> {
    /// A request to carry out.
    Request(Admitted<'a>),
    /// A browser's preflight, answered with 204 and these headers.
    Preflight(Vec<Header>),
}

/// How a walk has ended.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a request, and never a list of them")]
pub(super) enum Walked<'a> {
    /// At the end of the chain.
    Passed(Passed<'a>),
    /// At a browser's preflight, with the headers of its answer.
    Preflight(Vec<Header>),
}

/// A request that may be carried out. Only the end of the chain can make one, and for the read of a public object
/// [`admit_public`](crate::filters::admit_public).
#[derive(Debug)]
pub struct Admitted<'a> {
    /// The rules that were in force when the request began.
    pub rules: &'a Rules,
    request: OperationRequest<'a>,
    /// The signer of the request; `None` only for a [`PublicRead`].
    signer: Option<Grant<'a>>,
    /// What trusted proxies report about it.
    forwarded: Forwarded,
    /// When the request arrived.
    pub now: Timestamp,
    /// What its body must be.
    pub plan: BodyPlan,
    /// Whether a remote store gets the request unchanged, and the client the answer unchanged.
    pub passes_whole: bool,
}

/// The requested operation.
impl<'a> Deref for Admitted<'a> {
    type Target = OperationRequest<'a>;

    fn deref(&self) -> &OperationRequest<'a> {
        &self.request
    }
}

/// The result of a walk down the whole chain. If findings are not enforced, parts of it may be missing.
#[derive(Debug)]
pub(super) struct Passed<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) caller: Caller<'a>,
    pub(super) names: Result<Names, S3Error>,
    pub(super) plan: Result<BodyPlan, S3Error>,
    pub(super) answer: Option<policy::RuledAnswer>,
}

impl<'a> Passed<'a> {
    /// Why nothing can be carried out: the names or the body are invalid for every store.
    pub(super) fn fault(&self) -> Option<Finding> {
        let of_names = self.names.as_ref().err().map(|fault| fault.clone().found_by(Filter::Names));
        of_names.or_else(|| Some(self.plan.as_ref().err()?.clone().found_by(Filter::Payload)))
    }

    /// The requested operation; `None` if no bucket or object can have this name.
    pub(super) fn into_request(self) -> Option<OperationRequest<'a>> {
        let Passed { facts, names: Ok(names), answer: fixed, .. } = self else { return None };
        Some(operation_request(facts, names, fixed))
    }
}

fn operation_request<'a>(facts: Facts<'a>, names: Names, fixed: Option<policy::RuledAnswer>) -> OperationRequest<'a> {
    let Names { address, source: copy_source } = names;
    OperationRequest { spec: facts.spec, address, raw_key: facts.raw_key, view: facts.view, copy_source, fixed }
}

fn no_signer() -> Finding {
    let error = S3Error::new(Code::INTERNAL_ERROR).cause("the chain passed a request without a signer");
    error.found_by(Filter::Payload)
}

impl<'a> Admitted<'a> {
    /// The request, if it has a signer, and if the judges accept its names and its body.
    ///
    /// # Errors
    /// In an audit, the first fault of names and body; an enforced walk ends earlier, at the first finding.
    pub(super) fn new(request: &Request<'a>, passed: Passed<'a>) -> Result<Admitted<'a>, Box<Finding>> {
        let Passed { facts, caller: Caller::Signer(signer), names: Ok(names), plan: Ok(plan), answer } = passed else {
            return Err(Box::new(passed.fault().unwrap_or_else(no_signer)));
        };
        Ok(Admitted {
            rules: request.rules,
            request: operation_request(facts, names, answer),
            signer: Some(signer.grant),
            forwarded: Forwarded::default(),
            now: request.now,
            plan,
            passes_whole: request.rules.mode == Mode::AuditRemote,
        })
    }

    /// A read that needs no signer.
    pub(super) fn public(request: &Request<'a>, read: PublicRead<'a>, view: RequestView<'a>) -> Admitted<'a> {
        let PublicReadParts { spec, address, raw_key } = read.into_parts();
        Admitted {
            rules: request.rules,
            request: OperationRequest { spec, address, raw_key, view, copy_source: None, fixed: None },
            signer: None,
            forwarded: Forwarded::default(),
            now: request.now,
            plan: BodyPlan::Ignore,
            passes_whole: false,
        }
    }

    /// The same request, with what trusted proxies report about it.
    pub fn with_forwarded(self, forwarded: &Forwarded) -> Admitted<'a> {
        Admitted { forwarded: forwarded.clone(), ..self }
    }

    /// What the signer of the request may do.
    ///
    /// # Errors
    /// `AccessDenied` for the read of a public object, which has no signer.
    pub fn signer(&self) -> Result<&Grant<'a>, S3Error> {
        self.signer.as_ref().ok_or_else(|| Code::ACCESS_DENIED.into())
    }

    /// The id and the limits of the key that the request counts for; `None` for the read of a public object.
    pub fn limited_key(&self) -> Option<(&'a str, KeyLimits)> {
        let grant = self.signer.as_ref()?;
        Some((grant.key_id(), grant.limits().or(self.rules.limits.requests.per_key)))
    }

    /// Scheme and host by which the client reached the server, for addresses in answers.
    pub fn reached_at(&self) -> (&'static str, &str) {
        let host = self.forwarded.host.as_deref().or_else(|| self.view.header("host"));
        (self.forwarded.scheme.unwrap_or_default().name(), host.unwrap_or_default())
    }

    /// The length of the object or part in the body, and what the client announced about it.
    ///
    /// # Errors
    /// `InternalError` for an operation that has another kind of body in the operation table.
    pub fn object_body(&self) -> Result<(u64, &Announced), S3Error> {
        match &self.plan {
            BodyPlan::Object { length, announced } => Ok((*length, announced)),
            BodyPlan::Ignore | BodyPlan::Document { .. } => Err(unplanned("object")),
        }
    }

    /// The maximum size of the document in the body in bytes, and what the client announced about it.
    ///
    /// # Errors
    /// `InternalError` for an operation that has another kind of body in the operation table.
    pub fn document_body(&self) -> Result<(usize, &Announced), S3Error> {
        match &self.plan {
            BodyPlan::Document { limit, announced } => Ok((*limit, announced)),
            BodyPlan::Ignore | BodyPlan::Object { .. } => Err(unplanned("document")),
        }
    }
}

/// The error if a handler expects another body than the row of the operation table.
fn unplanned(what: &str) -> S3Error {
    S3Error::new(Code::INTERNAL_ERROR).cause(format!("the operation table has no {what} in the request"))
}
