//! The store's own threads. One that ends too early is reported.

use super::guard::guarded;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};

/// What the first thread that panicked was for; empty while none has. It stays until the folder is opened again, as what
/// a panic leaves is unknown.
#[derive(Debug, Clone, Default)]
pub(super) struct ThreadHealth(Arc<OnceLock<&'static str>>);

impl ThreadHealth {
    /// Starts a thread. Where its work panics the store has failed, for the reason given.
    pub(super) fn start(
        &self,
        name: &'static str,
        reason: &'static str,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        let health = self.clone();
        Builder::new().name(name.into()).spawn(move || {
            if let Err(panic) = guarded(work) {
                tracing::error!(thread = name, panic, "{reason}");
                // The first reason stays: the second may follow from it.
                let _ = health.0.set(reason);
            }
        })
    }

    /// Why the store takes no more writes, if it does not.
    pub(super) fn failure(&self) -> Option<&'static str> {
        self.0.get().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thread_to_panic_is_the_reason() {
        let health = ThreadHealth::default();
        health.start("well", "never", || {}).unwrap().join().unwrap();
        assert_eq!(health.failure(), None);
        for reason in ["first", "second"] {
            health.start("ill", reason, || panic!("torn")).unwrap().join().unwrap();
            assert_eq!(health.failure(), Some("first"));
        }
    }
}
