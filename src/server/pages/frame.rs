//! The frame of all pages: the name, the links to the other pages, and the policy in force.

/// The pages that the head of a page leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    /// The last requests.
    Requests,
    /// The buckets of a local store.
    Buckets,
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// The tab that the page belongs to, if there is one.
    pub(super) tab: Option<Tab>,
    /// The policy in force.
    pub(super) policy: String,
    /// Whether requests are audited, not refused.
    pub(super) audits: bool,
    /// Whether there are pages of buckets.
    pub(super) has_buckets: bool,
    /// Whether there is a readiness report.
    pub(super) has_report: bool,
}

impl Frame {
    /// ` aria-current="page"` is this for the tab that the page belongs to.
    pub(super) fn is_at(&self, tab: Tab) -> bool {
        self.tab == Some(tab)
    }

    pub(super) fn is_requests(&self) -> bool {
        self.is_at(Tab::Requests)
    }

    pub(super) fn is_buckets(&self) -> bool {
        self.is_at(Tab::Buckets)
    }
}
