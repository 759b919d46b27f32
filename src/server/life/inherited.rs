//! Listening sockets that this process did not make: those of systemd or of the previous server.
//!
//! A process that holds such a socket keeps its queue: clients that connect while no server accepts wait, and are not
//! refused.

use listenfd::ListenFd;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

/// Sockets that listen already.
#[derive(Debug, Default)]
pub struct Inherited(Vec<TcpListener>);

impl Inherited {
    /// The sockets of the service manager (`LISTEN_FDS`), if there are any. To be called once, because it takes them.
    pub fn from_manager() -> Inherited {
        let mut given = ListenFd::from_env();
        let taken = (0..given.len()).filter_map(|number| match given.take_tcp_listener(number) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(number, %error, "a socket that the service manager gives is none for TCP");
                None
            }
        });
        Inherited(taken.collect())
    }

    /// Adds those of another server.
    pub fn with(mut self, sockets: Vec<OwnedFd>) -> Inherited {
        self.0.extend(sockets.into_iter().map(TcpListener::from));
        self
    }

    /// Takes the socket of this address. If the port is 0, it takes the first socket of that host.
    pub(super) fn take(&mut self, wanted: SocketAddr) -> Option<TcpListener> {
        let fits = |found: SocketAddr| found.ip() == wanted.ip() && [0, found.port()].contains(&wanted.port());
        let at = self.0.iter().position(|listener| listener.local_addr().is_ok_and(fits))?;
        Some(self.0.remove(at))
    }

    /// The addresses of the sockets that were not taken.
    pub(super) fn left(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_found_by_their_addresses() {
        let made: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<_> = made.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let mut inherited = Inherited::default().with(made.into_iter().map(OwnedFd::from).collect());
        let mut take = |wanted: &str| inherited.take(wanted.parse().unwrap()).map(|found| found.local_addr().unwrap());
        assert_eq!(take(&addresses[1].to_string()), Some(addresses[1]));
        assert_eq!(take(&addresses[1].to_string()), None);
        assert_eq!((take("127.0.0.2:0"), take("127.0.0.1:0")), (None, Some(addresses[0])));
        assert_eq!(inherited.left(), [addresses[2]]);
    }
}
