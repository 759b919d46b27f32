//! The rules of one operation for its headers or its parameters: names, value patterns, verdicts.

use crate::policy::source::Place;
use crate::policy::verdict::Verdict;
use std::sync::Arc;

/// A verdict and the line of the policy that gives it.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    /// What is said.
    pub(super) verdict: Arc<Verdict>,
    /// The line that says it.
    pub(super) place: Place,
}

/// Which values a case of a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One of these, to the letter.
    Is(Vec<String>),
    /// Those that start with one of these.
    Starts(Vec<String>),
}

impl Pattern {
    /// Whether the value is one the case is for.
    pub(super) fn matches(&self, value: &[u8]) -> bool {
        match self {
            Pattern::Is(values) => values.iter().any(|v| v.as_bytes() == value),
            Pattern::Starts(starts) => starts.iter().any(|s| value.starts_with(s.as_bytes())),
        }
    }
}

/// What the policy says of one header or parameter, or of all whose names start alike.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// As written: lower case for headers, ending in `*` for a prefix.
    pub(super) name: String,
    /// The line of the name.
    pub(super) place: Place,
    /// The cases in the policy's order; the first that matches decides.
    pub(super) cases: Vec<(Pattern, Judgement)>,
    /// What is said of all other values.
    pub(super) otherwise: Judgement,
}

impl Rule {
    /// The judgement of a value.
    pub(super) fn judge(&self, value: &[u8]) -> &Judgement {
        let case = self.cases.iter().find(|(pattern, _)| pattern.matches(value));
        case.map_or(&self.otherwise, |(_, judgement)| judgement)
    }

    /// What the names must start with, where the rule is for a prefix.
    pub(super) fn prefix(&self) -> Option<&str> {
        self.name.strip_suffix('*')
    }
}

/// Rules in the policy's order, with an index by name.
#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    // Positions of the rules for one name, ordered by that name; positions of those for prefixes, in order.
    exact: Vec<usize>,
    prefixes: Vec<usize>,
}

impl Rules {
    /// The index over rules with distinct names.
    pub(super) fn new(rules: Vec<Rule>) -> Rules {
        let (prefixes, mut exact): (Vec<_>, Vec<_>) = (0..rules.len()).partition(|&i| rules[i].prefix().is_some());
        exact.sort_by(|&a, &b| rules[a].name.cmp(&rules[b].name));
        Rules { rules, exact, prefixes }
    }

    /// The rule for a name and its position: an exact one before prefixes, of these the first written.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Rule)> {
        let exact = self.exact.binary_search_by(|&i| self.rules[i].name.as_str().cmp(name)).map(|at| self.exact[at]);
        let starts = |rule: &Rule| rule.prefix().is_some_and(|prefix| name.starts_with(prefix));
        let at = exact.ok().or_else(|| self.prefixes.iter().copied().find(|&i| starts(&self.rules[i])))?;
        Some((at, &self.rules[at]))
    }

    /// All rules in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }
}
