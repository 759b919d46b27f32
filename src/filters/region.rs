//! Filter `region`: the region a request is signed for is the one region there is, under one of its names.

use crate::filters::exchange::{Exchange, Identity, Refusal};

/// Refuses signatures for other regions.
pub(super) fn normalise(exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    if let Some(Identity::Signer { claim, .. }) = &exchange.identity {
        exchange.rules.policy.regions().normalise(&claim.scope().region)?;
    }
    Ok(())
}
