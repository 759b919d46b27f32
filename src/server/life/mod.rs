//! The life of a server: its addresses, its start, its background tasks, its stop.

mod lifecycle;
mod scrub;
pub mod inherited;
pub mod listeners;
mod accept;
mod handles;
mod opening;
mod admin;
pub mod run;
mod signals;
mod supervisor;
mod turn;
mod buckets;
mod reload;
mod upkeep;
mod commands;
pub mod serve;
