//! The addresses of a server, bound before anything else is done: a port that is taken is found while nothing has been
//! made yet, and a port 0 is known.

use pingora::server::{Fds, ListenFds};
use pingora::services::listening::Service;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;

/// The addresses of a server. Clients that connect wait until the server is started.
#[derive(Debug)]
pub struct Listeners {
    /// Those of the S3 port.
    pub(super) s3: Vec<Bound>,
    /// Those of the port for public buckets; none if no bucket is public.
    pub(super) public: Vec<Bound>,
    /// The admin address.
    pub(super) admin: Option<Bound>,
}

/// An address that is bound.
#[derive(Debug)]
pub(super) struct Bound {
    address: SocketAddr,
    listener: TcpListener,
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(source))]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl BindError {
    /// Whether another program has the address, which may be this one, running already.
    pub fn is_in_use(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let advice = "another program already does. Stop it, or choose another address (port 0 picks a free one)";
            advice.to_owned()
        }
        _ => error.to_string(),
    }
}

impl Listeners {
    /// Binds the addresses of the S3 port, and the admin address if there is one. Port 0 picks a free port.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub fn bind(s3: &[SocketAddr], admin: Option<SocketAddr>) -> Result<Listeners, BindError> {
        Ok(Listeners { s3: bound(s3)?, public: Vec::new(), admin: admin.map(Bound::new).transpose()? })
    }

    /// Binds the addresses of the port for public buckets as well.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub fn with_public(self, public: &[SocketAddr]) -> Result<Listeners, BindError> {
        Ok(Listeners { public: bound(public)?, ..self })
    }
}

fn bound(addresses: &[SocketAddr]) -> Result<Vec<Bound>, BindError> {
    addresses.iter().map(|address| Bound::new(*address)).collect()
}

impl Bound {
    fn new(wanted: SocketAddr) -> Result<Bound, BindError> {
        let failed = |source| BindError { address: wanted, source };
        let listener = TcpListener::bind(wanted).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Bound { address, listener })
    }

    /// The address, with the port that was picked.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A service of pingora on addresses that are bound, and what it takes to start it.
pub(super) fn service<A>(name: &str, app: A, bound: Vec<Bound>) -> (Service<A>, ListenFds) {
    let mut service = Service::new(name.to_owned(), app);
    let mut fds = Fds::new();
    for Bound { address, listener } in bound {
        let address = address.to_string();
        service.add_tcp(&address);
        fds.add(address, listener.into_raw_fd());
    }
    (service, Arc::new(fds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_reported_with_a_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let free = "127.0.0.1:0".parse().unwrap();
        for (s3, admin) in [(vec![free, address], None), (vec![free], Some(address))] {
            let error = Listeners::bind(&s3, admin).unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot listen on {address}: another program already does")), "{error}");
        }
    }

    #[test]
    fn port_0_picks_one() {
        let listeners = Listeners::bind(&["127.0.0.1:0".parse().unwrap()], None).unwrap();
        assert_ne!(listeners.s3[0].address().port(), 0);
        assert!(listeners.admin.is_none());
    }
}
