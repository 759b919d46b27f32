//! Which build of r2shim this is.

/// The release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from; `unknown` if the build had no repository.
pub const COMMIT: &str = match option_env!("R2SHIM_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
