//! Which pages are free.
//!
//! Promises: a page is handed out only when it is free; a freed page that a snapshot may still read waits until
//! the last such snapshot is gone. Low pages are handed out first, so that the file's tail becomes free and can
//! be cut off.
//! Leaves to others: locking, and what the pages hold (pager/mod.rs); writing the list (pager/checkpoint.rs).

use std::collections::BTreeMap;

use quire_frames::PageNumber;

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::Sequence;

/// Runs looked at for a run of several pages before the file is extended instead.
const RUNS_SEARCHED_MAX: usize = 512;

/// A run of neighbouring pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// First page.
    pub first: u32,
    /// Pages.
    pub count: u32,
}

impl Run {
    /// The page after the last.
    pub fn end(self) -> u32 {
        self.first + self.count
    }
}

/// Free pages of one file.
#[derive(Debug)]
pub struct Allocator {
    /// Free runs by first page; neighbours are always joined.
    free: BTreeMap<u32, u32>,
    /// Freed by a commit that some snapshot does not see yet, oldest first.
    pending: Vec<(Sequence, Run)>,
    free_pages: u64,
    first_usable: u32,
    page_count: u32,
}

impl Allocator {
    /// A file of `page_count` pages whose free pages are `runs`. The runs were read from disk: they are doubted.
    pub fn new(page_count: u32, first_usable: u32, runs: &[Run]) -> Result<Allocator> {
        let mut allocator = Allocator {
            free: BTreeMap::new(),
            pending: Vec::new(),
            free_pages: 0,
            first_usable,
            page_count,
        };
        let mut end = first_usable;
        for run in runs {
            let run_end = run.first.checked_add(run.count);
            if run.count == 0 || run.first < end || run_end.is_none_or(|run_end| run_end > page_count) {
                return Err(Error::new(
                    ErrorKind::Corrupted,
                    format!(
                        "the free list names pages {}+{} of {page_count}, out of order or out of the file",
                        run.first, run.count
                    ),
                ));
            }
            end = run.end();
            allocator.insert(*run);
        }
        Ok(allocator)
    }

    /// Pages of the file as it will be at the next checkpoint.
    pub fn page_count(&self) -> u32 {
        self.page_count
    }

    /// Free pages, waiting ones included.
    pub fn free_pages(&self) -> u64 {
        self.free_pages + self.waiting_pages()
    }

    /// Free pages that some snapshot may still read.
    pub fn waiting_pages(&self) -> u64 {
        self.pending.iter().map(|(_, run)| u64::from(run.count)).sum()
    }

    /// Free pages that no snapshot waits for.
    pub fn ready_pages(&self) -> u64 {
        self.free_pages
    }

    /// Takes a run of `count` pages.
    ///
    /// Errors: `LIMIT_EXCEEDED` when the file would exceed 2^32 - 1 pages (16 TB).
    pub fn allocate(&mut self, count: u32) -> Result<PageNumber> {
        let found = self
            .free
            .iter()
            .take(RUNS_SEARCHED_MAX)
            .find(|(_, length)| **length >= count);
        if let Some((&first, &length)) = found {
            self.free.remove(&first);
            if length > count {
                self.free.insert(first + count, length - count);
            }
            self.free_pages -= u64::from(count);
            return Ok(PageNumber::new(first));
        }
        self.extend(count)
    }

    /// Whether a run may be given back: inside the file, and no page of it free already. One that may not comes
    /// from damaged pages; it is left alone, so that no page is ever handed out twice.
    pub fn is_freeable(&self, run: Run) -> bool {
        let Some(end) = run.first.checked_add(run.count) else {
            return false;
        };
        let before = self.free.range(..end).next_back();
        run.count > 0
            && run.first >= self.first_usable
            && end <= self.page_count
            && before.is_none_or(|(first, count)| first + count <= run.first)
    }

    /// Gives a run back that is freeable. `needed_by_snapshot`: some snapshot may still read it, so it waits.
    pub fn free(&mut self, run: Run, sequence: Sequence, needed_by_snapshot: bool) {
        if needed_by_snapshot {
            self.pending.push((sequence, run));
        } else {
            self.insert(run);
        }
    }

    /// Frees what waited for snapshots older than `oldest` (`None`: no snapshot is left). Returns the runs freed.
    pub fn mature(&mut self, oldest: Option<Sequence>) -> Vec<Run> {
        if self.pending.is_empty() {
            return Vec::new();
        }
        let is_ready = |sequence: Sequence| oldest.is_none_or(|oldest| sequence <= oldest);
        let (ready, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(sequence, _)| is_ready(*sequence));
        self.pending = waiting;
        let runs = ready.into_iter().map(|(_, run)| run);
        runs.filter(|run| self.insert(*run)).collect()
    }

    /// Cuts free pages off the file's end.
    pub fn cut_tail(&mut self) {
        if let Some((&first, &length)) = self.free.last_key_value()
            && first + length == self.page_count
        {
            self.free.remove(&first);
            self.free_pages -= u64::from(length);
            self.page_count = first;
        }
    }

    /// Every free run, waiting ones included, in order and joined: the free list as a checkpoint writes it. Of
    /// waiting runs that overlap, as only damage makes them, the first counts.
    pub fn free_runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = self
            .free
            .iter()
            .map(|(&first, &count)| Run { first, count })
            .collect();
        runs.extend(self.pending.iter().map(|(_, run)| *run));
        runs.sort_unstable();
        let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
        for run in runs {
            match joined.last_mut() {
                Some(last) if last.end() == run.first => last.count += run.count,
                Some(last) if last.end() > run.first => {}
                _ => joined.push(run),
            }
        }
        joined
    }

    /// Upper bound on the number of runs that `free_runs` would give.
    pub fn runs_count_max(&self) -> usize {
        self.free.len() + self.pending.len()
    }

    /// Takes a run of `count` pages from behind the file's end.
    ///
    /// Errors: as `allocate`.
    pub fn extend(&mut self, count: u32) -> Result<PageNumber> {
        let end = self
            .page_count
            .checked_add(count)
            .filter(|end| *end < u32::MAX)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::LimitExceeded,
                    "the file has reached 2^32 - 1 pages (16 TB), the largest that the format holds",
                )
            })?;
        let first = self.page_count;
        self.page_count = end;
        Ok(PageNumber::new(first))
    }

    /// Adds a run to the free ones, joined with its neighbours; false where it is not freeable.
    fn insert(&mut self, run: Run) -> bool {
        if !self.is_freeable(run) {
            return false;
        }
        let run_of = |(&first, &count): (&u32, &u32)| Run { first, count };
        let before = self.free.range(..run.first).next_back().map(run_of);
        let after = self.free.range(run.end()..).next().map(run_of);
        let mut joined = run;
        if let Some(before) = before.filter(|before| before.end() == run.first) {
            self.free.remove(&before.first);
            joined = Run {
                first: before.first,
                count: before.count + joined.count,
            };
        }
        if let Some(after) = after.filter(|after| after.first == run.end()) {
            self.free.remove(&after.first);
            joined.count += after.count;
        }
        self.free_pages += u64::from(run.count);
        self.free.insert(joined.first, joined.count);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join_and_low_pages_go_first() {
        let mut allocator = Allocator::new(2, 2, &[]).unwrap();
        let first = allocator.allocate(4).unwrap();
        assert_eq!((first.get(), allocator.page_count()), (2, 6));
        for page in [4, 2, 3] {
            allocator.free(
                Run {
                    first: page,
                    count: 1,
                },
                Sequence(1),
                false,
            );
        }
        assert_eq!(allocator.free_runs(), [Run { first: 2, count: 3 }]);
        assert_eq!(allocator.allocate(1).unwrap().get(), 2);
        assert_eq!(allocator.allocate(2).unwrap().get(), 3);
        assert_eq!(allocator.free_pages(), 0);
    }

    #[test]
    fn page_that_a_snapshot_may_read_waits_for_it() {
        let mut allocator = Allocator::new(10, 2, &[]).unwrap();
        allocator.free(Run { first: 5, count: 1 }, Sequence(8), true);
        assert_eq!(allocator.free_pages(), 1);
        assert_eq!(allocator.allocate(1).unwrap().get(), 10);
        assert!(allocator.mature(Some(Sequence(7))).is_empty());
        assert_eq!(allocator.mature(Some(Sequence(8))), [Run { first: 5, count: 1 }]);
        assert_eq!(allocator.allocate(1).unwrap().get(), 5);
    }

    #[test]
    fn free_tail_is_cut_off() {
        let mut allocator = Allocator::new(10, 2, &[]).unwrap();
        allocator.free(Run { first: 7, count: 3 }, Sequence(1), false);
        allocator.free(Run { first: 4, count: 1 }, Sequence(1), false);
        allocator.cut_tail();
        assert_eq!((allocator.page_count(), allocator.free_pages()), (7, 1));
    }

    #[test]
    fn page_freed_twice_is_handed_out_once() {
        let mut allocator = Allocator::new(10, 2, &[]).unwrap();
        for run in [(4, 2), (5, 1), (3, 2), (9, 5), (u32::MAX, 2), (4, 2)] {
            allocator.free(
                Run {
                    first: run.0,
                    count: run.1,
                },
                Sequence(1),
                false,
            );
        }
        assert_eq!(allocator.free_runs(), [Run { first: 4, count: 2 }]);
        assert_eq!(allocator.free_pages(), 2);
    }

    #[test]
    fn header_pages_and_pages_outside_the_file_are_never_free() {
        let mut allocator = Allocator::new(10, 2, &[]).unwrap();
        for (first, count) in [
            (0, 1),
            (1, 2),
            (9, 2),
            (10, 1),
            (u32::MAX, 1),
            (5, u32::MAX),
            (5, 0),
        ] {
            assert!(!allocator.is_freeable(Run { first, count }), "{first}+{count}");
        }
        // Two overlapping runs wait: the list on disk has no page twice.
        allocator.free(Run { first: 4, count: 2 }, Sequence(1), true);
        allocator.free(Run { first: 5, count: 1 }, Sequence(1), true);
        assert_eq!(allocator.free_runs(), [Run { first: 4, count: 2 }]);
        assert_eq!(allocator.mature(None), [Run { first: 4, count: 2 }]);
        assert_eq!(allocator.free_pages(), 2);
    }

    #[test]
    fn damaged_free_list_is_refused() {
        let run = |first, count| Run { first, count };
        for runs in [
            vec![run(1, 1)],
            vec![run(3, 0)],
            vec![run(9, 2)],
            vec![run(4, 2), run(5, 1)],
            vec![run(5, u32::MAX)],
        ] {
            assert_eq!(
                Allocator::new(10, 2, &runs).unwrap_err().kind(),
                ErrorKind::Corrupted,
                "{runs:?}"
            );
        }
    }
}
