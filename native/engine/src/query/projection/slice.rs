//! `$slice` of a projection: which elements of an array are kept.
//!
//! Promises: whatever the numbers, the part lies within the array. Source: MongoDB manual, "$slice (projection)".

use std::ops::Range;

use crate::error::Result;
use crate::format::value::{Cursor, Value};
use crate::query::projection::refuse;

/// The part of an array that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slice {
    /// So many of the first elements.
    First(usize),
    /// So many of the last elements.
    Last(usize),
    /// After so many elements, or from so many before the end where the number is negative, so many.
    From(i64, usize),
}

impl Slice {
    /// The slice at `operand`: a number, or an array of how many to skip and how many to keep.
    /// Errors: INVALID_PROJECTION for anything else.
    pub(super) fn compile(operand: Cursor<'_>) -> Result<Slice> {
        let value = operand.value()?;
        if let Some(count) = number(&value) {
            return Ok(match usize::try_from(count) {
                Ok(count) => Slice::First(count),
                Err(_) => Slice::Last(magnitude(count)),
            });
        }
        let Value::Array(mut elements) = value else {
            return Err(refuse(format!(
                "$slice takes a number or [skip, limit], and was given a value of type {}",
                value.type_name()
            )));
        };
        let (Some(skip), Some(limit), None) = (
            elements.take_next()?,
            elements.take_next()?,
            elements.take_next()?,
        ) else {
            return Err(refuse("$slice takes an array of two numbers, [skip, limit]"));
        };
        let (Some(skip), Some(limit)) = (number(&skip.value()?), number(&limit.value()?)) else {
            return Err(refuse("$slice takes numbers in its array [skip, limit]"));
        };
        match usize::try_from(limit) {
            Ok(limit) if limit > 0 => Ok(Slice::From(skip, limit)),
            _ => Err(refuse(format!(
                "$slice was given the limit {limit} in [skip, limit]; a limit is above 0"
            ))),
        }
    }

    /// The positions kept of an array of `count` elements.
    pub(super) fn range(self, count: usize) -> Range<usize> {
        let (start, kept) = match self {
            Slice::First(kept) => (0, kept),
            Slice::Last(kept) => (count.saturating_sub(kept), kept),
            Slice::From(skip, kept) => match usize::try_from(skip) {
                Ok(skip) => (skip.min(count), kept),
                Err(_) => (count.saturating_sub(magnitude(skip)), kept),
            },
        };
        start..start.saturating_add(kept).min(count)
    }
}

fn magnitude(number: i64) -> usize {
    usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX)
}

/// A number without its fraction, and within the range of i64.
fn number(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::UInt(_) => Some(i64::MAX),
        // A cast saturates, and makes 0 of NaN.
        Value::Float(number) => Some(*number as i64),
        _ => None,
    }
}
