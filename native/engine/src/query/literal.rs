//! The operands of filters: values owned by the compiled filter, and how a document's value compares with them.
//!
//! Promises: comparisons are MongoDB's: within one type only, null equal to missing, NaN equal to NaN only.
//! Leaves to others: the order itself (compare.rs), arrays and paths (path.rs).

use std::cmp::Ordering;

use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Parse, Timestamp, Value};
use crate::query::compare::{compare, rank};

/// An operand, decoded once.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    /// null, undefined.
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(Box<[u8]>),
    Binary(Box<[u8]>),
    Timestamp(Timestamp),
    /// An array, a map or an extension, in stored form without records.
    Encoded(Box<[u8]>),
}

/// Which orders of value and operand satisfy a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub less: bool,
    pub equal: bool,
}

impl Wanted {
    pub(crate) const ABOVE: Wanted = Wanted {
        less: false,
        equal: false,
    };
    pub(crate) const AT_LEAST: Wanted = Wanted {
        less: false,
        equal: true,
    };
    pub(crate) const BELOW: Wanted = Wanted {
        less: true,
        equal: false,
    };
    pub(crate) const AT_MOST: Wanted = Wanted {
        less: true,
        equal: true,
    };

    #[inline(always)]
    fn accepts(self, order: Ordering) -> bool {
        match order {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => !self.less,
        }
    }
}

impl Literal {
    /// The operand at `cursor`, which stands in checked bytes without records.
    pub(crate) fn new(cursor: Cursor<'_>) -> Parse<Literal> {
        Ok(match cursor.value()? {
            Value::Null | Value::Undefined => Literal::Null,
            Value::Bool(truth) => Literal::Bool(truth),
            Value::Int(number) => Literal::Int(number),
            Value::UInt(number) => Literal::UInt(number),
            Value::Float(number) => Literal::Float(number),
            Value::String(text) => Literal::Text(text.into()),
            Value::Binary(bytes) => Literal::Binary(bytes.into()),
            Value::Timestamp(timestamp) => Literal::Timestamp(timestamp),
            Value::Ext { .. } | Value::Array(_) | Value::Map(_) => Literal::Encoded(cursor.raw()?.into()),
        })
    }

    /// The operand as a value.
    pub(crate) fn value(&self) -> Parse<Value<'_>> {
        Ok(match self {
            Literal::Null => Value::Null,
            Literal::Bool(truth) => Value::Bool(*truth),
            Literal::Int(number) => Value::Int(*number),
            Literal::UInt(number) => Value::UInt(*number),
            Literal::Float(number) => Value::Float(*number),
            Literal::Text(text) => Value::String(text),
            Literal::Binary(bytes) => Value::Binary(bytes),
            Literal::Timestamp(timestamp) => Value::Timestamp(*timestamp),
            Literal::Encoded(bytes) => return Cursor::new(bytes, &NO_STRUCTURES).value(),
        })
    }

    /// True when `found`, None for a missing field, equals the operand.
    #[inline]
    pub(crate) fn equals(&self, found: Option<&Value<'_>>) -> Parse<bool> {
        match (self, found) {
            (Literal::Text(text), Some(Value::String(found))) => Ok(**text == **found),
            (Literal::Int(number), Some(Value::Int(found))) => Ok(number == found),
            (Literal::Text(_), _) => Ok(false),
            (Literal::Null, found) => Ok(is_null(found)),
            (_, None) => Ok(false),
            (_, Some(found)) => Ok(compare(found, &self.value()?)? == Ordering::Equal),
        }
    }

    /// True when `found` is of the operand's type and stands to it as `wanted`.
    #[inline]
    pub(crate) fn is_ordered(&self, found: Option<&Value<'_>>, wanted: Wanted) -> Parse<bool> {
        match (self, found) {
            (Literal::Int(number), Some(Value::Int(found))) => Ok(wanted.accepts(found.cmp(number))),
            (Literal::Null, found) => Ok(wanted.equal && is_null(found)),
            (_, None) => Ok(false),
            (_, Some(found)) => {
                let operand = self.value()?;
                if rank(found) != rank(&operand) {
                    return Ok(false);
                }
                if is_nan(found) || is_nan(&operand) {
                    return Ok(wanted.equal && is_nan(found) && is_nan(&operand));
                }
                Ok(wanted.accepts(compare(found, &operand)?))
            }
        }
    }
}

fn is_null(found: Option<&Value<'_>>) -> bool {
    matches!(found, None | Some(Value::Null | Value::Undefined))
}

fn is_nan(value: &Value<'_>) -> bool {
    matches!(value, Value::Float(number) if number.is_nan())
}

/// The operands of `$in`, in order, so that one is found by halving.
#[derive(Clone, Debug)]
pub(crate) struct LiteralSet {
    sorted: Vec<Literal>,
    has_null: bool,
}

impl LiteralSet {
    pub(crate) fn new(literals: Vec<Literal>) -> LiteralSet {
        let mut sorted = literals;
        // Literals were checked when the filter came in: comparing them does not fail.
        let order =
            |left: &Literal, right: &Literal| -> Parse<Ordering> { compare(&left.value()?, &right.value()?) };
        sorted.sort_by(|left, right| order(left, right).unwrap_or(Ordering::Equal));
        sorted.dedup_by(|left, right| order(left, right) == Ok(Ordering::Equal));
        let has_null = sorted.iter().any(|literal| matches!(literal, Literal::Null));
        LiteralSet { sorted, has_null }
    }

    /// The operands, each once.
    pub(crate) fn literals(&self) -> &[Literal] {
        &self.sorted
    }

    /// True when `found`, None for a missing field, equals one of the operands.
    pub(crate) fn contains(&self, found: Option<&Value<'_>>) -> Parse<bool> {
        let Some(found) = found else {
            return Ok(self.has_null);
        };
        let mut failure = None;
        let place = self.sorted.binary_search_by(|literal| {
            let order = literal.value().and_then(|value| compare(&value, found));
            order.unwrap_or_else(|malformed| {
                failure = Some(malformed);
                Ordering::Equal
            })
        });
        match failure {
            Some(malformed) => Err(malformed),
            None => Ok(place.is_ok()),
        }
    }
}
