//! Addresses, sizes and texts of clients on a page. The templates escape markup.

pub(super) use crate::page::visible as shown;

use crate::s3::uri::IN_QUERY;
use percent_encoding::utf8_percent_encode;

/// A text as the value of a parameter.
pub(super) fn in_query(text: &str) -> String {
    utf8_percent_encode(text, IN_QUERY).to_string()
}

/// Bytes as a person reads them: `1.5 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut units = UNITS.iter().peekable();
    let mut unit = UNITS[0];
    while let Some(next) = units.next() {
        unit = next;
        if value < 1023.95 || units.peek().is_none() {
            break;
        }
        value /= 1024.0;
    }
    format!("{value:.1} {unit}")
}

/// A whole number with its thousands apart: `1,048,576`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1_048_575, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), expected);
        }
    }

    #[test]
    fn a_parameter_holds_any_text() {
        assert_eq!(in_query("a b/&=#?%\n\"<ä"), "a%20b%2F%26%3D%23%3F%25%0A%22%3C%C3%A4");
    }
}
