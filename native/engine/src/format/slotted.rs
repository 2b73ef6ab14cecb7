//! The body of a heap page: records behind a directory of slots.
//!
//! The directory grows up from byte 40, records grow down from the page's end. A slot keeps its number
//! while its record lives; a freed slot is used again. Removing leaves holes, which are closed by moving
//! records together when the free bytes suffice for a new record but no gap does.
//! Promises: no content of a page makes a function here panic, loop or reach outside the page; what does
//! not add up is reported, and a refused change leaves the page as it was.
//! Leaves to others: which page a record goes to and when a page is given back (heap/).
//!
//! Bytes: 24 slots u16 · 26 used slots u16 · 28 free bytes u16 · 30 low end of the records u16 · 32 map page
//! u32 · 36 index in the map page u16 · 38 copy of the map's info byte u8 · 39 zero u8 · 40 slots, 4 bytes each:
//! offset u16 (low 12 bits; bit 15: stub of an overflow run; bit 14: kept for stamped records; others zero),
//! length u16. A free slot is four zero bytes.

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use super::fields::{Checked, write_u16, write_u32};
use super::page::{self, CollectionId, PAGE_HEAD_BYTES, PageKind, kind};
use super::place::SlotNumber;
use super::{read_u16, read_u32};

/// Most slots of a page.
pub const SLOTS_MAX: usize = 256;
/// Bytes of a slot in the directory.
pub const SLOT_BYTES: usize = 4;
/// Largest record that a page holds, alone.
pub const RECORD_BYTES_MAX: usize = PAGE_BYTES - DIRECTORY_AT - SLOT_BYTES;
/// Bytes for slots and records of an empty page.
pub const FREE_BYTES_MAX: usize = PAGE_BYTES - DIRECTORY_AT;
/// Bytes of an overflow stub: first page u32, length of the document u32.
pub const STUB_BYTES: usize = 8;

const SLOTS_AT: usize = PAGE_HEAD_BYTES;
const USED_AT: usize = 26;
const FREE_AT: usize = 28;
const LOW_END_AT: usize = 30;
const MAP_PAGE_AT: usize = 32;
const MAP_INDEX_AT: usize = 36;
const INFO_AT: usize = 38;
const DIRECTORY_AT: usize = 40;

const OFFSET_MASK: u16 = 0x0fff;
const OVERFLOW_FLAG: u16 = 0x8000;

/// A record as a slot names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'page> {
    /// The document's bytes, or the stub's.
    pub bytes: &'page [u8],
    /// Whether the bytes are the stub of an overflow run.
    pub is_stub: bool,
}

/// Where the document of a stub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stub {
    /// First page of the run.
    pub first: PageNumber,
    /// Bytes of the document.
    pub length: u32,
}

impl Stub {
    /// The record that stands for the document.
    pub fn encode(self) -> [u8; STUB_BYTES] {
        let mut bytes = [0; STUB_BYTES];
        bytes[..4].copy_from_slice(&self.first.get().to_le_bytes());
        bytes[4..].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// The stub in `record`.
    pub fn decode(record: &[u8]) -> Checked<Stub> {
        let (&[first, length], []) = record.as_chunks::<4>() else {
            return Err("an overflow stub is not 8 bytes long");
        };
        let (first, length) = (u32::from_le_bytes(first), u32::from_le_bytes(length));
        if first == 0 || length == 0 {
            return Err("an overflow stub names no run");
        }
        Ok(Stub {
            first: PageNumber::new(first),
            length,
        })
    }
}

/// Where the slot is in its page.
#[inline]
pub fn slot_offset(slot: SlotNumber) -> usize {
    DIRECTORY_AT + slot.index() * SLOT_BYTES
}

/// The counts at the head of the body, within their bounds.
struct Head {
    slots: usize,
    used: usize,
    free_bytes: usize,
    low_end: usize,
}

impl Head {
    fn read(bytes: &PageBytes) -> Checked<Head> {
        let head = Head {
            slots: usize::from(read_u16(bytes, SLOTS_AT)),
            used: usize::from(read_u16(bytes, USED_AT)),
            free_bytes: usize::from(read_u16(bytes, FREE_AT)),
            low_end: usize::from(read_u16(bytes, LOW_END_AT)),
        };
        if head.slots > SLOTS_MAX || head.used > head.slots {
            return Err("the slot counts of a heap page are out of bounds");
        }
        if head.low_end < head.directory_end() || head.low_end > PAGE_BYTES {
            return Err("the low end of a heap page's records is out of bounds");
        }
        if head.free_bytes < head.gap_bytes() || head.free_bytes > PAGE_BYTES - head.directory_end() {
            return Err("the free bytes of a heap page are out of bounds");
        }
        Ok(head)
    }

    fn write(&self, bytes: &mut PageBytes) {
        write_u16(bytes, SLOTS_AT, self.slots as u16);
        write_u16(bytes, USED_AT, self.used as u16);
        write_u16(bytes, FREE_AT, self.free_bytes as u16);
        write_u16(bytes, LOW_END_AT, self.low_end as u16);
    }

    fn directory_end(&self) -> usize {
        DIRECTORY_AT + self.slots * SLOT_BYTES
    }

    /// Bytes between directory and records.
    fn gap_bytes(&self) -> usize {
        self.low_end - self.directory_end()
    }
}

/// A used slot, within the page's bounds.
struct Slot {
    offset: usize,
    length: usize,
    is_stub: bool,
}

/// Slot `index` of a directory of `slots` slots; both were checked.
#[inline]
fn slot_at(bytes: &PageBytes, slots: usize, index: usize) -> Checked<Option<Slot>> {
    let entry = read_u32(bytes, DIRECTORY_AT + index * SLOT_BYTES);
    if entry == 0 {
        return Ok(None);
    }
    let (place, length) = (entry as u16, usize::from((entry >> 16) as u16));
    if place & !(OFFSET_MASK | OVERFLOW_FLAG) != 0 {
        return Err("a slot has flags that this release does not know");
    }
    let offset = usize::from(place & OFFSET_MASK);
    if length == 0 || offset < DIRECTORY_AT + slots * SLOT_BYTES || offset + length > PAGE_BYTES {
        return Err("a slot points outside its page's records");
    }
    Ok(Some(Slot {
        offset,
        length,
        is_stub: place & OVERFLOW_FLAG != 0,
    }))
}

fn set_slot(bytes: &mut PageBytes, index: usize, slot: Option<Slot>) {
    let entry = slot.map_or(0, |slot| {
        let flag = if slot.is_stub { OVERFLOW_FLAG } else { 0 };
        u32::from(slot.offset as u16 | flag) | (slot.length as u32) << 16
    });
    write_u32(bytes, DIRECTORY_AT + index * SLOT_BYTES, entry);
}

/// Makes the body of a new page, which is entry `map_index` of map page `map_page`.
pub fn initialize(bytes: &mut PageBytes, map_page: PageNumber, map_index: u16) {
    bytes[PAGE_HEAD_BYTES..].fill(0);
    Head {
        slots: 0,
        used: 0,
        free_bytes: FREE_BYTES_MAX,
        low_end: PAGE_BYTES,
    }
    .write(bytes);
    write_u32(bytes, MAP_PAGE_AT, map_page.get());
    write_u16(bytes, MAP_INDEX_AT, map_index);
}

/// Refuses a page that is no heap page of `owner`.
pub fn expect(bytes: &PageBytes, owner: CollectionId) -> Checked<()> {
    if kind(bytes) != Some(PageKind::Heap) || page::owner(bytes) != owner {
        return Err("a heap page of this collection was expected");
    }
    Ok(())
}

/// The map page and the index of its entry that name this page.
pub fn map_entry(bytes: &PageBytes) -> (PageNumber, u16) {
    (
        PageNumber::new(read_u32(bytes, MAP_PAGE_AT)),
        read_u16(bytes, MAP_INDEX_AT),
    )
}

/// The page's copy of its info byte in the map.
pub fn info(bytes: &PageBytes) -> u8 {
    bytes[INFO_AT]
}

/// Sets the page's copy of its info byte in the map.
pub fn set_info(bytes: &mut PageBytes, info: u8) {
    bytes[INFO_AT] = info;
}

/// Number of records in the page.
pub fn used_slots(bytes: &PageBytes) -> Checked<usize> {
    Ok(Head::read(bytes)?.used)
}

/// Bytes that a new record and its slot may take, in all; 0 when every slot is used.
pub fn insertable_bytes(bytes: &PageBytes) -> Checked<usize> {
    let head = Head::read(bytes)?;
    Ok(if head.used == SLOTS_MAX {
        0
    } else {
        head.free_bytes
    })
}

/// The record in `slot`, or `None` where the slot is free or was never used.
#[inline]
pub fn record(bytes: &PageBytes, slot: SlotNumber) -> Checked<Option<Record<'_>>> {
    if kind(bytes) != Some(PageKind::Heap) {
        return Err("a heap page was expected");
    }
    let slots = usize::from(read_u16(bytes, SLOTS_AT));
    if slots > SLOTS_MAX {
        return Err("the slot counts of a heap page are out of bounds");
    }
    if slot.index() >= slots {
        return Ok(None);
    }
    let Some(found) = slot_at(bytes, slots, slot.index())? else {
        return Ok(None);
    };
    Ok(Some(Record {
        bytes: &bytes[found.offset..found.offset + found.length],
        is_stub: found.is_stub,
    }))
}

/// The records of a page in the order of their slots, from slot `from` (up to 256) on.
pub fn records(bytes: &PageBytes, from: usize) -> Checked<Records<'_>> {
    if kind(bytes) != Some(PageKind::Heap) {
        return Err("a heap page was expected");
    }
    let slots = usize::from(read_u16(bytes, SLOTS_AT));
    if slots > SLOTS_MAX {
        return Err("the slot counts of a heap page are out of bounds");
    }
    Ok(Records {
        bytes,
        slots,
        next: from,
    })
}

/// Iterator over a page's records; ends after the first damaged slot.
pub struct Records<'page> {
    bytes: &'page PageBytes,
    slots: usize,
    next: usize,
}

impl<'page> Iterator for Records<'page> {
    type Item = Checked<(SlotNumber, Record<'page>)>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.slots {
            let index = self.next;
            self.next += 1;
            match slot_at(self.bytes, self.slots, index) {
                Ok(None) => {}
                Ok(Some(slot)) => {
                    let bytes = &self.bytes[slot.offset..slot.offset + slot.length];
                    return Some(Ok((
                        SlotNumber(index as u8),
                        Record {
                            bytes,
                            is_stub: slot.is_stub,
                        },
                    )));
                }
                Err(what) => {
                    self.next = self.slots;
                    return Some(Err(what));
                }
            }
        }
        None
    }
}

/// Puts a record into a free slot. `None`: the page has no room for it.
pub fn insert(bytes: &mut PageBytes, record: &[u8], is_stub: bool) -> Checked<Option<SlotNumber>> {
    if record.is_empty() || record.len() > RECORD_BYTES_MAX {
        return Ok(None);
    }
    let mut head = Head::read(bytes)?;
    let index = if head.used < head.slots {
        free_slot(bytes, &head)?
    } else {
        head.slots
    };
    let slot_bytes = if index == head.slots { SLOT_BYTES } else { 0 };
    let needed = record.len() + slot_bytes;
    if index >= SLOTS_MAX || head.free_bytes < needed {
        return Ok(None);
    }
    if head.gap_bytes() < needed {
        close_holes(bytes, &mut head, needed)?;
    }
    if slot_bytes > 0 {
        head.slots += 1;
        head.free_bytes -= slot_bytes;
    }
    head.used += 1;
    write_record(bytes, &mut head, index, record, is_stub);
    Ok(Some(SlotNumber(index as u8)))
}

/// Replaces the record in `slot`. False: the page has no room for it, and nothing was changed.
pub fn replace(bytes: &mut PageBytes, slot: SlotNumber, record: &[u8], is_stub: bool) -> Checked<bool> {
    if record.is_empty() || record.len() > RECORD_BYTES_MAX {
        return Ok(false);
    }
    let mut head = Head::read(bytes)?;
    let old = used_slot(bytes, &head, slot)?;
    if record.len() <= old.length {
        bytes[old.offset..old.offset + record.len()].copy_from_slice(record);
        head.free_bytes += old.length - record.len();
        head.write(bytes);
        set_slot(
            bytes,
            slot.index(),
            Some(Slot {
                length: record.len(),
                is_stub,
                ..old
            }),
        );
        return Ok(true);
    }
    if head.free_bytes + old.length < record.len() {
        return Ok(false);
    }
    if head.gap_bytes() < record.len() {
        set_slot(bytes, slot.index(), None);
        if let Err(what) = close_holes(bytes, &mut head, record.len()) {
            set_slot(bytes, slot.index(), Some(old));
            return Err(what);
        }
    } else {
        head.free_bytes += old.length;
    }
    write_record(bytes, &mut head, slot.index(), record, is_stub);
    Ok(true)
}

/// Takes the record out of `slot`, which must be used.
pub fn remove(bytes: &mut PageBytes, slot: SlotNumber) -> Checked<()> {
    let mut head = Head::read(bytes)?;
    let old = used_slot(bytes, &head, slot)?;
    set_slot(bytes, slot.index(), None);
    head.used = head.used.saturating_sub(1);
    head.free_bytes += old.length;
    if old.offset == head.low_end {
        head.low_end += old.length;
    }
    while head.slots > 0 && read_u32(bytes, DIRECTORY_AT + (head.slots - 1) * SLOT_BYTES) == 0 {
        head.slots -= 1;
        head.free_bytes += SLOT_BYTES;
    }
    if head.slots == 0 {
        head = Head {
            slots: 0,
            used: 0,
            free_bytes: FREE_BYTES_MAX,
            low_end: PAGE_BYTES,
        };
    }
    head.write(bytes);
    Ok(())
}

/// Whether every slot, count and byte of the page adds up.
pub fn check(bytes: &PageBytes) -> Checked<()> {
    let head = Head::read(bytes)?;
    let mut spans = [(0u16, 0u16); SLOTS_MAX];
    let mut used = 0;
    for found in records(bytes, 0)? {
        let (slot, _) = found?;
        let Some(slot) = slot_at(bytes, head.slots, slot.index())? else {
            continue;
        };
        spans[used] = (slot.offset as u16, slot.length as u16);
        used += 1;
    }
    let spans = &mut spans[..used];
    spans.sort_unstable();
    let mut end = head.low_end;
    let mut record_bytes = 0;
    for &(offset, length) in spans.iter() {
        if usize::from(offset) < end {
            return Err("two records of a heap page overlap, or one lies below their low end");
        }
        end = usize::from(offset) + usize::from(length);
        record_bytes += usize::from(length);
    }
    if used != head.used || head.directory_end() + record_bytes + head.free_bytes != PAGE_BYTES {
        return Err("the counts of a heap page do not match its records");
    }
    Ok(())
}

fn free_slot(bytes: &PageBytes, head: &Head) -> Checked<usize> {
    (0..head.slots)
        .find(|index| read_u32(bytes, DIRECTORY_AT + index * SLOT_BYTES) == 0)
        .ok_or("the used slots of a heap page do not add up")
}

fn used_slot(bytes: &PageBytes, head: &Head, slot: SlotNumber) -> Checked<Slot> {
    if slot.index() >= head.slots {
        return Err("a slot that holds a document is not there");
    }
    let found = slot_at(bytes, head.slots, slot.index())?.ok_or("a slot that holds a document is free")?;
    if head.free_bytes + found.length > PAGE_BYTES - head.directory_end() || found.offset < head.low_end {
        return Err("the free bytes of a heap page do not add up");
    }
    Ok(found)
}

/// Writes `record` at the low end; the gap has room, and the slot's old bytes count as free already.
fn write_record(bytes: &mut PageBytes, head: &mut Head, index: usize, record: &[u8], is_stub: bool) {
    head.low_end -= record.len();
    head.free_bytes -= record.len();
    bytes[head.low_end..head.low_end + record.len()].copy_from_slice(record);
    set_slot(
        bytes,
        index,
        Some(Slot {
            offset: head.low_end,
            length: record.len(),
            is_stub,
        }),
    );
    head.write(bytes);
}

/// Moves all records to the page's end, so that the free bytes are one gap of at least `needed` bytes.
fn close_holes(bytes: &mut PageBytes, head: &mut Head, needed: usize) -> Checked<()> {
    let mut record_bytes = 0;
    for index in 0..head.slots {
        record_bytes += slot_at(bytes, head.slots, index)?.map_or(0, |slot| slot.length);
    }
    if head.directory_end() + record_bytes + needed > PAGE_BYTES {
        return Err("the free bytes of a heap page do not add up");
    }
    let old = *bytes;
    head.low_end = PAGE_BYTES;
    for index in 0..head.slots {
        let Some(slot) = slot_at(&old, head.slots, index)? else {
            continue;
        };
        head.low_end -= slot.length;
        bytes[head.low_end..head.low_end + slot.length]
            .copy_from_slice(&old[slot.offset..slot.offset + slot.length]);
        set_slot(
            bytes,
            index,
            Some(Slot {
                offset: head.low_end,
                ..slot
            }),
        );
    }
    head.free_bytes = head.gap_bytes();
    Ok(())
}

#[cfg(test)]
#[path = "slotted_tests.rs"]
mod tests;
