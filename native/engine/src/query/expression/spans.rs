//! Time between dates: `$dateAdd $dateSubtract $dateDiff $dateTrunc`.
//!
//! Promises: days, weeks, months, quarters and years are those of the calendar in the time zone; hours and less
//! are spans of time. A date moved by months stays in its month: January 31 and a month is the end of February.
//! Leaves to others: dates and zones (dates.rs).
//! Source: MongoDB manual, "$dateAdd", "$dateDiff", "$dateTrunc".

use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Span, Zoned};

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::view::View;
use crate::query::expression::Outcome;
use crate::query::expression::arithmetic::date_of;
use crate::query::expression::dates::{date, in_zone, zone};
use crate::query::expression::operands::{Operands, made, null};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many milliseconds.
    Fixed(i64),
    Day,
    Week,
    /// So many months.
    Months(i64),
}

/// The unit in operand `index`; None for null and missing.
fn unit(operands: &Operands<'_, '_>, index: usize) -> Result<Option<Unit>> {
    let name = match operands.view(index) {
        Some(View::Text(name)) => utf8(name)?,
        Some(view) if !view.is_null() => return Err(operands.wrong(index, "strings as its unit")),
        _ => return Ok(None),
    };
    Ok(Some(match name {
        "millisecond" => Unit::Fixed(1),
        "second" => Unit::Fixed(1000),
        "minute" => Unit::Fixed(60_000),
        "hour" => Unit::Fixed(3_600_000),
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Months(1),
        "quarter" => Unit::Months(3),
        "year" => Unit::Months(12),
        _ => {
            return Err(operands.refuse(format_args!(
                "takes year, quarter, month, week, day, hour, minute, second or millisecond as its unit, and was given {name:?}"
            )));
        }
    }))
}

/// `{startDate, unit, amount, timezone}`, forward or back.
fn moved<'a>(operands: &Operands<'a, '_>, is_back: bool) -> Outcome<'a> {
    let (start, unit) = (date(operands, 0)?, unit(operands, 1)?);
    let (Some(start), Some(unit), Some(zone)) = (start, unit, zone(operands, 3)?) else {
        return null();
    };
    if operands.is_null(2) {
        return null();
    }
    let amount = operands.whole(2, "a whole number as its amount")?;
    let amount = if is_back {
        amount.checked_neg()
    } else {
        Some(amount)
    };
    let zoned = in_zone(operands, start, zone)?;
    let moved = amount.and_then(|amount| shift(&zoned, unit, amount));
    match moved {
        Some(moved) => made(date_of(moved.timestamp().as_millisecond())),
        None => Err(operands.refuse("makes a date beyond the years -9999 to 9999")),
    }
}

fn shift(zoned: &Zoned, unit: Unit, amount: i64) -> Option<Zoned> {
    match unit {
        Unit::Fixed(milliseconds) => {
            let span = SignedDuration::from_millis(amount.checked_mul(milliseconds)?);
            zoned.checked_add(span).ok()
        }
        Unit::Day => zoned.checked_add(Span::new().try_days(amount).ok()?).ok(),
        Unit::Week => zoned.checked_add(Span::new().try_weeks(amount).ok()?).ok(),
        Unit::Months(months) => {
            let span = Span::new().try_months(amount.checked_mul(months)?).ok()?;
            zoned.checked_add(span).ok()
        }
    }
}

pub(super) fn add<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    moved(operands, false)
}

pub(super) fn subtract<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    moved(operands, true)
}

/// The weekday in operand `index`, by its name or its first three letters; Sunday when it is not given.
fn first_day(operands: &Operands<'_, '_>, index: usize) -> Result<Option<Weekday>> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let name = match operands.view(index) {
        None => return Ok(Some(Weekday::Sunday)),
        Some(View::Text(name)) => utf8(name)?.to_lowercase(),
        Some(view) if view.is_null() => return Ok(None),
        Some(_) => return Err(operands.wrong(index, "strings as startOfWeek")),
    };
    let is_day = |day: &&(&str, Weekday)| day.0 == name || (name.len() == 3 && day.0.starts_with(&name));
    let day = DAYS.iter().find(is_day);
    let unknown = || operands.refuse(format_args!("does not know the day {name:?}"));
    day.map(|(_, day)| Some(*day)).ok_or_else(unknown)
}

/// Days from a fixed Monday to `date`.
fn day_number(date: Date) -> i64 {
    const MONDAY: Date = jiff::civil::date(2001, 1, 1);
    let span = date.duration_since(MONDAY);
    span.as_hours() / 24
}

/// Weeks that begin with `first`, counted from a fixed one.
fn week_number(date: Date, first: Weekday) -> i64 {
    (day_number(date) - i64::from(first.to_monday_zero_offset())).div_euclid(7)
}

/// Months since the year 0.
fn month_number(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

/// `{startDate, endDate, unit, timezone, startOfWeek}`: the bounds of the unit that lie between.
pub(super) fn difference<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let (start, end, unit) = (date(operands, 0)?, date(operands, 1)?, unit(operands, 2)?);
    let (zone, first) = (zone(operands, 3)?, first_day(operands, 4)?);
    let (Some(start), Some(end), Some(unit), Some(zone), Some(first)) = (start, end, unit, zone, first)
    else {
        return null();
    };
    let start = in_zone(operands, start, zone.clone())?;
    let end = in_zone(operands, end, zone)?;
    let count = |zoned: &Zoned| match unit {
        // In the zone, so that bounds of hours are those of its clock.
        Unit::Fixed(milliseconds) => {
            let local = zoned.timestamp().as_millisecond() + i64::from(zoned.offset().seconds()) * 1000;
            local.div_euclid(milliseconds)
        }
        Unit::Day => day_number(zoned.date()),
        Unit::Week => week_number(zoned.date(), first),
        Unit::Months(months) => month_number(zoned.date()).div_euclid(months),
    };
    made(count(&end) - count(&start))
}

/// `{date, unit, binSize, timezone, startOfWeek}`: the last bound of the unit that is not behind the date.
/// Bins of several units are counted from the year 2000.
pub(super) fn truncate<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let (date, unit) = (date(operands, 0)?, unit(operands, 1)?);
    let (zone, first) = (zone(operands, 3)?, first_day(operands, 4)?);
    let (Some(date), Some(unit), Some(zone), Some(first)) = (date, unit, zone, first) else {
        return null();
    };
    let size = match operands.view(2) {
        None => 1,
        Some(view) if view.is_null() => return null(),
        Some(_) => operands.whole(2, "a whole number above 0 as its binSize")?,
    };
    if size < 1 {
        return Err(operands.refuse("takes a whole number above 0 as its binSize"));
    }
    let zoned = in_zone(operands, date, zone)?;
    match floor(&zoned, unit, size, first) {
        Some(floor) => made(Owned::Timestamp(date_of(floor))),
        None => Err(operands.refuse("makes a date beyond the years -9999 to 9999")),
    }
}

/// The start of the bin that holds `zoned`, in milliseconds since 1970.
fn floor(zoned: &Zoned, unit: Unit, size: i64, first: Weekday) -> Option<i64> {
    const ORIGIN: Date = jiff::civil::date(2000, 1, 1);
    let bin = |number: i64, origin: i64| (number - origin).div_euclid(size).checked_mul(size);
    let day = |days: i64| {
        let date = ORIGIN.checked_add(Span::new().try_days(days).ok()?).ok()?;
        let start = zoned
            .time_zone()
            .to_zoned(date.to_datetime(Time::midnight()))
            .ok()?;
        Some(start.timestamp().as_millisecond())
    };
    let origin_day = day_number(ORIGIN);
    match unit {
        Unit::Fixed(milliseconds) => {
            // Clock times of the zone: its offset now is taken for the whole bin.
            let offset = i64::from(zoned.offset().seconds()) * 1000;
            let origin = ORIGIN
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()?
                .timestamp()
                .as_millisecond();
            let local = zoned.timestamp().as_millisecond() + offset - origin;
            let width = milliseconds.checked_mul(size)?;
            Some(local.div_euclid(width) * width + origin - offset)
        }
        Unit::Day => day(bin(day_number(zoned.date()), origin_day)?),
        Unit::Week => {
            let origin = week_number(ORIGIN, first);
            let weeks = origin.checked_add(bin(week_number(zoned.date(), first), origin)?)?;
            let start = weeks
                .checked_mul(7)?
                .checked_add(i64::from(first.to_monday_zero_offset()))?;
            day(start.checked_sub(origin_day)?)
        }
        Unit::Months(months) => {
            let origin = month_number(ORIGIN);
            let width = months.checked_mul(size)?;
            let months = origin
                + (month_number(zoned.date()) - origin)
                    .div_euclid(width)
                    .checked_mul(width)?;
            let year = i16::try_from(months.div_euclid(12)).ok()?;
            let date = Date::new(year, (months.rem_euclid(12) + 1) as i8, 1).ok()?;
            day(day_number(date) - origin_day)
        }
    }
}
