//! The identity of a file that has lost both header slots, learnt from its pages.
//!
//! A page's checksum is a CRC whose beginning is the file id, so it depends on the file id in one way only: by 32
//! bits. Those can be computed from any good page, by linear algebra, and all good pages of one file agree on
//! them, while damaged or foreign pages give numbers of their own.
//!
//! Promises: an id under which the file's good pages fit their checksums; it need not be the one that the file was
//! made with, and so says nothing about logs and journals.

use std::collections::HashMap;

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::error::Result;
use crate::format::header::HEADER_PAGES;
use crate::format::page::{self, FileId};
use crate::storage::StorageFile;

/// Pages looked at.
const PAGES_MAX: u32 = 4096;
/// Pages that must agree: by chance two pages do so once in 4 billion.
const VOTES_MIN: u32 = 2;

/// The id that most of the first pages of `file` agree on.
///
/// Errors: `IO`.
pub(super) fn learn_file_id(file: &dyn StorageFile) -> Result<Option<FileId>> {
    let solver = Solver::new();
    let mut votes: HashMap<u32, u32> = HashMap::new();
    let mut bytes = [0; PAGE_BYTES];
    for number in HEADER_PAGES..HEADER_PAGES + PAGES_MAX {
        if file.read_at(u64::from(number) * PAGE_BYTES as u64, &mut bytes)? < PAGE_BYTES {
            break;
        }
        if page::kind(&bytes).is_some() {
            *votes
                .entry(solver.solve(&bytes, PageNumber::new(number)))
                .or_default() += 1;
        }
    }
    let winner = votes.into_iter().max_by_key(|(_, count)| *count);
    Ok(winner
        .filter(|(_, count)| *count >= VOTES_MIN)
        .map(|(tail, _)| file_id(tail)))
}

/// The id of zeros that ends with `tail`.
fn file_id(tail: u32) -> FileId {
    let mut id = FileId::default();
    id.0[12..].copy_from_slice(&tail.to_le_bytes());
    id
}

/// The inverse of the linear map from the last four bytes of the id to a page's checksum.
struct Solver {
    /// At place `bit`: a checksum difference whose highest bit that is, and the id bits that make it.
    basis: [(u32, u32); 32],
}

impl Solver {
    fn new() -> Solver {
        let zeros = [0; PAGE_BYTES];
        let checksum = |tail: u32| page::checksum(&zeros, file_id(tail), PageNumber::new(0));
        let mut basis = [(0, 0); 32];
        for bit in 0..32 {
            let (difference, tail) = reduce(&basis, checksum(1 << bit) ^ checksum(0), 1 << bit);
            if difference != 0 {
                basis[difference.ilog2() as usize] = (difference, tail);
            }
        }
        Solver { basis }
    }

    /// The last four bytes of an id that makes the page's checksum right.
    fn solve(&self, bytes: &PageBytes, number: PageNumber) -> u32 {
        let difference = page::checksum(bytes, file_id(0), number) ^ page::stored_checksum(bytes);
        reduce(&self.basis, difference, 0).1
    }
}

/// Takes the differences of `basis` out of `difference`, highest bit first, and notes their id bits in `tail`.
fn reduce(basis: &[(u32, u32); 32], mut difference: u32, mut tail: u32) -> (u32, u32) {
    for (bit, (base, base_tail)) in basis.iter().enumerate().rev() {
        if difference >> bit & 1 == 1 && *base != 0 {
            difference ^= base;
            tail ^= base_tail;
        }
    }
    (difference, tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::page::{CollectionId, PageKind};
    use crate::storage::{MemoryStorage, OpenMode, Storage};

    fn file_of(pages: &[(PageKind, FileId)]) -> std::sync::Arc<dyn StorageFile> {
        let file = MemoryStorage::new()
            .open("a".as_ref(), OpenMode::CreateOrOpen)
            .unwrap();
        for (index, (kind, id)) in pages.iter().enumerate() {
            let number = PageNumber::new(HEADER_PAGES + index as u32);
            let mut bytes = [index as u8; PAGE_BYTES];
            page::initialize(&mut bytes, *kind, CollectionId(1), 0);
            page::seal(&mut bytes, *id, number);
            file.write_at(u64::from(number.get()) * PAGE_BYTES as u64, &bytes)
                .unwrap();
        }
        file
    }

    #[test]
    fn id_that_fits_every_good_page_is_learnt() {
        let (own, foreign) = (FileId(*b"some random id.."), FileId([7; 16]));
        let file = file_of(&[
            (PageKind::Heap, own),
            (PageKind::HeapMap, foreign),
            (PageKind::IndexBucket, own),
            (PageKind::Catalog, own),
        ]);
        let learnt = learn_file_id(&*file).unwrap().unwrap();
        let mut bytes = [0; PAGE_BYTES];
        for (page, is_own) in [(2, true), (3, false), (4, true), (5, true)] {
            file.read_exact_at(page * PAGE_BYTES as u64, &mut bytes).unwrap();
            let fits = page::checksum(&bytes, learnt, PageNumber::new(page as u32));
            assert_eq!(fits == page::stored_checksum(&bytes), is_own, "page {page}");
        }
    }

    #[test]
    fn pages_that_do_not_agree_teach_nothing() {
        let file = file_of(&[
            (PageKind::Heap, FileId([1; 16])),
            (PageKind::Heap, FileId([2; 16])),
        ]);
        assert_eq!(learn_file_id(&*file).unwrap(), None);
    }
}
