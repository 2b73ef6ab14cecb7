//! The newest commits in memory, in the order of their numbers and without a gap.
//!
//! Commits of different collections are applied at the same time, so they come in any order: one that comes before its
//! turn waits. Promises: what is handed out has no gap before it; memory stays within the budget, but for the newest
//! commit, which is kept whole until the next one comes. What the budget has no room for is let go, oldest first.
//! Leaves to others: locks and whoever waits (mod.rs).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::format::page::Sequence;
use crate::store::feed::batch::Batch;

/// What the ring knows of a commit.
#[derive(Debug)]
pub enum Slot {
    /// Its changes.
    Kept(Arc<Batch>),
    /// It was not made yet, or one before it was not.
    NotYet,
    /// It is not kept any more, or never was.
    Gone,
}

/// The ring.
#[derive(Debug)]
pub struct Ring {
    /// Number of the first commit kept.
    first: u64,
    kept: VecDeque<Arc<Batch>>,
    kept_bytes: usize,
    /// Commits that came before one with a smaller number.
    early: BTreeMap<u64, Arc<Batch>>,
    early_bytes: usize,
    bytes_max: usize,
}

impl Ring {
    /// An empty ring whose first commit will be `first`.
    pub fn new(first: Sequence, bytes_max: usize) -> Ring {
        Ring {
            first: first.0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            early: BTreeMap::new(),
            early_bytes: 0,
            bytes_max,
        }
    }

    /// Number of the commit that is handed out next.
    pub fn next(&self) -> Sequence {
        Sequence(self.first + self.kept.len() as u64)
    }

    /// Takes a commit in; whether more can be read now. One that was taken in before is passed over.
    pub fn insert(&mut self, batch: Batch) -> bool {
        let number = batch.sequence().0;
        let next = self.next().0;
        if number < next || self.early.contains_key(&number) {
            return false;
        }
        if number > next {
            let mut batch = batch;
            // Only a commit under way for very long lets so many others come before it.
            if self.early_bytes + batch.memory_bytes() > self.bytes_max && !batch.is_empty() {
                batch = Batch::lost(batch.sequence());
            }
            self.early_bytes += batch.memory_bytes();
            self.early.insert(number, Arc::new(batch));
            return false;
        }
        self.push(Arc::new(batch));
        while let Some(batch) = self.early.remove(&self.next().0) {
            self.early_bytes -= batch.memory_bytes();
            self.push(batch);
        }
        true
    }

    /// What is known of commit `sequence`.
    pub fn get(&self, sequence: Sequence) -> Slot {
        if sequence >= self.next() {
            return Slot::NotYet;
        }
        let kept = sequence
            .0
            .checked_sub(self.first)
            .and_then(|index| self.kept.get(index as usize));
        kept.map_or(Slot::Gone, |batch| Slot::Kept(batch.clone()))
    }

    fn push(&mut self, batch: Arc<Batch>) {
        if batch.is_lost() {
            self.first = batch.sequence().next().0;
            self.kept.clear();
            self.kept_bytes = 0;
            return;
        }
        self.kept_bytes += batch.memory_bytes();
        self.kept.push_back(batch);
        while self.kept_bytes > self.bytes_max
            && self.kept.len() > 1
            && let Some(oldest) = self.kept.pop_front()
        {
            self.kept_bytes -= oldest.memory_bytes();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::feed::batch::{ChangeKind, Draft};

    fn batch(sequence: u64, bytes: usize) -> Batch {
        let mut draft = Draft::default();
        draft.enter(&"a".into(), Arc::default());
        draft.add(ChangeKind::Insert, b"id", b"", &vec![0; bytes]);
        draft.finish(Sequence(sequence))
    }

    fn kept(ring: &Ring, range: std::ops::Range<u64>) -> Vec<u64> {
        range
            .filter(|number| matches!(ring.get(Sequence(*number)), Slot::Kept(_)))
            .collect()
    }

    #[test]
    fn commits_are_handed_out_in_order_and_without_a_gap() {
        let mut ring = Ring::new(Sequence(5), 1 << 20);
        assert!(!ring.insert(batch(7, 1)));
        assert!(!ring.insert(batch(6, 1)));
        assert_eq!(ring.next(), Sequence(5));
        assert!(matches!(ring.get(Sequence(6)), Slot::NotYet));
        assert!(ring.insert(batch(5, 1)));
        assert_eq!(ring.next(), Sequence(8));
        assert_eq!(kept(&ring, 0..20), [5, 6, 7]);
        assert!(matches!(ring.get(Sequence(4)), Slot::Gone));
    }

    #[test]
    fn a_commit_that_comes_twice_counts_once() {
        let mut ring = Ring::new(Sequence(1), 1 << 20);
        ring.insert(batch(1, 1));
        assert!(!ring.insert(Batch::empty(Sequence(1))));
        ring.insert(batch(3, 1));
        assert!(!ring.insert(Batch::empty(Sequence(3))));
        ring.insert(batch(2, 1));
        assert_eq!(kept(&ring, 0..9), [1, 2, 3]);
        let Slot::Kept(third) = ring.get(Sequence(3)) else {
            panic!("kept")
        };
        assert_eq!(third.len(), 1);
    }

    #[test]
    fn the_oldest_go_first_and_the_newest_stays_whatever_its_size() {
        let mut ring = Ring::new(Sequence(1), 10_000);
        (1..=20).for_each(|number| assert!(ring.insert(batch(number, 2000))));
        let left = kept(&ring, 0..30);
        assert!(left.len() < 6 && left.last() == Some(&20), "{left:?}");
        ring.insert(batch(21, 1 << 20));
        assert_eq!(kept(&ring, 0..30), [21]);
        ring.insert(batch(22, 10));
        assert_eq!(kept(&ring, 0..30), [22]);
    }

    #[test]
    fn commits_that_wait_for_a_gap_are_bounded() {
        let mut ring = Ring::new(Sequence(1), 10_000);
        (2..=20).for_each(|number| assert!(!ring.insert(batch(number, 2000))));
        assert!(ring.early_bytes < 20_000);
        ring.insert(batch(1, 10));
        assert_eq!(ring.next(), Sequence(21));
        assert!(
            matches!(ring.get(Sequence(1)), Slot::Gone),
            "what follows it was let go"
        );
        assert_eq!(ring.early_bytes, 0);
    }
}
