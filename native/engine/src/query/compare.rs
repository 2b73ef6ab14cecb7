//! The order of values across all types, MongoDB's.
//!
//! null < numbers < strings < objects < arrays < binary < booleans < dates < other extensions; `undefined`
//! is null. Promises: a total order; numbers compare by their exact value whatever their widths, NaN below
//! all others and equal to itself; strings by their bytes; binary by length, then bytes; arrays and objects
//! element by element, objects by type, key and value of each field in stored order.
//! Leaves to others: which comparisons an operator makes (filter), keys of ordered indexes.
//! Source: MongoDB manual, "Comparison/Sort Order".

use std::cmp::Ordering;

use crate::format::owned::Owned;
use crate::format::value::{Cursor, Malformed, Parse, Value};
use crate::format::view::{Entries, List, View};
use crate::limits::DEPTH_MAX;

/// The place of a value's type in the order. Values of one rank compare by value.
pub fn rank(value: &Value<'_>) -> u8 {
    rank_view(&View::from(*value))
}

/// `rank` of a value of either kind.
#[inline]
pub fn rank_view(view: &View<'_>) -> u8 {
    match view {
        View::Null | View::Undefined => 1,
        View::Int(_) | View::UInt(_) | View::Float(_) => 2,
        View::Text(_) => 3,
        View::Map(_) => 4,
        View::Array(_) => 5,
        View::Binary(_) => 6,
        View::Bool(_) => 7,
        View::Timestamp(_) => 8,
        View::Ext { .. } => 9,
    }
}

/// The order of two values. Errors: `Malformed` when either one is damaged.
#[inline]
pub fn compare(left: &Value<'_>, right: &Value<'_>) -> Parse<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Ok(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Ok(left.cmp(right)),
        _ => compare_views(&View::from(*left), &View::from(*right)),
    }
}

/// The order of two values, each stored or owned. Errors: as `compare`.
pub fn compare_views(left: &View<'_>, right: &View<'_>) -> Parse<Ordering> {
    compare_at_depth(left, right, 1)
}

/// The order of the values that two cursors stand at.
pub fn compare_cursors(left: Cursor<'_>, right: Cursor<'_>) -> Parse<Ordering> {
    compare(&left.value()?, &right.value()?)
}

/// The order of two owned values. Values that nest too deep to be stored count as equal from there on.
pub fn compare_owned(left: &Owned, right: &Owned) -> Ordering {
    compare_views(&View::from(left), &View::from(right)).unwrap_or(Ordering::Equal)
}

fn compare_at_depth(left: &View<'_>, right: &View<'_>, depth: usize) -> Parse<Ordering> {
    Ok(match (left, right) {
        (View::Int(left), View::Int(right)) => left.cmp(right),
        (View::Text(left), View::Text(right)) => left.cmp(right),
        (View::Bool(left), View::Bool(right)) => left.cmp(right),
        (View::Binary(left), View::Binary(right)) => {
            left.len().cmp(&right.len()).then_with(|| left.cmp(right))
        }
        (View::Timestamp(left), View::Timestamp(right)) => {
            left.total_nanoseconds().cmp(&right.total_nanoseconds())
        }
        (
            View::Ext { kind, bytes },
            View::Ext {
                kind: right_kind,
                bytes: right,
            },
        ) => kind
            .cmp(right_kind)
            .then(bytes.len().cmp(&right.len()))
            .then_with(|| bytes.cmp(right)),
        (View::Array(left), View::Array(right)) => compare_arrays(*left, *right, depth)?,
        (View::Map(left), View::Map(right)) => compare_maps(*left, *right, depth)?,
        _ => match (rank_view(left), rank_view(right)) {
            (2, 2) => compare_numbers(left, right),
            (left, right) => left.cmp(&right),
        },
    })
}

fn compare_arrays(mut left: List<'_>, mut right: List<'_>, depth: usize) -> Parse<Ordering> {
    check_depth(depth)?;
    loop {
        match (left.take_next()?, right.take_next()?) {
            (Some(left), Some(right)) => {
                let order = compare_at_depth(&left, &right, depth + 1)?;
                if order != Ordering::Equal {
                    return Ok(order);
                }
            }
            (left, right) => return Ok(left.is_some().cmp(&right.is_some())),
        }
    }
}

fn compare_maps(mut left: Entries<'_>, mut right: Entries<'_>, depth: usize) -> Parse<Ordering> {
    check_depth(depth)?;
    loop {
        match (left.take_next()?, right.take_next()?) {
            (Some((left_key, left)), Some((right_key, right))) => {
                let order = rank_view(&left)
                    .cmp(&rank_view(&right))
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
fn compare_numbers(left: &View<'_>, right: &View<'_>) -> Ordering {
    match (whole(left), whole(right), float(left), float(right)) {
        (Some(left), Some(right), _, _) => left.cmp(&right),
        (Some(left), _, _, Some(right)) => compare_whole_and_float(left, right),
        (_, Some(right), Some(left), _) => compare_whole_and_float(right, left).reverse(),
        (_, _, Some(left), Some(right)) => compare_floats(left, right),
        (_, _, left, right) => left.is_some().cmp(&right.is_some()),
    }
}

fn whole(value: &View<'_>) -> Option<i128> {
    match value {
        View::Int(number) => Some(i128::from(*number)),
        View::UInt(number) => Some(i128::from(*number)),
        _ => None,
    }
}

fn float(value: &View<'_>) -> Option<f64> {
    match value {
        View::Float(number) => Some(*number),
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
