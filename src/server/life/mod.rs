//! The life of a server: its addresses, its start, its background tasks, its stop.

mod lifecycle;
pub mod listeners;
mod opening;
mod admin;
pub mod run;
mod signals;
mod buckets;
mod reload;
mod commands;
pub mod serve;
