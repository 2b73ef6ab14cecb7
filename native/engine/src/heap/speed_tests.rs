//! Speed of the heap on pages in memory: figures for docs.

use std::ops::ControlFlow;
use std::time::Instant;

use super::*;
use crate::format::page::Sequence;
use crate::format::seeded::Seeded;
use crate::pager::Pager;

const COUNT: usize = 1_000_000;
const DOCUMENT: [u8; 200] = [7; 200];

#[allow(clippy::print_stdout)]
fn timed<R>(name: &str, run: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = run();
    println!(
        "{name}: {} ns a document",
        start.elapsed().as_nanos() as usize / COUNT
    );
    result
}

/// Run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "takes seconds and 250 MB; run in release"]
fn speed_of_every_verb() {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let writer = pager.writer(Sequence(1));
    let mut heap = Heap::create(&writer, CollectionId(1)).unwrap();
    let mut random = Seeded::new(1);
    let mut places: Vec<Place> = timed("insert", || {
        (0..COUNT)
            .map(|_| heap.insert(&writer, &DOCUMENT).unwrap())
            .collect()
    });
    for at in [None, Some(Sequence(1))] {
        let seen = timed(&format!("scan at {at:?}"), || {
            let mut scan = HeapScan::new(heap.root(), at);
            let mut seen = 0usize;
            let mut visit = |_, bytes: &[u8]| {
                seen += usize::from(bytes[9] == 7);
                ControlFlow::Continue(())
            };
            while scan.next_page(&pager, &mut visit).unwrap() != ScanStep::End {}
            seen
        });
        assert_eq!(seen, COUNT);
    }
    for index in (1..COUNT).rev() {
        places.swap(index, random.below(index + 1));
    }
    timed("read at random", || {
        let mut scratch = Vec::new();
        let seen = |place: &Place| {
            read_document(&pager, *place, None, &mut scratch, |bytes| usize::from(bytes[9])).unwrap()
        };
        assert_eq!(places.iter().filter_map(seen).sum::<usize>(), 7 * COUNT);
    });
    timed("update at random, same size", || {
        for place in &places {
            assert_eq!(heap.update(&writer, *place, &DOCUMENT).unwrap(), *place);
        }
    });
    timed("delete and insert at random", || {
        for place in &mut places {
            heap.delete(&writer, *place).unwrap();
            *place = heap.insert(&writer, &DOCUMENT).unwrap();
        }
    });
    timed("delete at random", || {
        for place in &places {
            heap.delete(&writer, *place).unwrap();
        }
    });
}
