//! Snapshot lookups beside a writer that splits buckets: each sees its commits and no later one.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use super::*;
use crate::format::place::SlotNumber;
use crate::format::seeded::Seeded;

const COMMITS: u64 = 1500;
const ENTRIES_PER_COMMIT: u64 = 20;

/// Ends the readers, also when the writer panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

struct Shared {
    index: PrimaryIndex,
    sequence: u64,
}

fn place(number: u64) -> Place {
    Place::new(PageNumber::new((number >> 8) as u32), SlotNumber(number as u8))
}

fn look_up_repeatedly(pager: &Pager, shared: &RwLock<Shared>, is_over: &AtomicBool, seed: u64) {
    let mut random = Seeded::new(seed);
    while !is_over.load(Ordering::Acquire) {
        let snapshot = {
            let shared = shared.read();
            pager.open_snapshot(Sequence(shared.sequence), false)
        };
        let at = snapshot.sequence();
        for _ in 0..300 {
            let number = random.number() % (COMMITS * ENTRIES_PER_COMMIT);
            let is_seen = number / ENTRIES_PER_COMMIT < at.0;
            let hash = Seeded::new(number).number();
            let found = shared
                .read()
                .index
                .lookup(pager, hash, Some(at), |found| Ok(found == place(number)));
            assert_eq!(found.unwrap().is_some(), is_seen, "entry {number} at {at:?}");
        }
        pager.close_snapshot(&snapshot);
    }
}

#[test]
fn snapshot_lookups_beside_splits_see_their_commits_only() {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let index = PrimaryIndex::create(&pager.writer(Sequence(0)), CollectionId(1)).unwrap();
    let shared = RwLock::new(Shared { index, sequence: 0 });
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _end = End(&is_over);
        for seed in 0..3 {
            let (pager, shared, is_over) = (&pager, &shared, &is_over);
            scope.spawn(move || look_up_repeatedly(pager, shared, is_over, seed));
        }
        for commit in 0..COMMITS {
            let mut shared = shared.write();
            let writer = pager.writer(Sequence(commit + 1));
            for number in commit * ENTRIES_PER_COMMIT..(commit + 1) * ENTRIES_PER_COMMIT {
                shared
                    .index
                    .insert(&writer, Seeded::new(number).number(), place(number))
                    .unwrap();
            }
            shared.sequence = commit + 1;
        }
    });
    assert!(shared.read().index.root().buckets_count > 100);
    assert_eq!(pager.version_bytes(), 0, "no version outlives its snapshot");
}
