//! The binary. All of its code is in the library.

use std::process::ExitCode;

/// Small requests cost about a tenth less with it than with the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    r2shim::cli::run()
}
