//! The state word of a page: latch, residence, dirtiness and the clock's mark in 32 bits.
//!
//! Invariants:
//! - EXCLUSIVE and a shared count above zero never stand together.
//! - RESIDENT, DIRTY change only under the exclusive latch, except that DIRTY may be cleared under a
//!   shared one. So whoever holds a shared latch reads a resident page that nobody changes.
//! - DIRTY implies RESIDENT. A page that is dirty or latched is never latched for eviction.
//! - WAITING stands only while some writer waits; new readers let it go first, but not for ever, so a
//!   thread that already holds a shared latch may take another one on the same page.
//! - Zero is an absent, unlatched page: fresh zero memory needs no initialisation.
//!
//! Leaves to others: the page's bytes (segment.rs), counting (frames.rs).

use crate::sync::{AtomicU32, Ordering, Wait};

const EXCLUSIVE: u32 = 1 << 31;
const RESIDENT: u32 = 1 << 30;
const DIRTY: u32 = 1 << 29;
/// Seen by the clock and not read since.
const MARKED: u32 = 1 << 28;
const WAITING: u32 = 1 << 27;
/// No further reader is let in once the count has reached this bit, so it never runs into the flags.
const SHARED_FULL: u32 = 1 << 26;
const SHARED_COUNT: u32 = WAITING - 1;
const LATCHED: u32 = EXCLUSIVE | SHARED_COUNT;

/// State of one page.
#[repr(transparent)]
pub(crate) struct PageState(AtomicU32);

/// What a reader got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadLatch {
    /// The shared latch of a resident page.
    Shared,
    /// The exclusive latch of an absent page: load it, then `loaded_shared` or `make_absent`.
    Load,
}

/// What a writer got: the exclusive latch in each case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WriteLatch {
    /// Resident; now dirty, and it was clean before.
    Clean,
    /// Resident and already dirty.
    Dirty,
    /// Absent: load it, then `loaded_dirty` or `make_absent`.
    Load,
}

/// What the clock found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sweep {
    /// Evictable: now latched exclusively; give its memory back, then `make_absent`.
    Latched,
    /// Absent and unlatched.
    Absent,
    /// In use, dirty, or only now marked.
    Kept,
}

impl PageState {
    #[cfg(all(test, loom))]
    pub(crate) fn absent() -> PageState {
        PageState(AtomicU32::new(0))
    }

    /// Takes the shared latch if the page is resident and nothing is in the way: one compare-and-swap.
    #[inline]
    pub(crate) fn try_read(&self) -> bool {
        let seen = self.0.load(Ordering::Relaxed);
        seen & (RESIDENT | EXCLUSIVE | WAITING | SHARED_FULL) == RESIDENT
            && self.replace(seen, (seen + 1) & !MARKED)
    }

    /// Takes the shared latch, or the exclusive one if the page is absent. Waits.
    pub(crate) fn read(&self) -> ReadLatch {
        let mut wait = Wait::new();
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let is_in_the_way =
                seen & (EXCLUSIVE | SHARED_FULL) != 0 || (seen & WAITING != 0 && wait.is_patient());
            if is_in_the_way {
                seen = self.pause(&mut wait);
                continue;
            }
            let is_resident = seen & RESIDENT != 0;
            let wanted = if is_resident {
                (seen + 1) & !MARKED
            } else {
                seen | EXCLUSIVE
            };
            match self.exchange(seen, wanted) {
                Ok(_) if is_resident => return ReadLatch::Shared,
                Ok(_) => return ReadLatch::Load,
                Err(changed) => seen = changed,
            }
        }
    }

    /// Takes the exclusive latch at once, if the page is resident and unlatched; the page is then dirty.
    #[inline]
    pub(crate) fn try_write(&self) -> Option<WriteLatch> {
        let seen = self.0.load(Ordering::Relaxed);
        if seen & (RESIDENT | LATCHED) == RESIDENT && self.replace(seen, EXCLUSIVE | RESIDENT | DIRTY) {
            return Some(if seen & DIRTY == 0 {
                WriteLatch::Clean
            } else {
                WriteLatch::Dirty
            });
        }
        None
    }

    /// Takes the exclusive latch; a resident page is dirty from then on. Waits.
    pub(crate) fn write(&self) -> WriteLatch {
        let seen = self.latch_exclusive(RESIDENT, DIRTY);
        match (seen & RESIDENT, seen & DIRTY) {
            (0, _) => WriteLatch::Load,
            (_, 0) => WriteLatch::Clean,
            _ => WriteLatch::Dirty,
        }
    }

    /// Takes the exclusive latch of a resident page to discard it. Waits; false if the page is absent.
    pub(crate) fn latch_to_discard(&self) -> bool {
        let seen = self.latch_exclusive(0, 0);
        if seen & RESIDENT == 0 {
            self.make_absent();
        }
        seen & RESIDENT != 0
    }

    /// Takes the exclusive latch and adds `flags` if `condition` holds; returns the state before. Waits.
    fn latch_exclusive(&self, condition: u32, flags: u32) -> u32 {
        let mut wait = Wait::new();
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let is_free = seen & LATCHED == 0;
            if !is_free && seen & WAITING != 0 {
                seen = self.pause(&mut wait);
                continue;
            }
            let wanted = if is_free {
                EXCLUSIVE | (seen & (RESIDENT | DIRTY)) | if seen & condition != 0 { flags } else { 0 }
            } else {
                seen | WAITING
            };
            match self.exchange(seen, wanted) {
                Ok(_) if is_free => return seen,
                Ok(_) => seen = self.pause(&mut wait),
                Err(changed) => seen = changed,
            }
        }
    }

    /// Takes the shared latch of a dirty page without counting as a use of it. Waits; false if it is clean or absent.
    pub(crate) fn latch_dirty(&self) -> bool {
        let mut wait = Wait::new();
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            if seen & (EXCLUSIVE | SHARED_FULL) != 0 {
                seen = self.pause(&mut wait);
                continue;
            }
            if seen & DIRTY == 0 {
                return false;
            }
            match self.exchange(seen, seen + 1) {
                Ok(_) => return true,
                Err(changed) => seen = changed,
            }
        }
    }

    /// Clears DIRTY under the caller's shared latch; true if this call did it.
    pub(crate) fn make_clean(&self) -> bool {
        self.0.fetch_and(!DIRTY, Ordering::Relaxed) & DIRTY != 0
    }

    /// One visit of the clock: marks an unmarked page, latches a marked one for eviction.
    pub(crate) fn sweep(&self) -> Sweep {
        let seen = self.0.load(Ordering::Relaxed);
        if seen & !WAITING == 0 {
            return Sweep::Absent;
        }
        if seen & (LATCHED | DIRTY | WAITING) != 0 {
            return Sweep::Kept;
        }
        if seen & MARKED == 0 {
            // A lost race means that the page was used: it keeps its second chance.
            let _ = self.replace(seen, seen | MARKED);
            return Sweep::Kept;
        }
        if self.replace(seen, EXCLUSIVE | RESIDENT | MARKED) {
            Sweep::Latched
        } else {
            Sweep::Kept
        }
    }

    /// True if the page is absent and nobody has or wants its latch.
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Latches an absent page exclusively, without waiting.
    pub(crate) fn try_latch_absent(&self) -> bool {
        self.replace(0, EXCLUSIVE)
    }

    /// True if the page holds content; stable while the caller holds a latch.
    #[inline]
    pub(crate) fn is_resident(&self) -> bool {
        self.0.load(Ordering::Relaxed) & RESIDENT != 0
    }

    /// True if the page is dirty; stable while the caller holds the exclusive latch.
    pub(crate) fn is_dirty(&self) -> bool {
        self.0.load(Ordering::Relaxed) & DIRTY != 0
    }

    /// After a load under the exclusive latch: resident, and the latch becomes a shared one.
    ///
    /// The page begins marked: a second read earns it a lap of the clock, so one long scan does not push out
    /// the pages in use.
    pub(crate) fn loaded_shared(&self) {
        // Adding leaves a WAITING bit that a writer may set at any time as it is.
        self.0.fetch_add(
            (RESIDENT | MARKED).wrapping_sub(EXCLUSIVE).wrapping_add(1),
            Ordering::Release,
        );
    }

    /// After a load under the exclusive latch: resident and dirty, still latched.
    pub(crate) fn loaded_dirty(&self) {
        self.0.fetch_or(RESIDENT | DIRTY, Ordering::Relaxed);
    }

    /// Absent and unlatched: the end of an eviction, a discard or a failed load.
    pub(crate) fn make_absent(&self) {
        self.0.fetch_and(WAITING, Ordering::Release);
    }

    /// Gives a shared latch back.
    #[inline]
    pub(crate) fn unlatch_shared(&self) {
        self.0.fetch_sub(1, Ordering::Release);
    }

    /// Gives the exclusive latch back; the page keeps its content.
    #[inline]
    pub(crate) fn unlatch_exclusive(&self) {
        self.0.fetch_and(!EXCLUSIVE, Ordering::Release);
    }

    /// Waits one round; returns the state after it.
    fn pause(&self, wait: &mut Wait) -> u32 {
        wait.pause();
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    fn replace(&self, seen: u32, wanted: u32) -> bool {
        self.exchange(seen, wanted).is_ok()
    }

    #[inline]
    fn exchange(&self, seen: u32, wanted: u32) -> Result<u32, u32> {
        self.0
            .compare_exchange(seen, wanted, Ordering::Acquire, Ordering::Relaxed)
    }
}
