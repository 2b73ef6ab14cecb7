//! The ordered index against a set of the standard library: random changes, scans and snapshots.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::tests::Fixture;
use super::*;
use crate::pager::snapshot::Snapshot;

type Model = BTreeSet<Vec<u8>>;

/// A step of a run. Entries are made of a few bytes and lengths, so that they meet again.
#[derive(Clone, Debug)]
enum Change {
    Insert(Vec<u8>),
    Remove(Vec<u8>),
    /// Removes up to this many entries from the first at or above the bound.
    RemoveFrom(Vec<u8>, usize),
    /// Inserts a row of entries that rise, or fall.
    Row(Vec<u8>, u8, bool),
    OpenSnapshot,
    CloseSnapshot,
    Scan(Bound<Vec<u8>>, Bound<Vec<u8>>, bool, usize),
}

fn entry() -> impl Strategy<Value = Vec<u8>> {
    let tail = prop_oneof![
        4 => proptest::collection::vec(0u8..4, 0..6),
        2 => proptest::collection::vec(any::<u8>(), 0..30),
        1 => proptest::collection::vec(0u8..2, 300..=ENTRY_BYTES_MAX - 400),
    ];
    let start = prop_oneof![Just(0usize), Just(3), Just(400)];
    (start, tail).prop_map(|(start, tail)| [vec![b'p'; start], tail].concat())
}

/// An entry with room for the byte that tells those of a row apart.
fn row_start() -> impl Strategy<Value = Vec<u8>> {
    entry().prop_map(|mut start| {
        start.truncate(ENTRY_BYTES_MAX - 1);
        start
    })
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        1 => Just(Bound::Unbounded),
        2 => entry().prop_map(Bound::Included),
        2 => entry().prop_map(Bound::Excluded),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        30 => entry().prop_map(Change::Insert),
        12 => entry().prop_map(Change::Remove),
        3 => (entry(), 1usize..60).prop_map(|(from, count)| Change::RemoveFrom(from, count)),
        3 => (row_start(), 1u8..200, any::<bool>()).prop_map(|(start, count, falls)| Change::Row(start, count, falls)),
        1 => Just(Change::OpenSnapshot),
        1 => Just(Change::CloseSnapshot),
        6 => (bound(), bound(), any::<bool>(), 1usize..50)
            .prop_map(|(lower, upper, is_reverse, batch)| Change::Scan(lower, upper, is_reverse, batch)),
    ]
}

fn is_within(entry: &[u8], lower: &Bound<Vec<u8>>, upper: &Bound<Vec<u8>>) -> bool {
    let above = match lower {
        Bound::Unbounded => true,
        Bound::Included(lower) => entry >= lower.as_slice(),
        Bound::Excluded(lower) => entry > lower.as_slice(),
    };
    let below = match upper {
        Bound::Unbounded => true,
        Bound::Included(upper) => entry <= upper.as_slice(),
        Bound::Excluded(upper) => entry < upper.as_slice(),
    };
    above && below
}

fn expected(model: &Model, lower: &Bound<Vec<u8>>, upper: &Bound<Vec<u8>>, is_reverse: bool) -> Vec<Vec<u8>> {
    let mut entries: Vec<Vec<u8>> = model
        .iter()
        .filter(|entry| is_within(entry, lower, upper))
        .cloned()
        .collect();
    if is_reverse {
        entries.reverse();
    }
    entries
}

/// Reads a scan to its end, `batch` entries at a time.
fn read(pager: &Pager, mut scan: OrderedScan, batch: usize) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    loop {
        let end = entries.len() + batch;
        let has_more = scan.next(pager, |entry| {
            entries.push(entry.to_vec());
            if entries.len() == end {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(entries.len() <= end);
        if !has_more.unwrap() {
            return entries;
        }
    }
}

/// A snapshot with what it must see, and a scan of it that was begun when it was taken.
struct Kept {
    snapshot: Snapshot,
    model: Model,
    scan: OrderedScan,
    seen: Vec<Vec<u8>>,
}

struct Run {
    fixture: Fixture,
    model: Model,
    kept: Vec<Kept>,
}

impl Run {
    fn insert(&mut self, entry: Vec<u8>) {
        assert_eq!(self.fixture.insert(&entry), self.model.insert(entry));
    }

    fn remove(&mut self, entry: &[u8]) {
        assert_eq!(self.fixture.remove(entry), self.model.remove(entry));
    }

    fn apply(&mut self, change: Change) {
        self.fixture.sequence += 1;
        match change {
            Change::Insert(entry) => self.insert(entry),
            Change::Remove(entry) => self.remove(&entry),
            Change::RemoveFrom(from, count) => {
                let entries: Vec<Vec<u8>> = self.model.range(from..).take(count).cloned().collect();
                entries.iter().for_each(|entry| self.remove(entry));
            }
            Change::Row(start, count, falls) => {
                for step in 0..count {
                    let last = if falls { count - step } else { step };
                    let mut entry = start.clone();
                    entry.push(last);
                    self.insert(entry);
                }
            }
            Change::OpenSnapshot => self.open_snapshot(),
            Change::CloseSnapshot => {
                if let Some(kept) = self.kept.pop() {
                    self.finish(kept);
                }
            }
            Change::Scan(lower, upper, is_reverse, batch) => {
                let wanted = expected(&self.model, &lower, &upper, is_reverse);
                let scan = OrderedScan::new(self.fixture.index.root(), lower, upper, is_reverse, None);
                assert_eq!(read(&self.fixture.pager, scan, batch), wanted);
                self.step_kept();
            }
        }
    }

    fn open_snapshot(&mut self) {
        let at = Sequence(self.fixture.sequence);
        let is_reverse = self.kept.len() % 2 == 1;
        self.kept.push(Kept {
            snapshot: self.fixture.pager.open_snapshot(at, false),
            model: self.model.clone(),
            scan: OrderedScan::new(
                self.fixture.index.root(),
                Bound::Unbounded,
                Bound::Unbounded,
                is_reverse,
                Some(at),
            ),
            seen: Vec::new(),
        });
    }

    /// Moves the scan of each snapshot on a little, between changes.
    fn step_kept(&mut self) {
        for kept in &mut self.kept {
            let mut left = 5;
            let stepped = kept.scan.next(&self.fixture.pager, |entry| {
                kept.seen.push(entry.to_vec());
                left -= 1;
                if left == 0 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            stepped.unwrap();
        }
    }

    fn finish(&mut self, kept: Kept) {
        let at = kept.snapshot.sequence();
        self.fixture.assert_holds(&kept.model, Some(at));
        let is_reverse = self.kept.len() % 2 == 1;
        let mut seen = kept.seen;
        seen.extend(read(&self.fixture.pager, kept.scan, 1000));
        let all = expected(&kept.model, &Bound::Unbounded, &Bound::Unbounded, is_reverse);
        assert_eq!(seen, all);
        self.fixture.pager.close_snapshot(&kept.snapshot);
    }
}

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_set { default.cases } else { 60 },
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_index_is_a_sorted_set_now_and_in_snapshots(
        changes in proptest::collection::vec(change(), 1..400),
    ) {
        let mut run = Run {
            fixture: Fixture::new(),
            model: Model::new(),
            kept: Vec::new(),
        };
        for change in changes {
            run.apply(change);
        }
        run.fixture.assert_holds(&run.model, None);
        while let Some(kept) = run.kept.pop() {
            run.finish(kept);
        }
        run.fixture.assert_holds(&run.model, None);
        let sequence = run.fixture.sequence + 1;
        run.fixture.index.release(&run.fixture.pager.writer(Sequence(sequence))).unwrap();
        prop_assert_eq!(run.fixture.used_pages(), 0);
    }
}
