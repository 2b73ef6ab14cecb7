//! The body of a heap map page: which pages hold a collection's documents, and how much room each has.
//!
//! Map pages form a chain; an entry keeps its place while its heap page lives, so the order of entries is
//! the order of a scan. The entry of a page that was given back is zero and is used again.
//! Promises: no content of a page makes a function here panic.
//! Leaves to others: finding a page with room (heap/space.rs).
//!
//! Bytes: 24 next map page u32 (0: last) · 28 ordinal in the chain u32 · 32 entries u16 · 34 zero · 40 heap page
//! u32 × 811 (0: vacant) · 3284 info u8 × 811: low 4 bits free-space class, bit 7 the page may hold overflow stubs.

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use super::fields::{Checked, write_u16, write_u32};
use super::page::{PAGE_HEAD_BYTES, PageKind, kind};
use super::{read_u16, read_u32};

/// Entries of a map page.
pub const MAP_ENTRIES: usize = (PAGE_BYTES - PAGES_AT) / (4 + 1);
/// Number of free-space classes.
pub const CLASSES: usize = 16;

const NEXT_AT: usize = PAGE_HEAD_BYTES;
const ORDINAL_AT: usize = 28;
const ENTRIES_AT: usize = 32;
const PAGES_AT: usize = 40;
const INFOS_AT: usize = PAGES_AT + MAP_ENTRIES * 4;

const CLASS_MASK: u8 = 0x0f;
const STUBS_FLAG: u8 = 0x80;

/// Free bytes that a page of each class has at least.
///
/// Steps are fine where documents are small, so that little room is left unused, and coarse above.
const CLASS_BYTES: [usize; CLASSES] = [
    0, 32, 64, 128, 192, 256, 384, 512, 768, 1024, 1280, 1536, 2048, 2560, 3072, 3584,
];

/// What a map entry says about a page's content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Free-space class, below `CLASSES`.
    pub class: u8,
    /// Whether the page may hold stubs of overflow runs.
    pub has_stubs: bool,
}

impl Info {
    /// The info of a byte from disk.
    pub fn from_byte(byte: u8) -> Info {
        Info {
            class: byte & CLASS_MASK,
            has_stubs: byte & STUBS_FLAG != 0,
        }
    }

    /// The byte for the disk.
    pub fn to_byte(self) -> u8 {
        (self.class & CLASS_MASK) | if self.has_stubs { STUBS_FLAG } else { 0 }
    }
}

/// The class of a page with `free_bytes` free.
pub fn class_of(free_bytes: usize) -> u8 {
    let above = CLASS_BYTES
        .iter()
        .position(|bytes| *bytes > free_bytes)
        .unwrap_or(CLASSES);
    above.saturating_sub(1) as u8
}

/// The lowest class whose pages all have room for `needed_bytes`, where there is one.
pub fn class_for(needed_bytes: usize) -> Option<u8> {
    CLASS_BYTES
        .iter()
        .position(|bytes| *bytes >= needed_bytes)
        .map(|class| class as u8)
}

/// Makes the body of a new map page.
pub fn initialize(bytes: &mut PageBytes, ordinal: u32) {
    bytes[PAGE_HEAD_BYTES..].fill(0);
    write_u32(bytes, ORDINAL_AT, ordinal);
}

/// Refuses a page that is not map page `ordinal` of its chain.
pub fn expect_ordinal(bytes: &PageBytes, expected: u32) -> Checked<()> {
    if kind(bytes) != Some(PageKind::HeapMap) {
        return Err("a heap map page was expected");
    }
    if ordinal(bytes) != expected {
        return Err("a heap map page is out of its chain's order");
    }
    Ok(())
}

/// Place in the chain, from 0.
pub fn ordinal(bytes: &PageBytes) -> u32 {
    read_u32(bytes, ORDINAL_AT)
}

/// The next map page of the chain.
pub fn next(bytes: &PageBytes) -> Option<PageNumber> {
    let next = read_u32(bytes, NEXT_AT);
    (next != 0).then(|| PageNumber::new(next))
}

/// Makes `next` the next map page of the chain.
pub fn set_next(bytes: &mut PageBytes, next: PageNumber) {
    write_u32(bytes, NEXT_AT, next.get());
}

/// Number of entries, vacant ones among them.
pub fn entries_count(bytes: &PageBytes) -> Checked<usize> {
    if kind(bytes) != Some(PageKind::HeapMap) {
        return Err("a heap map page was expected");
    }
    let count = usize::from(read_u16(bytes, ENTRIES_AT));
    if count > MAP_ENTRIES {
        return Err("the entry count of a heap map page is out of bounds");
    }
    Ok(count)
}

/// Entry `index`; `None` where it is vacant or was never used.
#[inline]
pub fn entry(bytes: &PageBytes, index: usize) -> Checked<Option<(PageNumber, Info)>> {
    if index >= entries_count(bytes)? {
        return Ok(None);
    }
    let page = read_u32(bytes, PAGES_AT + index * 4);
    let info = Info::from_byte(bytes[INFOS_AT + index]);
    Ok((page != 0).then(|| (PageNumber::new(page), info)))
}

/// The first used entry from `from` on: its index, page and info.
#[inline]
pub fn next_entry(bytes: &PageBytes, from: usize) -> Checked<Option<(usize, PageNumber, Info)>> {
    for index in from..entries_count(bytes)? {
        let page = read_u32(bytes, PAGES_AT + index * 4);
        if page != 0 {
            return Ok(Some((
                index,
                PageNumber::new(page),
                Info::from_byte(bytes[INFOS_AT + index]),
            )));
        }
    }
    Ok(None)
}

/// Adds an entry behind the others and returns its index. `None`: the page is full.
pub fn push(bytes: &mut PageBytes, page: PageNumber) -> Checked<Option<u16>> {
    let count = entries_count(bytes)?;
    if count == MAP_ENTRIES {
        return Ok(None);
    }
    write_u16(bytes, ENTRIES_AT, count as u16 + 1);
    write_entry(bytes, count, page.get(), Info::default());
    Ok(Some(count as u16))
}

/// Makes vacant entry `index` the entry of `page`.
pub fn fill_vacant(bytes: &mut PageBytes, index: u16, page: PageNumber) -> Checked<()> {
    let index = usize::from(index);
    if index >= entries_count(bytes)? || entry(bytes, index)?.is_some() {
        return Err("a heap map entry that should be vacant is not");
    }
    write_entry(bytes, index, page.get(), Info::default());
    Ok(())
}

/// Sets the info of entry `index`, which must be the one of `page`.
pub fn set_info(bytes: &mut PageBytes, index: u16, page: PageNumber, info: Info) -> Checked<()> {
    expect_entry(bytes, index, page)?;
    bytes[INFOS_AT + usize::from(index)] = info.to_byte();
    Ok(())
}

/// Makes entry `index`, which must be the one of `page`, vacant.
pub fn vacate(bytes: &mut PageBytes, index: u16, page: PageNumber) -> Checked<()> {
    expect_entry(bytes, index, page)?;
    write_entry(bytes, usize::from(index), 0, Info::default());
    Ok(())
}

/// Whether counts and infos are such as this release writes.
pub fn check(bytes: &PageBytes) -> Checked<()> {
    let count = entries_count(bytes)?;
    for index in 0..MAP_ENTRIES {
        let page = read_u32(bytes, PAGES_AT + index * 4);
        let info = bytes[INFOS_AT + index];
        if Info::from_byte(info).to_byte() != info {
            return Err("a heap map entry has flags that this release does not know");
        }
        if page == 0 && info != 0 {
            return Err("a vacant heap map entry has an info");
        }
        if page != 0 && index >= count {
            return Err("a heap map page has an entry behind its last");
        }
    }
    Ok(())
}

fn expect_entry(bytes: &PageBytes, index: u16, page: PageNumber) -> Checked<()> {
    match entry(bytes, usize::from(index))? {
        Some((found, _)) if found == page => Ok(()),
        _ => Err("a heap map entry does not name the page that names it"),
    }
}

/// Writes entry `index`, which was checked against the count.
fn write_entry(bytes: &mut PageBytes, index: usize, page: u32, info: Info) {
    write_u32(bytes, PAGES_AT + index * 4, page);
    bytes[INFOS_AT + index] = info.to_byte();
}

#[cfg(test)]
mod tests {
    use super::super::page::{self, CollectionId};
    use super::super::seeded::Seeded;
    use super::*;

    fn new_map() -> Box<PageBytes> {
        let mut bytes = Box::new([0u8; PAGE_BYTES]);
        page::initialize(&mut bytes, PageKind::HeapMap, CollectionId(1), 0);
        initialize(&mut bytes, 5);
        bytes
    }

    #[test]
    fn a_page_of_the_class_for_a_need_always_has_room() {
        for needed in 0..=PAGE_BYTES {
            let Some(class) = class_for(needed) else { continue };
            assert!(CLASS_BYTES[usize::from(class)] >= needed);
        }
        for free in 0..=PAGE_BYTES {
            assert!(CLASS_BYTES[usize::from(class_of(free))] <= free);
        }
        assert_eq!(class_for(CLASS_BYTES[CLASSES - 1] + 1), None);
    }

    #[test]
    fn entries_keep_their_index_and_vacant_ones_are_filled_again() {
        let mut map = new_map();
        for page in 0..MAP_ENTRIES as u32 {
            assert_eq!(
                push(&mut map, PageNumber::new(page + 2)).unwrap(),
                Some(page as u16)
            );
        }
        assert_eq!(push(&mut map, PageNumber::new(9)).unwrap(), None);
        let info = Info {
            class: 15,
            has_stubs: true,
        };
        set_info(&mut map, 810, PageNumber::new(812), info).unwrap();
        assert_eq!(entry(&map, 810).unwrap(), Some((PageNumber::new(812), info)));
        assert!(vacate(&mut map, 7, PageNumber::new(8)).is_err());
        vacate(&mut map, 7, PageNumber::new(9)).unwrap();
        assert_eq!(entry(&map, 7).unwrap(), None);
        assert_eq!(next_entry(&map, 7).unwrap().map(|found| found.0), Some(8));
        assert!(fill_vacant(&mut map, 8, PageNumber::new(99)).is_err());
        fill_vacant(&mut map, 7, PageNumber::new(99)).unwrap();
        assert_eq!(
            entry(&map, 7).unwrap(),
            Some((PageNumber::new(99), Info::default()))
        );
        check(&map).unwrap();
        expect_ordinal(&map, 5).unwrap();
        assert!(expect_ordinal(&map, 6).is_err());
    }

    #[test]
    fn no_content_of_a_map_page_panics() {
        let seed = 11;
        let mut random = Seeded::new(seed);
        for _ in 0..2000 {
            let mut bytes = new_map();
            random.fill(&mut bytes[PAGE_HEAD_BYTES..]);
            if random.below(2) == 0 {
                write_u16(&mut bytes, ENTRIES_AT, random.below(MAP_ENTRIES + 3) as u16);
            }
            let index = random.number() as u16;
            let page = PageNumber::new(random.number() as u32);
            let _ = (
                entry(&bytes, usize::from(index)),
                next_entry(&bytes, usize::from(index)),
            );
            let _ = (check(&bytes), next(&bytes), push(&mut bytes, page));
            let _ = fill_vacant(&mut bytes, index, page);
            let _ = (
                set_info(&mut bytes, index, page, Info::default()),
                vacate(&mut bytes, index, page),
            );
        }
    }
}
