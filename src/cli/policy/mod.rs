//! `policy list`, `show`, `diff` and `lint`: policies for people to read.

mod format;
mod arguments;

pub use arguments::PolicyCommand;

use crate::audit::RuleId;
use crate::cli::failure::{Failure, write_warnings};
use crate::cli::style::{BAD, BOLD, FAINT, GOOD};
use crate::diagnostics::Location;
use crate::policy::{BUILTIN, Effective, Policy};
use crate::settings::PolicyReference;
use std::io::{self, Write};
use std::path::Path;

/// Carries out `policy ...`.
pub(super) fn run(command: &PolicyCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        PolicyCommand::List => list(out)?,
        PolicyCommand::Show { name, format } => format.write(&load(name)?.table(), out)?,
        PolicyCommand::Diff { left, right } => diff(&load(left)?, &load(right)?, out)?,
        PolicyCommand::Lint { file } => lint(file, out)?,
    }
    Ok(())
}

fn load(name: &str) -> Result<Policy, Failure> {
    Ok(PolicyReference::parse(name).load(&Location::from_name("policy"))?)
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    BUILTIN.iter().try_for_each(|(name, file, text)| {
        writeln!(out, "{BOLD}{name:<8}{BOLD:#} {}  {FAINT}{file}{FAINT:#}", opening(text))
    })
}

/// The description of a policy: the first sentence of its first comment.
fn opening(text: &str) -> String {
    let comment: Vec<_> = text.lines().map_while(|line| line.strip_prefix("# ")).collect();
    let comment = comment.join(" ");
    comment.split_once(". ").map_or(comment.clone(), |(sentence, _)| format!("{sentence}."))
}

/// The differences of two policies, with the line of each side.
fn diff(left: &Policy, right: &Policy, out: &mut dyn Write) -> io::Result<()> {
    let differences = left.differences(right);
    if differences.is_empty() {
        return writeln!(out, "{GOOD}the same{GOOD:#}: {} and {} rule alike", left.name(), right.name());
    }
    for [ours, theirs] in &differences {
        let id = RuleId::of_line(ours).map(|id| format!("  {FAINT}{id}{FAINT:#}")).unwrap_or_default();
        writeln!(out, "{BOLD}{} {}{BOLD:#}{id}", heading(ours.operation), subject(ours))?;
        writeln!(out, "  {BAD}- {}{BAD:#}  {FAINT}{}{FAINT:#}", ours.verdict, ours.rule)?;
        writeln!(out, "  {GOOD}+ {}{GOOD:#}  {FAINT}{}{FAINT:#}", theirs.verdict, theirs.rule)?;
    }
    Ok(())
}

fn lint(file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let policy = reference(file).load(&Location::from_name("policy lint"))?;
    let warnings = policy.warnings();
    write_warnings(warnings, &mut anstream::stderr().lock())?;
    let count = match warnings.len() {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    writeln!(out, "{GOOD}ok{GOOD:#}: {} is a complete policy{count}", file.display())?;
    Ok(())
}

/// A file, if it exists; else a policy by its name, as in settings.
fn reference(file: &Path) -> PolicyReference {
    if file.is_file() {
        PolicyReference::File(file.to_owned())
    } else {
        PolicyReference::parse(&file.to_string_lossy())
    }
}

fn heading(operation: &str) -> &str {
    if operation.is_empty() { "every operation" } else { operation }
}

fn subject(row: &Effective<'_>) -> String {
    if row.name.is_empty() { row.kind.to_owned() } else { format!("{} {}", row.kind, row.name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::policy::format::ShowFormat;

    fn output(command: &PolicyCommand) -> String {
        let mut out = Vec::new();
        run(command, &mut out).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn the_built_in_policies_are_listed() {
        let listed = output(&PolicyCommand::List);
        for (name, file, _) in BUILTIN {
            assert!(listed.contains(name) && listed.contains(file), "{listed}");
        }
        for opening in [
            "R2 as its compatibility page of July 2022 describes it: the page, row by row.",
            "Everything the operation table knows.",
        ] {
            assert!(listed.contains(opening), "{listed}");
        }
    }

    #[test]
    fn a_policy_is_shown_with_its_lines() {
        let shown = output(&PolicyCommand::Show { name: "r2".into(), format: ShowFormat::Text });
        let put = shown.lines().skip_while(|line| !line.starts_with("  ✅ PutObject "));
        let acl = put.skip(1).find(|line| line.starts_with("       ❌ acl: x-amz-acl, x-amz-grant-full-control"));
        assert!(acl.is_some_and(|line| line.contains("policies/r2.toml:")), "{shown}");
    }

    #[test]
    fn a_policy_does_not_differ_from_itself() {
        let same = PolicyCommand::Diff { left: "r2".into(), right: "r2".into() };
        assert_eq!(output(&same), "the same: r2 and r2 rule alike\n");
    }

    #[test]
    fn where_two_policies_differ_both_lines_are_shown() {
        let shown = output(&PolicyCommand::Diff { left: "r2".into(), right: "open".into() });
        let acl = shown
            .lines()
            .skip_while(|line| *line != "GetObjectAcl operation  policy/GetObjectAcl")
            .skip(1)
            .take(2)
            .collect::<Vec<_>>();
        assert!(acl[0].starts_with("  - ") && acl[0].contains("policies/r2.toml:"), "{acl:?}");
        assert!(acl[1].starts_with("  + ") && acl[1].contains("policies/open.toml:"), "{acl:?}");
    }

    #[test]
    fn built_in_policies_are_complete() {
        for (name, ..) in BUILTIN {
            let lint = PolicyCommand::Lint { file: (*name).into() };
            assert_eq!(output(&lint), format!("ok: {name} is a complete policy\n"));
        }
    }

    #[test]
    fn a_file_with_faults_is_not_loaded() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, "extends = \"r2\"\n[operation.PutObjekt]\nverdict = \"accept\"\n").unwrap();
        let lint = PolicyCommand::Lint { file: file.clone() };
        let Err(Failure::Faults(faults)) = run(&lint, &mut Vec::new()) else { panic!("it was accepted") };
        assert_eq!(faults[0].location, Location::line(&file, 2));
        std::fs::write(&file, "extends = \"r2\"\n").unwrap();
        assert!(output(&lint).starts_with("ok: "));
        assert_eq!(output(&PolicyCommand::Lint { file: "r2".into() }), "ok: r2 is a complete policy\n");
    }

    #[test]
    fn an_unknown_policy_gets_advice() {
        let Err(Failure::Faults(faults)) = load("r3") else { panic!("there is a policy r3") };
        assert_eq!(faults[0].advice, "did you mean \"r2\"?");
    }
}
