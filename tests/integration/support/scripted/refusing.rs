//! A port on which no program listens, and that no other program can take meanwhile.

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use std::net::SocketAddr;

/// A port that is reserved for the test and refuses connections until this is dropped.
pub struct Refusing {
    pub address: SocketAddr,
    _socket: OwnedFd,
}

impl Refusing {
    pub fn new() -> Refusing {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = getsockname(&socket).unwrap().try_into().unwrap();
        Refusing { address, _socket: socket }
    }

    /// The endpoint as settings write it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}
