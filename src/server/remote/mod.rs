//! Answering from a remote store.

pub mod credentials;
pub mod nodes;
