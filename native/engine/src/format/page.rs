//! The head of a page: 24 bytes before every page's body.
//!
//! Promises: a page whose checksum, kind or stamp does not fit is told from a good one before any of its
//! body is used. The checksum covers the whole page but itself and is seeded with the file id and the
//! page number, so a page of another file or another place never passes.
//! Leaves to others: the bodies (heap, index, pager/blob.rs).

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::format::{read_u32, read_u64};

/// Bytes of the head.
pub const PAGE_HEAD_BYTES: usize = 24;
/// Bytes of the body.
pub const PAGE_BODY_BYTES: usize = PAGE_BYTES - PAGE_HEAD_BYTES;

const CHECKSUM_AT: usize = 0;
const KIND_AT: usize = 4;
const STAMP_AT: usize = 8;
const OWNER_AT: usize = 16;
const PART_AT: usize = 20;

const _: () = assert!(PART_AT + 4 == PAGE_HEAD_BYTES);

/// Number of a commit: 1 for the first of a file, one more for each next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The commit after this one.
    pub fn next(self) -> Sequence {
        Sequence(self.0 + 1)
    }
}

/// Number of a collection, never used again in the same file; 0 is no collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionId(pub u32);

impl CollectionId {
    /// Owner of pages that belong to no collection.
    pub const NONE: CollectionId = CollectionId(0);
}

/// The random identity of a database, shared by its data file, logs and journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileId(pub [u8; 16]);

/// What a page's body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PageKind {
    /// Slotted page of documents.
    Heap = 1,
    /// Map of a collection's heap pages.
    HeapMap = 2,
    /// Bucket of the id index.
    IndexBucket = 3,
    /// Page numbers of the id index's buckets.
    IndexDirectory = 4,
    /// Part of a document that is larger than a page.
    Overflow = 5,
    /// Part of the catalog.
    Catalog = 6,
    /// Part of the free list.
    FreeList = 7,
    /// Node of an ordered index.
    OrderedNode = 8,
}

impl PageKind {
    /// The kind with this number, where there is one.
    pub fn from_byte(byte: u8) -> Option<PageKind> {
        Some(match byte {
            1 => PageKind::Heap,
            2 => PageKind::HeapMap,
            3 => PageKind::IndexBucket,
            4 => PageKind::IndexDirectory,
            5 => PageKind::Overflow,
            6 => PageKind::Catalog,
            7 => PageKind::FreeList,
            8 => PageKind::OrderedNode,
            _ => return None,
        })
    }
}

/// Writes a new page's head; checksum and stamp are set later.
pub fn initialize(bytes: &mut PageBytes, kind: PageKind, owner: CollectionId, part: u32) {
    bytes[..PAGE_HEAD_BYTES].fill(0);
    bytes[KIND_AT] = kind as u8;
    bytes[OWNER_AT..OWNER_AT + 4].copy_from_slice(&owner.0.to_le_bytes());
    bytes[PART_AT..PART_AT + 4].copy_from_slice(&part.to_le_bytes());
}

/// The kind that the head names, where it names one.
pub fn kind(bytes: &PageBytes) -> Option<PageKind> {
    PageKind::from_byte(bytes[KIND_AT])
}

/// The commit that last changed the page.
#[inline]
pub fn stamp(bytes: &PageBytes) -> Sequence {
    Sequence(read_u64(bytes, STAMP_AT))
}

/// Sets the commit that last changed the page.
#[inline]
pub fn set_stamp(bytes: &mut PageBytes, stamp: Sequence) {
    bytes[STAMP_AT..STAMP_AT + 8].copy_from_slice(&stamp.0.to_le_bytes());
}

/// The collection that owns the page.
pub fn owner(bytes: &PageBytes) -> CollectionId {
    CollectionId(read_u32(bytes, OWNER_AT))
}

/// Place of a blob page in its run, from 0.
pub fn part(bytes: &PageBytes) -> u32 {
    read_u32(bytes, PART_AT)
}

/// The checksum that the page's content should carry in `file` at `page`.
pub fn checksum(bytes: &PageBytes, file: FileId, page: PageNumber) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&file.0);
    hasher.update(&page.get().to_le_bytes());
    hasher.update(&bytes[KIND_AT..]);
    hasher.finalize()
}

/// The checksum that the page carries.
pub fn stored_checksum(bytes: &PageBytes) -> u32 {
    read_u32(bytes, CHECKSUM_AT)
}

/// Sets the checksum before the page goes to disk.
pub fn seal(bytes: &mut PageBytes, file: FileId, page: PageNumber) {
    let sum = checksum(bytes, file, page);
    bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&sum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_depends_on_place_file_and_every_byte_but_itself() {
        let mut bytes = [7u8; PAGE_BYTES];
        initialize(&mut bytes, PageKind::Heap, CollectionId(3), 0);
        let file = FileId([1; 16]);
        seal(&mut bytes, file, PageNumber::new(9));
        let sum = checksum(&bytes, file, PageNumber::new(9));
        assert_eq!(sum, stored_checksum(&bytes));
        assert_ne!(sum, checksum(&bytes, file, PageNumber::new(8)));
        assert_ne!(sum, checksum(&bytes, FileId([2; 16]), PageNumber::new(9)));
        for at in 4..PAGE_BYTES {
            bytes[at] ^= 1;
            assert_ne!(sum, checksum(&bytes, file, PageNumber::new(9)), "byte {at}");
            bytes[at] ^= 1;
        }
    }
}
