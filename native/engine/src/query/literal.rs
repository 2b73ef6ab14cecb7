//! The operands of filters: values owned by the compiled filter, and how a document's value compares with
//! them.
//!
//! Promises: comparisons are MongoDB's: within one type only, null equal to missing, NaN equal to NaN only.
//! Leaves to others: the order itself (compare.rs), arrays and paths (path.rs).

use std::cmp::Ordering;

use crate::format::id::integral;
use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Parse, Timestamp, Value};
use crate::query::compare::{compare, rank};

/// An operand, decoded once.
#[derive(Clone, Debug)]
pub enum Literal {
    /// null, undefined.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer in the range of i64.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A float.
    Float(f64),
    /// Text.
    Text(Box<[u8]>),
    /// Binary.
    Binary(Box<[u8]>),
    /// A point in time.
    Timestamp(Timestamp),
    /// An array, a map or an extension, in stored form without records.
    Encoded(Box<[u8]>),
}

/// Which orders of value and operand satisfy a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Values below the operand do; when false, those above it.
    pub less: bool,
    /// Values equal to the operand do.
    pub equal: bool,
}

impl Wanted {
    /// `$gt`.
    pub const ABOVE: Wanted = Wanted {
        less: false,
        equal: false,
    };
    /// `$gte`.
    pub const AT_LEAST: Wanted = Wanted {
        less: false,
        equal: true,
    };
    /// `$lt`.
    pub const BELOW: Wanted = Wanted {
        less: true,
        equal: false,
    };
    /// `$lte`.
    pub const AT_MOST: Wanted = Wanted {
        less: true,
        equal: true,
    };

    #[inline(always)]
    pub(crate) fn accepts(self, order: Ordering) -> bool {
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
    pub fn value(&self) -> Parse<Value<'_>> {
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

/// The operands of `$in`, parted by type and in order, so that one is found by halving.
#[derive(Clone, Debug, Default)]
pub struct LiteralSet {
    has_null: bool,
    integers: Vec<i64>,
    texts: Vec<Box<[u8]>>,
    /// All others; no float here is an integer in the range of i64.
    others: Vec<Literal>,
}

impl LiteralSet {
    pub(crate) fn new(literals: Vec<Literal>) -> LiteralSet {
        let mut set = LiteralSet::default();
        for literal in literals {
            match literal {
                Literal::Null => set.has_null = true,
                Literal::Int(number) => set.integers.push(number),
                Literal::Text(text) => set.texts.push(text),
                Literal::Float(number) if integral(number).is_some() => set.integers.extend(integral(number)),
                other => set.others.push(other),
            }
        }
        set.integers.sort_unstable();
        set.texts.sort_unstable();
        // Literals were checked when the filter came in: comparing them does not fail.
        let order =
            |left: &Literal, right: &Literal| -> Parse<Ordering> { compare(&left.value()?, &right.value()?) };
        set.others
            .sort_by(|left, right| order(left, right).unwrap_or(Ordering::Equal));
        set
    }

    /// The operands as values: one null at most; other equal ones may repeat. Floats that are integers come
    /// as integers.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        let null = self.has_null.then_some(Value::Null);
        let integers = self.integers.iter().map(|number| Value::Int(*number));
        let texts = self.texts.iter().map(|text| Value::String(text));
        null.into_iter()
            .chain(integers)
            .chain(texts)
            .chain(self.others.iter().filter_map(|literal| literal.value().ok()))
    }

    /// How many operands there are.
    pub fn count(&self) -> usize {
        usize::from(self.has_null) + self.integers.len() + self.texts.len() + self.others.len()
    }

    /// Whether the integer or string at `cursor` is one of the operands; None for other values.
    #[inline(always)]
    pub(crate) fn contains_quickly(&self, cursor: Cursor<'_>) -> Option<bool> {
        if let Some(text) = cursor.text() {
            return Some(self.has_text(text));
        }
        cursor
            .integer()
            .map(|number| self.integers.binary_search(&number).is_ok())
    }

    /// True when all operands are integers, strings and null.
    pub(crate) fn is_simple(&self) -> bool {
        self.others.is_empty()
    }

    fn has_text(&self, text: &[u8]) -> bool {
        self.texts
            .binary_search_by(|literal| (**literal).cmp(text))
            .is_ok()
    }

    /// True when `found`, None for a missing field, equals one of the operands.
    pub(crate) fn contains(&self, found: Option<&Value<'_>>) -> Parse<bool> {
        match found {
            None | Some(Value::Null | Value::Undefined) => Ok(self.has_null),
            Some(Value::Int(number)) => Ok(self.integers.binary_search(number).is_ok()),
            Some(Value::String(text)) => Ok(self.has_text(text)),
            Some(Value::Float(number)) if integral(*number).is_some() => {
                Ok(integral(*number).is_some_and(|number| self.integers.binary_search(&number).is_ok()))
            }
            Some(found) => self.has_other(found),
        }
    }

    fn has_other(&self, found: &Value<'_>) -> Parse<bool> {
        let mut failure = None;
        let place = self.others.binary_search_by(|literal| {
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
