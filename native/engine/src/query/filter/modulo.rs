//! `$mod`: numbers by their remainder.
//!
//! Promises: floats are truncated toward zero, remainders have the sign of the value, as in C; what is no
//! number, or a float beyond i64, does not match.

use crate::format::id::integral;
use crate::format::value::Value;

/// A divisor other than zero, and the remainder that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Modulo {
    pub(super) divisor: i128,
    pub(super) remainder: i128,
}

impl Modulo {
    pub(super) fn accepts(&self, value: &Value<'_>) -> bool {
        whole(value).and_then(|number| number.checked_rem(self.divisor)) == Some(self.remainder)
    }
}

/// The integer that a number is when what follows its point is cut off; None when it is beyond 64 bits.
pub(super) fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::UInt(number) => Some(i128::from(*number)),
        Value::Float(number) => integral(number.trunc()).map(i128::from),
        _ => None,
    }
}
