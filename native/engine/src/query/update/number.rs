//! Arithmetic of `$inc`, `$mul` and `$bit`: integers stay exact, and an integer with a float is a float.
//!
//! Promises: an integer result outside of 64 bits is refused, never wrapped or rounded. A result with an integer
//! stored in 64 bits (a bigint in JavaScript) is stored in 64 bits too, by the same head where it can be;
//! others take their shortest form.

use crate::format::encode::{write_float, write_integer};
use crate::format::value::{Cursor, Parse, Value};

/// Head byte of an unsigned integer of 64 bits.
const UNSIGNED_64: u8 = 0xcf;
/// Head byte of a signed integer of 64 bits.
const SIGNED_64: u8 = 0xd3;

/// A number as it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// An integer, and the head byte of its 64-bit form when it is stored so.
    Whole { value: i128, wide_head: Option<u8> },
    /// A float.
    Float(f64),
}

/// What `$bit` does to an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BitOperation {
    And,
    Or,
    Xor,
}

impl Number {
    /// The number at `cursor`; None when another value is.
    pub(super) fn read(cursor: Cursor<'_>) -> Parse<Option<Number>> {
        let head = cursor.head()?;
        let wide_head = matches!(head, UNSIGNED_64 | SIGNED_64).then_some(head);
        Ok(match cursor.value()? {
            Value::Int(value) => Some(Number::Whole {
                value: i128::from(value),
                wide_head,
            }),
            Value::UInt(value) => Some(Number::Whole {
                value: i128::from(value),
                wide_head,
            }),
            Value::Float(value) => Some(Number::Float(value)),
            _ => None,
        })
    }

    /// The sum; None when it is an integer that cannot be stored.
    pub(super) fn plus(self, other: Number) -> Option<Number> {
        self.with(other, i128::checked_add, |left, right| left + right)
    }

    /// The product; None when it is an integer that cannot be stored.
    pub(super) fn times(self, other: Number) -> Option<Number> {
        self.with(other, i128::checked_mul, |left, right| left * right)
    }

    /// Zero of the number's type: what `$mul` makes where there is no number yet.
    pub(super) fn zero(self) -> Number {
        match self {
            Number::Whole { wide_head, .. } => Number::Whole { value: 0, wide_head },
            Number::Float(_) => Number::Float(0.0),
        }
    }

    /// The whole number with `operations` done to it, in their order; None when it is a float, or when a
    /// result cannot be stored.
    pub(super) fn with_bits(self, operations: &[(BitOperation, i128)]) -> Option<Number> {
        let Number::Whole { value, wide_head } = self else {
            return None;
        };
        let value = operations
            .iter()
            .fold(value, |value, (operation, operand)| match operation {
                BitOperation::And => value & operand,
                BitOperation::Or => value | operand,
                BitOperation::Xor => value ^ operand,
            });
        (i128::from(i64::MIN)..=i128::from(u64::MAX))
            .contains(&value)
            .then_some(Number::Whole { value, wide_head })
    }

    /// Integers reach to i64, or to u64 when one of the two is beyond i64 already.
    fn with(
        self,
        other: Number,
        exact: fn(i128, i128) -> Option<i128>,
        rounded: fn(f64, f64) -> f64,
    ) -> Option<Number> {
        match (self, other) {
            (
                Number::Whole { value, wide_head },
                Number::Whole {
                    value: operand,
                    wide_head: operand_head,
                },
            ) => {
                let result = exact(value, operand)?;
                let signed_max = i128::from(i64::MAX);
                let max = if value > signed_max || operand > signed_max {
                    i128::from(u64::MAX)
                } else {
                    signed_max
                };
                let wide_head = wide_head.or(operand_head);
                (i128::from(i64::MIN)..=max)
                    .contains(&result)
                    .then_some(Number::Whole {
                        value: result,
                        wide_head,
                    })
            }
            (left, right) => Some(Number::Float(rounded(left.to_float(), right.to_float()))),
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
            Number::Whole { value, wide_head } => match (i64::try_from(value), wide_head) {
                (Ok(value), None) => write_integer(value, out),
                (Ok(value), Some(head)) => {
                    out.push(if value < 0 { SIGNED_64 } else { head });
                    out.extend_from_slice(&value.to_be_bytes());
                }
                (Err(_), _) => {
                    out.push(UNSIGNED_64);
                    out.extend_from_slice(&(value as u64).to_be_bytes());
                }
            },
        }
    }
}
