//! Playing a script on a connection.

use super::HEALTH;
use super::log::{HANG, Log};
use super::received::{BodyEnd, Received};
use super::script::Step;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One connection of a scripted store.
pub(super) struct Player {
    stream: BufReader<TcpStream>,
    log: Arc<Log>,
    /// Its number, from 0.
    pub(super) connection: usize,
    /// Where in the log the request is that is being read.
    request: usize,
    head_only: bool,
}

impl Player {
    pub(super) fn new(stream: TcpStream, log: Arc<Log>) -> Player {
        stream.set_read_timeout(Some(HANG)).unwrap();
        stream.set_write_timeout(Some(HANG)).unwrap();
        stream.set_nodelay(true).unwrap();
        Player { stream: BufReader::new(stream), log, connection: 0, request: 0, head_only: false }
    }

    /// Waits for the first bytes. A check of the store's health is answered, and that is all that comes of it.
    pub(super) fn answers_check(&mut self) -> bool {
        let check = format!("GET {HEALTH} ");
        let is_check = self.stream.fill_buf().is_ok_and(|bytes| bytes.starts_with(check.as_bytes()));
        if is_check {
            // The receiver may be gone, which does not matter.
            let _ = self.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
        is_check
    }

    /// Plays a script to its end. An error is the end of the connection.
    pub(super) fn play(&mut self, script: &[Step]) -> io::Result<()> {
        loop {
            for step in script {
                self.step(step)?;
            }
            if !matches!(script.last(), Some(Step::KeepAlive)) {
                return Ok(());
            }
        }
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::ReadHead => self.read_head().map(drop),
            Step::ReadBody => self.read_body(usize::MAX),
            Step::ReadBytes(count) => self.read_body(*count),
            Step::Send(bytes) => self.write(bytes),
            Step::Answer(reply) => self.write(&reply.bytes(self.head_only)),
            Step::Continue100 => self.write(b"HTTP/1.1 100 Continue\r\n\r\n"),
            Step::Wait => self.wait(),
            Step::Stall => self.stall(),
            Step::Trickle => self.trickle(),
            Step::Close => self.close(),
            Step::Reset => self.reset(),
            Step::KeepAlive => Ok(()),
        }
    }

    /// Reads a head to its empty line. What breaks off before that is no request.
    pub(super) fn read_head(&mut self) -> io::Result<Received> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let request = Received::parse(self.connection, head);
        self.head_only = request.method == "HEAD";
        self.request = self.log.change(|state| {
            state.requests.push(request.clone());
            state.requests.len() - 1
        });
        Ok(request)
    }

    /// Reads this many bytes of the rest of the body, or fewer if it is shorter.
    fn read_body(&mut self, mut count: usize) -> io::Result<()> {
        loop {
            let left = self.log.read(|state| {
                let request = &state.requests[self.request];
                request.length() - request.body.len()
            });
            count = count.min(left);
            if count == 0 {
                return Ok(());
            }
            count -= self.read_piece(count)?;
        }
    }

    /// Reads some of the body, at most this many bytes, into the log.
    fn read_piece(&mut self, most: usize) -> io::Result<usize> {
        let mut piece = vec![0; most.min(64 << 10)];
        let count = self.stream.read(&mut piece).unwrap_or(0);
        self.log.change(|state| {
            let request = &mut state.requests[self.request];
            request.body.extend_from_slice(&piece[..count]);
            request.end = match count {
                0 => BodyEnd::BrokenOff,
                _ if request.body.len() == request.length() => BodyEnd::Whole,
                _ => BodyEnd::Unread,
            };
        });
        if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    fn wait(&self) -> io::Result<()> {
        self.log.wait(|state| {
            let allowed = state.permits > 0 || state.over;
            state.permits = state.permits.saturating_sub(1);
            allowed.then_some(())
        });
        Ok(())
    }

    /// Waits for the other side to end the connection, without making room for what it still sends.
    fn stall(&self) -> io::Result<()> {
        let time = Timespec { tv_sec: HANG.as_secs().cast_signed(), tv_nsec: 0 };
        let mut ends = [PollFd::new(self.stream.get_ref(), PollFlags::RDHUP)];
        assert_eq!(poll(&mut ends, Some(&time))?, 1, "the other side neither goes on nor ends the connection");
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn trickle(&mut self) -> io::Result<()> {
        self.write(b"HTTP/1.1 200 OK\r\nx-endless: ")?;
        let (started, pause) = (Instant::now(), Timespec { tv_sec: 0, tv_nsec: 20_000_000 });
        loop {
            let mut ends = [PollFd::new(self.stream.get_ref(), PollFlags::RDHUP)];
            if poll(&mut ends, Some(&pause))? == 1 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            assert!(started.elapsed() < HANG, "the other side waits for the end of the head");
            self.write(b"x")?;
        }
    }

    /// Closing with bytes unread would reset the connection and lose what was sent last.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Write)?;
        io::copy(&mut self.stream, &mut io::sink())?;
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn reset(&self) -> io::Result<()> {
        set_socket_linger(self.stream.get_ref(), Some(Duration::ZERO))?;
        // The connection ends when the last that holds it drops it.
        Err(io::ErrorKind::ConnectionReset.into())
    }
}
