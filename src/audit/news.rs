//! What of a request's verdicts tells its client something that it does not know.

use crate::audit::observation::Verdict;

/// What the store that clients have today answered a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreAnswer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The `<Code>` of an error; `None` where the answer or the log has none.
    pub code: Option<&'a str>,
}

/// The verdicts that count: of each rule the first, as one may have found several headers, and none by which R2 answers
/// what the store answered. A client that asks for a configuration that no bucket has hears from both that there is none.
///
/// `answered` is `None` where the store said nothing: the request did not reach it, or there is no such store.
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
    fn what_the_store_says_too_and_what_is_said_already_is_no_news() {
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
