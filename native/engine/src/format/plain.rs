//! Stored form to plain MessagePack: records become maps, so that any MessagePack decoder reads the result.
//!
//! Promises: keys in the order of the stored document; values byte for byte; nesting beyond the limit, which
//! intake.rs never stores, is damage. Integers 64..=127 keep their two bytes, which is valid MessagePack.
//! Used by: the C ABI, export, comparing documents (query/update).

use crate::format::encode::write_map_head;
use crate::format::record::Structures;
use crate::format::skip::{RECORD_FIRST, RECORD_LAST, byte_at, length, record_head, skip};
use crate::format::value::{Malformed, Parse};
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
    #[inline]
    fn value(&mut self, at: usize, depth: usize) -> Parse<usize> {
        match byte_at(self.stored, at)? {
            head @ (RECORD_FIRST..=RECORD_LAST | 0x81..=0x8f | 0x91..=0x9f | 0xdc..=0xdf) => {
                self.container(head, at, depth)
            }
            _ => skip(self.stored, at, self.structures),
        }
    }

    fn container(&mut self, head: u8, at: usize, depth: usize) -> Parse<usize> {
        if depth > DEPTH_MAX {
            return Err(Malformed::TooDeep);
        }
        let count = |bytes: usize| match bytes {
            2 => length::<2>(self.stored, at + 1),
            _ => length::<4>(self.stored, at + 1),
        };
        match head {
            RECORD_FIRST..=RECORD_LAST => self.record(at, depth),
            0x81..=0x8f => self.fields(at + 1, usize::from(head & 0x0f), depth),
            0x91..=0x9f => self.elements(at + 1, usize::from(head & 0x0f), depth),
            0xdc => self.elements(at + 3, count(2)?, depth),
            0xdd => self.elements(at + 5, count(4)?, depth),
            0xde => self.fields(at + 3, count(2)?, depth),
            _ => self.fields(at + 5, count(4)?, depth),
        }
    }

    fn elements(&mut self, at: usize, count: usize, depth: usize) -> Parse<usize> {
        let mut at = at;
        for _ in 0..count {
            at = self.value(at, depth + 1)?;
        }
        Ok(at)
    }

    fn fields(&mut self, at: usize, count: usize, depth: usize) -> Parse<usize> {
        let mut at = at;
        for _ in 0..count {
            let value_at = skip(self.stored, at, self.structures)?;
            at = self.value(value_at, depth + 1)?;
        }
        Ok(at)
    }

    fn record(&mut self, at: usize, depth: usize) -> Parse<usize> {
        let (number, first_at) = record_head(self.stored, at)?;
        let structure = self.structures.get(number).ok_or(Malformed::UnknownStructure)?;
        self.copy_to(at)?;
        write_map_head(structure.keys_count(), self.out);
        self.copied = first_at;
        let mut at = first_at;
        for index in 0..structure.keys_count() {
            self.copy_to(at)?;
            let key = structure.key_encoded(index).ok_or(Malformed::UnknownStructure)?;
            self.out.extend_from_slice(key);
            at = self.value(at, depth + 1)?;
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests;
