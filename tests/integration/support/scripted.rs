//! A store that does what a test says and records its requests, for what real stores do not do on demand.
//!
//! A script is a list of [`Step`]s that one connection is played, or a closure that looks at a request and says what
//! comes next. Nothing sleeps: a test waits for what arrived, and the script for the test or for the other side.
//!
//! Requests for [`HEALTH`] are answered: healthy. Scripts and tests do not see them, because checks come when they
//! want.

mod log;
mod play;
mod received;
mod refusing;
mod script;

use log::Log;
use play::Player;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

pub use received::{BodyEnd, Received};
pub use refusing::Refusing;
pub use script::{Reply, Step};

/// The path of health checks.
pub const HEALTH: &str = "/scripted/health";

/// What the connections are played.
type Behaviour = dyn Fn(&mut Player) -> io::Result<()> + Send + Sync;

/// A scripted store; it closes everything when this is dropped.
pub struct Scripted {
    /// Where it listens.
    pub address: SocketAddr,
    log: Arc<Log>,
    accepting: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Plays the first connection the first script, the second the second; more connections are closed at once.
    pub fn connections<const N: usize>(scripts: [Vec<Step>; N]) -> Scripted {
        Scripted::start(move |player| {
            player.play(scripts.get(player.connection).map_or(&[], Vec::as_slice))?;
            player.close()
        })
    }

    /// Plays every connection the same script.
    pub fn always(script: impl Into<Vec<Step>>) -> Scripted {
        let script = script.into();
        Scripted::start(move |player| {
            player.play(&script)?;
            player.close()
        })
    }

    /// Reads the head of each request, and lets the closure say what happens then.
    pub fn choosing(choose: impl Fn(&Received) -> Vec<Step> + Send + Sync + 'static) -> Scripted {
        Scripted::start(move |player| {
            loop {
                let request = player.read_head()?;
                player.play(&choose(&request))?;
            }
        })
    }

    /// Reads each request whole and answers it as the closure says.
    pub fn answering(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Scripted {
        Scripted::choosing(move |request| vec![Step::ReadBody, Step::Answer(answer(request))])
    }

    fn start(behaviour: impl Fn(&mut Player) -> io::Result<()> + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, log) = (listener.local_addr().unwrap(), Arc::new(Log::default()));
        let (accepted, behaviour): (_, Arc<Behaviour>) = (log.clone(), Arc::new(behaviour));
        let accepting = Some(thread::spawn(move || accept(&listener, &accepted, &behaviour)));
        Scripted { address, log, accepting }
    }

    /// The endpoint as settings write it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has arrived so far: requests whose heads are complete, in the order in which they were.
    pub fn requests(&self) -> Vec<Received> {
        self.log.read(|state| state.requests.clone())
    }

    /// The request of this number, from 0, as soon as its body is at its end, whole or not.
    pub fn request(&self, number: usize) -> Received {
        let ended = |requests: &[Received]| requests.get(number).is_some_and(|one| one.end != BodyEnd::Unread);
        self.wait_until(ended).swap_remove(number)
    }

    /// The one request that arrived, its body at its end; a second one by then is a failure.
    pub fn only_request(&self) -> Received {
        let request = self.request(0);
        assert_eq!(self.requests().len(), 1, "requests that arrived");
        request
    }

    /// Waits until what has arrived is as wanted.
    pub fn wait_until(&self, wanted: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        self.log.wait(|state| wanted(&state.requests).then(|| state.requests.clone()))
    }

    /// How many connections were opened, those included that are not accepted yet.
    pub fn connection_count(&self) -> usize {
        self.log.visit(self.address);
        self.log.read(|state| state.opened)
    }

    /// Whether no connection was opened.
    pub fn nothing_arrived(&self) -> bool {
        self.connection_count() == 0
    }

    /// Waits until the other side has ended every connection it opened.
    pub fn wait_until_left(&self) {
        self.log.visit(self.address);
        self.log.wait(|state| (state.left == state.opened).then_some(()));
    }

    /// Lets one [`Step::Wait`] go on, now or when a script comes to it.
    pub fn go_on(&self) {
        self.log.change(|state| state.permits += 1);
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.log.let_go();
        // Whom the listener accepts now is not served.
        let _ = TcpStream::connect(self.address);
        let ended = self.accepting.take().map(JoinHandle::join);
        assert!(thread::panicking() || !matches!(ended, Some(Err(_))), "a script failed");
    }
}

fn accept(listener: &TcpListener, log: &Arc<Log>, behaviour: &Arc<Behaviour>) {
    let mut playing = Vec::new();
    while let Ok((stream, peer)) = listener.accept() {
        if log.is_over() {
            break;
        }
        let Some(socket) = log.accepted(&stream, peer) else { continue };
        let (log, behaviour) = (log.clone(), behaviour.clone());
        playing.push(thread::spawn(move || {
            let mut player = Player::new(stream, log.clone());
            let counts = !player.answers_check();
            player.connection = log.opened(counts);
            if counts {
                // How it ended is in the log; that the other side went away is no failure here.
                let _ = behaviour(&mut player);
            }
            drop(player);
            log.closed(socket, counts);
        }));
    }
    playing.into_iter().for_each(|thread| thread.join().unwrap());
}
