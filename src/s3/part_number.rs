//! The number of a part, as `partNumber` gives it.

use crate::s3::xml::MAX_PART_NUMBER;
use crate::s3::{Code, S3Error};

/// Reads `partNumber`; blanks around it and leading zeros are R2's, and so is the text of the refusal.
pub fn part_number(text: &str) -> Result<u16, S3Error> {
    let digits = Some(text.trim()).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let number = digits
        .and_then(|digits| digits.parse::<u16>().ok())
        .filter(|number| (1..=MAX_PART_NUMBER).contains(&u32::from(*number)));
    number.ok_or_else(|| {
        S3Error::new(Code::INVALID_ARGUMENT).message("Part number must be an integer between 1 and 10000, inclusive.")
    })
}

/// Reads the `partNumber` of an upload. R2 has no route for a text that is not an integer.
pub fn uploaded_part_number(text: &str) -> Result<u16, S3Error> {
    let number = text.trim_start_matches(' ');
    let is_integer = number.strip_prefix('-').unwrap_or(number).bytes().all(|byte| byte.is_ascii_digit());
    if is_integer { part_number(text) } else { Err(Code::ROUTE_NOT_FOUND.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_number_that_is_not_an_integer_has_no_route() {
        for (text, code) in [
            ("x", "RouteNotFound"),
            ("1.0", "RouteNotFound"),
            ("1e0", "RouteNotFound"),
            ("1 ", "RouteNotFound"),
            ("+1", "RouteNotFound"),
            ("", "InvalidArgument"),
            ("-1", "InvalidArgument"),
            ("99999999999999999999", "InvalidArgument"),
        ] {
            assert_eq!(uploaded_part_number(text).unwrap_err().code, code, "{text}");
        }
        assert_eq!(uploaded_part_number(" 01").ok(), Some(1));
    }

    #[test]
    fn part_numbers_run_from_1_to_10000() {
        for (text, expected) in [("1", Some(1)), ("01", Some(1)), (" 2 ", Some(2)), ("10000", Some(10_000))] {
            assert_eq!(part_number(text).ok(), expected, "{text}");
        }
        for text in ["", "0", "10001", "-1", "+1", "1.0", "x"] {
            let error = part_number(text).unwrap_err();
            assert_eq!(error.message, "Part number must be an integer between 1 and 10000, inclusive.", "{text}");
        }
    }
}
