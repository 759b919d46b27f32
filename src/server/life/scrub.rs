//! Scrubs the store at the interval in the settings: reads all of it while requests are served, and logs damage.

use crate::server::clock;
use crate::store::upkeep::{Event, Pace, ScrubRun, UpkeepError};
use crate::store::{ScrubPlan, Store};
use std::io;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// The longest wait at a time: the time of day may be set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// The wait while a check or backup runs.
const BUSY_WAIT: Duration = Duration::from_secs(60);

/// Runs until it is aborted.
pub(super) async fn run_scrub(store: Store) {
    let Some(plan) = store.scrub_plan() else { return };
    loop {
        let due_in = match store.last_scrub() {
            Ok(last) => plan.due_in(last.map(|last| last.ended), clock::now()),
            Err(_) => LONGEST_WAIT,
        };
        if due_in > Duration::ZERO {
            sleep(due_in.min(LONGEST_WAIT)).await;
            continue;
        }
        match scrub(&store, plan).await {
            Ok(run) => log_run(&run),
            Err(UpkeepError::Busy) => sleep(BUSY_WAIT).await,
            Err(error) => {
                tracing::warn!(%error, "the scrub of the store failed and is begun again in an hour");
                sleep(LONGEST_WAIT).await;
            }
        }
    }
}

/// Scrubs once, on a thread that serves no requests. The thread ends soon after this is dropped.
async fn scrub(store: &Store, plan: ScrubPlan) -> Result<ScrubRun, UpkeepError> {
    let (alive, dead) = oneshot::channel::<()>();
    let store = store.clone();
    let work = tokio::task::spawn_blocking(move || {
        let mut dead = dead;
        let pace = Pace::new(Some(plan.bytes_a_second));
        let run = store.scrub(pace, &mut |event| {
            if let Event::Found(finding) = event {
                tracing::error!(%finding, "the scrub of the store has found damage");
            }
            match dead.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => Ok(()),
                _ => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the server stops")),
            }
        })?;
        store.note_scrub(&run, clock::now())?;
        Ok(run)
    });
    let run = work.await.map_err(|error| UpkeepError::Output(io::Error::other(error)));
    drop(alive);
    run?
}

fn log_run(run: &ScrubRun) {
    let ScrubRun { checked, proven, read } = run;
    let (objects, findings, proven) = (checked.objects, checked.findings, proven.files);
    tracing::info!(objects, read, findings, proven, "the store is scrubbed");
}
