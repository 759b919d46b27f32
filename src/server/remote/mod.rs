//! A remote store: what requests towards it are signed with.

pub mod credentials;
