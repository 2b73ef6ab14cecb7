//! The body of an ordered index's page: entries in byte order behind a directory of slots.
//!
//! An entry is a string of bytes. What all entries of a page begin with, its prefix, is kept once, at the
//! page's end; of the rest a slot holds the first four bytes, so that a search touches few records. Slots
//! grow up from byte 40 in the order of entries, records grow down from the prefix. An inner page's
//! entries are separators: the child behind one holds entries from it on.
//! Promises: no content of a page makes a function here panic, loop or reach outside the page; what does not
//! add up is reported, and a refused change leaves the page as it was.
//! Leaves to others: laying pages out anew (tree_page/rows.rs), the tree (index/ordered).
//!
//! Bytes: 24 level u8 (0: leaf) · 25 zero u8 · 26 entries u16 · 28 low end of the records u16 · 30 bytes of
//! removed records u16 · 32 first child u32 (leaf: 0) · 36 bytes of the prefix u16 · 38 zero u16 · 40 slots, 8
//! bytes each: offset u16, length of the entry without the prefix u16, its first bytes 4, filled up with
//! zeros, as a number u32. A record: child u32 on inner pages, then the entry from its fifth byte on.

use std::cmp::Ordering;

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use super::fields::{Checked, write_u16, write_u32};
use super::page::{self, CollectionId, PAGE_HEAD_BYTES, PageKind, kind};
use super::{read_u16, read_u32};

pub mod rows;

/// Longest entry. Any page that overflows can then be divided into two that fit (rows.rs).
pub const ENTRY_BYTES_MAX: usize = 1320;
/// Most levels of a tree; at two children a page it would hold more pages than a file has.
pub const LEVELS_MAX: usize = 32;
/// Bytes for slots, records and prefix of a page.
pub const FREE_BYTES_MAX: usize = PAGE_BYTES - SLOTS_AT;
/// Bytes of a slot.
pub const SLOT_BYTES: usize = 8;

const LEVEL_AT: usize = PAGE_HEAD_BYTES;
const COUNT_AT: usize = 26;
const LOW_END_AT: usize = 28;
const HOLES_AT: usize = 30;
const FIRST_CHILD_AT: usize = 32;
const PREFIX_AT: usize = 36;
const SLOTS_AT: usize = 40;

/// Bytes of an entry that its slot holds.
const FRONT_BYTES: usize = 4;
const CHILD_BYTES: usize = 4;

const _: () = assert!(LEVEL_AT + 2 == COUNT_AT && COUNT_AT + 2 == LOW_END_AT && LOW_END_AT + 2 == HOLES_AT);
const _: () =
    assert!(HOLES_AT + 2 == FIRST_CHILD_AT && FIRST_CHILD_AT + 4 == PREFIX_AT && PREFIX_AT + 4 == SLOTS_AT);

/// The counts at the head of the body, within their bounds.
#[derive(Clone, Copy, Debug)]
struct Head {
    level: u8,
    count: usize,
    low_end: usize,
    holes: usize,
    prefix: usize,
}

impl Head {
    #[inline]
    fn read(bytes: &PageBytes) -> Checked<Head> {
        let head = Head {
            level: bytes[LEVEL_AT],
            count: usize::from(read_u16(bytes, COUNT_AT)),
            low_end: usize::from(read_u16(bytes, LOW_END_AT)),
            holes: usize::from(read_u16(bytes, HOLES_AT)),
            prefix: usize::from(read_u16(bytes, PREFIX_AT)),
        };
        if usize::from(head.level) >= LEVELS_MAX || head.prefix > ENTRY_BYTES_MAX {
            return Err("the level or prefix of an ordered index's page is out of bounds");
        }
        if head.low_end < head.slots_end() || head.low_end + head.holes > head.records_end() {
            return Err("the counts of an ordered index's page are out of bounds");
        }
        Ok(head)
    }

    fn write(self, bytes: &mut PageBytes) {
        bytes[LEVEL_AT] = self.level;
        bytes[LEVEL_AT + 1] = 0;
        write_u16(bytes, COUNT_AT, self.count as u16);
        write_u16(bytes, LOW_END_AT, self.low_end as u16);
        write_u16(bytes, HOLES_AT, self.holes as u16);
        write_u16(bytes, PREFIX_AT, self.prefix as u16);
        write_u16(bytes, PREFIX_AT + 2, 0);
    }

    #[inline]
    fn slots_end(&self) -> usize {
        SLOTS_AT + self.count * SLOT_BYTES
    }

    #[inline]
    fn records_end(&self) -> usize {
        PAGE_BYTES - self.prefix
    }

    fn gap_bytes(&self) -> usize {
        self.low_end - self.slots_end()
    }

    /// Bytes of a record before the entry's.
    #[inline]
    fn child_bytes(&self) -> usize {
        if self.level > 0 { CHILD_BYTES } else { 0 }
    }
}

/// An entry without its page's prefix, taken apart as pages keep it. The order of fields is that of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Parts<'a> {
    /// The first bytes, filled up with zeros, the first byte highest.
    front: u32,
    /// The bytes behind them.
    rest: &'a [u8],
    /// Bytes of both; tells apart what the zeros made alike.
    length: usize,
}

impl<'a> Parts<'a> {
    #[inline]
    fn of(entry: &'a [u8]) -> Parts<'a> {
        let length = entry.len();
        match entry.split_first_chunk::<FRONT_BYTES>() {
            Some((front, rest)) => Parts {
                front: u32::from_be_bytes(*front),
                rest,
                length,
            },
            None => {
                let mut front = [0; FRONT_BYTES];
                front
                    .iter_mut()
                    .zip(entry)
                    .for_each(|(place, byte)| *place = *byte);
                Parts {
                    front: u32::from_be_bytes(front),
                    rest: &[],
                    length,
                }
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let front = self.front.to_be_bytes();
        out.extend_from_slice(&front[..self.length.min(FRONT_BYTES)]);
        out.extend_from_slice(self.rest);
    }
}

/// A page of an ordered index whose head was checked.
#[derive(Clone, Copy)]
pub struct Node<'page> {
    bytes: &'page PageBytes,
    head: Head,
}

impl<'page> Node<'page> {
    /// The node in `bytes`: a page of `owner`, on `level` where that is known.
    #[inline]
    pub fn read(bytes: &'page PageBytes, owner: CollectionId, level: Option<u8>) -> Checked<Node<'page>> {
        if kind(bytes) != Some(PageKind::OrderedNode) || page::owner(bytes) != owner {
            return Err("a page of an ordered index of this collection was expected");
        }
        let head = Head::read(bytes)?;
        if level.is_some_and(|level| level != head.level) {
            return Err("a page of an ordered index is on another level than its parent says");
        }
        Ok(Node { bytes, head })
    }

    /// Levels below this one; 0 is a leaf.
    pub fn level(&self) -> u8 {
        self.head.level
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        self.head.count
    }

    /// What all entries begin with.
    pub fn prefix(&self) -> &'page [u8] {
        &self.bytes[self.head.records_end()..]
    }

    /// Bytes that slots, records and prefix take.
    pub fn used_bytes(&self) -> usize {
        FREE_BYTES_MAX - self.head.gap_bytes() - self.head.holes
    }

    #[inline]
    fn slot(&self, at: usize) -> u32 {
        read_u32(self.bytes, SLOTS_AT + at * SLOT_BYTES)
    }

    #[inline]
    fn front(&self, at: usize) -> u32 {
        read_u32(self.bytes, SLOTS_AT + at * SLOT_BYTES + 4)
    }

    /// The record of entry `at` and the entry's length without the prefix.
    #[inline]
    fn record(&self, at: usize) -> Checked<(&'page [u8], usize)> {
        if at >= self.head.count {
            return Err("an ordered index's page has fewer entries than it was asked for");
        }
        let slot = self.slot(at);
        let (offset, length) = (usize::from(slot as u16), usize::from((slot >> 16) as u16));
        let record_bytes = self.head.child_bytes() + length.saturating_sub(FRONT_BYTES);
        if record_bytes == 0 {
            return Ok((&[], length));
        }
        let end = offset + record_bytes;
        if offset < self.head.low_end || end > self.head.records_end() {
            return Err("a slot of an ordered index points outside its page's records");
        }
        Ok((&self.bytes[offset..end], length))
    }

    #[inline]
    fn parts(&self, at: usize) -> Checked<Parts<'page>> {
        let (record, length) = self.record(at)?;
        Ok(Parts {
            front: self.front(at),
            rest: record.get(self.head.child_bytes()..).unwrap_or_default(),
            length,
        })
    }

    /// Makes `out` entry `at`, whole.
    #[inline]
    pub fn copy_entry(&self, at: usize, out: &mut Vec<u8>) -> Checked<()> {
        out.clear();
        out.extend_from_slice(self.prefix());
        self.parts(at)?.write(out);
        Ok(())
    }

    /// Visits entries `range`, forward or backward, each whole, until `visit` returns false. `out` is scratch
    /// space; afterwards it holds the entry visited last. Returns whether all were visited.
    #[inline]
    pub fn visit_entries(
        &self,
        range: std::ops::Range<usize>,
        is_reverse: bool,
        out: &mut Vec<u8>,
        mut visit: impl FnMut(&[u8]) -> bool,
    ) -> Checked<bool> {
        if range.is_empty() {
            return Ok(true);
        }
        out.clear();
        out.extend_from_slice(self.prefix());
        for step in 0..range.len() {
            let at = if is_reverse {
                range.end - 1 - step
            } else {
                range.start + step
            };
            out.truncate(self.head.prefix);
            self.parts(at)?.write(out);
            if !visit(out) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The place of `entry` among the entries: of itself, or where it would go.
    #[inline]
    pub fn find(&self, entry: &[u8]) -> Checked<Result<usize, usize>> {
        let prefix = self.prefix();
        let Some(suffix) = entry.strip_prefix(prefix) else {
            let is_below = entry < prefix;
            return Ok(Err(if is_below { 0 } else { self.head.count }));
        };
        let wanted = Parts::of(suffix);
        let mut low = self.fronts_below(wanted.front);
        if low == self.head.count || self.front(low) != wanted.front {
            return Ok(Err(low));
        }
        let mut high = match wanted.front.checked_add(1) {
            Some(next) => self.fronts_below(next),
            None => self.head.count,
        };
        while low < high {
            let middle = (low + high) / 2;
            match self.parts(middle)?.cmp(&wanted) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(Ok(middle)),
            }
        }
        Ok(Err(low))
    }

    /// How many entries have first bytes below `front`. Halves without a branch on what it finds, for no
    /// processor could foretell it.
    #[inline]
    fn fronts_below(&self, front: u32) -> usize {
        let (mut base, mut size) = (0, self.head.count);
        while size > 1 {
            let half = size / 2;
            base += if self.front(base + half - 1) < front {
                half
            } else {
                0
            };
            size -= half;
        }
        base + usize::from(size == 1 && self.front(base) < front)
    }

    /// Child `at` of an inner page: 0 is left of all separators, `at` behind separator `at - 1`.
    #[inline]
    pub fn child(&self, at: usize) -> Checked<PageNumber> {
        let number = match at.checked_sub(1) {
            None => read_u32(self.bytes, FIRST_CHILD_AT),
            Some(at) => {
                let (record, _) = self.record(at)?;
                record.first_chunk().map_or(0, |child| u32::from_le_bytes(*child))
            }
        };
        if number == 0 || self.head.level == 0 {
            return Err("an inner page of an ordered index names no child");
        }
        Ok(PageNumber::new(number))
    }

    /// Whether `insert` has room for `entry`.
    pub fn has_room(&self, entry: &[u8]) -> bool {
        entry.len() <= ENTRY_BYTES_MAX
            && entry.starts_with(self.prefix())
            && self.head.gap_bytes() >= row_bytes(self.head.level, entry.len() - self.head.prefix)
    }

    /// Doubts everything: the bounds and order of all entries, the bytes they take, the children.
    pub fn check(&self) -> Checked<()> {
        let mut records_bytes = 0;
        let mut before: Option<Parts<'_>> = None;
        for at in 0..self.head.count {
            let parts = self.parts(at)?;
            records_bytes += self.head.child_bytes() + parts.rest.len();
            if parts.length + self.head.prefix > ENTRY_BYTES_MAX {
                return Err("an entry of an ordered index is longer than entries may be");
            }
            if before.is_some_and(|before| before >= parts) {
                return Err("the entries of an ordered index are out of order");
            }
            if self.head.level > 0 {
                self.child(at + 1)?;
            }
            before = Some(parts);
        }
        if records_bytes + self.head.holes != self.head.records_end() - self.head.low_end {
            return Err("the records of an ordered index's page do not add up");
        }
        if self.head.level > 0 {
            self.child(0)?;
        } else if read_u32(self.bytes, FIRST_CHILD_AT) != 0 {
            return Err("a leaf of an ordered index names a child");
        }
        Ok(())
    }
}

/// Bytes that an entry of `length` bytes, the prefix not counted, takes on a page of `level`.
#[inline]
fn row_bytes(level: u8, length: usize) -> usize {
    let child_bytes = if level > 0 { CHILD_BYTES } else { 0 };
    SLOT_BYTES + child_bytes + length.saturating_sub(FRONT_BYTES)
}

/// Makes the body of a leaf without entries.
pub fn initialize(bytes: &mut PageBytes) {
    bytes[PAGE_HEAD_BYTES..].fill(0);
    let head = Head {
        level: 0,
        count: 0,
        low_end: PAGE_BYTES,
        holes: 0,
        prefix: 0,
    };
    head.write(bytes);
}

/// Puts `entry` at place `at`, with the child behind it on inner pages; false when there is no room.
///
/// The caller found the place, so that the order stays.
#[inline]
pub fn insert(bytes: &mut PageBytes, at: usize, entry: &[u8], child: Option<PageNumber>) -> Checked<bool> {
    let head = Head::read(bytes)?;
    let Some(suffix) = entry.strip_prefix(&bytes[head.records_end()..]) else {
        return Ok(false);
    };
    let parts = Parts::of(suffix);
    if at > head.count
        || entry.len() > ENTRY_BYTES_MAX
        || head.gap_bytes() < row_bytes(head.level, parts.length)
    {
        return Ok(false);
    }
    let slot_at = SLOTS_AT + at * SLOT_BYTES;
    bytes.copy_within(slot_at..head.slots_end(), slot_at + SLOT_BYTES);
    let low_end = place(bytes, &head, slot_at, &parts, child);
    write_u16(bytes, COUNT_AT, head.count as u16 + 1);
    write_u16(bytes, LOW_END_AT, low_end as u16);
    Ok(true)
}

/// Writes the record and slot of an entry; returns the new low end of the records.
#[inline]
fn place(
    bytes: &mut PageBytes,
    head: &Head,
    slot_at: usize,
    parts: &Parts<'_>,
    child: Option<PageNumber>,
) -> usize {
    let low_end = head.low_end - head.child_bytes() - parts.rest.len();
    if head.level > 0 {
        write_u32(bytes, low_end, child.map_or(0, PageNumber::get));
    }
    bytes[low_end + head.child_bytes()..head.low_end].copy_from_slice(parts.rest);
    write_u16(bytes, slot_at, low_end as u16);
    write_u16(bytes, slot_at + 2, parts.length as u16);
    write_u32(bytes, slot_at + 4, parts.front);
    low_end
}

/// Takes out entry `at`, on inner pages with the child behind it.
pub fn remove(bytes: &mut PageBytes, at: usize) -> Checked<()> {
    let mut head = Head::read(bytes)?;
    let (offset, record_bytes) = {
        let node = Node { bytes, head };
        let (record, _) = node.record(at)?;
        (usize::from(node.slot(at) as u16), record.len())
    };
    let slot_at = SLOTS_AT + at * SLOT_BYTES;
    bytes.copy_within(slot_at + SLOT_BYTES..head.slots_end(), slot_at);
    head.count -= 1;
    if head.count == 0 {
        (head.low_end, head.holes) = (head.records_end(), 0);
    } else if offset == head.low_end {
        head.low_end += record_bytes;
    } else {
        head.holes += record_bytes;
    }
    head.write(bytes);
    Ok(())
}

/// Takes child `at` out of an inner page; false when it is the only one, which then stays.
pub fn remove_child(bytes: &mut PageBytes, owner: CollectionId, at: usize) -> Checked<bool> {
    let node = Node::read(bytes, owner, None)?;
    if node.count() == 0 {
        return Ok(false);
    }
    let Some(separator) = at.checked_sub(1) else {
        let second = node.child(1)?;
        write_u32(bytes, FIRST_CHILD_AT, second.get());
        remove(bytes, 0)?;
        return Ok(true);
    };
    remove(bytes, separator)?;
    Ok(true)
}

/// Gives a page the body of another one.
pub fn copy_body(from: &PageBytes, to: &mut PageBytes) {
    to[PAGE_HEAD_BYTES..].copy_from_slice(&from[PAGE_HEAD_BYTES..]);
}

#[cfg(test)]
mod tests;
