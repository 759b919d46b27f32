//! The addresses of a server. They are bound first, so a port that is in use is found before anything is made, and the
//! port that replaces a 0 is known.

use crate::server::life::inherited::Inherited;
use std::io;
use std::net::{SocketAddr, TcpListener};

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
    is_inherited: bool,
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(source))]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl BindError {
    /// Whether the address is in use, perhaps by another r2shim.
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

/// The addresses that a server is to listen at.
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    /// Those of the S3 port.
    pub s3: &'a [SocketAddr],
    /// Those of the port for public buckets.
    pub public: &'a [SocketAddr],
    /// The admin address.
    pub admin: Option<SocketAddr>,
}

impl Listeners {
    /// Takes these addresses from those that are inherited, and binds the others.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub fn take(addresses: &Addresses<'_>, mut inherited: Inherited) -> Result<Listeners, BindError> {
        // The previous server hands them over in this order.
        let s3 = bound(addresses.s3, &mut inherited)?;
        let public = bound(addresses.public, &mut inherited)?;
        let admin = addresses.admin.map(|address| Bound::new(address, &mut inherited)).transpose()?;
        for address in inherited.left() {
            tracing::warn!(%address, "an inherited socket is for an address that no setting names: it is closed");
        }
        Ok(Listeners { s3, public, admin })
    }

    /// Whether some sockets are inherited. Then another server may have just ended, or be about to end.
    pub fn are_inherited(&self) -> bool {
        self.all().any(|bound| bound.is_inherited)
    }

    /// All of them, in the order in which a successor takes them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Bound> {
        self.s3.iter().chain(&self.public).chain(&self.admin)
    }

    /// Binds the addresses of the S3 port, and the admin address if there is one. Port 0 picks a free port.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub fn bind(s3: &[SocketAddr], admin: Option<SocketAddr>) -> Result<Listeners, BindError> {
        Listeners::take(&Addresses { s3, public: &[], admin }, Inherited::default())
    }

    /// Binds the addresses of the port for public buckets as well.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub fn with_public(self, public: &[SocketAddr]) -> Result<Listeners, BindError> {
        Ok(Listeners { public: bound(public, &mut Inherited::default())?, ..self })
    }
}

fn bound(addresses: &[SocketAddr], inherited: &mut Inherited) -> Result<Vec<Bound>, BindError> {
    addresses.iter().map(|address| Bound::new(*address, inherited)).collect()
}

impl Bound {
    fn new(wanted: SocketAddr, inherited: &mut Inherited) -> Result<Bound, BindError> {
        let failed = |source| BindError { address: wanted, source };
        let found = inherited.take(wanted);
        let is_inherited = found.is_some();
        let listener = found.map_or_else(|| TcpListener::bind(wanted), Ok).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Bound { address, listener, is_inherited })
    }

    /// The address, with the port that was picked.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket, which does not block.
    pub(super) fn into_listener(self) -> TcpListener {
        self.listener
    }

    /// A second handle of the same socket.
    pub(super) fn handle(&self) -> io::Result<TcpListener> {
        self.listener.try_clone()
    }
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
