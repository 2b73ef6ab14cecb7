//! Stored form to plain MessagePack: records become maps, so that any MessagePack decoder reads the result.
//!
//! Promises: keys in the order of the stored document; values byte for byte; nesting beyond the limit, which
//! intake.rs never stores, is damage. Integers 64..=127 keep their two bytes, which is valid MessagePack.
//! Used by: the C ABI, export, comparing documents (query/update).

use crate::format::encode::write_map_head;
use crate::format::record::Structures;
use crate::format::value::{Cursor, Malformed, Parse, Value};
use crate::limits::{DEPTH_MAX, DOCUMENT_BYTES_MAX};

/// Appends the plain form of the stored value at the front of `stored`; returns how many bytes it took there.
/// On an error `out` is as before.
pub fn write_plain(stored: &[u8], structures: &Structures, out: &mut Vec<u8>) -> Parse<usize> {
    let start = out.len();
    let mut plain = Plain {
        stored,
        structures,
        out,
        start,
        copied: 0,
    };
    let written = plain.value(0, 1).and_then(|end| plain.copy_to(end).map(|()| end));
    if written.is_err() {
        out.truncate(start);
    }
    written
}

struct Plain<'a> {
    stored: &'a [u8],
    structures: &'a Structures,
    out: &'a mut Vec<u8>,
    /// Where in `out` the plain form begins.
    start: usize,
    /// Stored bytes before this are written. What needs no change is copied in one piece.
    copied: usize,
}

impl Plain<'_> {
    fn copy_to(&mut self, end: usize) -> Parse<()> {
        let piece = self.stored.get(self.copied..end).ok_or(Malformed::Truncated)?;
        self.out.extend_from_slice(piece);
        self.copied = end;
        // Keys are longer than the values of a record, so damaged bytes could grow a thousandfold here.
        if self.out.len() - self.start > DOCUMENT_BYTES_MAX as usize {
            Err(Malformed::TooLarge)
        } else {
            Ok(())
        }
    }

    /// Passes the value at `at`; returns the position after it.
    fn value(&mut self, at: usize, depth: usize) -> Parse<usize> {
        let cursor = Cursor::at(self.stored, at, self.structures);
        match cursor.head()? {
            0x40..=0x7f | 0x80..=0x9f | 0xdc..=0xdf => {}
            _ => {
                let mut cursor = cursor;
                cursor.skip()?;
                return Ok(cursor.position());
            }
        }
        if depth > DEPTH_MAX {
            return Err(Malformed::TooDeep);
        }
        match cursor.value()? {
            Value::Array(elements) => {
                let mut at = elements.cursor().position();
                for _ in 0..elements.remaining() {
                    at = self.value(at, depth + 1)?;
                }
                Ok(at)
            }
            Value::Map(fields) => {
                let mut at = fields.cursor().position();
                let Some(structure) = fields.structure() else {
                    for _ in 0..fields.remaining() {
                        let mut key = Cursor::at(self.stored, at, self.structures);
                        key.skip()?;
                        at = self.value(key.position(), depth + 1)?;
                    }
                    return Ok(at);
                };
                self.copy_to(cursor.position())?;
                write_map_head(structure.keys_count(), self.out);
                self.copied = at;
                for index in 0..structure.keys_count() {
                    self.copy_to(at)?;
                    let key = structure.key_encoded(index).ok_or(Malformed::UnknownStructure)?;
                    self.out.extend_from_slice(key);
                    at = self.value(at, depth + 1)?;
                }
                Ok(at)
            }
            _ => Err(Malformed::Truncated),
        }
    }
}

#[cfg(test)]
mod tests;
