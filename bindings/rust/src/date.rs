//! Points in time as documents hold them: MessagePack's timestamps, to the nanosecond.
//!
//! Promises: what is stored comes back exactly; the text is RFC 3339 in UTC. Leaves to others: their bytes (encode.rs,
//! decode.rs). Source of the calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::error::{Error, Result};
use quire_engine::ErrorKind;

/// How encode.rs and decode.rs know a date among serde's values.
pub(crate) const DATE_NAME: &str = "$quiredb::DateTime";

const DAY_SECONDS: i64 = 86_400;
const NANOSECONDS: u32 = 1_000_000_000;

/// A point in time.
///
/// ```
/// # use quiredb::DateTime;
/// let date: DateTime = "2024-02-29T13:45:30.250Z".parse()?;
/// assert_eq!(date.millis(), 1_709_214_330_250);
/// assert_eq!(date.to_string(), "2024-02-29T13:45:30.250Z");
/// # Ok::<(), quiredb::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    seconds: i64,
    nanoseconds: u32,
}

impl DateTime {
    /// The time now.
    pub fn now() -> DateTime {
        SystemTime::now().into()
    }

    /// Milliseconds since 1970; negative before.
    pub fn from_millis(millis: i64) -> DateTime {
        DateTime {
            seconds: millis.div_euclid(1000),
            nanoseconds: millis.rem_euclid(1000) as u32 * 1_000_000,
        }
    }

    /// Seconds since 1970 and the nanoseconds after them. Errors: INVALID_ARGUMENT for 10^9 nanoseconds or more.
    pub fn from_parts(seconds: i64, nanoseconds: u32) -> Result<DateTime> {
        if nanoseconds >= NANOSECONDS {
            return Err(invalid(format!("{nanoseconds} nanoseconds are a second or more")));
        }
        Ok(DateTime { seconds, nanoseconds })
    }

    /// Milliseconds since 1970, rounded down; the nearest that there are for times far away.
    pub fn millis(self) -> i64 {
        let millis = i64::from(self.nanoseconds / 1_000_000);
        self.seconds.saturating_mul(1000).saturating_add(millis)
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after `seconds`.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }
}

impl From<SystemTime> for DateTime {
    fn from(time: SystemTime) -> DateTime {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => DateTime {
                seconds: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                nanoseconds: after.subsec_nanos(),
            },
            Err(error) => {
                let before = error.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                match before.subsec_nanos() {
                    0 => DateTime {
                        seconds: -whole,
                        nanoseconds: 0,
                    },
                    rest => DateTime {
                        seconds: -whole - 1,
                        nanoseconds: NANOSECONDS - rest,
                    },
                }
            }
        }
    }
}

impl From<DateTime> for SystemTime {
    /// Times that the system cannot hold become 1970.
    fn from(date: DateTime) -> SystemTime {
        let whole = Duration::from_secs(date.seconds.unsigned_abs());
        let time = match date.seconds < 0 {
            true => UNIX_EPOCH.checked_sub(whole),
            false => UNIX_EPOCH.checked_add(whole),
        };
        time.and_then(|time| time.checked_add(Duration::from_nanos(date.nanoseconds.into())))
            .unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.seconds.div_euclid(DAY_SECONDS));
        let second = self.seconds.rem_euclid(DAY_SECONDS);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}",
            second % 60
        )?;
        match self.nanoseconds {
            0 => {}
            nanoseconds if nanoseconds % 1_000_000 == 0 => {
                write!(formatter, ".{:03}", nanoseconds / 1_000_000)?
            }
            nanoseconds => write!(formatter, ".{nanoseconds:09}")?,
        }
        formatter.write_str("Z")
    }
}

impl FromStr for DateTime {
    type Err = Error;

    /// Reads RFC 3339: a date, a time, and `Z` or an offset. Errors: INVALID_ARGUMENT.
    fn from_str(text: &str) -> Result<DateTime> {
        parse(text).ok_or_else(|| invalid(format!("{text:?} is no date such as 2024-02-29T13:45:30.250Z")))
    }
}

fn parse(text: &str) -> Option<DateTime> {
    let number = |range: std::ops::Range<usize>, most: i64| {
        let digits = text.get(range)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = is_number.then(|| digits.parse().ok())??;
        (number <= most).then_some(number)
    };
    let (year, month, day) = (number(0..4, 9999)?, number(5..7, 12)?, number(8..10, 31)?);
    let (hour, minute, second) = (number(11..13, 23)?, number(14..16, 59)?, number(17..19, 59)?);
    let marks: Vec<u8> = [4, 7, 10, 13, 16]
        .iter()
        .filter_map(|at| text.as_bytes().get(*at).copied())
        .collect();
    let days = days_of(year, month, day);
    if marks != *b"--T::" || civil(days) != (year, month, day) {
        return None;
    }
    let (fraction, zone) = match text.get(19..)?.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().position(|byte| !byte.is_ascii_digit())?),
        None => ("", text.get(19..)?),
    };
    let nanoseconds = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset(zone)?;
    DateTime::from_parts(seconds, nanoseconds).ok()
}

/// Seconds that a zone such as `+05:30` is ahead.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    match zone.bytes().next()? {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Year, month and day of a number of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = i128::from(days) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    (year as i64, month as i64, day as i64)
}

/// Days since 1970 of a date.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(DATE_NAME, &(self.seconds, self.nanoseconds))
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<DateTime, D::Error> {
        deserializer.deserialize_newtype_struct(DATE_NAME, DateVisitor)
    }
}

struct DateVisitor;

impl<'de> Visitor<'de> for DateVisitor {
    type Value = DateTime;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a date")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, parts: D) -> std::result::Result<DateTime, D::Error> {
        let (seconds, nanoseconds) = <(i64, u32)>::deserialize(parts)?;
        DateTime::from_parts(seconds, nanoseconds).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ] {
            assert_eq!(DateTime::from_millis(millis).to_string(), text);
            assert_eq!(text.parse::<DateTime>().unwrap().millis(), millis);
        }
        let zoned: DateTime = "2024-01-01T05:30:00+05:30".parse().unwrap();
        assert_eq!(zoned.to_string(), "2024-01-01T00:00:00Z");
        for wrong in [
            "",
            "2024",
            "2023-02-29T00:00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00",
            "é24-01-01T00:00:00Z",
        ] {
            assert_eq!(
                wrong.parse::<DateTime>().unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{wrong}"
            );
        }
    }

    #[test]
    fn times_of_the_system_come_back() {
        for millis in [0, -1, 1, 1_709_164_800_123, -62_135_596_800_000] {
            let date = DateTime::from_millis(millis);
            assert_eq!(DateTime::from(SystemTime::from(date)), date);
        }
        assert_eq!(
            DateTime::from_parts(0, NANOSECONDS).unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
    }
}
