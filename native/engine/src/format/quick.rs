//! Quick readers of one kind of value: what filters ask of most values, without building a `Value`.
//!
//! Promises: each answers Some only with what `Cursor::value` would say; None leaves the question to it.

use crate::format::skip::{field, length};
use crate::format::value::{Cursor, Malformed};

impl<'a> Cursor<'a> {
    /// The string here; None when another value is, or a damaged one. The quick way of `value`.
    #[inline(always)]
    pub fn text(&self) -> Option<&'a [u8]> {
        self.text_and_end().map(|(text, _)| text)
    }

    /// The string here and the position after it; None when another value is here, or a damaged one.
    #[inline(always)]
    pub fn text_and_end(&self) -> Option<(&'a [u8], usize)> {
        let (start, count) = match *self.bytes.get(self.at)? {
            head @ 0xa0..=0xbf => (self.at + 1, usize::from(head & 0x1f)),
            0xd9 => (self.at + 2, usize::from(*self.bytes.get(self.at + 1)?)),
            0xda => (self.at + 3, length::<2>(self.bytes, self.at + 1).ok()?),
            0xdb => (self.at + 5, length::<4>(self.bytes, self.at + 1).ok()?),
            _ => return None,
        };
        let end = start.checked_add(count)?;
        self.bytes.get(start..end).map(|text| (text, end))
    }

    /// Why `text` gave no key here.
    #[cold]
    pub(crate) fn not_a_key(&self) -> Malformed {
        match self.value() {
            Err(malformed) => malformed,
            Ok(_) => Malformed::KeyNotString,
        }
    }

    /// The integer in the range of i64 here; None when another value is, or a damaged one. The quick way of
    /// `value`.
    #[inline(always)]
    pub fn integer(&self) -> Option<i64> {
        let (bytes, at) = (self.bytes, self.at + 1);
        match *bytes.get(self.at)? {
            head @ (0x00..=0x3f | 0xe0..=0xff) => Some(i64::from(head as i8)),
            0xcc => bytes.get(at).map(|byte| i64::from(*byte)),
            0xcd => field(bytes, at)
                .ok()
                .map(|field| i64::from(u16::from_be_bytes(field))),
            0xce => field(bytes, at)
                .ok()
                .map(|field| i64::from(u32::from_be_bytes(field))),
            0xcf => field(bytes, at)
                .ok()
                .and_then(|field| i64::try_from(u64::from_be_bytes(field)).ok()),
            0xd0 => bytes.get(at).map(|byte| i64::from(*byte as i8)),
            0xd1 => field(bytes, at)
                .ok()
                .map(|field| i64::from(i16::from_be_bytes(field))),
            0xd2 => field(bytes, at)
                .ok()
                .map(|field| i64::from(i32::from_be_bytes(field))),
            0xd3 => field(bytes, at).ok().map(i64::from_be_bytes),
            _ => None,
        }
    }

    /// The number here as a float, when that is exact; None for other values. The quick way of `value`.
    #[inline(always)]
    pub fn exact_float(&self) -> Option<f64> {
        match *self.bytes.get(self.at)? {
            0xcb => field(self.bytes, self.at + 1).ok().map(f64::from_be_bytes),
            0xca => field(self.bytes, self.at + 1)
                .ok()
                .map(|field| f64::from(f32::from_be_bytes(field))),
            _ => exact_float(self.integer()?),
        }
    }
}

/// The float of the same value as `number`, when there surely is one.
#[inline(always)]
pub fn exact_float(number: i64) -> Option<f64> {
    const EXACT_MAX: u64 = 1 << 53;
    (number.unsigned_abs() <= EXACT_MAX).then_some(number as f64)
}
