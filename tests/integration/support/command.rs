//! The built binary as a user of the command line meets it.

use std::process::Command;

/// What a command said.
pub struct Output {
    pub code: i32,
    pub out: String,
    pub errors: String,
}

/// Flags by which `serve` and `check` bind free ports. Tests run side by side, and the machine may have its own server at
/// the ports that examples and defaults name.
pub const FREE_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

/// Runs `r2shim` with these words, and of the environment only these variables.
pub fn r2shim(words: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
    command.args(words).env_clear().envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code().unwrap_or(-1), out: text(output.stdout), errors: text(output.stderr) }
}
