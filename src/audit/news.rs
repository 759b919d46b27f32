//! Which of a request's verdicts are news to its client.

use crate::audit::observation::Verdict;

/// The answer of the store that clients use today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreAnswer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The `<Code>` of an error; `None` where the answer or the log has none.
    pub code: Option<&'a str>,
}

/// The verdicts that count: the first of each rule, because a rule may have found several headers, and none for which
/// R2's answer is that of the store. For example, both answer that a bucket has no configuration of a kind.
///
/// `answered` is `None` if there is no answer of the store: the request did not reach it, or there is no store.
pub fn news(found: impl IntoIterator<Item = Verdict>, answered: Option<StoreAnswer<'_>>) -> Vec<Verdict> {
    let mut news: Vec<Verdict> = Vec::new();
    for verdict in found {
        let is_known = answered.is_some_and(|answered| answered.is_that_of(&verdict));
        if !is_known && news.iter().all(|other| other.rule != verdict.rule) {
            news.push(verdict);
        }
    }
    news
}

impl StoreAnswer<'_> {
    /// Whether R2 gives the same answer, as far as this one is known.
    fn is_that_of(&self, verdict: &Verdict) -> bool {
        self.status == verdict.status && self.code.is_none_or(|code| code == verdict.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::RuleId;
    use crate::s3::Code;

    #[test]
    fn answers_of_the_store_and_known_findings_are_not_news() {
        let found = || {
            [
                ("policy/x-amz-acl", Code::NOT_IMPLEMENTED),
                ("policy/x-amz-acl", Code::NOT_IMPLEMENTED),
                ("names/InvalidBucketName", Code::INVALID_BUCKET_NAME),
            ]
            .map(|(rule, code)| Verdict::new(RuleId::named(rule), &code.into()))
        };
        let (acl, name) = ("policy/x-amz-acl", "names/InvalidBucketName");
        for (answered, expected) in [
            (None, &[acl, name][..]),
            (Some((200, None)), &[acl, name]),
            (Some((501, Some("NotImplemented"))), &[name]),
            (Some((501, None)), &[name]),
            (Some((501, Some("XNotImplemented"))), &[acl, name]),
            (Some((400, Some("NotImplemented"))), &[acl, name]),
        ] {
            let answered = answered.map(|(status, code)| StoreAnswer { status, code });
            let news = news(found(), answered);
            assert_eq!(news.iter().map(|verdict| verdict.rule.as_str()).collect::<Vec<_>>(), expected, "{answered:?}");
        }
    }
}
