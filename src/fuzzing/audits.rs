//! Files of audits, and the reports that are made of them.

use crate::audit::Audit;
use crate::audit::report::{Report, counters, html, markdown, text};

/// An audit that reads is written as it was. Its report is made whatever it says, and runs nothing.
pub fn audits(bytes: &[u8]) {
    let Ok(json) = std::str::from_utf8(bytes) else { return };
    let Ok(mut audit) = Audit::from_json(json) else { return };
    let written = audit.to_json();
    let again = Audit::from_json(&written).unwrap();
    assert_eq!(again.to_json(), written);
    let report = Report::from(&audit);
    let page = html(&report);
    assert_eq!(page.matches("<script").count(), html(&Report::from(&Audit::new("r2"))).matches("<script").count());
    let _ = (text(&report), markdown(&report), counters(&report), report.to_json());
    audit.merge(again).unwrap();
    let _ = Report::from(&audit);
}
