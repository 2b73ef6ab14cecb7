//! The free list as the file keeps it: laid out, written as bytes, read again.
//!
//! Promises: the list's own pages are taken from what it would list, so laying it out never names a page twice.
//! Leaves to others: which pages are free (allocator.rs), doubting a list that was read (`Allocator::new`).
//! Source: docs/FORMAT.md, "Free list".

use quire_frames::PageNumber;

use crate::error::Result;
use crate::format::page::PAGE_BODY_BYTES;
use crate::format::read_u32;
use crate::pager::allocator::{Allocator, Run};
use crate::pager::blob;

const ENTRY_BYTES: usize = 8;

/// A free list that was laid out.
pub struct FreeList {
    /// The free runs, in order, without the list's own pages.
    pub runs: Vec<Run>,
    /// Where the list goes and its bytes; none is needed for no runs.
    pub blob: Option<(PageNumber, Vec<u8>)>,
    /// Pages of the file: its free tail is cut off.
    pub page_count: u32,
}

impl FreeList {
    /// Cuts the free tail off and takes a run of what is free for the list itself.
    ///
    /// Errors: `LIMIT_EXCEEDED` when the file is as large as it can be.
    pub fn lay_out(allocator: &mut Allocator) -> Result<FreeList> {
        allocator.cut_tail();
        let runs_count_max = allocator.runs_count_max();
        let mut place = None;
        if runs_count_max > 0 {
            // Taking the run splits at most one free run and adds none.
            let pages = blob::pages_count((runs_count_max * ENTRY_BYTES) as u32);
            place = Some((allocator.allocate(pages)?, pages));
        }
        let runs = allocator.free_runs();
        let blob = place.map(|(first, pages)| {
            let mut bytes = encode_runs(&runs);
            // A list that became empty still says so in 8 bytes, so that its run stays accounted for.
            let least = (pages - 1) as usize * PAGE_BODY_BYTES + ENTRY_BYTES;
            bytes.resize(least.max(bytes.len()), 0);
            (first, bytes)
        });
        Ok(FreeList {
            runs,
            blob,
            page_count: allocator.page_count(),
        })
    }
}

/// The bytes of a free list.
pub fn encode_runs(runs: &[Run]) -> Vec<u8> {
    runs.iter()
        .flat_map(|run| [run.first.to_le_bytes(), run.count.to_le_bytes()])
        .flatten()
        .collect()
}

/// The runs of a free list; zeros at the end fill up the last pages of its run.
pub fn decode_runs(bytes: &[u8]) -> Vec<Run> {
    let entry = |entry: &[u8]| Run {
        first: read_u32(entry, 0),
        count: read_u32(entry, 4),
    };
    bytes
        .chunks_exact(ENTRY_BYTES)
        .map(entry)
        .take_while(|run| *run != Run { first: 0, count: 0 })
        .collect()
}

/// Whether a page lies in one of `runs`, which are in order.
pub fn is_in_runs(runs: &[Run], number: PageNumber) -> bool {
    let after = runs.partition_point(|run| run.first <= number.get());
    after > 0 && number.get() < runs[after - 1].end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::header::HEADER_PAGES;

    const ENTRIES_PER_PAGE: u32 = (PAGE_BODY_BYTES / ENTRY_BYTES) as u32;

    /// Lays out `count` runs that do not touch, the first of `first_pages` pages and the others of one.
    fn lay_out(count: u32, first_pages: u32) {
        let run = |number: u32| Run {
            first: HEADER_PAGES + number * 4,
            count: if number == 0 { first_pages } else { 1 },
        };
        let runs: Vec<Run> = (0..count).map(run).collect();
        let page_count = HEADER_PAGES + count * 4 + 1;
        let mut allocator = Allocator::new(page_count, HEADER_PAGES, &runs).unwrap();
        let free_before = allocator.free_pages();
        let list = FreeList::lay_out(&mut allocator).unwrap();
        let (first, bytes) = list.blob.unwrap();
        assert_eq!(decode_runs(&bytes), list.runs);
        let pages = blob::pages_count(bytes.len() as u32);
        for page in first.get()..first.get() + pages {
            assert!(
                !is_in_runs(&list.runs, PageNumber::new(page)),
                "{count} runs, page {page}"
            );
        }
        let free: u64 = list.runs.iter().map(|run| u64::from(run.count)).sum();
        let grown = u64::from(list.page_count - page_count);
        assert_eq!(free_before + grown, free + u64::from(pages), "{count} runs");
    }

    #[test]
    fn list_says_of_each_page_that_it_took_that_it_is_not_free() {
        for pages in [1, 2, 3] {
            for per_page in [0, ENTRIES_PER_PAGE, 2 * ENTRIES_PER_PAGE] {
                for count in (per_page.max(2) - 1)..per_page.max(2) + 3 {
                    lay_out(count, pages);
                }
            }
        }
    }
}
