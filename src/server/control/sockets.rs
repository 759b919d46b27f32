//! Passes listening sockets from a server to its successor, with a line of text (`SCM_RIGHTS`).

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The most sockets in one message: more addresses than a server has.
pub(super) const MOST: usize = 64;

/// The room that they take in a message.
const ROOM: usize = rustix::cmsg_space!(ScmRights(MOST));

/// Sends the beginning of a text, and the sockets with it. Returns how much of the text was sent.
pub(super) fn send(stream: impl AsFd, text: &[u8], sockets: &[OwnedFd]) -> io::Result<usize> {
    let mut room = [MaybeUninit::uninit(); ROOM];
    let mut control = SendAncillaryBuffer::new(&mut room);
    let handles: Vec<BorrowedFd<'_>> = sockets.iter().map(AsFd::as_fd).collect();
    if !handles.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&handles)) {
        return Err(io::Error::other(format!("more than {MOST} addresses cannot be handed over")));
    }
    Ok(sendmsg(stream, &[IoSlice::new(text)], &mut control, SendFlags::empty())?)
}

/// Receives some bytes, and the sockets that come with them.
pub(super) fn receive(stream: impl AsFd, bytes: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut room = [MaybeUninit::uninit(); ROOM];
    let mut control = RecvAncillaryBuffer::new(&mut room);
    let received = recvmsg(stream, &mut [IoSliceMut::new(bytes)], &mut control, flags())?;
    let mut sockets = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(handles) = message {
            sockets.extend(handles);
        }
    }
    Ok((received.bytes, sockets))
}

/// Child processes do not inherit them.
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
fn flags() -> RecvFlags {
    RecvFlags::empty()
}
