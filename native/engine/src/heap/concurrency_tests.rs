//! Snapshot scans beside a writer: every scan sees whole commits.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use super::*;
use crate::format::page::Sequence;
use crate::format::seeded::Seeded;
use crate::pager::Pager;

const DOCUMENTS: usize = 300;
const COMMITS: u64 = 3000;

/// Ends the readers, also when the writer panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

struct Shared {
    heap: Heap,
    sequence: u64,
}

fn document(random: &mut Seeded, amount: i64) -> Vec<u8> {
    let length = if random.below(30) == 0 {
        9000
    } else {
        20 + random.below(400)
    };
    let mut bytes = vec![1; length];
    bytes[..8].copy_from_slice(&amount.to_le_bytes());
    bytes
}

fn amount_of(bytes: &[u8]) -> i64 {
    i64::from_le_bytes(bytes[..8].try_into().unwrap())
}

/// Scans until the writer has ended; each scan runs without the lock.
fn scan_repeatedly(pager: &Pager, shared: &RwLock<Shared>, is_over: &AtomicBool) -> usize {
    let mut scans = 0;
    while !is_over.load(Ordering::Acquire) || scans == 0 {
        let (snapshot, root) = {
            let shared = shared.read();
            (
                pager.open_snapshot(Sequence(shared.sequence), false),
                shared.heap.root(),
            )
        };
        let mut scan = HeapScan::new(root, Some(snapshot.sequence()));
        let (mut sum, mut count) = (0, 0);
        let mut visit = |_, bytes: &[u8]| {
            (sum, count) = (sum + amount_of(bytes), count + 1);
            ControlFlow::Continue(())
        };
        while scan.next_page(pager, &mut visit).unwrap() != ScanStep::End {}
        assert_eq!((sum, count), (0, DOCUMENTS), "at {:?}", snapshot.sequence());
        pager.close_snapshot(&snapshot);
        scans += 1;
    }
    scans
}

#[test]
fn scans_beside_a_writer_see_whole_commits() {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let mut random = Seeded::new(12);
    let mut heap = Heap::create(&pager.writer(Sequence(1)), CollectionId(1)).unwrap();
    let mut places: Vec<(Place, i64)> = (0..DOCUMENTS)
        .map(|_| {
            (
                heap.insert(&pager.writer(Sequence(1)), &document(&mut random, 0))
                    .unwrap(),
                0,
            )
        })
        .collect();
    let shared = RwLock::new(Shared { heap, sequence: 1 });
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _end = End(&is_over);
        for _ in 0..3 {
            scope.spawn(|| scan_repeatedly(&pager, &shared, &is_over));
        }
        for sequence in 2..COMMITS {
            let mut shared = shared.write();
            let writer = pager.writer(Sequence(sequence));
            for change in [5, -5] {
                let (place, amount) = &mut places[random.below(DOCUMENTS)];
                *amount += change;
                *place = shared
                    .heap
                    .update(&writer, *place, &document(&mut random, *amount))
                    .unwrap();
            }
            shared.sequence = sequence;
        }
    });
    assert_eq!(pager.version_bytes(), 0, "no version outlives its snapshot");
}
