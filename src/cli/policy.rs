//! `policy list`, `show`, `diff` and `lint`: policies as people read them.

use crate::cli::arguments::PolicyCommand;
use crate::cli::failure::{Failure, write_warnings};
use crate::cli::style::{BAD, BOLD, FAINT, GOOD};
use crate::policy::{BUILTIN, Effective, Policy};
use crate::settings::{Fault, Place, PolicyReference};
use std::io::{self, Write};
use std::path::Path;

/// Does what `policy ...` asks for.
pub(super) fn run(command: &PolicyCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        PolicyCommand::List => list(out)?,
        PolicyCommand::Show { name } => show(&load(name)?, out)?,
        PolicyCommand::Diff { left, right } => diff(&load(left)?, &load(right)?, out)?,
        PolicyCommand::Lint { file } => lint(file, out)?,
    }
    Ok(())
}

fn load(name: &str) -> Result<Policy, Failure> {
    Ok(PolicyReference::parse(name).load(&Place::named("policy"))?)
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    BUILTIN.iter().try_for_each(|(name, file, text)| {
        writeln!(out, "{BOLD}{name:<8}{BOLD:#} {}  {FAINT}{file}{FAINT:#}", opening(text))
    })
}

/// What a policy says of itself: the comment on its first line.
fn opening(text: &str) -> &str {
    text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default()
}

/// Every ruling, operation by operation, with the line it stands on.
fn show(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    let mut operation = None;
    for row in policy.effective() {
        if operation != Some(row.operation) {
            operation = Some(row.operation);
            writeln!(out, "{BOLD}{}{BOLD:#}", heading(row.operation))?;
        }
        writeln!(out, "  {:<58} {}  {FAINT}{}{FAINT:#}", subject(&row), row.verdict, row.rule)?;
    }
    Ok(())
}

/// Where requests are ruled differently, with the line of each side.
fn diff(left: &Policy, right: &Policy, out: &mut dyn Write) -> io::Result<()> {
    let differences = left.differences(right);
    if differences.is_empty() {
        return writeln!(out, "{GOOD}the same{GOOD:#}: {} and {} rule alike", left.name(), right.name());
    }
    for [ours, theirs] in &differences {
        writeln!(out, "{BOLD}{} {}{BOLD:#}", heading(ours.operation), subject(ours))?;
        writeln!(out, "  {BAD}- {}{BAD:#}  {FAINT}{}{FAINT:#}", ours.verdict, ours.rule)?;
        writeln!(out, "  {GOOD}+ {}{GOOD:#}  {FAINT}{}{FAINT:#}", theirs.verdict, theirs.rule)?;
    }
    Ok(())
}

fn lint(file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let policy = PolicyReference::File(file.to_owned()).load(&Place::named("policy lint"))?;
    let warnings: Vec<Fault> = policy.warnings().iter().cloned().map(Fault::from).collect();
    write_warnings(&warnings, &mut anstream::stderr().lock())?;
    let count = match warnings.len() {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    writeln!(out, "{GOOD}ok{GOOD:#}: {} is a complete policy{count}", file.display())?;
    Ok(())
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
        for opening in
            ["R2 as its compatibility page of July 2022 describes it", "Everything the operation table knows."]
        {
            assert!(listed.contains(opening), "{listed}");
        }
    }

    #[test]
    fn a_policy_is_shown_with_its_lines() {
        let shown = output(&PolicyCommand::Show { name: "r2".into() });
        let acl = shown.lines().skip_while(|line| *line != "PutObject").find(|line| line.contains("headers x-amz-acl"));
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
        let acl =
            shown.lines().skip_while(|line| *line != "GetObjectAcl operation").skip(1).take(2).collect::<Vec<_>>();
        assert!(acl[0].starts_with("  - ") && acl[0].contains("policies/r2.toml:"), "{acl:?}");
        assert!(acl[1].starts_with("  + ") && acl[1].contains("policies/open.toml:"), "{acl:?}");
    }

    #[test]
    fn a_file_with_faults_is_not_loaded() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, "extends = \"r2\"\n[operation.PutObjekt]\nverdict = \"accept\"\n").unwrap();
        let lint = PolicyCommand::Lint { file: file.clone() };
        let Err(Failure::Faults(faults)) = run(&lint, &mut Vec::new()) else { panic!("it was accepted") };
        assert_eq!(faults[0].place, Place::line(&file, 2));
        std::fs::write(&file, "extends = \"r2\"\n").unwrap();
        assert!(output(&lint).starts_with("ok: "));
    }

    #[test]
    fn a_name_that_is_no_policy_gets_advice() {
        let Err(Failure::Faults(faults)) = load("r3") else { panic!("there is a policy r3") };
        assert_eq!(faults[0].advice, "did you mean \"r2\"?");
    }
}
