//! The body of a directory page of the id index: the page numbers of its buckets, in order.
//!
//! Directory pages form a chain to which buckets are only added: the number of a bucket's first page never
//! changes while the index lives.
//! Promises: no content of a page makes a function here panic.
//! Leaves to others: the copy in memory (index/primary/directory.rs).
//!
//! Bytes: 24 next directory page u32 (0: last) · 28 ordinal in the chain u32 · 32 buckets u16 · 34 zero ·
//! 40 bucket page u32 × 1014.

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use super::fields::{Checked, write_u16, write_u32};
use super::page::{PAGE_HEAD_BYTES, PageKind, kind};
use super::{read_u16, read_u32};

/// Buckets of a directory page.
pub const DIRECTORY_BUCKETS: usize = (PAGE_BYTES - BUCKETS_AT) / 4;

const NEXT_AT: usize = PAGE_HEAD_BYTES;
const ORDINAL_AT: usize = 28;
const COUNT_AT: usize = 32;
const BUCKETS_AT: usize = 40;

/// Makes the body of a new directory page.
pub fn initialize(bytes: &mut PageBytes, ordinal: u32) {
    bytes[PAGE_HEAD_BYTES..].fill(0);
    write_u32(bytes, ORDINAL_AT, ordinal);
}

/// Number of buckets in directory page `ordinal`, after checking that it is this page.
pub fn buckets_count(bytes: &PageBytes, ordinal: u32) -> Checked<usize> {
    if kind(bytes) != Some(PageKind::IndexDirectory) {
        return Err("a directory page of the id index was expected");
    }
    if read_u32(bytes, ORDINAL_AT) != ordinal {
        return Err("a directory page of the id index is out of its chain's order");
    }
    let count = usize::from(read_u16(bytes, COUNT_AT));
    if count > DIRECTORY_BUCKETS {
        return Err("the bucket count of a directory page is out of bounds");
    }
    Ok(count)
}

/// The next directory page of the chain.
pub fn next(bytes: &PageBytes) -> Option<PageNumber> {
    let next = read_u32(bytes, NEXT_AT);
    (next != 0).then(|| PageNumber::new(next))
}

/// Makes `next` the next directory page of the chain.
pub fn set_next(bytes: &mut PageBytes, next: PageNumber) {
    write_u32(bytes, NEXT_AT, next.get());
}

/// The pages of the first `count` buckets in directory page `ordinal`.
pub fn buckets(bytes: &PageBytes, ordinal: u32) -> Checked<impl Iterator<Item = PageNumber> + '_> {
    let count = buckets_count(bytes, ordinal)?;
    Ok((0..count).map(|index| PageNumber::new(read_u32(bytes, BUCKETS_AT + index * 4))))
}

/// Adds a bucket behind the others of directory page `ordinal`. False: the page is full.
pub fn push(bytes: &mut PageBytes, ordinal: u32, bucket: PageNumber) -> Checked<bool> {
    let count = buckets_count(bytes, ordinal)?;
    if count == DIRECTORY_BUCKETS {
        return Ok(false);
    }
    write_u32(bytes, BUCKETS_AT + count * 4, bucket.get());
    write_u16(bytes, COUNT_AT, count as u16 + 1);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::page::{self, CollectionId};
    use super::super::seeded::Seeded;
    use super::*;

    #[test]
    fn buckets_are_read_back_in_order_until_the_page_is_full() {
        let mut bytes = [0u8; PAGE_BYTES];
        page::initialize(&mut bytes, PageKind::IndexDirectory, CollectionId(1), 0);
        initialize(&mut bytes, 3);
        for bucket in 0..DIRECTORY_BUCKETS as u32 {
            assert!(push(&mut bytes, 3, PageNumber::new(bucket + 2)).unwrap());
        }
        assert!(!push(&mut bytes, 3, PageNumber::new(1)).unwrap());
        let read: Vec<u32> = buckets(&bytes, 3).unwrap().map(PageNumber::get).collect();
        assert_eq!(read, (2..DIRECTORY_BUCKETS as u32 + 2).collect::<Vec<_>>());
        assert!(buckets(&bytes, 2).is_err());
    }

    #[test]
    fn no_content_of_a_directory_page_panics() {
        let mut random = Seeded::new(5);
        for _ in 0..500 {
            let mut bytes = [0u8; PAGE_BYTES];
            random.fill(&mut bytes);
            page::initialize(&mut bytes, PageKind::IndexDirectory, CollectionId(1), 0);
            let ordinal = read_u32(&bytes, ORDINAL_AT);
            let _ = buckets(&bytes, ordinal).map(Iterator::count);
            let _ = push(&mut bytes, ordinal, PageNumber::new(7));
        }
    }
}
