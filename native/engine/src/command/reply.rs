//! Replies: one map of MessagePack, written field by field.
//!
//! Promises: what is written is plain MessagePack and stored form at once: no records, and whole numbers from 64 to
//! 127 in two bytes, so that readers of either take it. Leaves to others: which fields there are (each command).

use crate::format::encode::{write_integer, write_map_head, write_text};

/// Most fields of a reply: as many as its head of one byte can count.
const FIELDS_MAX: u8 = 15;

/// A reply while it is written.
pub(super) struct Reply<'a> {
    out: &'a mut Vec<u8>,
    /// Where its head stands.
    head_at: usize,
    count: u8,
}

impl<'a> Reply<'a> {
    /// Begins the map at the end of `out`.
    pub(super) fn begin(out: &'a mut Vec<u8>) -> Reply<'a> {
        let head_at = out.len();
        write_map_head(0, out);
        Reply {
            out,
            head_at,
            count: 0,
        }
    }

    /// Writes the count of fields.
    pub(super) fn end(self) {
        if let Some(head) = self.out.get_mut(self.head_at) {
            *head = 0x80 | self.count;
        }
    }

    /// Begins the field `name`: its value is what is appended to the bytes that come back.
    pub(super) fn field(&mut self, name: &str) -> &mut Vec<u8> {
        debug_assert!(
            self.count < FIELDS_MAX,
            "a reply has more fields than its head counts"
        );
        self.count += 1;
        write_text(name.as_bytes(), self.out);
        self.out
    }

    /// A count.
    pub(super) fn count(&mut self, name: &str, count: u64) {
        write_integer(i64::try_from(count).unwrap_or(i64::MAX), self.field(name));
    }

    /// A value that is encoded already; null for none.
    pub(super) fn encoded(&mut self, name: &str, value: Option<&[u8]>) {
        self.field(name).extend_from_slice(value.unwrap_or(NULL));
    }
}

const NULL: &[u8] = &[0xc0];
