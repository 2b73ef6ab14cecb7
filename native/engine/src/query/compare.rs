//! The order of values across all types, MongoDB's.
//!
//! null < numbers < strings < objects < arrays < binary < booleans < dates < other extensions; `undefined`
//! is null. Promises: a total order; numbers compare by their exact value whatever their widths, NaN below
//! all others and equal to itself; strings by their bytes; binary by length, then bytes; arrays and objects
//! element by element, objects by type, key and value of each field in stored order.
//! Leaves to others: which comparisons an operator makes (filter), keys of ordered indexes.
//! Source: MongoDB manual, "Comparison/Sort Order".

use std::cmp::Ordering;

use crate::format::value::{Cursor, Elements, Fields, Malformed, Parse, Value};
use crate::limits::DEPTH_MAX;

/// The place of a value's type in the order. Values of one rank compare by value.
pub fn rank(value: &Value<'_>) -> u8 {
    match value {
        Value::Null | Value::Undefined => 1,
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => 2,
        Value::String(_) => 3,
        Value::Map(_) => 4,
        Value::Array(_) => 5,
        Value::Binary(_) => 6,
        Value::Bool(_) => 7,
        Value::Timestamp(_) => 8,
        Value::Ext { .. } => 9,
    }
}

/// The order of two values. Errors: `Malformed` when either one is damaged.
pub fn compare(left: &Value<'_>, right: &Value<'_>) -> Parse<Ordering> {
    compare_at_depth(left, right, 1)
}

/// The order of the values that two cursors stand at.
pub fn compare_cursors(left: Cursor<'_>, right: Cursor<'_>) -> Parse<Ordering> {
    compare(&left.value()?, &right.value()?)
}

fn compare_at_depth(left: &Value<'_>, right: &Value<'_>, depth: usize) -> Parse<Ordering> {
    Ok(match (left, right) {
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Binary(left), Value::Binary(right)) => {
            left.len().cmp(&right.len()).then_with(|| left.cmp(right))
        }
        (Value::Timestamp(left), Value::Timestamp(right)) => {
            left.total_nanoseconds().cmp(&right.total_nanoseconds())
        }
        (
            Value::Ext { kind, bytes },
            Value::Ext {
                kind: right_kind,
                bytes: right,
            },
        ) => kind
            .cmp(right_kind)
            .then(bytes.len().cmp(&right.len()))
            .then_with(|| bytes.cmp(right)),
        (Value::Array(left), Value::Array(right)) => compare_arrays(*left, *right, depth)?,
        (Value::Map(left), Value::Map(right)) => compare_maps(*left, *right, depth)?,
        _ => match (rank(left), rank(right)) {
            (2, 2) => compare_numbers(left, right),
            (left, right) => left.cmp(&right),
        },
    })
}

fn compare_arrays(mut left: Elements<'_>, mut right: Elements<'_>, depth: usize) -> Parse<Ordering> {
    check_depth(depth)?;
    loop {
        match (left.take_next()?, right.take_next()?) {
            (Some(left), Some(right)) => {
                let order = compare_at_depth(&left.value()?, &right.value()?, depth + 1)?;
                if order != Ordering::Equal {
                    return Ok(order);
                }
            }
            (left, right) => return Ok(left.is_some().cmp(&right.is_some())),
        }
    }
}

fn compare_maps(mut left: Fields<'_>, mut right: Fields<'_>, depth: usize) -> Parse<Ordering> {
    check_depth(depth)?;
    loop {
        match (left.take_next()?, right.take_next()?) {
            (Some((left_key, left)), Some((right_key, right))) => {
                let (left, right) = (left.value()?, right.value()?);
                let order = rank(&left)
                    .cmp(&rank(&right))
                    .then_with(|| left_key.cmp(right_key));
                if order != Ordering::Equal {
                    return Ok(order);
                }
                let order = compare_at_depth(&left, &right, depth + 1)?;
                if order != Ordering::Equal {
                    return Ok(order);
                }
            }
            (left, right) => return Ok(left.is_some().cmp(&right.is_some())),
        }
    }
}

fn check_depth(depth: usize) -> Parse<()> {
    if depth > DEPTH_MAX {
        Err(Malformed::TooDeep)
    } else {
        Ok(())
    }
}

/// The order of two numbers by their exact values. What is no number sorts below them.
fn compare_numbers(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    match (whole(left), whole(right), float(left), float(right)) {
        (Some(left), Some(right), _, _) => left.cmp(&right),
        (Some(left), _, _, Some(right)) => compare_whole_and_float(left, right),
        (_, Some(right), Some(left), _) => compare_whole_and_float(right, left).reverse(),
        (_, _, Some(left), Some(right)) => compare_floats(left, right),
        (_, _, left, right) => left.is_some().cmp(&right.is_some()),
    }
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::UInt(number) => Some(i128::from(*number)),
        _ => None,
    }
}

fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// The order of two floats: NaN first, and both zeros equal.
pub fn compare_floats(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right)
        .unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
}

/// The order of an integer of at most 65 bits and a float, without rounding either.
fn compare_whole_and_float(left: i128, right: f64) -> Ordering {
    if right.is_nan() {
        return Ordering::Greater;
    }
    // A cast saturates, so infinities stay beyond every integer of 65 bits.
    let truncated = right.trunc();
    left.cmp(&(truncated as i128))
        .then_with(|| compare_floats(truncated, right))
}

#[cfg(test)]
mod tests;
