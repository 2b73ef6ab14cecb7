//! `$round` and `$trunc` at a decimal place.
//!
//! Promises: halves go to the even neighbour; floats are rounded by their decimal digits, of which 34 count,
//! so what comes out is the float nearest to the rounded number. Integers stay integers.
//! Source: MongoDB manual, "$round" and "$trunc".

use crate::error::Result;
use crate::query::expression::Outcome;
use crate::query::expression::arithmetic::Number;
use crate::query::expression::operands::{Operands, made, null};

/// The places allowed: from this many before the point to one fewer behind it.
const PLACES: std::ops::RangeInclusive<i64> = -20..=100;
/// Decimal digits of a float that count.
const DIGITS: usize = 34;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    HalfToEven,
    TowardsZero,
}

pub(super) fn round<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    at_place(operands, Way::HalfToEven)
}

pub(super) fn truncate<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    at_place(operands, Way::TowardsZero)
}

fn at_place<'a>(operands: &Operands<'a, '_>, way: Way) -> Outcome<'a> {
    let number = operands.number(0)?;
    let Some(place) = place(operands)? else {
        return null();
    };
    match number {
        None => null(),
        Some(Number::Whole(number)) if place >= 0 => made(number),
        Some(Number::Whole(number)) => match whole(number, place, way) {
            Some(rounded) => made(rounded),
            None => Err(operands.refuse(format_args!("of {number} leaves 64 bits"))),
        },
        Some(Number::Float(number)) if !number.is_finite() => made(number),
        Some(Number::Float(number)) if place == 0 => made(match way {
            Way::HalfToEven => number.round_ties_even(),
            Way::TowardsZero => number.trunc(),
        }),
        Some(Number::Float(number)) => made(float(number, place, way)),
    }
}

/// The place, 0 by default; None when it is null.
fn place(operands: &Operands<'_, '_>) -> Result<Option<i64>> {
    if operands.count() < 2 {
        return Ok(Some(0));
    }
    if operands.is_null(1) {
        return Ok(None);
    }
    let place = operands.whole(1, "a whole number as the place")?;
    if !PLACES.contains(&place) {
        return Err(operands.refuse(format_args!(
            "takes a place from {} to {}, and was given {place}",
            PLACES.start(),
            PLACES.end()
        )));
    }
    Ok(Some(place))
}

fn whole(number: i64, place: i64, way: Way) -> Option<i64> {
    let unit = 10_i128.pow(u32::try_from(-place).ok()?);
    let number = i128::from(number);
    let (quotient, rest) = (number / unit, number % unit);
    let is_up = way == Way::HalfToEven && {
        let double = rest.abs() * 2;
        double > unit || (double == unit && quotient % 2 != 0)
    };
    let quotient = if is_up {
        quotient + number.signum()
    } else {
        quotient
    };
    i64::try_from(quotient * unit).ok()
}

fn float(number: f64, place: i64, way: Way) -> f64 {
    let text = format!("{:.*e}", DIGITS - 1, number.abs());
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return number;
    };
    let Ok(exponent) = exponent.parse::<i64>() else {
        return number;
    };
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    let kept = exponent + 1 + place;
    let Ok(kept) = usize::try_from(kept) else {
        return 0.0_f64.copysign(number);
    };
    if kept >= digits.len() {
        return number;
    }
    let (front, back) = digits.split_at(kept);
    let is_odd = front.last().is_some_and(|digit| digit % 2 == 1);
    let is_up = way == Way::HalfToEven
        && match back.split_first() {
            Some((b'5', rest)) => is_odd || rest.iter().any(|digit| *digit != b'0'),
            Some((first, _)) => *first > b'5',
            None => false,
        };
    // 34 digits fit 128 bits; the unit of the last kept digit is 10 to the -place.
    let front: String = front.iter().map(|digit| char::from(*digit)).collect();
    let front = front.parse::<u128>().unwrap_or(0) + u128::from(is_up);
    let rounded: f64 = format!("{front}e{}", -place).parse().unwrap_or(number);
    rounded.copysign(number)
}
