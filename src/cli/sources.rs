//! Whether the value of a flag is from the command line or from its variable.

use crate::settings::Flags;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeSet;

/// The variables whose values stand for flags that were not given. To be flattened into arguments before all others.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeSet<String>);

impl Variables {
    /// Their names.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.0.clone()
    }
}

impl FromArgMatches for Variables {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Variables, clap::Error> {
        let ids = matches.ids().map(clap::Id::as_str);
        let from_variables = ids.filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable));
        Ok(Variables(from_variables.map(Flags::variable).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Variables::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Variables {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
