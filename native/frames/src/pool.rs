//! The pool: all pages of one page memory, counted.
//!
//! Promises: `resident_count` and `dirty_count` are exact: they change while the page is latched, with its state.
//! Leaves to others: when a page is loaded (frames.rs) or evicted (clock.rs).

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::memory;
use crate::segment::{BLOCK_BYTES, BLOCK_PAGES, GRANULE_BYTES_MAX, MERGED_PAGES, SEGMENT_PAGES, Segment};
use crate::state::PageState;
use crate::table::SegmentTable;
use crate::{PAGE_BYTES, PageBytes, PageNumber};

/// The pages and what is counted of them.
pub(crate) struct Pool {
    table: SegmentTable,
    counts: Counts,
    /// Pages that share one granule of the operating system: their memory is given back together.
    granule_pages: usize,
    /// First pages of blocks that filled up and were not merged yet.
    full_blocks: Mutex<Vec<u32>>,
    /// Whether the system merges blocks at all.
    can_merge: AtomicBool,
}

/// Counts that every load and every first change touches: kept apart from what every read only reads.
#[repr(align(128))]
struct Counts {
    resident: AtomicUsize,
    dirty: AtomicUsize,
}

/// Where one page and its state are, while the pool is borrowed.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    segment: Segment,
    index: usize,
    pub(crate) state: &'a PageState,
}

impl Slot<'_> {
    /// Address of the page's bytes; to be touched only under its latch.
    #[inline]
    pub(crate) fn bytes(&self) -> NonNull<PageBytes> {
        self.segment.page(self.index)
    }

    /// Hints that the cache line at `offset`, which is below `PAGE_BYTES`, will be read.
    #[inline]
    pub(crate) fn prefetch(&self, offset: usize) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        // SAFETY: a prefetch reads nothing that a program could see, whatever the address and whoever changes it.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(self.bytes().as_ptr().cast::<i8>().wrapping_add(offset));
        }
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        let _ = offset;
    }
}

impl Pool {
    /// An empty pool. `granule_bytes` is that of the operating system.
    pub(crate) fn new(granule_bytes: usize) -> Pool {
        Pool {
            table: SegmentTable::new(),
            counts: Counts {
                resident: AtomicUsize::new(0),
                dirty: AtomicUsize::new(0),
            },
            granule_pages: (granule_bytes.clamp(PAGE_BYTES, GRANULE_BYTES_MAX)) / PAGE_BYTES,
            full_blocks: Mutex::new(Vec::new()),
            can_merge: AtomicBool::new(true),
        }
    }

    pub(crate) fn granule_pages(&self) -> usize {
        self.granule_pages
    }

    pub(crate) fn resident_count(&self) -> usize {
        self.counts.resident.load(Ordering::Relaxed)
    }

    pub(crate) fn dirty_count(&self) -> usize {
        self.counts.dirty.load(Ordering::Relaxed)
    }

    /// The slot of `page`, if its segment was made.
    #[inline]
    pub(crate) fn find(&self, page: PageNumber) -> Option<Slot<'_>> {
        self.table
            .get(page.get())
            .map(|segment| self.slot(segment, page.get() as usize))
    }

    /// The slot of `page`; makes its segment if need be.
    ///
    /// Errors: address space or memory is exhausted.
    pub(crate) fn find_or_make(&self, page: PageNumber) -> io::Result<Slot<'_>> {
        self.table
            .get_or_make(page.get())
            .map(|segment| self.slot(segment, page.get() as usize))
    }

    /// Number of the first segment from `from` on that was made, and the segment.
    pub(crate) fn next_segment(&self, from: u32) -> Option<(u32, Segment)> {
        self.table.next(from)
    }

    /// The slot at `index` of one of this pool's segments.
    #[inline]
    pub(crate) fn slot(&self, segment: Segment, index: usize) -> Slot<'_> {
        let index = index & (SEGMENT_PAGES - 1);
        // SAFETY: the segment is one of this pool's table, which keeps it for as long as the pool lives.
        let state = unsafe { segment.state(index) };
        Slot {
            segment,
            index,
            state,
        }
    }

    /// Resident pages in the block of `index`.
    pub(crate) fn block_resident_count(&self, segment: Segment, index: usize) -> u32 {
        // SAFETY: as for `slot`.
        unsafe { segment.resident_count(index) }.load(Ordering::Relaxed)
    }

    /// Makes the memory of an exclusively latched page usable.
    ///
    /// Errors: the system's memory is exhausted (Windows; elsewhere memory is given at the first touch).
    pub(crate) fn commit(&self, slot: Slot<'_>) -> io::Result<()> {
        let first = slot.index - slot.index % self.granule_pages;
        // SAFETY: the granule of the page lies inside the segment; committing changes no content in use.
        unsafe { memory::commit(slot.segment.page(first).cast(), self.granule_pages * PAGE_BYTES) }
    }

    /// Counts an exclusively latched page that now holds content.
    pub(crate) fn count_loaded(&self, page: PageNumber, slot: Slot<'_>) {
        self.counts.resident.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as for `slot`.
        let before = unsafe { slot.segment.resident_count(slot.index) }.fetch_add(1, Ordering::Relaxed);
        if before as usize + 1 == MERGED_PAGES && self.can_merge.load(Ordering::Relaxed) {
            lock(&self.full_blocks).push(page.get() - page.get() % BLOCK_PAGES as u32);
        }
    }

    /// Makes huge pages of the blocks that filled up, unless `is_wanted` is false: then they stay as they are.
    pub(crate) fn merge_full_blocks(&self, is_wanted: bool) {
        let mut blocks = std::mem::take(&mut *lock(&self.full_blocks));
        // Pages that come and go may have filled a block several times.
        blocks.sort_unstable();
        blocks.dedup();
        for first in blocks.into_iter().filter(|_| is_wanted) {
            let Some(slot) = self.find(PageNumber::new(first)) else {
                continue;
            };
            let is_full = self.block_resident_count(slot.segment, slot.index) as usize >= MERGED_PAGES;
            // SAFETY: the block is inside the segment, which lives as long as the pool.
            if is_full && !unsafe { memory::merge(slot.bytes().cast(), BLOCK_BYTES) } {
                self.can_merge.store(false, Ordering::Relaxed);
                return;
            }
        }
    }

    /// Counts an exclusively latched page that loses its content.
    pub(crate) fn count_dropped(&self, slot: Slot<'_>) {
        self.counts.resident.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: as for `slot`.
        unsafe { slot.segment.resident_count(slot.index) }.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts a latched page that became dirty.
    pub(crate) fn count_dirtied(&self) {
        self.counts.dirty.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a latched page that became clean.
    pub(crate) fn count_cleaned(&self) {
        self.counts.dirty.fetch_sub(1, Ordering::Relaxed);
    }

    /// Drops the content of an exclusively latched page, and unlatches it.
    ///
    /// Its memory is given back unless other pages of its granule are in use.
    pub(crate) fn drop_page(&self, slot: Slot<'_>) {
        if slot.state.is_resident() {
            self.count_dropped(slot);
            if slot.state.is_dirty() {
                self.count_cleaned();
            }
        }
        let first = slot.index - slot.index % self.granule_pages;
        let others = || (first..first + self.granule_pages).filter(|&index| index != slot.index);
        let latched_count = others()
            .take_while(|&index| self.slot(slot.segment, index).state.try_latch_absent())
            .count();
        if latched_count == self.granule_pages - 1 {
            // SAFETY: every page of the granule is latched exclusively by this thread, none is in use.
            unsafe { memory::decommit(slot.segment.page(first).cast(), self.granule_pages * PAGE_BYTES) };
        }
        for index in others().take(latched_count) {
            self.slot(slot.segment, index).state.make_absent();
        }
        slot.state.make_absent();
    }

    /// Drops the content of the clean pages `first..end` of a segment, all latched exclusively and whole
    /// granules, and unlatches them. Returns how many held content.
    pub(crate) fn drop_clean_run(&self, segment: Segment, first: usize, end: usize) -> usize {
        // SAFETY: the run is inside the segment, latched exclusively by this thread and whole granules.
        unsafe { memory::decommit(segment.page(first).cast(), (end - first) * PAGE_BYTES) };
        let mut dropped_count = 0;
        for index in first..end {
            let slot = self.slot(segment, index);
            if slot.state.is_resident() {
                self.count_dropped(slot);
                dropped_count += 1;
            }
            slot.state.make_absent();
        }
        dropped_count
    }
}

/// A thread that panicked holding the lock left the list whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
