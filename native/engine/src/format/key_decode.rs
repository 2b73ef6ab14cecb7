//! Reading keys of ordered indexes back into values, for answers that an index gives without its documents.
//!
//! Promises: a key made by key.rs gives a value that compares equal to the one it was made of, and no bytes make
//! a function here panic or recurse without bound. What the key does not keep is lost: a whole number comes back
//! as an integer where one can hold it (5.0 as 5), undefined and missing come back as null.
//! Leaves to others: the encoding itself (key.rs, docs/FORMAT.md "Keys").

use super::fields::Checked;
use super::key::{
    ARRAY, BINARY, DATE, EMPTY_ARRAY, END, ESCAPE, EXTENSION, FALSE, FLOAT_HIGH, FLOAT_LOW, LENGTH_ZERO, MAP,
    NOT_A_NUMBER, NULL, NUMBER_ZERO, SECOND_ZERO, TEXT, TRUE, WHOLE_BYTES_MAX,
};
use super::owned::Owned;
use super::value::Timestamp;
use crate::limits::DEPTH_MAX;

const DAMAGED: &str = "a key of an ordered index is damaged";

/// The value that `bytes` begin with the ascending key of, and the bytes behind that key.
///
/// For a descending field turn the bytes with `key::complement` first, and what is left of them back.
///
/// Errors: a text when the bytes begin with no key.
pub fn decode(bytes: &[u8]) -> Checked<(Owned, &[u8])> {
    let mut reader = Reader { bytes };
    let value = reader.value(1)?;
    Ok((value, reader.bytes))
}

/// As `decode`, the value alone, where the key keeps all of it: text, truth values, dates, binary, and floats that no
/// integer equals. None for all others: a whole number may have been an integer or a float, null a field that is
/// missing, and maps and arrays have such values in them.
///
/// Errors: as `decode`.
pub fn decode_whole(bytes: &[u8]) -> Checked<Option<Owned>> {
    if matches!(bytes.first(), Some(&(MAP | ARRAY))) {
        return Ok(None);
    }
    let (value, _) = decode(bytes)?;
    let is_whole = match &value {
        Owned::Text(_) | Owned::Bool(_) | Owned::Binary(_) | Owned::Timestamp(_) => true,
        Owned::Float(number) => !number.is_nan(),
        _ => false,
    };
    Ok(is_whole.then_some(value))
}

/// Bytes that are read from the front.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Checked<u8> {
        let (byte, rest) = self.bytes.split_first().ok_or(DAMAGED)?;
        self.bytes = rest;
        Ok(*byte)
    }

    fn take(&mut self, count: usize) -> Checked<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(DAMAGED)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn chunk<const COUNT: usize>(&mut self) -> Checked<[u8; COUNT]> {
        let (chunk, rest) = self.bytes.split_first_chunk::<COUNT>().ok_or(DAMAGED)?;
        self.bytes = rest;
        Ok(*chunk)
    }

    /// Whether an array or map ends here; moves behind its end.
    fn ends(&mut self) -> Checked<bool> {
        let is_end = *self.bytes.first().ok_or(DAMAGED)? == END;
        if is_end {
            self.byte()?;
        }
        Ok(is_end)
    }

    fn value(&mut self, depth: usize) -> Checked<Owned> {
        Ok(match self.byte()? {
            NULL => Owned::Null,
            EMPTY_ARRAY => Owned::Array(Vec::new()),
            NOT_A_NUMBER => Owned::Float(f64::NAN),
            FLOAT_LOW | FLOAT_HIGH => Owned::Float(self.float()?),
            TEXT => Owned::Text(self.text()?),
            MAP => self.map(depth)?,
            ARRAY => self.array(depth)?,
            BINARY => Owned::Binary(self.counted()?.into()),
            FALSE => Owned::Bool(false),
            TRUE => Owned::Bool(true),
            DATE => Owned::Timestamp(self.date()?),
            EXTENSION => Owned::Ext {
                kind: (self.byte()? ^ 0x80) as i8,
                bytes: self.counted()?.into(),
            },
            head => self.number(head)?,
        })
    }

    /// A whole number whose head is `head`.
    fn whole(&mut self, zero: u8, head: u8) -> Checked<i128> {
        let count = head.abs_diff(zero);
        if count > WHOLE_BYTES_MAX {
            return Err(DAMAGED);
        }
        let sign = if head < zero { u8::MAX } else { 0 };
        let bytes = self.take(usize::from(count))?;
        let magnitude = bytes
            .iter()
            .fold(0, |sum: i128, byte| sum << 8 | i128::from(byte ^ sign));
        Ok(if head < zero { -magnitude } else { magnitude })
    }

    fn number(&mut self, head: u8) -> Checked<Owned> {
        let doubled = self.whole(NUMBER_ZERO, head)?;
        if doubled & 1 == 1 {
            return Ok(Owned::Float(self.float()?));
        }
        let number = doubled / 2;
        Ok(match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => Owned::Int(number),
            (_, Ok(number)) => Owned::UInt(number),
            _ => Owned::Float(number as f64),
        })
    }

    fn float(&mut self) -> Checked<f64> {
        let ordered = u64::from_be_bytes(self.chunk()?);
        let bits = if ordered >> 63 == 0 {
            !ordered
        } else {
            ordered & !(1 << 63)
        };
        Ok(f64::from_bits(bits))
    }

    fn text(&mut self) -> Checked<Box<str>> {
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                END => break,
                ESCAPE => text.push(self.byte()?.wrapping_sub(1)),
                byte => text.push(byte),
            }
        }
        let text = String::from_utf8(text).map_err(|_| DAMAGED)?;
        Ok(text.into())
    }

    fn counted(&mut self) -> Checked<&'a [u8]> {
        let head = self.byte()?;
        let count = self.whole(LENGTH_ZERO, head)?;
        self.take(usize::try_from(count).map_err(|_| DAMAGED)?)
    }

    fn date(&mut self) -> Checked<Timestamp> {
        let head = self.byte()?;
        let doubled = self.whole(SECOND_ZERO, head)?;
        let has_nanoseconds = doubled & 1 == 1;
        let nanoseconds = if has_nanoseconds {
            u32::from_be_bytes(self.chunk()?)
        } else {
            0
        };
        let seconds = doubled >> 1;
        // Nanoseconds of a second or more were carried; at the end of time they cannot be.
        let beyond = (seconds - i128::from(i64::MAX)).clamp(0, 4) as u32;
        let seconds = i64::try_from(seconds - i128::from(beyond)).map_err(|_| DAMAGED)?;
        let nanoseconds = beyond.saturating_mul(1_000_000_000).saturating_add(nanoseconds);
        Ok(Timestamp { seconds, nanoseconds })
    }

    fn array(&mut self, depth: usize) -> Checked<Owned> {
        check_depth(depth)?;
        let mut elements = Vec::new();
        while !self.ends()? {
            elements.push(self.value(depth + 1)?);
        }
        Ok(Owned::Array(elements))
    }

    fn map(&mut self, depth: usize) -> Checked<Owned> {
        check_depth(depth)?;
        let mut fields = Vec::new();
        while !self.ends()? {
            // The type is told by the value as well.
            self.byte()?;
            fields.push((self.text()?, self.value(depth + 1)?));
        }
        Ok(Owned::Map(fields))
    }
}

fn check_depth(depth: usize) -> Checked<()> {
    if depth > DEPTH_MAX { Err(DAMAGED) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::seeded::Seeded;

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        for bytes in [
            &[][..],
            &[0x00],
            &[0x11],
            &[0x31],
            &[0x31, 1, 0],
            &[0x40, b'a'],
            &[0x40, 0xff, 0],
            &[0x60, 0x10],
            &[0x50, 0x10, b'a', 0],
            &[0x70, 0x7f, 0xfe],
            &[0x70, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x90, 0x89, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xff],
            &[0x60; DEPTH_MAX + 2],
        ] {
            assert!(decode(bytes).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn values_that_a_key_keeps_come_back_and_no_others() {
        use crate::format::key::encode;
        use crate::format::record::NO_STRUCTURES;
        use crate::format::value::Cursor;

        let date = |seconds, nanoseconds| Owned::Timestamp(Timestamp { seconds, nanoseconds });
        let kept = [
            Owned::text(""),
            Owned::text("a\u{0}\u{1}\u{10ffff}"),
            Owned::Bool(false),
            Owned::Bool(true),
            Owned::Binary([0, 1, 255][..].into()),
            date(-1, 0),
            date(1 << 40, 999_999_999),
            Owned::Float(0.5),
            Owned::Float(-1.5e300),
            Owned::Float(f64::NEG_INFINITY),
            Owned::Float(-9_223_372_036_854_777_856.0),
            Owned::Float(18_446_744_073_709_551_616.0),
        ];
        let lost = [
            Owned::Null,
            Owned::Int(5),
            Owned::Float(5.0),
            Owned::Float(-0.0),
            Owned::Float(f64::NAN),
            Owned::Int(i64::MIN),
            Owned::UInt(u64::MAX),
            Owned::Float(9_223_372_036_854_775_808.0),
            Owned::Array(vec![Owned::Bool(true)]),
            Owned::Map(vec![("a".into(), Owned::Bool(true))]),
            Owned::Ext {
                kind: 5,
                bytes: [1][..].into(),
            },
        ];
        let through = |value: &Owned| {
            let (mut bytes, mut key) = (Vec::new(), Vec::new());
            value.write(&mut bytes);
            encode(
                Some(&Cursor::new(&bytes, &NO_STRUCTURES).value().unwrap()),
                &mut key,
            )
            .unwrap();
            let whole = decode_whole(&key).unwrap();
            whole.map(|whole| {
                let mut again = Vec::new();
                whole.write(&mut again);
                assert_eq!(again, bytes, "{value:?}");
            })
        };
        for value in &kept {
            assert_eq!(through(value), Some(()), "{value:?}");
        }
        for value in &lost {
            assert_eq!(through(value), None, "{value:?}");
        }
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut random = Seeded::new(1);
        for _ in 0..20_000 {
            let length = 1 + random.below(30);
            let mut bytes = random.bytes(length);
            if let Some(head) = bytes.first_mut() {
                *head &= 0x7f;
            }
            let _ = decode(&bytes);
            let _ = decode_whole(&bytes);
        }
    }
}
