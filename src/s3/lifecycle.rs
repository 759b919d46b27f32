//! Lifecycle rules: when objects expire, move to infrequent access, and when open uploads are aborted.
//!
//! A configuration is data. Whether a rule is due for an object is a pure function, to which the time is an argument.
//! The elements of a document are in [`crate::s3::xml`]. Other modules carry the rules out.
//!
//! R2 counts days from the write to the millisecond (I; R2 docs, "Object lifecycles", speaks of the `x-amz-expiration`
//! value). S3 waits until the next midnight.

use crate::s3::Timestamp;
use std::time::Duration;

/// A day in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// The name of the rule that a new bucket has on R2 (reported by users, halo-dev/plugin-s3 49).
const DEFAULT_RULE: &str = "Default Multipart Abort Rule";

/// The rules of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// In the order in which they were given. Of those that are due at different times the earliest counts.
    pub rules: Vec<LifecycleRule>,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    /// Its name, which no other rule of the bucket has.
    pub id: String,
    /// Whether it is in effect.
    pub enabled: bool,
    /// What the keys that it is for start with; empty is all of them.
    pub prefix: String,
    /// When objects are deleted.
    pub expiration: Option<When>,
    /// When objects move to the storage class `STANDARD_IA`.
    pub transition: Option<When>,
    /// How many days after its begin an open upload is aborted.
    pub abort_after: Option<u32>,
}

/// A time, or a time after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So many days after the object was written.
    Days(u32),
    /// From this time on, whenever the object was written.
    Date(Timestamp),
}

/// When something is due, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<'a> {
    /// From when on.
    pub at: Timestamp,
    /// The rule's name.
    pub rule: &'a str,
}

/// What is to be done to an object now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectAction {
    /// It is deleted.
    Expire,
    /// It moves to the storage class `STANDARD_IA`.
    Transition,
}

impl When {
    fn after(self, since: Timestamp) -> Timestamp {
        match self {
            When::Days(days) => days_after(since, days),
            When::Date(date) => date,
        }
    }
}

fn days_after(since: Timestamp, days: u32) -> Timestamp {
    Timestamp::from_millis(since.millis().saturating_add(u64::from(days) * DAY))
}

impl Lifecycle {
    /// The rules of a bucket that was never given any: open uploads are aborted at this age, in whole days and no
    /// earlier.
    pub fn of_new_bucket(upload_age: Duration) -> Lifecycle {
        let days = upload_age.as_millis().div_ceil(u128::from(DAY)).max(1);
        let abort_after = Some(u32::try_from(days).unwrap_or(u32::MAX));
        let rule =
            LifecycleRule { id: DEFAULT_RULE.to_owned(), enabled: true, abort_after, ..LifecycleRule::default() };
        Lifecycle { rules: vec![rule] }
    }

    /// When an object that was written at that time expires.
    pub fn expiration(&self, key: &str, written: Timestamp) -> Option<Due<'_>> {
        self.earliest(key, |rule| rule.expiration.map(|when| when.after(written)))
    }

    /// When an upload that was begun at that time is aborted.
    pub fn abortion(&self, key: &str, begun: Timestamp) -> Option<Due<'_>> {
        self.earliest(key, |rule| rule.abort_after.map(|days| days_after(begun, days)))
    }

    /// What is to be done at `now` to an object that was written at that time. One that expires within a day of its
    /// transition is not moved before (R2 docs, "Object lifecycles").
    pub fn action(&self, key: &str, written: Timestamp, now: Timestamp) -> Option<ObjectAction> {
        let expiration = self.expiration(key, written).map(|due| due.at);
        if expiration.is_some_and(|at| at <= now) {
            return Some(ObjectAction::Expire);
        }
        let transition = self.earliest(key, |rule| rule.transition.map(|when| when.after(written)))?.at;
        let soon_gone = expiration.is_some_and(|at| at.millis() <= transition.millis().saturating_add(DAY));
        (transition <= now && !soon_gone).then_some(ObjectAction::Transition)
    }

    /// What the keys of objects start with to which something may have to be done. None of them starts with another.
    pub fn prefixes_of_objects(&self) -> Vec<&str> {
        let acts = |rule: &&LifecycleRule| rule.enabled && (rule.expiration.is_some() || rule.transition.is_some());
        let mut prefixes: Vec<&str> = self.rules.iter().filter(acts).map(|rule| rule.prefix.as_str()).collect();
        prefixes.sort_unstable();
        // What starts with a prefix follows it.
        prefixes.dedup_by(|next, kept| next.starts_with(*kept));
        prefixes
    }

    fn earliest(&self, key: &str, at: impl Fn(&LifecycleRule) -> Option<Timestamp>) -> Option<Due<'_>> {
        let rules = self.rules.iter().filter(|rule| rule.enabled && key.starts_with(&rule.prefix));
        rules.filter_map(|rule| Some(Due { at: at(rule)?, rule: &rule.id })).min_by_key(|due| due.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000 * DAY);

    fn rule(id: &str, prefix: &str) -> LifecycleRule {
        LifecycleRule { id: id.into(), enabled: true, prefix: prefix.into(), ..LifecycleRule::default() }
    }

    fn days_ago(days: u64) -> Timestamp {
        Timestamp::from_millis(NOW.millis() - days * DAY)
    }

    /// Logs go after 90 days and move after 30, documents of 2019 at a date, drafts after 2 days and would move after
    /// 1.
    fn lifecycle() -> Lifecycle {
        let days = |days| Some(When::Days(days));
        Lifecycle {
            rules: vec![
                LifecycleRule { expiration: days(90), transition: days(30), ..rule("logs", "logs/") },
                LifecycleRule { expiration: days(10), ..rule("debug", "logs/debug/") },
                LifecycleRule { expiration: Some(When::Date(days_ago(5))), ..rule("2019", "2019/") },
                LifecycleRule { expiration: days(2), transition: days(1), ..rule("drafts", "drafts/") },
                LifecycleRule { expiration: days(1), enabled: false, ..rule("off", "") },
                LifecycleRule { abort_after: Some(7), ..rule("uploads", "") },
                LifecycleRule { abort_after: Some(1), ..rule("user uploads", "user/") },
            ],
        }
    }

    #[test]
    fn what_is_due_is_done_and_nothing_else() {
        use ObjectAction::{Expire, Transition};
        for (key, age, action) in [
            ("logs/a", 29, None),
            ("logs/a", 30, Some(Transition)),
            ("logs/a", 89, Some(Transition)),
            ("logs/a", 90, Some(Expire)),
            ("logs/debug/a", 9, None),
            ("logs/debug/a", 10, Some(Expire)),
            ("2019/a", 0, Some(Expire)),
            ("2019/a", 400, Some(Expire)),
            ("drafts/a", 1, None),
            ("drafts/a", 2, Some(Expire)),
            ("log", 400, None),
            ("", 400, None),
        ] {
            assert_eq!(lifecycle().action(key, days_ago(age), NOW), action, "{key} of {age} days");
        }
    }

    #[test]
    fn days_are_counted_to_the_millisecond() {
        let written = Timestamp::from_millis(days_ago(90).millis() + 1);
        assert_eq!(lifecycle().action("logs/a", written, NOW), Some(ObjectAction::Transition));
        assert_eq!(lifecycle().action("logs/a", days_ago(90), NOW), Some(ObjectAction::Expire));
        // A clock that was set back makes nothing older.
        assert_eq!(lifecycle().action("logs/a", Timestamp::from_millis(u64::MAX), NOW), None);
    }

    #[test]
    fn the_earliest_rule_counts() {
        let lifecycle = lifecycle();
        let due = lifecycle.expiration("logs/debug/a", NOW).unwrap();
        assert_eq!((due.rule, due.at.millis()), ("debug", NOW.millis() + 10 * DAY));
        for (key, rule, days) in [("a", "uploads", 7), ("user/a", "user uploads", 1)] {
            let due = lifecycle.abortion(key, NOW).unwrap();
            assert_eq!((due.rule, due.at.millis()), (rule, NOW.millis() + days * DAY));
        }
        assert_eq!(lifecycle.expiration("other", NOW), None);
    }

    #[test]
    fn each_key_is_looked_at_once() {
        assert_eq!(lifecycle().prefixes_of_objects(), ["2019/", "drafts/", "logs/"]);
        assert_eq!(Lifecycle::default().prefixes_of_objects(), [""; 0]);
        let all = Lifecycle { rules: vec![LifecycleRule { expiration: Some(When::Days(1)), ..rule("all", "") }] };
        let both = Lifecycle { rules: [all.rules, lifecycle().rules].concat() };
        assert_eq!(both.prefixes_of_objects(), [""]);
    }

    #[test]
    fn a_new_bucket_aborts_uploads() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        for (age, days) in
            [(hours(7 * 24), 7), (hours(36), 2), (hours(1), 1), (Duration::ZERO, 1), (Duration::MAX, u32::MAX)]
        {
            let rules = Lifecycle::of_new_bucket(age).rules;
            assert_eq!((rules[0].id.as_str(), rules[0].abort_after), ("Default Multipart Abort Rule", Some(days)));
        }
    }
}
