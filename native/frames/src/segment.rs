//! A segment: one reservation that holds a run of pages and, before them, their states.
//!
//! Layout: a head of resident counts, one for each block of pages, and state words, one for each page;
//! then the pages. The head comes first and the counts before the states, so that a small database
//! touches one page of the operating system for all its bookkeeping.
//! Promises: page and state have a fixed address for the segment's life; a fresh segment has only absent pages.
//! Leaves to others: which segment a page is in (table.rs), the latch (state.rs).

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;

use crate::memory;
use crate::state::PageState;
use crate::{PAGE_BYTES, PageBytes};

/// Pages of a segment, as a power of two: 1 GB on 64-bit Unix. Windows charges the head of a segment (1 in 1024
/// of its bytes) when it is made, so segments are 64 MB there; small address spaces take less, too.
pub(crate) const SEGMENT_BITS: u32 = if cfg!(all(unix, target_pointer_width = "64")) {
    18
} else {
    14
};
/// Pages of a segment.
pub(crate) const SEGMENT_PAGES: usize = 1 << SEGMENT_BITS;

/// Pages of a block: the unit in which the clock skips what is empty, and a huge page of the common processors.
pub(crate) const BLOCK_PAGES: usize = 512;
/// Pages in use from which on a block is made a huge page: the others take their memory too then, a seventh more at
/// most. Few blocks are ever full, for one free page in each is enough.
pub(crate) const MERGED_PAGES: usize = BLOCK_PAGES - BLOCK_PAGES / 8;
/// Bytes of a block.
pub(crate) const BLOCK_BYTES: usize = BLOCK_PAGES * PAGE_BYTES;
const BLOCKS: usize = SEGMENT_PAGES / BLOCK_PAGES;

/// Largest granule of an operating system that runs this: heads end on a multiple of it.
pub(crate) const GRANULE_BYTES_MAX: usize = 64 * 1024;
const HEAD_BYTES: usize = size_of::<Head>().next_multiple_of(GRANULE_BYTES_MAX);
const SEGMENT_BYTES: usize = HEAD_BYTES + SEGMENT_PAGES * PAGE_BYTES;

/// Zero memory is a valid head: no page resident, all states absent.
#[repr(C)]
struct Head {
    resident_counts: [AtomicU32; BLOCKS],
    states: [PageState; SEGMENT_PAGES],
}

/// Address of a segment; a plain value, the table owns what it refers to.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    start: NonNull<u8>,
}

impl Segment {
    /// Reserves a segment of absent pages.
    pub(crate) fn reserve() -> io::Result<Segment> {
        let start = memory::reserve(SEGMENT_BYTES, BLOCK_BYTES, HEAD_BYTES)?;
        // SAFETY: the head is the first part of the reservation just made, and whole granules.
        if let Err(error) = unsafe { memory::commit(start, HEAD_BYTES) } {
            // SAFETY: nothing refers to the reservation.
            unsafe { memory::release(start, SEGMENT_BYTES) };
            return Err(error);
        }
        Ok(Segment { start })
    }

    /// The segment whose address `as_ptr` gave.
    ///
    /// # Safety
    /// `start` comes from `as_ptr` of a segment that lives as long as the returned value is used.
    #[inline]
    pub(crate) unsafe fn from_ptr(start: NonNull<u8>) -> Segment {
        Segment { start }
    }

    pub(crate) fn as_ptr(self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Gives the segment back.
    ///
    /// # Safety
    /// No copy of the segment and nothing it lent is used any more.
    pub(crate) unsafe fn release(self) {
        // SAFETY: the reservation was made with this size, and the caller says that it is unused.
        unsafe { memory::release(self.start, SEGMENT_BYTES) };
    }

    /// State of the page at `index`.
    ///
    /// # Safety
    /// The segment is not released during `'a`.
    #[inline]
    pub(crate) unsafe fn state<'a>(self, index: usize) -> &'a PageState {
        let head = self.start.cast::<Head>().as_ptr();
        // SAFETY: the head is committed, begins as valid zeroes and is only ever changed through atomics.
        unsafe { &(*head).states[index & (SEGMENT_PAGES - 1)] }
    }

    /// Count of resident pages in the block of the page at `index`.
    ///
    /// # Safety
    /// The segment is not released during `'a`.
    #[inline]
    pub(crate) unsafe fn resident_count<'a>(self, index: usize) -> &'a AtomicU32 {
        let head = self.start.cast::<Head>().as_ptr();
        // SAFETY: as for `state`.
        unsafe { &(*head).resident_counts[(index & (SEGMENT_PAGES - 1)) / BLOCK_PAGES] }
    }

    /// Address of the page at `index`; to be touched only under its latch.
    #[inline]
    pub(crate) fn page(self, index: usize) -> NonNull<PageBytes> {
        let offset = HEAD_BYTES + (index & (SEGMENT_PAGES - 1)) * PAGE_BYTES;
        // SAFETY: the offset is inside the reservation, which is larger than the last page's offset.
        unsafe { self.start.add(offset).cast() }
    }
}
