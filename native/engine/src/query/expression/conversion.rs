//! Types of values, and values of one type as another: `$type $isNumber $convert $toString $toInt …`.
//!
//! Promises: a value that cannot be converted is an error that says so, or what `onError` gives; null and
//! missing give null, or what `onNull` gives. Whole numbers are of one type here: `int` is one of 32 bits.
//! Source: MongoDB manual, "Type Expression Operators", "$convert".

use jiff::fmt::temporal::DateTimeParser;

use crate::error::Result;
use crate::format::id::integral;
use crate::format::owned::{Owned, utf8};
use crate::format::value::Timestamp;
use crate::format::view::View;
use crate::query::expression::arithmetic::{self, Number};
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::{Computed, Outcome, is_truth};

/// The name of MongoDB's type of a value.
fn type_name(view: Option<&View<'_>>) -> &'static str {
    match view {
        None => "missing",
        Some(View::Null) => "null",
        Some(View::Undefined) => "undefined",
        Some(View::Bool(_)) => "bool",
        Some(View::Int(number)) if i32::try_from(*number).is_ok() => "int",
        Some(View::Int(_) | View::UInt(_)) => "long",
        Some(View::Float(_)) => "double",
        Some(View::Text(_)) => "string",
        Some(View::Binary(_)) => "binData",
        Some(View::Timestamp(_)) => "date",
        Some(View::Array(_)) => "array",
        Some(View::Map(_)) => "object",
        Some(View::Ext { .. }) => "extension",
    }
}

pub(super) fn name_type<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(type_name(operands.view(0).as_ref()))
}

pub(super) fn is_number<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let view = operands.view(0);
    made(matches!(
        view,
        Some(View::Int(_) | View::UInt(_) | View::Float(_))
    ))
}

/// What values are converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Bool,
    Date,
    Double,
    Int,
    Long,
    Text,
}

impl Target {
    /// By MongoDB's name or number of the type.
    fn named(view: &View<'_>) -> Option<Target> {
        let number = match view {
            View::Int(number) => *number,
            View::Float(number) => integral(*number)?,
            View::Text(b"double") => 1,
            View::Text(b"string") => 2,
            View::Text(b"bool") => 8,
            View::Text(b"date") => 9,
            View::Text(b"int") => 16,
            View::Text(b"long") => 18,
            _ => return None,
        };
        Some(match number {
            1 => Target::Double,
            2 => Target::Text,
            8 => Target::Bool,
            9 => Target::Date,
            16 => Target::Int,
            18 => Target::Long,
            _ => return None,
        })
    }
}

/// Converts the first operand.
fn converted<'a>(operands: &Operands<'a, '_>, target: Target) -> Outcome<'a> {
    match operands.view(0) {
        Some(view) if !view.is_null() => Ok(Some(Computed::Made(convert_to(operands, &view, target)?))),
        _ => null(),
    }
}

pub(super) fn to_bool<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    converted(operands, Target::Bool)
}

pub(super) fn to_date<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    converted(operands, Target::Date)
}

pub(super) fn to_double<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    converted(operands, Target::Double)
}

pub(super) fn to_int<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    converted(operands, Target::Int)
}

pub(super) fn to_long<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    converted(operands, Target::Long)
}

pub(super) fn to_text<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    converted(operands, Target::Text)
}

/// `{input, to, onError, onNull}`.
pub(super) fn convert<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    if operands.is_null(0) {
        return match operands.take(3) {
            None => null(),
            given => Ok(given),
        };
    }
    let target = match operands.view(1) {
        Some(view) if !view.is_null() => Target::named(&view),
        _ => return null(),
    };
    let Some(target) = target else {
        return Err(operands.refuse("takes double, string, bool, date, int or long as to"));
    };
    match converted(operands, target) {
        Err(error) => operands.take(2).map_or(Err(error), |given| Ok(Some(given))),
        made => made,
    }
}

fn convert_to(operands: &Operands<'_, '_>, view: &View<'_>, target: Target) -> Result<Owned> {
    match target {
        Target::Bool => Ok(Owned::Bool(is_truth(view))),
        Target::Text => text_of(operands, view).map(Owned::from),
        Target::Date => date_of(operands, view).map(Owned::Timestamp),
        Target::Double => match view {
            View::Text(text) => parsed(operands, text).map(Owned::Float),
            _ => number_of(operands, view).map(|number| Owned::Float(number.to_float())),
        },
        Target::Int | Target::Long => {
            let whole = whole_of(operands, view)?;
            match i32::try_from(whole) {
                Err(_) if target == Target::Int => Err(operands.refuse(format_args!(
                    "makes integers of 32 bits, and {whole} is none; $toLong may"
                ))),
                _ => Ok(Owned::Int(whole)),
            }
        }
    }
}

/// A number, a truth or a date in milliseconds.
fn number_of(operands: &Operands<'_, '_>, view: &View<'_>) -> Result<Number> {
    match view {
        View::Bool(truth) => Ok(Number::Whole(i64::from(*truth))),
        View::Timestamp(date) => Ok(Number::Whole(arithmetic::milliseconds(*date))),
        _ => Number::of(view).ok_or_else(|| operands.wrong(0, "numbers, strings, truths and dates")),
    }
}

fn whole_of(operands: &Operands<'_, '_>, view: &View<'_>) -> Result<i64> {
    if let View::Text(text) = view {
        let text = utf8(text)?;
        return text
            .parse()
            .map_err(|_| operands.refuse(format_args!("cannot read {text:?} as an integer")));
    }
    match number_of(operands, view)? {
        Number::Whole(whole) => Ok(whole),
        Number::Float(float) => integral(float.trunc())
            .ok_or_else(|| operands.refuse(format_args!("cannot make an integer of 64 bits of {float}"))),
    }
}

fn parsed(operands: &Operands<'_, '_>, text: &[u8]) -> Result<f64> {
    let text = utf8(text)?;
    let number = text.parse().ok().filter(|_| !text.starts_with('+'));
    number.ok_or_else(|| operands.refuse(format_args!("cannot read {text:?} as a number")))
}

/// A value as text. Errors: INVALID_EXPRESSION for arrays, objects, binary.
pub(super) fn text_of(operands: &Operands<'_, '_>, view: &View<'_>) -> Result<String> {
    Ok(match view {
        View::Text(text) => utf8(text)?.to_owned(),
        View::Bool(truth) => truth.to_string(),
        View::Int(number) => number.to_string(),
        View::UInt(number) => number.to_string(),
        View::Float(number) => float_text(*number),
        View::Timestamp(date) => date_text(*date)
            .ok_or_else(|| operands.refuse("was given a date beyond the years -9999 to 9999"))?,
        _ => return Err(operands.wrong(0, "strings, numbers, truths and dates")),
    })
}

/// A float as MongoDB writes it: the shortest digits, an exponent where it is far from 1.
fn float_text(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
            _ => text,
        };
    }
    number.to_string()
}

/// A date as text, such as 2026-01-02T03:04:05.678Z; None beyond the years that can be written.
pub(super) fn date_text(date: Timestamp) -> Option<String> {
    let date = jiff::Timestamp::from_millisecond(arithmetic::milliseconds(date)).ok()?;
    Some(date.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

fn date_of(operands: &Operands<'_, '_>, view: &View<'_>) -> Result<Timestamp> {
    match view {
        View::Timestamp(date) => Ok(*date),
        View::Text(text) => {
            let text = utf8(text)?;
            read_date(text).ok_or_else(|| operands.refuse(format_args!("cannot read {text:?} as a date")))
        }
        View::Int(_) | View::Float(_) => match Number::of(view).map(Number::to_float) {
            Some(float) if float.is_finite() => {
                let whole = integral(float.trunc());
                let whole = whole.ok_or_else(|| operands.refuse("was given a number that is no date"))?;
                Ok(arithmetic::date_of(whole))
            }
            _ => Err(operands.refuse("was given a number that is no date")),
        },
        _ => Err(operands.wrong(0, "numbers, strings and dates")),
    }
}

/// A date of ISO 8601; without a zone it is that of Greenwich.
pub(super) fn read_date(text: &str) -> Option<Timestamp> {
    const PARSER: DateTimeParser = DateTimeParser::new();
    let date = match PARSER.parse_timestamp(text) {
        Ok(date) => date,
        Err(_) => {
            let civil = PARSER.parse_datetime(text).ok()?;
            civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
        }
    };
    Some(arithmetic::date_of(date.as_millisecond()))
}
