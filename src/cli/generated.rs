//! Completions and man pages, made from the definitions of the command line.

use crate::cli::arguments::Man;
use crate::cli::failure::Failure;
use crate::cli::variables;
use crate::diagnostics::{Diagnostic, Location};
use clap_complete::Shell;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes the script that completes words in a shell.
pub(super) fn completions(shell: Shell, out: &mut dyn Write) -> Result<(), Failure> {
    // clap's writer panics if its output cannot be written.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut variables::command(), "r2shim", &mut script);
    Ok(out.write_all(&script)?)
}

/// Writes the man page of `r2shim`, or into a folder those of all commands.
pub(super) fn man(arguments: &Man, out: &mut dyn Write) -> Result<(), Failure> {
    match &arguments.folder {
        None => Ok(clap_mangen::Man::new(variables::command().disable_help_subcommand(true)).render(&mut &mut *out)?),
        Some(folder) => pages(folder).map_err(|error| {
            let message = format!("man pages cannot be written: {error}");
            Diagnostic::new(Location::file(folder), message, "name a folder that this user can write to").into()
        }),
    }
}

fn pages(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(variables::command(), folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_gets_a_script_with_the_commands_in_it() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            completions(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("healthcheck") && script.contains("ready-file"), "{shell}");
        }
    }

    #[test]
    fn every_command_has_a_page_with_its_variables() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("man1");
        man(&Man { folder: Some(pages.clone()) }, &mut Vec::new()).unwrap();
        let page = |name: &str| fs::read_to_string(pages.join(name)).unwrap();
        assert!(page("r2shim.1").contains("r2shim\\-serve(1)"));
        assert!(page("r2shim-serve.1").contains("R2SHIM_READY_FILE"));
        assert!(pages.join("r2shim-store-check.1").is_file());
        let mut main = Vec::new();
        man(&Man { folder: None }, &mut main).unwrap();
        assert_eq!(String::from_utf8(main).unwrap(), page("r2shim.1"));
    }

    #[test]
    fn a_folder_that_cannot_be_is_a_fault() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let folder = Some(file.path().join("man"));
        assert!(matches!(man(&Man { folder }, &mut Vec::new()), Err(Failure::Faults(_))));
    }
}
