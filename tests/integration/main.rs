//! Everything that needs the built crate as a whole: the rules of CONTRIBUTING.md, and the server over real sockets.
//!
//! One binary, so that it links once. Servers run in this process on ports of the system's choosing; no test waits by
//! sleeping, and none depends on how fast the machine is.

#![allow(missing_docs, unreachable_pub, reason = "nothing here is for others")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test they are how it fails")]

mod support;

mod access_log;
mod admin;
mod architecture;
mod audit_logs;
mod authentication;
mod bad_starts;
mod configurations;
mod connections;
mod contract;
mod copies;
mod cors;
mod crash;
mod damage;
mod flips;
mod denials;
mod credentials;
mod dependencies;
mod encryption;
mod examples;
mod explain;
mod hostile;
mod http2;
mod layers;
mod links;
mod limits;
mod listings;
mod local_audit;
mod metrics;
mod nodes;
mod objects;
mod open;
mod pages;
mod proxies;
mod public;
mod readme;
mod reads;
mod reload;
mod restart;
mod rows;
mod rules;
mod rulings;
mod scripted;
mod security;
mod starting;
mod slow_readers;
mod stores;
mod streaming;
mod temporary;
mod tls;
mod today;
mod uploads;
mod upkeep;
mod upstream;
