//! Every flag is also an environment variable: `--listen` is `R2SHIM_LISTEN`. A flag wins over its variable.

use crate::cli::arguments::Arguments;
use crate::diagnostics::{Diagnostic, Location, nearest};
use crate::settings::{Flags, Loaded, SecretPlace};
use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::collections::BTreeSet;
use std::ffi::OsString;

const PREFIX: &str = "R2SHIM_";

/// The flags whose variable has another name: command, or none for all, flag, variable.
const OTHER_NAMES: &[(&str, &str, &str)] = &[
    // R2SHIM_LOG is the level.
    ("", "log", "R2SHIM_LOG_FORMAT"),
    // R2SHIM_BUCKET has the buckets that `serve` makes.
    ("new", "bucket", "R2SHIM_KEYS_BUCKET"),
    ("temporary", "bucket", "R2SHIM_KEYS_BUCKET"),
    // R2SHIM_KEY has the keys that `serve` takes, and these commands with it.
    ("temporary", "key", "R2SHIM_KEYS_KEY"),
    // Where clients have their credentials.
    ("check", "id", "AWS_ACCESS_KEY_ID"),
    ("check", "secret", "AWS_SECRET_ACCESS_KEY"),
    ("check", "token", "AWS_SESSION_TOKEN"),
];

/// Flags that may be repeated and whose values can have commas.
const WITH_COMMAS: &[&str] = &["key", "header", "prefix", "object"];

/// Variables that do not belong to a flag.
const OTHERS: &[&str] = &["R2SHIM_ACCESS_KEY_ID", "R2SHIM_SECRET_ACCESS_KEY", "R2SHIM_LOG"];

/// The command line, with a variable for each flag.
pub(super) fn command() -> Command {
    with_variables(Arguments::command())
}

fn with_variables(command: Command) -> Command {
    let name = command.get_name().to_owned();
    command.mut_args(|argument| with_variable(&name, argument)).mut_subcommands(with_variables)
}

fn with_variable(command: &str, argument: Arg) -> Arg {
    let Some(flag) = argument.get_long().map(str::to_owned) else { return argument };
    // Values are hidden because some are secrets.
    let argument = argument.env(variable(command, &flag)).hide_env_values(true);
    if matches!(argument.get_action(), ArgAction::SetTrue) {
        return argument.value_parser(BoolishValueParser::new());
    }
    let is_list = matches!(argument.get_action(), ArgAction::Append) && !WITH_COMMAS.contains(&flag.as_str());
    if is_list { argument.value_delimiter(',') } else { argument }
}

fn variable(command: &str, flag: &str) -> String {
    let other = OTHER_NAMES.iter().find(|(of, name, _)| *name == flag && (of.is_empty() || *of == command));
    other.map_or_else(|| Flags::variable(flag), |(_, _, variable)| (*variable).to_owned())
}

/// Every variable that has a meaning.
fn known() -> BTreeSet<String> {
    let mut known: BTreeSet<_> = OTHERS.iter().map(|name| (*name).to_owned()).collect();
    collect(&command(), &mut known);
    known
}

fn collect(command: &Command, known: &mut BTreeSet<String>) {
    let names = command.get_arguments().filter_map(Arg::get_env);
    known.extend(names.map(|name| name.to_string_lossy().into_owned()));
    command.get_subcommands().for_each(|command| collect(command, known));
}

/// The warnings: those of the settings, and those for variables whose names are nearly those of r2shim.
pub(super) fn all_warnings(loaded: &Loaded) -> Vec<Diagnostic> {
    let secrets = loaded.keys.iter().map(|key| &key.secret).chain(loaded.upstream_key.iter().map(|key| &key.secret));
    let named = secrets.filter_map(|secret| match secret {
        SecretPlace::Environment(name) => Some(name.as_str()),
        _ => None,
    });
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    [loaded.warnings.clone(), misspelt(set, named)].concat()
}

/// Warnings for variables whose names are nearly those of r2shim. Others are ignored: Kubernetes gives every pod
/// variables like `R2SHIM_SERVICE_HOST` if a service is called r2shim. `named` are those that settings name for
/// secrets.
fn misspelt<'v>(set: impl Iterator<Item = String>, named: impl Iterator<Item = &'v str>) -> Vec<Diagnostic> {
    let mut known = known();
    known.extend(named.map(str::to_owned));
    let ends: Vec<_> = known.iter().filter_map(|name| name.strip_prefix(PREFIX)).collect();
    let unknown = set.filter(|name| !known.contains(name));
    unknown
        .filter_map(|name| {
            let near = nearest(name.strip_prefix(PREFIX)?, &ends)?;
            let advice = format!("did you mean {PREFIX}{near}?");
            Some(Diagnostic::new(Location::from_name(&name), "means nothing to r2shim", advice))
        })
        .collect()
}

/// The fault of a variable. clap reports the flag when it refuses the variable's value. `given` is the command line.
pub(super) fn fault_of(error: &clap::Error, given: impl Iterator<Item = OsString>) -> Option<Diagnostic> {
    if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        return None;
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = text(ContextKind::InvalidArg)?.split([' ', '=']).next()?;
    if !flag.starts_with("--") {
        return None;
    }
    let words: Vec<_> = given.map(|word| word.to_string_lossy().into_owned()).collect();
    if words.iter().any(|word| word.split('=').next() == Some(flag)) {
        return None;
    }
    let command = words.iter().rev().find(|word| OTHER_NAMES.iter().any(|(of, ..)| of == word));
    let variable = variable(command.map_or("", String::as_str), flag.trim_start_matches("--"));
    let problem = match text(ContextKind::InvalidValue) {
        Some("") | None => "is set and empty".to_owned(),
        Some(value) => format!("{value:?} is no value for {flag}"),
    };
    let advice = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => format!("write one of {}", values.join(", ")),
        _ => format!("give it a value, or unset it; `--help` says what {flag} means"),
    };
    Some(Diagnostic::new(Location::from_name(&variable), problem, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(names: &[&str]) -> Vec<String> {
        let set = names.iter().map(|name| (*name).to_owned());
        let found = misspelt(set, ["R2SHIM_KEYS"].into_iter());
        found.iter().map(|warning| format!("{}: {}", warning.location, warning.advice)).collect()
    }

    #[test]
    fn slips_are_warned_of_and_variables_of_others_are_not() {
        for (slip, meant) in [
            ("R2SHIM_LISTN", "R2SHIM_LISTEN"),
            ("R2SHIM_BUCKETS", "R2SHIM_BUCKET"),
            ("R2SHIM_ACCES_KEY_ID", "R2SHIM_ACCESS_KEY_ID"),
            ("R2SHIM_LOGFORMAT", "R2SHIM_LOG_FORMAT"),
        ] {
            assert_eq!(warned(&[slip]), [format!("{slip}: did you mean {meant}?")]);
        }
        let kubernetes = ["SERVICE_HOST", "SERVICE_PORT", "PORT", "PORT_9000_TCP", "PORT_9000_TCP_ADDR"];
        let names: Vec<_> = kubernetes.iter().map(|name| format!("R2SHIM_{name}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert!(warned(&names).is_empty());
        assert!(warned(&["R2SHIM_LISTEN", "R2SHIM_LOG", "R2SHIM_KEYS", "RUST_LOG"]).is_empty());
    }

    fn check(command: &Command, path: &str, seen: &mut Vec<(String, String)>) {
        for argument in command.get_arguments() {
            let Some(flag) = argument.get_long() else { continue };
            let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
            let variable = variable.unwrap_or_else(|| panic!("{path} --{flag} has no variable"));
            assert!(argument.is_hide_env_values_set(), "{path} --{flag} shows its variable's value");
            let reads_variables = ["r2shim serve", "r2shim check", "r2shim explain"].contains(&path);
            if reads_variables && variable != "R2SHIM_LOG_FORMAT" {
                // `Variables` finds the variable of a flag by the id.
                assert!(flag == "header" || Flags::variable(argument.get_id().as_str()) == variable, "{path} --{flag}");
            }
            seen.push((variable, flag.to_owned()));
        }
        command.get_subcommands().for_each(|inner| check(inner, &format!("{path} {}", inner.get_name()), seen));
    }

    #[test]
    fn every_flag_has_a_variable_and_every_variable_one_flag() {
        let mut seen = Vec::new();
        check(&command(), "r2shim", &mut seen);
        for (variable, flag) in &seen {
            let other = seen.iter().find(|(name, other)| name == variable && other != flag);
            assert!(other.is_none() && !OTHERS.contains(&variable.as_str()), "{variable}: {flag} {other:?}");
        }
    }
}
