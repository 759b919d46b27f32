//! The trace of a request: `traceparent` and `tracestate` of W3C Trace Context.
//!
//! r2shim makes no spans: it forwards a trace unchanged. An invalid `traceparent` counts as none (section 4.3), and
//! then `tracestate` is ignored, too.

use http::HeaderName;

/// The header that names the trace and the caller's span in it.
pub const TRACEPARENT: &str = "traceparent";

/// Both headers of a trace.
pub const TRACE_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static(TRACEPARENT), HeaderName::from_static("tracestate")];

/// The id of the trace, from all values of `traceparent` that a request has: 32 lower-case hexadecimal digits. `None`
/// without a valid one, or with several.
pub fn trace_id<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Option<&'a str> {
    match (values.next(), values.next()) {
        (Some(only), None) => parse(std::str::from_utf8(only).ok()?),
        _ => None,
    }
}

/// The id in a `traceparent`: version, trace id, parent id and flags (section 3.2.2). A later version may have more
/// fields behind these.
fn parse(value: &str) -> Option<&str> {
    let mut fields = value.splitn(5, '-');
    let mut field = |digits| fields.next().filter(|field| is_hex(field, digits));
    let (version, trace_id, parent_id, _flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    let is_known = version != "ff" && (version != "00" || fields.next().is_none());
    let names_something = |id: &str| id.bytes().any(|digit| digit != b'0');
    (is_known && names_something(trace_id) && names_something(parent_id)).then_some(trace_id)
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_valid_traceparent_names_a_trace() {
        for value in [
            format!("00-{ID}-00f067aa0ba902b7-01"),
            format!("00-{ID}-00f067aa0ba902b7-00"),
            format!("01-{ID}-00f067aa0ba902b7-01"),
            format!("cc-{ID}-00f067aa0ba902b7-01-what-comes-later"),
        ] {
            assert_eq!(trace_id([value.as_bytes()].into_iter()), Some(ID), "{value}");
        }
    }

    #[test]
    fn any_other_is_none() {
        for value in [
            String::new(),
            ID.to_owned(),
            format!("00-{ID}-00f067aa0ba902b7"),
            format!("00-{ID}-00f067aa0ba902b7-"),
            format!("00-{ID}-00f067aa0ba902b7-1"),
            format!("00-{ID}-00f067aa0ba902b7-0x"),
            format!("00-{ID}-00f067aa0ba902b7-01-"),
            format!("00-{ID}-00f067aa0ba902b7-01-more"),
            format!("ff-{ID}-00f067aa0ba902b7-01"),
            format!("0-{ID}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{ID}-0000000000000000-01"),
            format!("00-{ID}0-00f067aa0ba902b7-01"),
            format!("00 {ID} 00f067aa0ba902b7 01"),
            format!(" 00-{ID}-00f067aa0ba902b7-01"),
            format!("00-é{}-00f067aa0ba902b7-01", &ID[2..]),
        ] {
            assert_eq!(trace_id([value.as_bytes()].into_iter()), None, "{value}");
        }
        let valid = format!("00-{ID}-00f067aa0ba902b7-01");
        assert_eq!(trace_id([valid.as_bytes(), valid.as_bytes()].into_iter()), None, "two of them");
        assert_eq!(trace_id([&b"00-\xff"[..]].into_iter()), None, "no text");
        assert_eq!(trace_id([].into_iter()), None, "none at all");
    }
}
