//! The body of a bucket page of the id index: 63 lines of six entries.
//!
//! An entry is 10 bytes: 40 bits of the id's hash and the document's place. It lies in its home line, or, when
//! that was full, in the first line behind it with room; each full line that it passed notes so in its filter,
//! one of 16 bits by the hash. When all lines are full it lies in the next page of the bucket's chain, under the
//! same rule. A lookup ends at the first line whose filter lacks its bit: mostly the home line, also when that
//! is full and the id is missing. A line is one cache line, and its six entries are compared at once.
//! Promises: no content of a page makes a function here panic or loop; part of the bucket number is compared in
//! each line's meta before the line is believed, so a page in a wrong place is told without reading its head.
//! Leaves to others: chains, splits and rebuilds (index/primary/).
//! Source: linear hashing, Litwin, VLDB 1980; the low bits of the 40 choose the bucket, the high ones the line.
//!
//! Bytes: 24 bucket u32 · 28 entries u16 · 30 position in the chain u16 · 32 next page of the chain u32 (0: last)
//! · 36 removals since the last rebuild that left a filter bit or room before a chain u16 · 38 zero · 64 lines.
//! Line: 0 hash bits 8..40 u32 × 6 · 24 page u32 × 6 · 48 hash bits 0..8 u8 × 6 · 54 slot u8 × 6 · 60 meta u32:
//! bits 0..6 used entries, 6..8 zero, 8..24 filter (bit 8 + hash bits 20..24), 24..32 low 8 bits of the bucket.

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use super::fields::{Checked, write_u16, write_u32};
use super::page::{PAGE_HEAD_BYTES, PageKind, kind};
use super::place::{Place, SlotNumber};
use super::{read_u16, read_u32};

/// Entries of a line.
pub const LINE_ENTRIES: usize = 6;
/// Lines of a page.
pub const LINES: usize = PAGE_BYTES / LINE_BYTES - 1;
/// Entries of a page.
pub const PAGE_ENTRIES: usize = LINES * LINE_ENTRIES;
/// Most buckets of an index: the pages of a file bound it, and addresses stay within the hash's 40 bits.
pub const BUCKETS_MAX: u32 = 1 << 31;

const LINE_BYTES: usize = 64;
const BUCKET_AT: usize = PAGE_HEAD_BYTES;
const ENTRIES_AT: usize = 28;
const POSITION_AT: usize = 30;
const NEXT_AT: usize = 32;
const STALE_AT: usize = 36;

const LINE_PAGES_AT: usize = 24;
const LINE_BYTES_AT: usize = 48;
const LINE_SLOTS_AT: usize = 54;
const LINE_META_AT: usize = 60;

const USED_MASK: u32 = 0x3f;
const ZERO_MASK: u32 = 0xc0;
const FILTER_SHIFT: u64 = 8;
const TAG_SHIFT: u32 = 24;

const WRONG_LINE: &str = "a line of the id index does not belong to its bucket";

type Line = [u8; LINE_BYTES];

/// The 40 bits of an id's hash that the index keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashPart(u64);

impl HashPart {
    /// The part of `hash` that the index keeps: its low 40 bits.
    #[inline]
    pub fn of(hash: u64) -> HashPart {
        HashPart(hash & 0xff_ffff_ffff)
    }

    /// The 40 bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The bucket of an index with `buckets` (at least 1) buckets.
    #[inline]
    pub fn bucket(self, buckets: u32) -> u32 {
        let mask = u32::MAX.checked_shr((buckets - 1).leading_zeros()).unwrap_or(0);
        let bucket = self.0 as u32 & mask;
        if bucket < buckets {
            bucket
        } else {
            bucket & (mask >> 1)
        }
    }

    #[inline]
    fn home_line(self) -> usize {
        ((self.0 >> 24) as usize * LINES) >> 16
    }

    #[inline]
    fn word(self) -> u32 {
        (self.0 >> 8) as u32
    }

    /// The bit of a line's meta that says that an entry with such a hash passed the line.
    #[inline]
    fn filter_bit(self) -> u32 {
        1 << (FILTER_SHIFT + (self.0 >> 20 & 0xf))
    }
}

/// An entry of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The hash bits.
    pub part: HashPart,
    /// Where the document is.
    pub place: Place,
}

/// Progress of a search through one page for entries with the same hash bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Probe {
    /// Lines passed, counted from the home line.
    passed: usize,
    /// Entries of the current line already looked at.
    seen: u32,
}

/// One step of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An entry has the hash bits; the search may go on behind it.
    Entry(Place, At),
    /// No entry is left, neither in this page nor behind it in the chain.
    Absent,
    /// This page has no entry left; the chain's next page may.
    NextPage,
}

/// Line and place in it of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    line: u8,
    entry: u8,
}

/// Makes the body of an empty page of `bucket`, the `position`th of its chain.
pub fn initialize(bytes: &mut PageBytes, bucket: u32, position: u16) {
    bytes[PAGE_HEAD_BYTES..].fill(0);
    write_u32(bytes, BUCKET_AT, bucket);
    write_u16(bytes, POSITION_AT, position);
    for line in 0..LINES {
        write_u32(bytes, line_at(line) + LINE_META_AT, bucket << TAG_SHIFT);
    }
}

/// Takes all entries out of a page; it stays in its chain.
pub fn clear(bytes: &mut PageBytes) {
    let next = read_u32(bytes, NEXT_AT);
    initialize(bytes, bucket(bytes), position(bytes));
    write_u32(bytes, NEXT_AT, next);
}

/// Refuses a page that is not the `expected_position`th of `expected_bucket`.
pub fn expect(bytes: &PageBytes, expected_bucket: u32, expected_position: u16) -> Checked<()> {
    if kind(bytes) != Some(PageKind::IndexBucket) {
        return Err("a bucket page of the id index was expected");
    }
    if bucket(bytes) != expected_bucket || position(bytes) != expected_position {
        return Err("a bucket page of the id index is of another bucket or out of its chain's order");
    }
    if entries_count(bytes) > PAGE_ENTRIES {
        return Err("the entry count of a bucket page is out of bounds");
    }
    Ok(())
}

/// The bucket.
pub fn bucket(bytes: &PageBytes) -> u32 {
    read_u32(bytes, BUCKET_AT)
}

/// Place in the bucket's chain, from 0.
pub fn position(bytes: &PageBytes) -> u16 {
    read_u16(bytes, POSITION_AT)
}

/// Number of entries in this page.
pub fn entries_count(bytes: &PageBytes) -> usize {
    usize::from(read_u16(bytes, ENTRIES_AT))
}

/// The next page of the bucket's chain.
#[inline]
pub fn next(bytes: &PageBytes) -> Option<PageNumber> {
    let next = read_u32(bytes, NEXT_AT);
    (next != 0).then(|| PageNumber::new(next))
}

/// Sets the next page of the bucket's chain.
pub fn set_next(bytes: &mut PageBytes, next: Option<PageNumber>) {
    write_u32(bytes, NEXT_AT, next.map_or(0, PageNumber::get));
}

/// Removals since the last rebuild that may send lookups further than needed.
pub fn stale_count(bytes: &PageBytes) -> usize {
    usize::from(read_u16(bytes, STALE_AT))
}

/// The next entry with `part` in a page of `bucket`; `probe` starts as its default.
#[inline]
pub fn find(bytes: &PageBytes, bucket: u32, part: HashPart, probe: &mut Probe) -> Checked<Found> {
    let home = part.home_line();
    while probe.passed < LINES {
        let number = wrapped(home + probe.passed);
        let line = line_of(bytes, number);
        let meta = meta_of(line);
        if meta >> TAG_SHIFT != bucket & 0xff {
            return Err(WRONG_LINE);
        }
        let mut candidates = same_words(line, part.word()) & meta & USED_MASK & !probe.seen;
        while candidates != 0 {
            let entry = candidates.trailing_zeros() as usize;
            probe.seen |= 1 << entry;
            candidates &= candidates - 1;
            if line[LINE_BYTES_AT + entry] == part.0 as u8 {
                return Ok(Found::Entry(
                    place_of(line, entry),
                    At {
                        line: number as u8,
                        entry: entry as u8,
                    },
                ));
            }
        }
        if meta & part.filter_bit() == 0 {
            return Ok(Found::Absent);
        }
        *probe = Probe {
            passed: probe.passed + 1,
            seen: 0,
        };
    }
    Ok(Found::NextPage)
}

/// Where in its page a lookup of `part` begins, for a hint to the processor.
#[inline]
pub fn home_offset(part: HashPart) -> usize {
    line_at(part.home_line())
}

/// Puts an entry into the first line with room from its home line on. False: the page is full.
pub fn insert(bytes: &mut PageBytes, entry: Entry) -> bool {
    let home = entry.part.home_line();
    for passed in 0..LINES {
        let number = wrapped(home + passed);
        let meta = meta_of(line_of(bytes, number));
        let free = !meta & USED_MASK;
        if free != 0 {
            write_entry(bytes, number, free.trailing_zeros() as usize, entry);
            let count = read_u16(bytes, ENTRIES_AT);
            write_u16(bytes, ENTRIES_AT, count.saturating_add(1));
            return true;
        }
        write_u32(
            bytes,
            line_at(number) + LINE_META_AT,
            meta | entry.part.filter_bit(),
        );
    }
    false
}

/// Gives the entry at `at` another place.
pub fn set_place(bytes: &mut PageBytes, at: At, place: Place) {
    let (line, entry) = (line_at(usize::from(at.line)), usize::from(at.entry));
    write_u32(bytes, line + LINE_PAGES_AT + entry * 4, place.page.get());
    bytes[line + LINE_SLOTS_AT + entry] = place.slot.0;
}

/// Takes out the entry at `at`.
pub fn remove(bytes: &mut PageBytes, at: At) {
    let (line, entry) = (usize::from(at.line), usize::from(at.entry));
    let home = entry_of(line_of(bytes, line), entry).part.home_line();
    let meta = meta_of(line_of(bytes, line));
    write_entry(
        bytes,
        line,
        entry,
        Entry {
            part: HashPart(0),
            place: Place::new(PageNumber::new(0), SlotNumber(0)),
        },
    );
    write_u32(bytes, line_at(line) + LINE_META_AT, meta & !(1 << entry));
    let count = read_u16(bytes, ENTRIES_AT);
    write_u16(bytes, ENTRIES_AT, count.saturating_sub(1));
    if line != home || position(bytes) > 0 || next(bytes).is_some() {
        let stale = read_u16(bytes, STALE_AT);
        write_u16(bytes, STALE_AT, stale.saturating_add(1));
    }
}

/// The entries of a page, line by line.
pub fn entries(bytes: &PageBytes) -> impl Iterator<Item = Entry> + '_ {
    (0..LINES).flat_map(move |number| {
        let line = line_of(bytes, number);
        let used = meta_of(line) & USED_MASK;
        (0..LINE_ENTRIES)
            .filter(move |entry| used & (1 << entry) != 0)
            .map(move |entry| entry_of(line, entry))
    })
}

/// Whether the count, every line and every entry's place in them is as the rules above say.
pub fn check(bytes: &PageBytes) -> Checked<()> {
    let tag = bucket(bytes) & 0xff;
    let mut used = 0;
    for number in 0..LINES {
        let line = line_of(bytes, number);
        let meta = meta_of(line);
        if meta >> TAG_SHIFT != tag || meta & ZERO_MASK != 0 {
            return Err(WRONG_LINE);
        }
        used += (meta & USED_MASK).count_ones() as usize;
        for entry in (0..LINE_ENTRIES).filter(|entry| meta & (1 << entry) != 0) {
            let part = entry_of(line, entry).part;
            let passed = (number + LINES - part.home_line()) % LINES;
            if !is_passed(bytes, part, passed) {
                return Err("an entry of the id index lies where no lookup finds it");
            }
        }
    }
    if used != entries_count(bytes) {
        return Err("the entry count of a bucket page does not match its lines");
    }
    Ok(())
}

/// Whether a lookup of `part` that finds nothing in this page goes on to the chain's next page.
pub fn is_passed_by(bytes: &PageBytes, part: HashPart) -> bool {
    is_passed(bytes, part, LINES)
}

/// Whether a lookup of `part` passes the first `lines` lines from its home line on.
fn is_passed(bytes: &PageBytes, part: HashPart, lines: usize) -> bool {
    (0..lines).all(|passed| {
        let meta = meta_of(line_of(bytes, wrapped(part.home_line() + passed)));
        meta & part.filter_bit() != 0
    })
}

#[inline]
fn wrapped(number: usize) -> usize {
    if number < LINES { number } else { number - LINES }
}

#[inline]
fn line_at(number: usize) -> usize {
    (number + 1) * LINE_BYTES
}

#[inline]
fn line_of(bytes: &PageBytes, number: usize) -> &Line {
    &bytes.as_chunks::<LINE_BYTES>().0[number + 1]
}

#[inline]
fn meta_of(line: &Line) -> u32 {
    read_u32(line, LINE_META_AT)
}

/// Bit i is set where entry i's hash bits 8..40 are `word`.
#[inline]
fn same_words(line: &Line, word: u32) -> u32 {
    let (words, _) = line.as_chunks::<4>();
    let mut same = 0;
    for (entry, bytes) in words[..LINE_ENTRIES].iter().enumerate() {
        same |= u32::from(u32::from_le_bytes(*bytes) == word) << entry;
    }
    same
}

#[inline]
fn place_of(line: &Line, entry: usize) -> Place {
    let page = read_u32(line, LINE_PAGES_AT + entry * 4);
    Place::new(PageNumber::new(page), SlotNumber(line[LINE_SLOTS_AT + entry]))
}

fn entry_of(line: &Line, entry: usize) -> Entry {
    let word = u64::from(read_u32(line, entry * 4));
    let part = HashPart(word << 8 | u64::from(line[LINE_BYTES_AT + entry]));
    Entry {
        part,
        place: place_of(line, entry),
    }
}

/// Writes entry `entry` of line `number` and marks it used.
fn write_entry(bytes: &mut PageBytes, number: usize, entry: usize, value: Entry) {
    let line = line_at(number);
    write_u32(bytes, line + entry * 4, value.part.word());
    bytes[line + LINE_BYTES_AT + entry] = value.part.0 as u8;
    write_u32(bytes, line + LINE_PAGES_AT + entry * 4, value.place.page.get());
    bytes[line + LINE_SLOTS_AT + entry] = value.place.slot.0;
    let meta = read_u32(bytes, line + LINE_META_AT);
    write_u32(bytes, line + LINE_META_AT, meta | 1 << entry);
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
