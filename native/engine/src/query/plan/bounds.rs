//! From what a filter asks of a path to the keys that satisfy it.
//!
//! Promises: every value that meets a restriction has its key in the restriction's ranges; where `is_exact`
//! says so, no other value has. Ranges hold values of the operand's type only, as comparisons do; NaN is in no
//! range but its own, and null stands for undefined and missing as well.
//! Leaves to others: paths with arrays, where a key is one of several (candidate.rs).

use super::cut::Cut;
use super::ranges::{Range, Ranges};
use crate::format::key;
use crate::format::value::{Parse, Value};
use crate::query::filter::{Bound, Constraint, Restriction};
use crate::query::literal::Literal;

/// The keys of one restriction.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The keys that meet it, ascending.
    pub ranges: Ranges,
    /// Values with these keys all meet it, on a path without arrays.
    pub is_exact: bool,
    /// It says which keys are wanted: a condition that every value meets does not.
    pub is_bound: bool,
    /// Its operands are scalars other than null: on a path with arrays, an element's key alone tells.
    pub is_scalar: bool,
    /// A document that meets it has the field.
    pub implies_field: bool,
    /// The key of a missing field meets it.
    pub holds_missing: bool,
}

impl Bounds {
    /// The keys of `restriction`. Errors: `Malformed` when an operand is damaged.
    pub fn of(restriction: &Restriction<'_>) -> Parse<Bounds> {
        let (ranges, is_scalar) = match restriction {
            Restriction::Equal(literal) => (
                Ranges::one(Range::point(&key_of(&literal.value()?)?)),
                is_scalar(&literal.value()?),
            ),
            Restriction::In(set) => {
                let mut points = Vec::with_capacity(set.count());
                let mut are_scalar = true;
                for value in set.values() {
                    are_scalar &= is_scalar(&value);
                    points.push(Range::point(&key_of(&value)?));
                }
                (Ranges::points(points), are_scalar)
            }
            Restriction::Range { lower, upper } => return Bounds::of_range(lower.as_ref(), upper.as_ref()),
            Restriction::Prefix(text) => {
                let mut start = Vec::with_capacity(text.len() + 1);
                key::encode_text_start(text, &mut start);
                (
                    Ranges::one(Range::between(Cut::before(&start), Cut::after(&start))),
                    true,
                )
            }
            Restriction::Exists(is_there) => return Ok(Bounds::of_existence(*is_there)),
        };
        Ok(Bounds::exact(ranges, is_scalar))
    }

    fn exact(ranges: Ranges, is_scalar: bool) -> Bounds {
        let holds_missing = ranges.hold(&null());
        Bounds {
            implies_field: !holds_missing,
            holds_missing,
            ranges,
            is_exact: true,
            is_bound: true,
            is_scalar,
        }
    }

    fn of_range(lower: Option<&Bound<'_>>, upper: Option<&Bound<'_>>) -> Parse<Bounds> {
        let mut ranges = Ranges::everything();
        let mut are_scalar = true;
        for (bound, is_lower) in [(lower, true), (upper, false)] {
            if let Some(bound) = bound {
                ranges = ranges.meet(&side(bound.literal, bound.is_inclusive, is_lower)?);
                are_scalar &= is_scalar(&bound.literal.value()?);
            }
        }
        Ok(Bounds::exact(ranges, are_scalar))
    }

    /// A missing field has the key of null, and so has one that is null.
    fn of_existence(is_there: bool) -> Bounds {
        Bounds {
            ranges: if is_there { Ranges::everything() } else { null() },
            is_exact: false,
            is_bound: !is_there,
            is_scalar: false,
            implies_field: is_there,
            holds_missing: !is_there,
        }
    }
}

/// True when documents that meet `constraint` also meet `other`, which asks of the same path and is met
/// exactly by the keys of its bounds, or is about existence.
pub fn implies(constraint: &Constraint<'_>, other: &Constraint<'_>) -> Parse<bool> {
    Ok(match (&constraint.restriction, &other.restriction) {
        (_, Restriction::Exists(true)) => Bounds::of(&constraint.restriction)?.implies_field,
        (Restriction::Exists(false), Restriction::Exists(false)) => true,
        (Restriction::Exists(_), _) | (_, Restriction::Exists(_)) => false,
        (own, other) => Bounds::of(other)?.ranges.hold(&Bounds::of(own)?.ranges),
    })
}

/// The key of null, undefined and missing.
pub fn null() -> Ranges {
    let (first, _) = key::type_bounds(None);
    Ranges::one(Range::point(&[first]))
}

/// The key of `value`, ascending.
pub fn key_of(value: &Value<'_>) -> Parse<Vec<u8>> {
    let mut bytes = Vec::with_capacity(16);
    key::encode(Some(value), &mut bytes)?;
    Ok(bytes)
}

/// The values of `literal`'s type on one side of it.
fn side(literal: &Literal, is_inclusive: bool, is_lower: bool) -> Parse<Ranges> {
    let value = literal.value()?;
    let is_alone = match value {
        Value::Null | Value::Undefined => true,
        Value::Float(number) => number.is_nan(),
        _ => false,
    };
    let key = key_of(&value)?;
    if is_alone {
        return Ok(if is_inclusive {
            Ranges::one(Range::point(&key))
        } else {
            Ranges::nothing()
        });
    }
    let (first, last) = key::type_bounds(Some(&value));
    Ok(Ranges::one(match (is_lower, is_inclusive) {
        (true, true) => Range::between(Cut::before(&key), Cut::after(&[last])),
        (true, false) => Range::between(Cut::after(&key), Cut::after(&[last])),
        (false, true) => Range::between(Cut::before(&[first]), Cut::after(&key)),
        (false, false) => Range::between(Cut::before(&[first]), Cut::before(&key)),
    }))
}

fn is_scalar(value: &Value<'_>) -> bool {
    !matches!(
        value,
        Value::Null | Value::Undefined | Value::Array(_) | Value::Map(_)
    )
}
