//! The door: pages read, changed, created, discarded and evicted by number.
//!
//! Promises: a page is loaded once however many threads ask for it; a load that fails or panics leaves the
//! page absent and unlatched; a page that was changed is not evicted before it is marked clean.
//! The budget bounds clean pages only: when all is dirty nothing can be evicted, memory grows past it, and
//! `dirty_pages` tells the owner to write out.
//! Leaves to others: latches (state.rs), counts (pool.rs), what to evict (clock.rs).

use std::io;
use std::mem;

use crate::clock::Clock;
use crate::guard::{PageMut, PageRef};
use crate::memory;
use crate::pool::{Pool, Slot};
use crate::state::{ReadLatch, WriteLatch};
use crate::{PAGE_BYTES, PageBytes, PageNumber};

/// Pages that a load past the budget evicts at most below it, so that the next loads need no sweep.
const BATCH_PAGES: usize = 32;
/// The batch is never more than this part of a small budget.
const BATCH_PART: usize = 8;
/// Blocks are merged while at least this part of the budget is free.
const ROOMY_PART: usize = 8;

/// How a page memory is made.
#[derive(Clone, Copy, Debug)]
pub struct FramesOptions {
    /// Bytes of resident pages above which clean ones are given back. Zero keeps a clean page only while it is in use.
    pub budget_bytes: u64,
}

/// A page memory: every page number has a fixed place in reserved address space.
///
/// Shared by reference between threads. Address space is reserved by the gigabyte at the first use of a page
/// in it; memory is used by resident pages, and by 8 bytes or less for each.
pub struct Frames {
    pool: Pool,
    clock: Clock,
    budget_count: usize,
}

/// Where hints about one page go; see `Frames::prefetch`.
#[derive(Clone, Copy)]
pub struct Hint<'a>(Slot<'a>);

impl Hint<'_> {
    /// As `Frames::prefetch`.
    #[inline]
    pub fn prefetch(&self, offset: usize) {
        self.0.prefetch(offset & (PAGE_BYTES - 1));
    }
}

impl Frames {
    /// An empty page memory.
    ///
    /// Errors: none today; reserving may be needed here on a later platform.
    pub fn new(options: FramesOptions) -> io::Result<Frames> {
        Ok(Frames::with_granule(options, memory::granule_bytes()))
    }

    /// As `new`, for an operating system with pages of `granule_bytes`.
    fn with_granule(options: FramesOptions, granule_bytes: usize) -> Frames {
        Frames {
            pool: Pool::new(granule_bytes),
            clock: Clock::new(),
            budget_count: usize::try_from(options.budget_bytes / PAGE_BYTES as u64).unwrap_or(usize::MAX),
        }
    }

    /// The page under its shared latch; `load` fills it first if it is absent.
    ///
    /// Waits while another thread loads or changes the page. `load` finds any bytes and writes all of them; it
    /// must not ask for the same page. A thread that holds the page's `PageMut` would wait for itself.
    ///
    /// Errors: that of `load`, after which the page is absent as before; address space or memory is exhausted.
    #[inline]
    pub fn read<E, L>(&self, page: PageNumber, load: L) -> Result<PageRef<'_>, E>
    where
        E: From<io::Error>,
        L: FnOnce(&mut PageBytes) -> Result<(), E>,
    {
        if let Some(slot) = self.pool.find(page)
            && slot.state.try_read()
        {
            // SAFETY: the shared latch of the resident page was just taken.
            return Ok(unsafe { PageRef::new(slot) });
        }
        self.read_or_load(page, load)
    }

    #[cold]
    fn read_or_load<E, L>(&self, page: PageNumber, load: L) -> Result<PageRef<'_>, E>
    where
        E: From<io::Error>,
        L: FnOnce(&mut PageBytes) -> Result<(), E>,
    {
        let slot = self.pool.find_or_make(page)?;
        if slot.state.read() == ReadLatch::Load {
            self.load(page, slot, load)?;
            slot.state.loaded_shared();
            self.evict_past_budget();
            self.merge_full_blocks();
        }
        // SAFETY: the shared latch of the resident page was taken, or came from the loader's exclusive one.
        Ok(unsafe { PageRef::new(slot) })
    }

    /// Has the processor fetch the cache line at `offset` of the page, if its memory is there.
    ///
    /// Only a hint: nothing is latched or loaded, and an absent page is none the worse. For code that knows which
    /// bytes it will look at after those that it looks at now.
    #[inline]
    pub fn prefetch(&self, page: PageNumber, offset: usize) {
        if let Some(hint) = self.hint(page) {
            hint.prefetch(offset);
        }
    }

    /// For several hints about one page; None where no page near it was ever in memory.
    #[inline]
    pub fn hint(&self, page: PageNumber) -> Option<Hint<'_>> {
        self.pool.find(page).map(Hint)
    }

    /// The page under its exclusive latch; `load` fills it first if it is absent. It is dirty from then on.
    ///
    /// Waits while other threads use the page. `load` finds any bytes and writes all of them; it must not ask for
    /// the same page. A thread that holds any guard of the page would wait for itself.
    ///
    /// Errors: that of `load`, after which the page is absent as before; address space or memory is exhausted.
    #[inline]
    pub fn write<E, L>(&self, page: PageNumber, load: L) -> Result<PageMut<'_>, E>
    where
        E: From<io::Error>,
        L: FnOnce(&mut PageBytes) -> Result<(), E>,
    {
        if let Some(slot) = self.pool.find(page)
            && let Some(latch) = slot.state.try_write()
        {
            if latch == WriteLatch::Clean {
                self.pool.count_dirtied();
            }
            // SAFETY: the exclusive latch of the resident page was just taken.
            return Ok(unsafe { PageMut::new(slot) });
        }
        self.write_or_load(page, load)
    }

    #[cold]
    fn write_or_load<E, L>(&self, page: PageNumber, load: L) -> Result<PageMut<'_>, E>
    where
        E: From<io::Error>,
        L: FnOnce(&mut PageBytes) -> Result<(), E>,
    {
        let slot = self.pool.find_or_make(page)?;
        let latch = slot.state.write();
        if latch == WriteLatch::Load {
            self.load(page, slot, load)?;
            slot.state.loaded_dirty();
        }
        if latch != WriteLatch::Dirty {
            self.pool.count_dirtied();
        }
        if latch == WriteLatch::Load {
            self.evict_past_budget();
        }
        // SAFETY: the exclusive latch was taken, and the page is resident.
        Ok(unsafe { PageMut::new(slot) })
    }

    /// The page under its exclusive latch, all zero and dirty, whatever it held before; nothing is loaded.
    ///
    /// Waits while other threads use the page. A thread that holds any guard of the page would wait for itself.
    ///
    /// Errors: address space or memory is exhausted.
    pub fn create(&self, page: PageNumber) -> io::Result<PageMut<'_>> {
        let mut created = self.write_or_load(page, |_| Ok::<(), io::Error>(()))?;
        created.fill(0);
        Ok(created)
    }

    /// Marks a dirty page clean if `is_written` says that these very bytes were written out.
    ///
    /// `is_written` sees the page under its shared latch; it is not called if the page is clean or absent.
    /// Returns true if this call made the page clean.
    pub fn mark_clean_if(&self, page: PageNumber, is_written: impl FnOnce(&PageBytes) -> bool) -> bool {
        let Some(slot) = self.pool.find(page) else {
            return false;
        };
        if !slot.state.latch_dirty() {
            return false;
        }
        // SAFETY: the shared latch was just taken, and a dirty page is resident.
        let bytes = unsafe { PageRef::new(slot) };
        let is_cleaned = is_written(&bytes) && slot.state.make_clean();
        if is_cleaned {
            self.pool.count_cleaned();
        }
        is_cleaned
    }

    /// Drops the page's content, dirty or not, and gives its memory back: the page is absent.
    ///
    /// Waits while other threads use the page. A thread that holds any guard of the page would wait for itself.
    pub fn discard(&self, page: PageNumber) {
        if let Some(slot) = self.pool.find(page)
            && slot.state.latch_to_discard()
        {
            self.pool.drop_page(slot);
        }
    }

    /// Gives clean pages that nobody uses back until the budget is met. Returns how many pages went. Where there is
    /// room, pages that fill most of a block of 2 MB become one huge page of the system.
    pub fn evict(&self) -> usize {
        self.merge_full_blocks();
        if self.pool.resident_count() <= self.budget_count {
            return 0;
        }
        self.clock.sweep_all(&self.pool, self.budget_count)
    }

    /// Pages in memory, dirty ones included.
    pub fn resident_pages(&self) -> u64 {
        self.pool.resident_count() as u64
    }

    /// Pages changed and not marked clean since.
    pub fn dirty_pages(&self) -> u64 {
        self.pool.dirty_count() as u64
    }

    /// The budget, in pages.
    pub fn budget_pages(&self) -> u64 {
        self.budget_count as u64
    }

    /// Loads an absent page under the exclusive latch that the caller took. After an error or a panic of
    /// `load` the page is absent and unlatched.
    fn load<E, L>(&self, page: PageNumber, slot: Slot<'_>, load: L) -> Result<(), E>
    where
        E: From<io::Error>,
        L: FnOnce(&mut PageBytes) -> Result<(), E>,
    {
        let loading = Loading {
            pool: &self.pool,
            slot,
        };
        self.pool.commit(slot)?;
        // SAFETY: the page is committed and latched exclusively by this thread.
        load(unsafe { slot.bytes().as_mut() })?;
        self.pool.count_loaded(page, slot);
        mem::forget(loading);
        Ok(())
    }

    /// Blocks stay small pages where pages may have to go again soon: parting a huge page gives nothing back at once.
    fn merge_full_blocks(&self) {
        let is_roomy = self.pool.resident_count() <= self.budget_count - self.budget_count / ROOMY_PART;
        self.pool.merge_full_blocks(is_roomy);
    }

    /// After a load: evicts a small batch if the budget is exceeded. Never waits for a latch.
    fn evict_past_budget(&self) {
        if self.pool.resident_count() > self.budget_count {
            let batch_count = BATCH_PAGES.min(self.budget_count / BATCH_PART);
            self.clock.sweep_some(&self.pool, self.budget_count - batch_count);
        }
    }
}

/// A load under way: makes the page absent again unless it is forgotten.
struct Loading<'a> {
    pool: &'a Pool,
    slot: Slot<'a>,
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.pool.drop_page(self.slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Machines with 16 KB pages give four pages back together; this one is told that it is such a machine.
    #[test]
    fn pages_of_one_granule_go_together() {
        let frames = Frames::with_granule(FramesOptions { budget_bytes: 0 }, 4 * PAGE_BYTES);
        let load = |bytes: &mut PageBytes| {
            bytes.fill(7);
            Ok::<(), io::Error>(())
        };
        frames.create(PageNumber::new(5)).unwrap().fill(9);
        for number in [4, 6, 8, 10] {
            drop(frames.read(PageNumber::new(number), load).unwrap());
        }
        frames.evict();
        assert_eq!(frames.resident_pages(), 3, "page 5 is dirty and keeps 4 and 6");
        assert_eq!(frames.read(PageNumber::new(5), load).unwrap()[0], 9);
        frames.discard(PageNumber::new(6));
        assert_eq!(frames.read(PageNumber::new(4), load).unwrap()[0], 7);
        assert!(frames.mark_clean_if(PageNumber::new(5), |_| true));
        let held = frames.read(PageNumber::new(5), load).unwrap();
        assert_eq!(frames.evict(), 0, "page 5 is in use");
        assert_eq!(held[0], 9);
        drop(held);
        assert_eq!(frames.evict(), 2);
        assert_eq!((frames.resident_pages(), frames.dirty_pages()), (0, 0));
        assert_eq!(frames.read(PageNumber::new(5), load).unwrap()[0], 7);
    }
}
