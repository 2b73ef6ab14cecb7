//! `$bitsAllSet` and its kin: integers and binary by their bits.
//!
//! Promises: bit 0 is the lowest of an integer and of a binary's first byte; a negative integer goes on
//! upwards with ones, binary with zeros. Floats count when they are integers in the range of i64.
//! Source: MongoDB manual, "Bitwise Query Operators".

use crate::format::id::integral;
use crate::format::value::Value;

/// What is asked of the bits of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    AllSet,
    AllClear,
    AnySet,
    AnyClear,
}

/// The bits that are asked about.
#[derive(Clone, Debug)]
pub(super) enum Mask {
    /// As they stand in bytes, the lowest first.
    Bytes(Box<[u8]>),
    /// By their numbers.
    Positions(Box<[u32]>),
}

/// A test of bits.
#[derive(Clone, Debug)]
pub(super) struct Bits {
    pub(super) asked: Asked,
    pub(super) mask: Mask,
}

impl Bits {
    pub(super) fn accept(&self, value: &Value<'_>) -> bool {
        let integer = |number: u64, above| self.accept_bytes(&number.to_le_bytes(), above);
        match value {
            Value::Int(number) => integer(*number as u64, if *number < 0 { 0xff } else { 0 }),
            Value::UInt(number) => integer(*number, 0),
            Value::Float(number) => integral(*number).is_some_and(|number| self.accept(&Value::Int(number))),
            Value::Binary(bytes) => self.accept_bytes(bytes, 0),
            _ => false,
        }
    }

    /// Tests `bytes`, behind which come bytes that are all `above`.
    fn accept_bytes(&self, bytes: &[u8], above: u8) -> bool {
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(above);
        let (mut has_set, mut has_clear) = (false, false);
        match &self.mask {
            Mask::Bytes(mask) => {
                for (at, mask) in mask.iter().enumerate() {
                    has_set |= byte(at) & mask != 0;
                    has_clear |= !byte(at) & mask != 0;
                }
            }
            Mask::Positions(positions) => {
                for position in positions {
                    let is_set = byte(*position as usize / 8) >> (position % 8) & 1 == 1;
                    has_set |= is_set;
                    has_clear |= !is_set;
                }
            }
        }
        match self.asked {
            Asked::AllSet => !has_clear,
            Asked::AllClear => !has_set,
            Asked::AnySet => has_set,
            Asked::AnyClear => has_clear,
        }
    }
}
