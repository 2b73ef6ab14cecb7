//! How many buckets the index had at earlier commits, for snapshots.
//!
//! Promises: right for every snapshot that was registered before the commits it does not see were applied.
//! Memory: 16 bytes for each commit that split a bucket while a snapshot was registered, until a split
//! finds none registered.

use crate::format::page::Sequence;

/// Bucket counts before recent commits.
#[derive(Default)]
pub struct History {
    /// A commit that added buckets and the count before it; in the order of commits.
    changes: Vec<(Sequence, u32)>,
}

impl History {
    /// Notes that commit `sequence` adds buckets to the `count_before` that are there.
    pub fn note(&mut self, sequence: Sequence, count_before: u32, has_snapshots: bool) {
        if !has_snapshots {
            self.changes.clear();
        } else if self.changes.last().is_none_or(|(last, _)| *last < sequence) {
            self.changes.push((sequence, count_before));
        }
    }

    /// The count that snapshot `at` sees, where it is `current` now.
    pub fn count_at(&self, at: Sequence, current: u32) -> u32 {
        let seen = self.changes.partition_point(|(sequence, _)| *sequence <= at);
        self.changes
            .get(seen)
            .map_or(current, |(_, count_before)| *count_before)
    }

    /// Bytes in memory.
    pub fn resident_bytes(&self) -> usize {
        self.changes.capacity() * size_of::<(Sequence, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshot_sees_the_count_of_its_commit() {
        let mut history = History::default();
        history.note(Sequence(3), 4, true);
        history.note(Sequence(3), 5, true);
        history.note(Sequence(9), 6, true);
        let counts = [2, 3, 8, 9, 50].map(|at| history.count_at(Sequence(at), 8));
        assert_eq!(counts, [4, 6, 6, 8, 8]);
        history.note(Sequence(60), 8, false);
        assert_eq!(history.count_at(Sequence(59), 9), 9);
    }
}
