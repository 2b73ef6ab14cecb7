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
