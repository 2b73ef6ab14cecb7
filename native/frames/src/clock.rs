//! The clock: gives clean pages that were not used lately back to the operating system.
//!
//! A hand goes round over the pages. A page that was read since the last visit is marked, and a reader clears
//! the mark; a page that is still marked at the next visit is evicted. Dirty and latched pages are passed over.
//! Promises: a sweep never waits for a page latch; blocks and segments without resident pages are
//! skipped unseen; a reader's sweep looks at a bounded number of pages for each one that it evicts.
//! Leaves to others: latching and dropping one page (state.rs, pool.rs).

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::pool::Pool;
use crate::segment::{BLOCK_PAGES, SEGMENT_BITS, SEGMENT_PAGES, Segment};
use crate::state::Sweep;

/// Pages a sweep may look at without evicting one.
const STEPS_MAX: usize = 4096;
/// Neighbours given back with one call of the operating system, at most.
const RUN_PAGES_MAX: usize = 64;
/// Laps of a full sweep: the rest of one, one that marks, one that evicts.
const LAPS_MAX: u32 = 3;

const GRANULE_PAGES_MAX: usize = crate::segment::GRANULE_BYTES_MAX / crate::PAGE_BYTES;
const _: () =
    assert!(BLOCK_PAGES.is_multiple_of(GRANULE_PAGES_MAX) && SEGMENT_PAGES.is_multiple_of(BLOCK_PAGES));

/// The hand, guarded against two sweeps at once.
pub(crate) struct Clock {
    /// Number of the page that is visited next.
    hand: Mutex<u64>,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        Clock { hand: Mutex::new(0) }
    }

    /// Evicts down to `target_count` resident pages as far as clean unlatched pages go. Returns how many went.
    pub(crate) fn sweep_all(&self, pool: &Pool, target_count: usize) -> usize {
        let hand = self.hand.lock().unwrap_or_else(PoisonError::into_inner);
        sweep(hand, pool, target_count, usize::MAX)
    }

    /// Evicts towards `target_count` with bounded work; does nothing if another thread sweeps already.
    pub(crate) fn sweep_some(&self, pool: &Pool, target_count: usize) -> usize {
        match self.hand.try_lock() {
            Ok(hand) => sweep(hand, pool, target_count, STEPS_MAX),
            Err(TryLockError::Poisoned(poisoned)) => {
                sweep(poisoned.into_inner(), pool, target_count, STEPS_MAX)
            }
            Err(TryLockError::WouldBlock) => 0,
        }
    }
}

/// Moves the hand until the target is reached, `steps_max` pages were looked at since the last eviction, or
/// every page was visited often enough.
fn sweep(mut hand: MutexGuard<'_, u64>, pool: &Pool, target_count: usize, steps_max: usize) -> usize {
    let mut evicted_count = 0;
    let mut steps_count = 0;
    let mut laps_count = 0;
    while steps_count < steps_max {
        let resident_count = pool.resident_count();
        let wanted_count = resident_count.saturating_sub(target_count);
        if wanted_count == 0 || pool.dirty_count() >= resident_count {
            break;
        }
        let Some((number, segment)) = pool.next_segment((*hand >> SEGMENT_BITS) as u32) else {
            laps_count += 1;
            if laps_count == LAPS_MAX {
                break;
            }
            *hand = 0;
            continue;
        };
        let segment_start = u64::from(number) << SEGMENT_BITS;
        let from = (*hand).saturating_sub(segment_start) as usize;
        let end = (from / BLOCK_PAGES + 1) * BLOCK_PAGES;
        if pool.block_resident_count(segment, from) == 0 {
            steps_count += 1;
            *hand = segment_start + end as u64;
            continue;
        }
        let (evicted, next) = sweep_block(pool, segment, from, end, wanted_count);
        evicted_count += evicted;
        steps_count = if evicted > 0 {
            0
        } else {
            steps_count + (next - from)
        };
        *hand = segment_start + next as u64;
    }
    evicted_count
}

/// Visits pages `from..end` of one block until `wanted_count` were evicted. Returns how many were, and where it stopped.
fn sweep_block(
    pool: &Pool,
    segment: Segment,
    from: usize,
    end: usize,
    wanted_count: usize,
) -> (usize, usize) {
    let granule_pages = pool.granule_pages();
    let mut evicted_count = 0;
    let mut run_start = from;
    let mut index = from;
    while index < end {
        let is_latched = !is_granule_untouched(pool, segment, index) && latch_granule(pool, segment, index);
        if !is_latched && run_start < index {
            evicted_count += pool.drop_clean_run(segment, run_start, index);
        }
        index += granule_pages;
        if !is_latched {
            run_start = index;
        } else if index - run_start >= RUN_PAGES_MAX || evicted_count + (index - run_start) >= wanted_count {
            evicted_count += pool.drop_clean_run(segment, run_start, index);
            run_start = index;
        }
        if evicted_count >= wanted_count {
            break;
        }
    }
    if run_start < index {
        evicted_count += pool.drop_clean_run(segment, run_start, index);
    }
    (evicted_count, index)
}

/// True if no page of the granule is in memory: most of a sparse block, so told quickly.
#[inline]
fn is_granule_untouched(pool: &Pool, segment: Segment, first: usize) -> bool {
    (first..first + pool.granule_pages()).all(|index| pool.slot(segment, index).state.is_untouched())
}

/// Visits the pages of one granule. Latches all of them if each is absent or evictable, and one is resident.
fn latch_granule(pool: &Pool, segment: Segment, first: usize) -> bool {
    let end = first + pool.granule_pages();
    let mut kept_count = 0;
    let mut resident_count = 0;
    // Each resident page is visited, also after one that stays: their marks must go on together.
    let mut latched = [false; GRANULE_PAGES_MAX];
    for (index, latched) in (first..end).zip(&mut latched) {
        match pool.slot(segment, index).state.sweep() {
            Sweep::Latched => {
                *latched = true;
                resident_count += 1;
            }
            Sweep::Kept => kept_count += 1,
            Sweep::Absent => {}
        }
    }
    if resident_count == 0 {
        return false;
    }
    for (index, latched) in (first..end).zip(&mut latched) {
        if kept_count == 0 && !*latched {
            *latched = pool.slot(segment, index).state.try_latch_absent();
            kept_count += usize::from(!*latched);
        }
    }
    if kept_count > 0 {
        for index in (first..end)
            .zip(latched)
            .filter_map(|(index, latched)| latched.then_some(index))
        {
            let state = pool.slot(segment, index).state;
            if state.is_resident() {
                state.unlatch_exclusive()
            } else {
                state.make_absent()
            }
        }
    }
    kept_count == 0
}
