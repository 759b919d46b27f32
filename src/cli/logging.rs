//! The log: written to stderr as text or JSON, at the levels `R2SHIM_LOG` asks for.
//!
//! Libraries log, too, and pingora puts whole request targets, presigned signatures included, into its messages. So
//! records that come through `log` are only accepted at the level error, regardless of `R2SHIM_LOG`.

use crate::cli::arguments::LogFormat;
use crate::diagnostics::{Diagnostic, Location};
use anstream::ColorChoice;
use std::env::VarError;
use tracing_log::{LogTracer, log::LevelFilter};
use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "R2SHIM_LOG";

/// A module of pingora that logs an error if a connection just returned to the pool cannot be taken out at once.
/// pingora then opens another one. r2shim logs its own failures.
const CONNECTIONS: &str = "pingora_core::connectors";

/// Starts the log. To be called once; a second call changes nothing.
pub fn start(format: LogFormat) -> Result<(), Diagnostic> {
    let filter = filter(std::env::var(VARIABLE))?;
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let subscriber: Box<dyn tracing::Subscriber + Send + Sync> = match format {
        LogFormat::Text => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    };
    // Both fail only if a log was started before, as in tests.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let _ = LogTracer::builder().with_max_level(LevelFilter::Error).ignore_crate(CONNECTIONS).init();
    Ok(())
}

/// Whether the level can be read.
///
/// # Errors
/// The fault in `R2SHIM_LOG`.
pub fn check() -> Result<(), Diagnostic> {
    filter(std::env::var(VARIABLE)).map(drop)
}

fn filter(directives: Result<String, VarError>) -> Result<EnvFilter, Diagnostic> {
    let text = match directives {
        Err(VarError::NotPresent) => "info".to_owned(),
        Ok(text) if text.trim().is_empty() => "info".to_owned(),
        Ok(text) => text,
        Err(VarError::NotUnicode(_)) => return Err(fault("it is not UTF-8")),
    };
    EnvFilter::try_new(text).map_err(|error| fault(&error.to_string()))
}

fn fault(problem: &str) -> Diagnostic {
    let advice = "write error, warn, info, debug or trace, or TARGET=LEVEL, as r2shim=debug";
    Diagnostic::new(Location::from_name(VARIABLE), format!("not a log level: {problem}"), advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_from_the_variable() {
        for (value, expected) in [
            (Err(VarError::NotPresent), Some("info")),
            (Ok(String::new()), Some("info")),
            (Ok("debug".to_owned()), Some("debug")),
            (Ok("r2shim=trace".to_owned()), Some("r2shim=trace")),
            (Ok("r2shim=loud".to_owned()), None),
        ] {
            let shown = filter(value.clone()).map(|filter| filter.to_string()).ok();
            assert_eq!(shown.as_deref(), expected, "{value:?}");
        }
    }
}
