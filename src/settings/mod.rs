//! Settings: flags, environment and a TOML file, checked and resolved.
//!
//! Flags win over the file, the file over the defaults. If the environment has a key, it is the only one.
//! Reading does not stop at the first fault: every [`crate::diagnostics::Diagnostic`] is collected, with file, line and
//! advice. A relative path in a settings file is relative to that file; one in a flag, and the default data folder, to
//! the working folder.
//!
//! [`load`] only reads. Only [`credentials::make`] writes: it keeps the pair of the first start.

mod findings;
mod table;
mod choice;
mod written;
mod paths;
mod address;
mod domain;
mod pages;
mod public;
mod proxies;
mod secret;
mod limits;
mod keys;
mod key_flag;
mod flags;
mod pem;
mod cors;
pub mod credentials;
mod given_keys;
mod life;
mod tls;
mod http2;
pub mod resolved;
mod policy;
mod store;
mod audit;
mod remote;
mod bucket;
mod fingerprint;
mod load;
mod rules;
mod changes;
mod reread;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use changes::Changes;
pub use credentials::FILE as KEPT_KEY;
pub use fingerprint::Fingerprint;
pub use flags::Flags;
pub use http2::Http2;
pub use key_flag::KeyText;
pub use keys::{GivenKey, expiring};
pub use life::{Life, control_in};
pub use limits::{PortLimits, RequestLimits};
pub use load::{Loaded, load, load_admin, load_control};
pub use pages::Pages;
pub use paths::check_data_folder;
pub use policy::{PolicyReference, policy_line};
pub use remote::UpstreamKey;
pub use reread::{Reread, reread};
pub use resolved::{Mode, Settings, Upstream};
pub use rules::{LoadedKeys, LoadedRules, load_keys, load_rules};
pub use secret::{Environment, SecretPlace};
pub use tls::{ClientAuthorities, Tls};
pub use written::declared;

#[cfg(test)]
mod tests;
