//! The three forms in which S3 writes a time, and the one in which it is stored.
//!
//! The clock is not read here: the current time is an argument.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const AMZ_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// The usual form of HTTP dates.
const IMF_FIXDATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// The last millisecond of the year 9999, which is the last that these forms can write.
const LAST_MILLIS: u64 = 253_402_300_799_999;

/// A time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time that many milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Timestamp {
        Timestamp(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: what HTTP dates can carry.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Reads the form of `x-amz-date` (ISO 8601 basic, UTC): `20260612T101112Z`. Nothing else is read.
    pub fn parse_amz_date(text: &str) -> Option<Timestamp> {
        let time = unsigned(text, AMZ_DATE)?.assume_utc();
        u64::try_from(time.unix_timestamp()).ok().map(|seconds| Timestamp(seconds * 1000))
    }

    /// Reads the form of XML documents (RFC 3339): `2026-06-12T10:11:12.000Z`, with or without a fraction, of any offset
    /// from UTC. What lies before 1970 becomes 1970.
    pub fn parse_iso_8601(text: &str) -> Option<Timestamp> {
        let millis = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos() / 1_000_000;
        Some(Timestamp(u64::try_from(millis).unwrap_or_default()))
    }

    /// Reads an HTTP date in any of the three forms RFC 9110 section 5.6.7 lists. What lies before 1970 becomes 1970, and
    /// the day of the week may be another: `httpdate` refuses both, and a condition must not fail for them.
    pub fn parse_http_date(text: &str) -> Option<Timestamp> {
        let text = text.trim();
        let strictly = || httpdate::parse_http_date(text).ok().map(Timestamp::from);
        unsigned(text, IMF_FIXDATE).map(Timestamp::from_utc).or_else(strictly)
    }

    fn from_utc(date: PrimitiveDateTime) -> Timestamp {
        Timestamp(u64::try_from(date.assume_utc().unix_timestamp()).unwrap_or_default() * 1000)
    }

    /// `20260612T101112Z`, as in `x-amz-date`.
    pub fn amz_date(self) -> String {
        self.write(&["", "", "T", "", "", "Z"])
    }

    /// `20260612`, as in a credential's scope.
    pub fn date_stamp(self) -> String {
        self.amz_date().chars().take(8).collect()
    }

    /// `2026-06-12T10:11:12.000Z`, as in XML documents.
    pub fn iso_8601(self) -> String {
        self.write(&["-", "-", "T", ":", ":", ".", "Z"])
    }

    /// `Fri, 12 Jun 2026 10:11:12 GMT`, as in HTTP headers.
    pub fn http_date(self) -> String {
        // httpdate knows years up to 9999, and we never keep a later one.
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(self.seconds().min(LAST_MILLIS / 1000)))
    }

    /// How far apart two times are, in seconds, in either order.
    pub const fn seconds_apart(self, other: Timestamp) -> u64 {
        self.seconds().abs_diff(other.seconds())
    }

    /// Year, month, day, hour, minute, second and millisecond, each followed by its text of `separators`; those without
    /// one are left out. Signatures and pages of listings have many times, and to interpret a form costs several times
    /// as much.
    fn write(self, separators: &[&str]) -> String {
        let time = OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(self.0.min(LAST_MILLIS) as i64);
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second, millis) = time.to_hms_milli();
        let [month, day, hour, minute, second] = [u8::from(month), day, hour, minute, second].map(u32::from);
        let parts = [year.unsigned_abs(), month, day, hour, minute, second, millis.into()];
        let mut text = String::with_capacity("1970-01-01T00:00:00.000Z".len());
        for ((part, digits), separator) in parts.into_iter().zip([4, 2, 2, 2, 2, 2, 3]).zip(separators) {
            push_digits(&mut text, part, digits);
            text.push_str(separator);
        }
        text
    }
}

/// Reads a form of UTC. [`time`] would take a sign before the year, too.
fn unsigned(text: &str, form: &[BorrowedFormatItem<'_>]) -> Option<PrimitiveDateTime> {
    PrimitiveDateTime::parse(text, form).ok().filter(|_| !text.contains('+'))
}

/// Appends the last `count` decimal digits of a number, four at most, zeros first.
fn push_digits(text: &mut String, number: u32, count: usize) {
    let digits = [1000, 100, 10, 1].map(|place| char::from(b'0' + (number / place % 10) as u8));
    text.extend(digits.iter().rev().take(count).rev());
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Timestamp {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso_8601())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_timestamp_in_every_form() {
        let timestamp = Timestamp::parse_amz_date("20130524T000000Z").unwrap();
        assert_eq!(timestamp.millis(), 1_369_353_600_000);
        assert_eq!(timestamp.amz_date(), "20130524T000000Z");
        assert_eq!(timestamp.date_stamp(), "20130524");
        assert_eq!(timestamp.iso_8601(), "2013-05-24T00:00:00.000Z");
        assert_eq!(timestamp.http_date(), "Fri, 24 May 2013 00:00:00 GMT");
    }

    /// The step is no whole number of days, hours or seconds.
    #[test]
    fn what_is_written_reads_as_the_same_time() {
        for millis in (0..=LAST_MILLIS).step_by(86_413 * 99_991) {
            let timestamp = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::parse_iso_8601(&timestamp.iso_8601()), Some(timestamp));
            let seconds = Timestamp::from_millis(timestamp.seconds() * 1000);
            assert_eq!(Timestamp::parse_amz_date(&timestamp.amz_date()), Some(seconds));
        }
        assert_eq!(Timestamp::from_millis(u64::MAX).iso_8601(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn dates_of_documents_are_read() {
        for (text, millis) in [
            ("2013-05-24T00:00:00.123Z", Some(1_369_353_600_123)),
            ("2013-05-24T02:00:00.123456+02:00", Some(1_369_353_600_123)),
            ("1970-01-01T00:00:01Z", Some(1000)),
            ("0001-01-01T00:00:00Z", Some(0)),
            ("2013-05-24T00:00:00", None),
            ("2013-05-24", None),
            ("", None),
        ] {
            assert_eq!(Timestamp::parse_iso_8601(text).map(Timestamp::millis), millis, "{text}");
        }
    }

    #[test]
    fn http_dates_come_in_three_forms() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(Timestamp::parse_http_date(text), Some(Timestamp(784_111_777_000)), "{text}");
        }
    }

    #[test]
    fn http_dates_are_read_for_what_they_say() {
        for (text, read) in [
            ("Mon, 01 Jan 0001 00:00:00 GMT", Some(Timestamp(0))),
            ("Wed, 31 Dec 1969 23:59:59 GMT", Some(Timestamp(0))),
            ("Mon, 06 Nov 1994 08:49:37 GMT", Some(Timestamp(784_111_777_000))),
            ("Sun, 06 Nov +1994 08:49:37 GMT", None),
            ("Noday, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:61 GMT", None),
            ("Wed, 32 Dec 1969 23:59:59 GMT", None),
            ("Wed, 31 Dec 1969 23:59:59 +0000", None),
            ("Sat, 32 Jan 2000 00:00:00 GMT", None),
        ] {
            assert_eq!(Timestamp::parse_http_date(text), read, "{text}");
        }
    }

    #[test]
    fn only_basic_iso_8601_is_an_amz_date() {
        let signed = ["+20130524T000000Z", "-20130524T000000Z", "20130524T+00000Z"];
        let others =
            ["", "20130524", "2013-05-24T00:00:00Z", "20130524T000000", "20131324T000000Z", "19600101T000000Z"];
        for text in signed.into_iter().chain(others) {
            assert_eq!(Timestamp::parse_amz_date(text), None, "{text}");
        }
    }
}
