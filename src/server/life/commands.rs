//! What the commands of the control socket do.

use crate::server::control::{Answer, CarryOut, Command, Fault};
use crate::server::life::reload::{Cause, Outcome, Reloader};
use async_trait::async_trait;
use std::sync::Arc;

/// A running server, as commands see it.
pub(super) struct Commands {
    /// What reads settings again.
    pub(super) reloader: Arc<Reloader>,
}

#[async_trait]
impl CarryOut for Commands {
    async fn carry_out(&self, command: Command) -> Answer {
        match command {
            Command::Reload {} => said(&self.reloader.reload(Cause::Command).await),
        }
    }
}

fn said(outcome: &Outcome) -> Answer {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match outcome {
        Outcome::Reloaded { changes, warnings } => Answer::Reloaded {
            swapped: names(&changes.swapped),
            needs_restart: names(&changes.needs_restart),
            warnings: warnings.iter().map(Fault::from).collect(),
        },
        Outcome::Refused(faults) => Answer::Refused { faults: faults.iter().map(Fault::from).collect() },
    }
}
