//! Where a key of an ordered index ends, so that the fields of an entry and the id behind them can be told apart.
//!
//! Promises: a key made by key.rs has the length that is told, in the direction that it was made in; no bytes
//! make a function here panic or recurse without bound; nothing is allocated, and descending keys are not turned.
//! Leaves to others: what a key means (key_decode.rs), the encoding itself (key.rs, docs/FORMAT.md "Keys").

use super::fields::Checked;
use super::key::{
    ARRAY, BINARY, DATE, EMPTY_ARRAY, END, EXTENSION, FALSE, FLOAT_HIGH, FLOAT_LOW, LENGTH_ZERO, MAP,
    NOT_A_NUMBER, NULL, NUMBER_ZERO, SECOND_ZERO, TEXT, TRUE, WHOLE_BYTES_MAX,
};
use crate::limits::DEPTH_MAX;

const DAMAGED: &str = "a key of an ordered index is damaged";
const FLOAT_BYTES: usize = 8;
const NANOSECOND_BYTES: usize = 4;

/// How many bytes the key has that `bytes` begin with.
///
/// Errors: a text when they begin with no key.
pub fn key_length(bytes: &[u8], is_descending: bool) -> Checked<usize> {
    let mask = if is_descending { u8::MAX } else { 0 };
    let mut reader = Reader { bytes, at: 0, mask };
    reader.value(1)?;
    if reader.at > bytes.len() {
        return Err(DAMAGED);
    }
    Ok(reader.at)
}

/// Bytes that are passed over; each is turned by `mask` before it is looked at.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    mask: u8,
}

impl Reader<'_> {
    fn peek(&self) -> Checked<u8> {
        let byte = self.bytes.get(self.at).ok_or(DAMAGED)?;
        Ok(byte ^ self.mask)
    }

    fn byte(&mut self) -> Checked<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, count: usize) -> Checked<()> {
        self.at = self.at.checked_add(count).ok_or(DAMAGED)?;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Checked<()> {
        match self.byte()? {
            EMPTY_ARRAY | NULL | NOT_A_NUMBER | FALSE | TRUE => Ok(()),
            FLOAT_LOW | FLOAT_HIGH => self.skip(FLOAT_BYTES),
            TEXT => self.text(),
            MAP => self.map(depth),
            ARRAY => self.array(depth),
            BINARY => self.counted(),
            DATE => {
                let head = self.byte()?;
                if self.whole(SECOND_ZERO, head)? & 1 == 1 {
                    self.skip(NANOSECOND_BYTES)?;
                }
                Ok(())
            }
            EXTENSION => {
                self.byte()?;
                self.counted()
            }
            head => {
                if self.whole(NUMBER_ZERO, head)? & 1 == 1 {
                    self.skip(FLOAT_BYTES)?;
                }
                Ok(())
            }
        }
    }

    /// Passes a whole number whose head is `head` and returns its lowest byte, turned as a positive one's.
    fn whole(&mut self, zero: u8, head: u8) -> Checked<u8> {
        let count = head.abs_diff(zero);
        if count > WHOLE_BYTES_MAX {
            return Err(DAMAGED);
        }
        let mut last = 0;
        for _ in 0..count {
            last = self.byte()?;
        }
        // The magnitude's lowest bit; negative numbers stand with all bits turned.
        Ok(if head < zero { !last } else { last })
    }

    fn text(&mut self) -> Checked<()> {
        let rest = self.bytes.get(self.at..).ok_or(DAMAGED)?;
        let end = END ^ self.mask;
        let length = rest.iter().position(|byte| *byte == end).ok_or(DAMAGED)?;
        self.skip(length + 1)
    }

    fn counted(&mut self) -> Checked<()> {
        let head = self.byte()?;
        let count = head.checked_sub(LENGTH_ZERO).ok_or(DAMAGED)?;
        if count > WHOLE_BYTES_MAX {
            return Err(DAMAGED);
        }
        let mut length = 0usize;
        for _ in 0..count {
            length = length.checked_mul(256).ok_or(DAMAGED)? + usize::from(self.byte()?);
        }
        self.skip(length)
    }

    /// Whether an array or map ends here; moves behind its end.
    fn ends(&mut self) -> Checked<bool> {
        let is_end = self.peek()? == END;
        self.at += usize::from(is_end);
        Ok(is_end)
    }

    fn array(&mut self, depth: usize) -> Checked<()> {
        check_depth(depth)?;
        while !self.ends()? {
            self.value(depth + 1)?;
        }
        Ok(())
    }

    fn map(&mut self, depth: usize) -> Checked<()> {
        check_depth(depth)?;
        while !self.ends()? {
            self.byte()?;
            self.text()?;
            self.value(depth + 1)?;
        }
        Ok(())
    }
}

fn check_depth(depth: usize) -> Checked<()> {
    if depth > DEPTH_MAX { Err(DAMAGED) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::key::{complement, encode, encode_empty_array};
    use crate::format::key_decode::decode;
    use crate::format::record::NO_STRUCTURES;
    use crate::format::seeded::Seeded;
    use crate::format::tree::plain;
    use crate::format::value::Cursor;

    fn keys() -> Vec<Vec<u8>> {
        let mut keys: Vec<Vec<u8>> = [
            "null",
            "NaN",
            "0",
            "63",
            "-1",
            "-63",
            "1.5",
            "-1.5",
            "-0.25",
            "255.5",
            "-256.5",
            "1000000000000000000000000000000.0",
            "-1000000000000000000000000000000.0",
            "18446744073709551615",
            "\"\"",
            "\"Ulm\"",
            "\"a\u{0}b\u{1}c\"",
            "{}",
            "{\"a\": 1, \"b\": {\"c\": [1, -2.5, \"x\"]}}",
            "[]",
            "[[], [1, null], \"\"]",
            "bin()",
            "bin(00ff01)",
            "true",
            "false",
            "date(0)",
            "date(1700000000)",
            "date(-5)",
        ]
        .into_iter()
        .map(|text| {
            let mut key = Vec::new();
            let bytes = plain(text);
            encode(
                Some(&Cursor::new(&bytes, &NO_STRUCTURES).value().unwrap()),
                &mut key,
            )
            .unwrap();
            key
        })
        .collect();
        let mut empty = Vec::new();
        encode_empty_array(&mut empty);
        keys.push(empty);
        keys
    }

    #[test]
    fn a_key_is_as_long_as_it_was_made_in_both_directions() {
        for key in keys() {
            let mut followed = key.clone();
            followed.extend_from_slice(&[0xa3, 0, 1, 2, 0xff]);
            assert_eq!(key_length(&followed, false), Ok(key.len()), "{key:x?}");
            complement(&mut followed);
            assert_eq!(key_length(&followed, true), Ok(key.len()), "{key:x?}");
        }
    }

    #[test]
    fn a_key_that_is_cut_is_refused() {
        for key in keys() {
            for end in 0..key.len() {
                assert!(key_length(&key[..end], false).is_err(), "{key:x?} cut at {end}");
            }
        }
    }

    #[test]
    fn random_bytes_never_panic_and_keys_that_decode_have_a_length() {
        let mut random = Seeded::new(7);
        for _ in 0..20_000 {
            let length = 1 + random.below(30);
            let bytes = random.bytes(length);
            let told = key_length(&bytes, false);
            if let Ok((_, rest)) = decode(&bytes) {
                assert_eq!(told, Ok(bytes.len() - rest.len()), "{bytes:x?}");
            }
            let _ = key_length(&bytes, true);
        }
    }
}
