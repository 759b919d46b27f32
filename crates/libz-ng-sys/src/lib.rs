//! Stands in for the registry's `libz-ng-sys`, which needs cmake to build.
//!
//! flate2 uses only names that plain zlib has too, so the whole of it is this re-export.
pub use libz_sys::*;
