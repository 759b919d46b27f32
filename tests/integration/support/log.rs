//! What is logged, as the server would write it to stderr.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// Does something on this thread. Returns what it logged meanwhile, as text or JSON, and what came of it.
pub fn logged<T>(as_json: bool, doing: impl FnOnce() -> T) -> (String, T) {
    let written = Written::default();
    let builder = tracing_subscriber::fmt().with_writer(written.clone()).with_ansi(false);
    let done = if as_json {
        tracing::subscriber::with_default(builder.json().flatten_event(true).finish(), doing)
    } else {
        tracing::subscriber::with_default(builder.finish(), doing)
    };
    let bytes = written.0.lock().unwrap().clone();
    (String::from_utf8(bytes).unwrap(), done)
}

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Written;

    fn make_writer(&self) -> Written {
        self.clone()
    }
}
