//! Carries out the commands of the control socket.

use crate::server::control::{Answer, CarryOut, Command, Fault, Reaction};
use crate::server::life::handles::Handles;
use crate::server::life::reload::{Cause, Outcome, Reloader};
use crate::server::life::upkeep;
use crate::settings::KEPT_KEY;
use crate::store::Store;
use crate::store::upkeep::BackupPlan;
use async_trait::async_trait;
use std::fmt::Display;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;

/// A running server, as commands see it.
pub(super) struct Commands {
    /// Reads settings again.
    pub(super) reloader: Arc<Reloader>,
    /// The sockets it listens at.
    pub(super) handles: Arc<Handles>,
    /// The local store, if objects are in one.
    pub(super) store: Option<Store>,
    /// Notified when a successor has taken over.
    pub(super) succeeded: Arc<Notify>,
}

#[async_trait]
impl CarryOut for Commands {
    async fn carry_out(&self, command: Command) -> Reaction {
        match command {
            Command::Reload {} => said(&self.reloader.reload(Cause::Command).await).into(),
            Command::HandOver {} => match self.handles.copies() {
                Ok(sockets) if sockets.is_empty() => failed("the server is about to stop").into(),
                Ok(sockets) => Reaction::Answered(Answer::HandedOver {}, sockets),
                Err(error) => failed(error).into(),
            },
            Command::Leave {} => {
                self.succeeded.notify_one();
                Answer::Leaving {}.into()
            }
            Command::StoreCheck { bytes_a_second } => self.with_store(|store| upkeep::check(store, bytes_a_second)),
            Command::StoreCompact { bytes_a_second } => self.with_store(|store| upkeep::compact(store, bytes_a_second)),
            Command::StoreBackup { folder, link, bytes_a_second } => {
                let plan = BackupPlan { target: folder.into(), link, also: vec![KEPT_KEY] };
                self.with_store(|store| upkeep::backup(store, plan, bytes_a_second))
            }
        }
    }
}

impl Commands {
    /// Work on the local store.
    fn with_store(&self, work: impl FnOnce(Store) -> Receiver<Answer>) -> Reaction {
        match &self.store {
            Some(store) => Reaction::Working(work(store.clone())),
            None => failed("the server's objects are in another store, which it cannot look after").into(),
        }
    }
}

fn failed(why: impl Display) -> Answer {
    Answer::Failed { message: why.to_string() }
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
