//! What the chain carries from filter to filter, and what comes out of it at the end or at the first refusal.

use crate::access::AccessKey;
use crate::body::Announced;
use crate::filters::rules::Rules;
use crate::policy::{self, Ruling};
use crate::routing::Address;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::operation::{Operation, OperationSpec};
use crate::s3::request::RequestHead;
use crate::s3::view::RequestView;
use crate::s3::{Code, S3Error, Timestamp};
use crate::sigv4::{Claim, Verified};

/// Who a request is from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a request, and never a list of them")]
pub(super) enum Identity<'a> {
    /// Nobody: a browser's preflight or form, which carry no signature and may touch nothing.
    Anonymous,
    /// The holder of a key.
    Signer {
        /// The key.
        key: &'a AccessKey,
        /// What was signed; its signature is the key's.
        claim: Claim,
        /// Proof of that, and where signatures of chunks continue from.
        verified: Verified,
    },
}

/// A request somewhere on its way down the chain.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    /// The request as sent.
    pub(super) head: RequestHead<'a>,
    /// What filters decide by.
    pub(super) rules: &'a Rules,
    /// When it came.
    pub(super) now: Timestamp,
    /// Bucket and key, or why there are none; kept until the client is known.
    pub(super) address: Result<Address, S3Error>,
    /// The key as it was sent, percent-encoded; empty where the request names none.
    pub(super) raw_key: &'a str,
    /// Headers and query as one, or why they are not; kept like the address.
    pub(super) view: Result<RequestView<'a>, S3Error>,
    /// The operation's row; `None` where there is no such operation.
    pub(super) row: Option<&'static OperationSpec>,
    /// Who it is from.
    pub(super) identity: Option<Identity<'a>>,
    /// The policy's own answer, where it has one.
    pub(super) fixed: Option<policy::Answer>,
    /// What its body must be.
    pub(super) plan: Option<BodyPlan>,
}

/// What a request's body must be, and what must be true of it before it counts.
#[derive(Debug, Clone)]
pub enum BodyPlan {
    /// The operation has none; what is sent is read and forgotten.
    Ignore,
    /// A document, read whole.
    Document {
        /// The most bytes it may have.
        limit: usize,
        /// What the client said of it.
        announced: Announced,
    },
    /// An object's bytes, streamed.
    Object {
        /// Bytes, without any framing.
        length: u64,
        /// What the client said of them.
        announced: Announced,
    },
}

/// A request that may be carried out. Only the end of the chain can make one.
#[derive(Debug)]
pub struct Admitted<'a> {
    /// The rules that were in force when the request began.
    pub rules: &'a Rules,
    /// The operation.
    pub spec: &'static OperationSpec,
    address: Address,
    /// The key as it was sent, percent-encoded; empty where the request names none.
    pub raw_key: &'a str,
    /// Headers and query, the only ones to read from here on. What the policy drops is not in it.
    pub view: RequestView<'a>,
    /// Whose request it is.
    pub signer: &'a AccessKey,
    /// When the request came.
    pub now: Timestamp,
    /// What to answer instead of carrying it out.
    pub fixed: Option<policy::Answer>,
    /// What its body must be.
    pub plan: BodyPlan,
}

/// Why a request is not admitted.
#[derive(Debug)]
pub struct Refusal {
    /// The answer.
    pub error: S3Error,
    /// The filter that refused.
    pub filter: &'static str,
    /// The policy's rule, where the policy refused.
    pub ruling: Option<Box<Ruling>>,
}

/// What was found out about a request, for the log: known as far as the chain came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The operation it is for.
    pub operation: Option<Operation>,
    /// The bucket it names.
    pub bucket: Option<String>,
    /// The key it names.
    pub key: Option<String>,
    /// Whose signature it has, once verified.
    pub key_id: Option<String>,
}

impl<'a> Exchange<'a> {
    /// A request at the top of the chain.
    pub(super) fn new(rules: &'a Rules, head: RequestHead<'a>, now: Timestamp) -> Exchange<'a> {
        let too_early = || S3Error::new(Code::INTERNAL_ERROR).cause("asked for before the address filter ran");
        let (address, view) = (Err(too_early()), Err(too_early()));
        let raw_key = "";
        Exchange { head, rules, now, address, raw_key, view, row: None, identity: None, fixed: None, plan: None }
    }

    /// The view, or the fault that was kept.
    pub(super) fn view(&self) -> Result<&RequestView<'a>, Refusal> {
        self.view.as_ref().map_err(|error| Refusal::from(error.clone()))
    }

    /// The address, or the fault that was kept.
    pub(super) fn address(&self) -> Result<&Address, Refusal> {
        self.address.as_ref().map_err(|error| Refusal::from(error.clone()))
    }

    /// The operation's row, or R2's answer to a request for none.
    pub(super) fn row(&self) -> Result<&'static OperationSpec, Refusal> {
        self.row.ok_or_else(|| Code::ROUTE_NOT_FOUND.into())
    }

    /// What is known so far.
    pub(super) fn facts(&self) -> Facts {
        let address = self.address.as_ref().ok();
        let key_id = match &self.identity {
            Some(Identity::Signer { key, .. }) => Some(key.id.clone()),
            Some(Identity::Anonymous) | None => None,
        };
        Facts {
            operation: self.row.map(|row| row.operation),
            bucket: address.and_then(|a| a.bucket.as_ref()).map(ToString::to_string),
            key: address.and_then(|a| a.key.as_ref()).map(ToString::to_string),
            key_id,
        }
    }

    /// What comes out at the end of the chain. Nobody's request never does, whatever a policy says.
    pub(super) fn admitted(self) -> Result<Admitted<'a>, Refusal> {
        let (Some(Identity::Signer { key, .. }), Some(plan)) = (self.identity, self.plan) else {
            return Err(Code::ACCESS_DENIED.into());
        };
        let spec = self.row.ok_or(Code::ROUTE_NOT_FOUND)?;
        Ok(Admitted {
            rules: self.rules,
            spec,
            address: self.address?,
            raw_key: self.raw_key,
            view: self.view?,
            signer: key,
            now: self.now,
            fixed: self.fixed,
            plan,
        })
    }
}

impl Admitted<'_> {
    /// The bucket; an operation of the table that needs one is only routed to where there is one.
    pub fn bucket(&self) -> Result<&BucketName, S3Error> {
        self.address.bucket.as_ref().ok_or_else(|| Code::ROUTE_NOT_FOUND.into())
    }

    /// The object's key, likewise.
    pub fn object_key(&self) -> Result<&ObjectKey, S3Error> {
        self.address.key.as_ref().ok_or_else(|| Code::ROUTE_NOT_FOUND.into())
    }
}

impl Refusal {
    /// The same refusal, said by the filter of that name.
    pub(super) fn by(mut self, filter: &'static str) -> Refusal {
        self.filter = filter;
        self
    }
}

impl From<S3Error> for Refusal {
    fn from(error: S3Error) -> Refusal {
        Refusal { error, filter: "chain", ruling: None }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Refusal {
        S3Error::new(code).into()
    }
}
