//! Numbers as decimals, for `multipleOf`: 0.3 is a multiple of 0.1, though its nearest float is not.
//!
//! Integers count exactly, floats by their first 15 digits, as MongoDB has it. Promises: exact arithmetic whose
//! cost depends on no number's size.

use crate::format::value::Value;

/// Digits of a float that count.
const FLOAT_DIGITS: usize = 15;

/// `digits` times ten to the `exponent`; the sign says nothing about multiples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u64,
    exponent: i32,
}

impl Decimal {
    /// The decimal of a number; None for other values, and Some(None) for what is not finite.
    pub(super) fn of(value: &Value<'_>) -> Option<Option<Decimal>> {
        match value {
            Value::Int(number) => Some(Some(Decimal::whole(number.unsigned_abs()))),
            Value::UInt(number) => Some(Some(Decimal::whole(*number))),
            Value::Float(number) => Some(Decimal::rounded(*number)),
            _ => None,
        }
    }

    fn whole(digits: u64) -> Decimal {
        Decimal { digits, exponent: 0 }
    }

    fn rounded(number: f64) -> Option<Decimal> {
        if !number.is_finite() {
            return None;
        }
        let places = FLOAT_DIGITS - 1;
        let text = format!("{:.places$e}", number.abs());
        let (digits, exponent) = text.split_once('e')?;
        let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
        Some(Decimal {
            digits: digits.parse().ok()?,
            exponent: exponent.parse::<i32>().ok()? - places as i32,
        })
    }

    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// True when a whole number of `divisor`, which is not zero, makes this number.
    pub(super) fn is_multiple_of(self, divisor: Decimal) -> bool {
        if self.digits == 0 {
            return true;
        }
        let difference = i64::from(self.exponent) - i64::from(divisor.exponent);
        let power = difference.unsigned_abs();
        if difference < 0 {
            // The divisor has zeros behind its digits that this number would need as well.
            let scaled = u32::try_from(power)
                .ok()
                .and_then(|power| 10u128.checked_pow(power))
                .and_then(|scale| scale.checked_mul(u128::from(divisor.digits)));
            return scaled.is_some_and(|scaled| u128::from(self.digits).is_multiple_of(scaled));
        }
        let modulus = u128::from(divisor.digits);
        let rest = u128::from(self.digits) % modulus * power_of_ten(power, modulus) % modulus;
        rest == 0
    }
}

/// Ten to the `power`, without the multiples of `modulus`, which has 64 bits at most.
fn power_of_ten(power: u64, modulus: u128) -> u128 {
    let (mut result, mut base, mut power) = (1 % modulus, 10 % modulus, power);
    while power > 0 {
        if power % 2 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        power /= 2;
    }
    result
}
