//! Arithmetic: integers stay integers while they are exact, and become floats when they leave 64 bits.
//!
//! Promises: null or missing gives null; sums of floats are compensated, so their order hardly matters; an
//! integer above `i64::MAX` counts as a float. Leaves to others: dates' calendars (dates.rs).
//! Source: MongoDB manual, "Arithmetic Expression Operators"; A. Neumaier's compensated summation (1974).

use std::fmt;

use crate::format::id::integral;
use crate::format::owned::Owned;
use crate::format::value::Timestamp;
use crate::format::view::View;
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::{Computed, Outcome};

/// A number while it is computed with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i64),
    Float(f64),
}

impl Number {
    #[inline]
    pub(super) fn of(view: &View<'_>) -> Option<Number> {
        match view {
            View::Int(number) => Some(Number::Whole(*number)),
            View::UInt(number) => Some(Number::Float(*number as f64)),
            View::Float(number) => Some(Number::Float(*number)),
            _ => None,
        }
    }

    pub(super) fn to_float(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Float(number) => number,
        }
    }

    /// The number as an integer of 64 bits, when it is one.
    pub(super) fn as_whole(self) -> Option<i64> {
        match self {
            Number::Whole(number) => Some(number),
            Number::Float(number) => integral(number),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Whole(number) => number.fmt(formatter),
            Number::Float(number) => number.fmt(formatter),
        }
    }
}

impl From<Number> for Owned {
    fn from(number: Number) -> Owned {
        match number {
            Number::Whole(number) => Owned::Int(number),
            Number::Float(number) => Owned::Float(number),
        }
    }
}

/// A sum: integers exactly, floats compensated.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    whole: i128,
    float: f64,
    compensation: f64,
    has_float: bool,
}

impl Sum {
    #[inline]
    pub(super) fn add(&mut self, number: Number) {
        match number {
            Number::Whole(number) => self.whole += i128::from(number),
            Number::Float(number) => {
                self.has_float = true;
                self.add_float(number);
            }
        }
    }

    fn add_float(&mut self, number: f64) {
        let total = self.float + number;
        if total.is_finite() {
            self.compensation += if self.float.abs() >= number.abs() {
                (self.float - total) + number
            } else {
                (number - total) + self.float
            };
        }
        self.float = total;
    }

    pub(super) fn to_float(self) -> f64 {
        let mut total = self;
        if self.whole != 0 || !self.has_float {
            total.add_float(self.whole as f64);
        }
        let sum = total.float + total.compensation;
        if sum.is_nan() { total.float } else { sum }
    }

    /// The sum: an integer when all that was added were, and it fits 64 bits.
    pub(super) fn total(self) -> Number {
        match i64::try_from(self.whole) {
            Ok(whole) if !self.has_float => Number::Whole(whole),
            _ => Number::Float(self.to_float()),
        }
    }
}

pub(super) fn add<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let mut sum = Sum::default();
    let mut date: Option<Timestamp> = None;
    let mut has_null = false;
    for index in 0..operands.count() {
        let view = operands.view(index);
        match (view, view.as_ref().and_then(Number::of)) {
            (_, Some(number)) => sum.add(number),
            (None | Some(View::Null | View::Undefined), _) => has_null = true,
            (Some(View::Timestamp(_)), _) if date.is_some() => {
                return Err(operands.refuse("takes one date only"));
            }
            (Some(View::Timestamp(timestamp)), _) => date = Some(timestamp),
            _ => return Err(operands.wrong(index, "numbers and one date")),
        }
    }
    match date {
        _ if has_null => null(),
        Some(date) => shifted(operands, date, sum.total()),
        None => made(sum.total()),
    }
}

pub(super) fn subtract<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    if operands.any_null() {
        return null();
    }
    match (operands.view(0), operands.view(1)) {
        (Some(View::Timestamp(left)), Some(View::Timestamp(right))) => {
            made(milliseconds(left).saturating_sub(milliseconds(right)))
        }
        (Some(View::Timestamp(date)), Some(amount)) => {
            let amount = Number::of(&amount).ok_or_else(|| operands.wrong(1, "numbers and dates"))?;
            let negative = match amount {
                Number::Whole(number) => number.checked_neg().map(Number::Whole),
                Number::Float(number) => Some(Number::Float(-number)),
            };
            let negative = negative.ok_or_else(|| operands.refuse("leaves the range of dates"))?;
            shifted(operands, date, negative)
        }
        (Some(left), Some(right)) => {
            let left = Number::of(&left).ok_or_else(|| operands.wrong(0, "numbers and dates"))?;
            let right =
                Number::of(&right).ok_or_else(|| operands.wrong(1, "numbers, or dates from dates"))?;
            made(difference(left, right))
        }
        _ => null(),
    }
}

fn difference(left: Number, right: Number) -> Number {
    if let (Number::Whole(left), Number::Whole(right)) = (left, right)
        && let Some(whole) = left.checked_sub(right)
    {
        return Number::Whole(whole);
    }
    Number::Float(left.to_float() - right.to_float())
}

/// Milliseconds since 1970, rounded down.
pub(super) fn milliseconds(date: Timestamp) -> i64 {
    let part = i64::from(date.nanoseconds / 1_000_000);
    date.seconds.saturating_mul(1000).saturating_add(part)
}

/// The date of `milliseconds` since 1970.
pub(super) fn date_of(milliseconds: i64) -> Timestamp {
    Timestamp {
        seconds: milliseconds.div_euclid(1000),
        nanoseconds: milliseconds.rem_euclid(1000) as u32 * 1_000_000,
    }
}

/// `date` and so many milliseconds, rounded to whole ones.
fn shifted<'a>(operands: &Operands<'a, '_>, date: Timestamp, amount: Number) -> Outcome<'a> {
    let whole = match amount {
        Number::Whole(number) => Some(number),
        Number::Float(number) => integral(number.round()),
    };
    let moved = whole.and_then(|whole| milliseconds(date).checked_add(whole));
    let moved = moved.ok_or_else(|| operands.refuse("leaves the range of dates"))?;
    made(date_of(moved))
}

pub(super) fn multiply<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let mut product = Number::Whole(1);
    let mut has_null = false;
    for index in 0..operands.count() {
        let Some(factor) = operands.number(index)? else {
            has_null = true;
            continue;
        };
        product = match (product, factor) {
            (Number::Whole(left), Number::Whole(right)) => left
                .checked_mul(right)
                .map_or_else(|| Number::Float(left as f64 * right as f64), Number::Whole),
            (left, right) => Number::Float(left.to_float() * right.to_float()),
        };
    }
    if has_null { null() } else { made(product) }
}

/// Both operands as numbers; None when either is null or missing.
fn pair(operands: &Operands<'_, '_>) -> crate::error::Result<Option<(Number, Number)>> {
    let (left, right) = (operands.number(0)?, operands.number(1)?);
    Ok(left.zip(right))
}

pub(super) fn divide<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some((left, right)) = pair(operands)? else {
        return null();
    };
    if right.to_float() == 0.0 {
        return Err(operands.refuse("divides by zero"));
    }
    made(left.to_float() / right.to_float())
}

pub(super) fn modulo<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some((left, right)) = pair(operands)? else {
        return null();
    };
    if right.to_float() == 0.0 {
        return Err(operands.refuse("divides by zero"));
    }
    match (left, right.as_whole()) {
        (Number::Whole(left), Some(right)) => made(left.wrapping_rem(right)),
        _ => made(left.to_float() % right.to_float()),
    }
}

pub(super) fn absolute<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    match operands.number(0)? {
        None => null(),
        Some(Number::Float(number)) => made(number.abs()),
        Some(Number::Whole(number)) => {
            let absolute = number.checked_abs();
            made(absolute.ok_or_else(|| operands.refuse(format_args!("of {number} leaves 64 bits")))?)
        }
    }
}

/// A function of floats that leaves integers as they are.
fn rounded<'a>(operands: &Operands<'a, '_>, round: fn(f64) -> f64) -> Outcome<'a> {
    match operands.number(0)? {
        None => null(),
        Some(Number::Whole(number)) => made(number),
        Some(Number::Float(number)) => made(round(number)),
    }
}

pub(super) fn ceiling<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    rounded(operands, f64::ceil)
}

pub(super) fn floor<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    rounded(operands, f64::floor)
}

/// A function of one float, defined where `domain` says so.
pub(super) fn function<'a>(
    operands: &Operands<'a, '_>,
    domain: (fn(f64) -> bool, &str),
    function: fn(f64) -> f64,
) -> Outcome<'a> {
    let Some(number) = operands.number(0)? else {
        return null();
    };
    let number = number.to_float();
    if !number.is_nan() && !domain.0(number) {
        return Err(operands.refuse(format_args!("takes {}, and was given {number}", domain.1)));
    }
    made(function(number))
}

pub(super) fn square_root<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    function(
        operands,
        (|number| number >= 0.0, "numbers that are not negative"),
        f64::sqrt,
    )
}

pub(super) fn exponential<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    function(operands, (|_| true, "numbers"), f64::exp)
}

const POSITIVE: (fn(f64) -> bool, &str) = (|number| number > 0.0, "positive numbers");

pub(super) fn natural_logarithm<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    function(operands, POSITIVE, f64::ln)
}

pub(super) fn decimal_logarithm<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    function(operands, POSITIVE, f64::log10)
}

pub(super) fn logarithm<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some((number, base)) = pair(operands)? else {
        return null();
    };
    let (number, base) = (number.to_float(), base.to_float());
    if number <= 0.0 {
        return Err(operands.refuse(format_args!("takes a positive number, and was given {number}")));
    }
    if base <= 0.0 || base == 1.0 {
        return Err(operands.refuse(format_args!(
            "takes a positive base other than 1, and was given {base}"
        )));
    }
    made(number.ln() / base.ln())
}

pub(super) fn power<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some((base, exponent)) = pair(operands)? else {
        return null();
    };
    if base.to_float() == 0.0 && exponent.to_float() < 0.0 {
        return Err(operands.refuse("takes no base 0 with a negative exponent"));
    }
    if let (Number::Whole(base), Number::Whole(exponent)) = (base, exponent)
        && let Some(whole) = whole_power(base, exponent)
    {
        return made(whole);
    }
    made(base.to_float().powf(exponent.to_float()))
}

/// The power of integers, when it is an integer of 64 bits.
fn whole_power(base: i64, exponent: i64) -> Option<i64> {
    match base {
        1 => Some(1),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

/// The number that a computed value is, for accumulators: None for all that is no number.
#[inline]
pub(super) fn number_in(value: Option<&Computed<'_>>) -> Option<Number> {
    Number::of(&value?.view())
}
