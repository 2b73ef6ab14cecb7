//! Numbers of `$inc`: integers stay exact, and an integer with a float is a float.
//!
//! Promises: an integer result outside of 64 bits is refused, never wrapped or rounded. A sum with an integer
//! stored in 64 bits (a bigint in JavaScript) is stored in 64 bits too; others take their shortest form.

use crate::format::encode::{write_float, write_integer};
use crate::format::value::{Cursor, Parse, Value};

/// A number as it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Whole { value: i128, is_wide: bool },
    Float(f64),
}

impl Number {
    /// The number at `cursor`; None when another value is.
    pub(super) fn read(cursor: Cursor<'_>) -> Parse<Option<Number>> {
        let is_wide = matches!(cursor.head()?, 0xcf | 0xd3);
        Ok(match cursor.value()? {
            Value::Int(value) => Some(Number::Whole {
                value: i128::from(value),
                is_wide,
            }),
            Value::UInt(value) => Some(Number::Whole {
                value: i128::from(value),
                is_wide,
            }),
            Value::Float(value) => Some(Number::Float(value)),
            _ => None,
        })
    }

    /// The sum; None when it is an integer that cannot be stored.
    ///
    /// Integers reach to i64, or to u64 when one of the two is beyond i64 already.
    pub(super) fn plus(self, other: Number) -> Option<Number> {
        match (self, other) {
            (
                Number::Whole { value, is_wide },
                Number::Whole {
                    value: added,
                    is_wide: is_wide_added,
                },
            ) => {
                let sum = value + added;
                let signed_max = i128::from(i64::MAX);
                let max = if value > signed_max || added > signed_max {
                    i128::from(u64::MAX)
                } else {
                    signed_max
                };
                let is_wide = is_wide || is_wide_added;
                (i128::from(i64::MIN)..=max)
                    .contains(&sum)
                    .then_some(Number::Whole { value: sum, is_wide })
            }
            (left, right) => Some(Number::Float(left.to_float() + right.to_float())),
        }
    }

    fn to_float(self) -> f64 {
        match self {
            Number::Whole { value, .. } => value as f64,
            Number::Float(value) => value,
        }
    }

    /// Appends the number in stored form.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Number::Float(value) => write_float(value, out),
            Number::Whole { value, is_wide } => match i64::try_from(value) {
                Ok(value) if is_wide => {
                    out.push(0xd3);
                    out.extend_from_slice(&value.to_be_bytes());
                }
                Ok(value) => write_integer(value, out),
                Err(_) => {
                    out.push(0xcf);
                    out.extend_from_slice(&(value as u64).to_be_bytes());
                }
            },
        }
    }
}
