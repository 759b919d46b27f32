//! Second handles of the server's listening sockets, for its successor.

use crate::server::life::listeners::Listeners;
use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

/// The handles, in the order in which a successor takes them. While they are open clients can connect.
#[derive(Debug, Default)]
pub(super) struct Handles(Mutex<Vec<TcpListener>>);

impl Handles {
    /// Handles of all addresses.
    pub(super) fn of(listeners: &Listeners) -> io::Result<Handles> {
        listeners.all().map(|bound| bound.handle()).collect::<io::Result<Vec<_>>>().map(|all| Handles(Mutex::new(all)))
    }

    /// Copies for a successor; none once they are closed.
    pub(super) fn copies(&self) -> io::Result<Vec<OwnedFd>> {
        let handles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handles.iter().map(|listener| listener.try_clone().map(OwnedFd::from)).collect()
    }

    /// Closes them. If no other process has the sockets, clients are refused from now on.
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
