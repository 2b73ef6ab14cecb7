//! Speed of the ordered index on pages in memory: figures for docs.

use std::ops::ControlFlow;
use std::time::Instant;

use super::tests::OWNER;
use super::*;
use crate::format::seeded::Seeded;

/// Nanoseconds that this thread has computed, where the system tells: other programs do not count then.
fn computed_ns(start: Instant) -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| start.elapsed().as_nanos() as f64)
}

#[allow(clippy::print_stdout)]
fn timed<R>(name: &str, count: usize, run: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let before = computed_ns(start);
    let result = run();
    println!(
        "{name}: {:.1} ns an entry",
        (computed_ns(start) - before) / count as f64
    );
    result
}

fn measure(count: usize) {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let writer = pager.writer(Sequence(1));
    let mut index = OrderedIndex::create(&writer, OWNER).unwrap();
    let mut random = Seeded::new(1);
    let mut entries: Vec<Vec<u8>> = (0..count).map(|_| random.bytes(24)).collect();
    timed("insert at random", count, || {
        for entry in &entries {
            assert!(index.insert(&writer, entry).unwrap());
        }
    });
    for at in (1..count).rev() {
        entries.swap(at, random.below(at + 1));
    }
    timed("prepare at random", count, || {
        for entry in &entries {
            index.prepare(&pager, entry).unwrap();
        }
    });
    timed("look up at random", count, || {
        for entry in &entries {
            assert!(index.contains(&pager, entry).unwrap());
        }
    });
    for (at, is_reverse) in [(None, false), (None, true), (Some(Sequence(1)), false)] {
        let seen = timed(&format!("scan at {at:?}, backward: {is_reverse}"), count, || {
            let mut scan = OrderedScan::new(index.root(), Bound::Unbounded, Bound::Unbounded, is_reverse, at);
            let mut seen = 0usize;
            let mut visit = |entry: &[u8]| {
                seen += usize::from(entry.len() == 24);
                ControlFlow::Continue(())
            };
            while scan.next(&pager, &mut visit).unwrap() {}
            seen
        });
        assert_eq!(seen, count);
    }
    timed("remove at random", count, || {
        for entry in &entries {
            assert!(index.remove(&writer, entry).unwrap());
        }
    });
    entries.sort_unstable();
    timed("insert in order", count, || {
        for entry in &entries {
            assert!(index.insert(&writer, entry).unwrap());
        }
    });
    index.release(&writer).unwrap();
    let mut index = OrderedIndex::create(&writer, OWNER).unwrap();
    timed("load in order", count, || {
        index.bulk_load(&writer, entries.iter().map(Ok)).unwrap();
    });
}

/// Run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "takes seconds and 250 MB; run in release"]
#[allow(clippy::print_stdout)]
fn speed_of_every_verb() {
    for count in [100_000, 1_000_000] {
        println!("{count} entries of 24 bytes");
        measure(count);
    }
}
