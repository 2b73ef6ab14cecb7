//! Dates and their parts, in any time zone: `$year … $isoWeek`, `$dateToParts`, `$dateToString`, and the dates
//! of parts and of texts.
//!
//! Promises: a date without a zone is that of Greenwich; a zone that is not known is an error. Dates have
//! milliseconds and lie in the years -9999 to 9999; others are errors.
//! Leaves to others: moving dates and the time between two (spans.rs), ISO texts (conversion.rs).
//! Source: MongoDB manual, "Date Expression Operators"; the tables of time zones in the crate jiff.

use jiff::Zoned;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Timestamp, Value};
use crate::format::view::View;
use crate::query::expression::arithmetic::{date_of, milliseconds};
use crate::query::expression::compile::{Compiler, arguments, fold};
use crate::query::expression::conversion::{date_text, read_date};
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::operators::{Operator, needed, optional};
use crate::query::expression::{Node, Outcome};

/// A date by itself, or `{date, timezone}`.
pub(super) fn compile_part(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let is_named = match operand.value()? {
        Value::Map(mut fields) => match fields.take_next()? {
            Some((name, _)) => name.first() != Some(&b'$'),
            None => true,
        },
        _ => false,
    };
    if !is_named {
        let operands = compiler.list(operator, operand, 1, 1)?;
        return Ok(fold(compiler.call(operator, operands)));
    }
    let names = [needed("date"), optional("timezone")];
    let mut operands = Vec::with_capacity(names.len());
    for argument in arguments(operator, operand, &names)? {
        operands.push(argument.map(|argument| compiler.node(argument)).transpose()?);
    }
    Ok(fold(compiler.call(operator, operands)))
}

/// The zone that operand `index` names; None where it is null.
pub(super) fn zone(operands: &Operands<'_, '_>, index: usize) -> Result<Option<TimeZone>> {
    let name = match operands.view(index) {
        None => return Ok(Some(TimeZone::UTC)),
        Some(View::Text(name)) => utf8(name)?,
        Some(view) if view.is_null() => return Ok(None),
        Some(_) => return Err(operands.wrong(index, "strings as its time zone")),
    };
    let found = match name {
        "UTC" | "GMT" | "Z" => Some(TimeZone::UTC),
        _ if name.starts_with(['+', '-']) => offset(name).map(TimeZone::fixed),
        _ => TimeZone::get(name).ok(),
    };
    let unknown = || operands.refuse(format_args!("does not know the time zone {name:?}"));
    found.map(Some).ok_or_else(unknown)
}

/// `+hh`, `+hhmm` or `+hh:mm`.
fn offset(text: &str) -> Option<Offset> {
    let digits: String = text.get(1..)?.split(':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits
        .get(2..)
        .filter(|rest| !rest.is_empty())
        .map_or(Ok(0), str::parse)
        .ok()?;
    let seconds = hours * 3600 + minutes * 60;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

/// The date in operand `index`; None for null and missing. Errors: INVALID_EXPRESSION for other types.
pub(super) fn date(operands: &Operands<'_, '_>, index: usize) -> Result<Option<Timestamp>> {
    match operands.view(index) {
        Some(View::Timestamp(date)) => Ok(Some(date)),
        Some(view) if !view.is_null() => Err(operands.wrong(index, "dates")),
        _ => Ok(None),
    }
}

/// `date` in `zone`.
pub(super) fn in_zone(operands: &Operands<'_, '_>, date: Timestamp, zone: TimeZone) -> Result<Zoned> {
    match jiff::Timestamp::from_millisecond(milliseconds(date)) {
        Ok(date) => Ok(date.to_zoned(zone)),
        Err(_) => Err(operands.refuse("was given a date beyond the years -9999 to 9999")),
    }
}

/// A part of the date in the first operand, in the zone of the second.
fn part<'a>(operands: &Operands<'a, '_>, part: fn(&Zoned) -> i64) -> Outcome<'a> {
    let (Some(date), Some(zone)) = (date(operands, 0)?, zone(operands, 1)?) else {
        return null();
    };
    made(part(&in_zone(operands, date, zone)?))
}

/// Declares a function for each part.
macro_rules! parts {
    ($($name:ident => |$zoned:ident| $part:expr;)*) => {
        $(pub(super) fn $name<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
            part(operands, |$zoned| i64::from($part))
        })*
    };
}

parts! {
    year => |zoned| zoned.year();
    month => |zoned| zoned.month();
    day_of_month => |zoned| zoned.day();
    // Sunday is 1.
    day_of_week => |zoned| zoned.weekday().to_sunday_one_offset();
    day_of_year => |zoned| zoned.day_of_year();
    hour => |zoned| zoned.hour();
    minute => |zoned| zoned.minute();
    second => |zoned| zoned.second();
    millisecond => |zoned| zoned.millisecond();
    week => |zoned| week_of(zoned);
    iso_week => |zoned| zoned.date().iso_week_date().week();
    iso_week_year => |zoned| zoned.date().iso_week_date().year();
    iso_day_of_week => |zoned| zoned.weekday().to_monday_one_offset();
}

/// The week of the year: the first Sunday begins week 1, days before it are in week 0.
fn week_of(zoned: &Zoned) -> i16 {
    let sunday_first = i16::from(zoned.weekday().to_sunday_zero_offset());
    (zoned.day_of_year() + 6 - sunday_first) / 7
}

/// `{date, timezone, iso8601}`.
pub(super) fn to_parts<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let (Some(date), Some(zone)) = (date(operands, 0)?, zone(operands, 1)?) else {
        return null();
    };
    let zoned = in_zone(operands, date, zone)?;
    let is_iso = match operands.view(2) {
        Some(View::Bool(truth)) => truth,
        None => false,
        Some(view) if view.is_null() => return null(),
        Some(_) => return Err(operands.wrong(2, "true or false as iso8601")),
    };
    let field = |name: &str, number: i64| (Box::from(name), Owned::Int(number));
    let week = zoned.date().iso_week_date();
    let mut fields = if is_iso {
        vec![
            field("isoWeekYear", week.year().into()),
            field("isoWeek", week.week().into()),
            field("isoDayOfWeek", zoned.weekday().to_monday_one_offset().into()),
        ]
    } else {
        vec![
            field("year", zoned.year().into()),
            field("month", zoned.month().into()),
            field("day", zoned.day().into()),
        ]
    };
    fields.push(field("hour", zoned.hour().into()));
    fields.push(field("minute", zoned.minute().into()));
    fields.push(field("second", zoned.second().into()));
    fields.push(field("millisecond", zoned.millisecond().into()));
    made(fields)
}

/// `{year, month, day, hour, minute, second, millisecond, timezone}`: parts beyond their ranges carry over.
pub(super) fn from_parts<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    const ZONE: usize = 7;
    /// What a part is when it is not given.
    const DEFAULTS: [i64; ZONE] = [0, 1, 1, 0, 0, 0, 0];
    let mut parts = DEFAULTS;
    for (index, part) in parts.iter_mut().enumerate() {
        match operands.view(index) {
            None => {}
            Some(view) if view.is_null() => return null(),
            Some(_) => *part = operands.whole(index, "whole numbers as its parts")?,
        }
    }
    let Some(zone) = zone(operands, ZONE)? else {
        return null();
    };
    let [year, month, day, hour, minute, second, millisecond] = parts;
    let months = year
        .checked_mul(12)
        .and_then(|months| months.checked_add(month - 1));
    let first = months.and_then(|months| {
        let year = i16::try_from(months.div_euclid(12)).ok()?;
        Date::new(year, (months.rem_euclid(12) + 1) as i8, 1).ok()
    });
    let moved = first.and_then(|first| {
        let in_day = [
            (hour, 3_600_000),
            (minute, 60_000),
            (second, 1000),
            (millisecond, 1),
        ];
        let mut beyond: i64 = (day - 1).checked_mul(86_400_000)?;
        for (part, unit) in in_day {
            beyond = beyond.checked_add(part.checked_mul(unit)?)?;
        }
        let span = jiff::SignedDuration::from_millis(beyond);
        let civil = first.to_datetime(Time::midnight()).checked_add(span).ok()?;
        Some(zone.to_zoned(civil).ok()?.timestamp().as_millisecond())
    });
    match moved {
        Some(milliseconds) => made(date_of(milliseconds)),
        None => Err(operands.refuse("makes a date beyond the years -9999 to 9999")),
    }
}

/// `{date, format, timezone, onNull}`.
pub(super) fn to_text<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let (Some(date), Some(zone)) = (date(operands, 0)?, zone(operands, 2)?) else {
        return Ok(operands.take(3).or(Some(Owned::Null.into())));
    };
    let format = match operands.view(1) {
        None if operands.view(2).is_none() => {
            let text = date_text(date);
            return text.map_or_else(
                || Err(operands.refuse("was given a date beyond the years -9999 to 9999")),
                made,
            );
        }
        None => "%Y-%m-%dT%H:%M:%S.%L%z",
        Some(View::Text(format)) => utf8(format)?,
        Some(view) if view.is_null() => return null(),
        Some(_) => return Err(operands.wrong(1, "strings as its format")),
    };
    let zoned = in_zone(operands, date, zone)?;
    let mut text = String::with_capacity(format.len() * 2);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let specifier = letters.next().unwrap_or(' ');
        match shown(&zoned, specifier) {
            Some(part) => text.push_str(&part),
            None => {
                return Err(operands.refuse(format_args!(
                    "takes a format of %Y %m %d %H %M %S %L %j %u %w %U %V %G %b %B %z %Z %%, and was given %{specifier}"
                )));
            }
        }
    }
    made(text)
}

/// A part of a date as a format asks for it.
fn shown(zoned: &Zoned, specifier: char) -> Option<String> {
    let week = zoned.date().iso_week_date();
    let offset = zoned.offset().seconds();
    Some(match specifier {
        'Y' => format!("{:04}", zoned.year()),
        'm' => format!("{:02}", zoned.month()),
        'd' => format!("{:02}", zoned.day()),
        'H' => format!("{:02}", zoned.hour()),
        'M' => format!("{:02}", zoned.minute()),
        'S' => format!("{:02}", zoned.second()),
        'L' => format!("{:03}", zoned.millisecond()),
        'j' => format!("{:03}", zoned.day_of_year()),
        'w' => zoned.weekday().to_sunday_one_offset().to_string(),
        'u' => zoned.weekday().to_monday_one_offset().to_string(),
        'U' => format!("{:02}", week_of(zoned)),
        'V' => format!("{:02}", week.week()),
        'G' => format!("{:04}", week.year()),
        'b' => zoned.strftime("%b").to_string(),
        'B' => zoned.strftime("%B").to_string(),
        'z' => {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.abs() / 60;
            format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
        }
        // Minutes from Greenwich.
        'Z' => format!("{}{:03}", if offset < 0 { '-' } else { '+' }, offset.abs() / 60),
        '%' => "%".to_owned(),
        _ => return None,
    })
}

/// `{dateString, timezone, onError, onNull}`: dates of ISO 8601.
pub(super) fn from_text<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    if operands.is_null(0) {
        return Ok(operands.take(3).or(Some(Owned::Null.into())));
    }
    let Some(View::Text(text)) = operands.view(0) else {
        let error = operands.wrong(0, "strings");
        return operands.take(2).map_or(Err(error), |given| Ok(Some(given)));
    };
    let text = utf8(text)?;
    let Some(zone) = zone(operands, 1)? else {
        return null();
    };
    let read = match (zone == TimeZone::UTC, text.parse::<jiff::civil::DateTime>()) {
        // A text without a zone is of the one that is given.
        (false, Ok(civil)) if text.parse::<jiff::Timestamp>().is_err() => zone
            .to_zoned(civil)
            .ok()
            .map(|zoned| date_of(zoned.timestamp().as_millisecond())),
        _ => read_date(text),
    };
    match read {
        Some(date) => made(date),
        None => {
            let error = operands.refuse(format_args!("cannot read {text:?} as a date of ISO 8601"));
            operands.take(2).map_or(Err(error), |given| Ok(Some(given)))
        }
    }
}
