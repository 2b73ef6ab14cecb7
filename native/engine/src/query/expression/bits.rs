//! Bits of integers, and a random number.
//!
//! Source: MongoDB manual, "Bitwise Operators" and "$rand".

use crate::error::{Error, ErrorKind};
use crate::format::view::View;
use crate::query::expression::Outcome;
use crate::query::expression::operands::{Operands, made, null};

fn combine<'a>(operands: &Operands<'a, '_>, start: i64, combine: fn(i64, i64) -> i64) -> Outcome<'a> {
    let mut bits = start;
    let mut has_null = false;
    for index in 0..operands.count() {
        match operands.view(index) {
            Some(View::Int(number)) => bits = combine(bits, number),
            Some(view) if !view.is_null() => return Err(operands.wrong(index, "integers of 64 bits")),
            _ => has_null = true,
        }
    }
    if has_null { null() } else { made(bits) }
}

pub(super) fn and<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    combine(operands, -1, |left, right| left & right)
}

pub(super) fn or<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    combine(operands, 0, |left, right| left | right)
}

pub(super) fn exclusive_or<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    combine(operands, 0, |left, right| left ^ right)
}

pub(super) fn not<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    combine(operands, -1, |_, right| !right)
}

/// Bits of a float's fraction, and so of the random number.
const FRACTION_BITS: u32 = 53;

/// A number from 0 to below 1.
pub(super) fn random<'a>(_: &mut Operands<'a, '_>) -> Outcome<'a> {
    let bits = getrandom::u64().map_err(|source| {
        Error::new(
            ErrorKind::Io,
            format!("$rand: no random numbers can be had: {source}"),
        )
    })?;
    made((bits >> (u64::BITS - FRACTION_BITS)) as f64 / (1_u64 << FRACTION_BITS) as f64)
}
