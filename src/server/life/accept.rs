//! Accepts connections until the server stops, and gives each to a thread that serves it.

use crate::server::connection::socket::Socket;
use crate::server::life::listeners::Bound;
use crate::server::workers::Workers;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How long accepting pauses after the system has failed to give a connection: without descriptors it would fail at once
/// again.
const PAUSE: Duration = Duration::from_secs(1);

/// Where connections are served.
#[derive(Clone)]
pub(super) enum Threads {
    /// Each on one worker.
    Workers(Arc<Workers>),
    /// On those of the shared runtime.
    Shared,
}

/// Serves connections to the address with `app`. The task ends when the server stops: then the socket is closed.
///
/// # Errors
/// The socket cannot be waited for.
pub(super) fn accept<A: ServerApp + Send + Sync + 'static>(
    bound: Bound,
    app: Arc<A>,
    threads: Threads,
    mut stopping: ShutdownWatch,
) -> io::Result<JoinHandle<()>> {
    let listener = TcpListener::from_std(bound.into_listener())?;
    Ok(tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                biased;
                // If the sender is gone, the server has stopped already.
                _ = stopping.wait_for(|stop| *stop) => return,
                accepted = listener.accept() => accepted,
            };
            let begun = accepted.and_then(|(stream, peer)| begin(stream, peer, &app, &threads, &stopping));
            if let Err(error) = begun
                && !is_of_the_client(&error)
            {
                tracing::error!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }))
}

/// Whether the client has closed the connection before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

fn begin<A: ServerApp + Send + Sync + 'static>(
    stream: TcpStream,
    peer: SocketAddr,
    app: &Arc<A>,
    threads: &Threads,
    stopping: &ShutdownWatch,
) -> io::Result<()> {
    let (app, stopping) = (app.clone(), stopping.clone());
    match threads {
        Threads::Shared => drop(tokio::spawn(serve(stream, peer, app, stopping))),
        Threads::Workers(workers) => {
            // The worker waits for it from now on.
            let stream = stream.into_std()?;
            workers.serve(move || async move {
                match TcpStream::from_std(stream) {
                    Ok(stream) => serve(stream, peer, app, stopping).await,
                    Err(error) => tracing::error!(%error, "a connection could not be served"),
                }
            });
        }
    }
    Ok(())
}

async fn serve<A: ServerApp>(stream: TcpStream, peer: SocketAddr, app: Arc<A>, stopping: ShutdownWatch) {
    // A client that has gone needs no answer.
    let Ok(socket) = Socket::new(stream, peer) else { return };
    let mut next: Option<Stream> = Some(Box::new(socket));
    while let Some(stream) = next {
        next = app.process_new(stream, &stopping).await;
    }
}
