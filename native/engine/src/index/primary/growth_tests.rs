//! Size and speed of the id index at 10 million entries: figures for docs, with the bound on size asserted.

use std::time::Instant;

use super::*;
use crate::format::place::SlotNumber;
use crate::format::seeded::Seeded;

const COUNT: u64 = 10_000_000;
const LOOKUPS: u64 = 1_000_000;
const BATCH: usize = 1000;

fn hash_of(number: u64) -> u64 {
    Seeded::new(number.wrapping_mul(0x9e37)).number()
}

fn place(number: u64) -> Place {
    Place::new(PageNumber::new((number >> 8) as u32), SlotNumber(number as u8))
}

#[allow(clippy::print_stdout)]
fn show(name: &str, mut ns: Vec<u32>) {
    ns.sort_unstable();
    let quantile = |part: f64| ns[((ns.len() - 1) as f64 * part) as usize];
    let shown: Vec<String> = [0.0, 0.5, 0.99, 0.999, 0.9999, 1.0]
        .iter()
        .map(|part| quantile(*part).to_string())
        .collect();
    println!(
        "{name}: best, p50, p99, p99.9, p99.99, worst: {} ns",
        shown.join(", ")
    );
}

fn show_lookups(pager: &Pager, index: &PrimaryIndex, count: u64) {
    for (name, offset) in [("hit", 0), ("miss", COUNT)] {
        let mut random = Seeded::new(1);
        let hashes: Vec<u64> = (0..LOOKUPS)
            .map(|_| hash_of(offset + random.number() % count))
            .collect();
        let mut batch_ns = Vec::new();
        for batch in hashes.chunks(BATCH) {
            let start = Instant::now();
            for hash in batch {
                let found = index.lookup(pager, *hash, None, |_| Ok(offset == 0)).unwrap();
                assert_eq!(found.is_some(), offset == 0);
            }
            batch_ns.push((start.elapsed().as_nanos() / BATCH as u128) as u32);
        }
        show(&format!("lookup {name} at {count}"), batch_ns);
    }
}

/// Run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "takes seconds and 250 MB; run in release"]
#[allow(clippy::print_stdout)]
fn growth_to_10_million_entries_is_even_and_small() {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let writer = pager.writer(Sequence(1));
    let mut index = PrimaryIndex::create(&writer, CollectionId(3)).unwrap();
    let mut insert_ns: Vec<u32> = Vec::with_capacity(COUNT as usize);
    for number in 0..COUNT {
        if number == 100_000 || number == 1_000_000 {
            show_lookups(&pager, &index, number);
        }
        let start = Instant::now();
        index.insert(&writer, hash_of(number), place(number)).unwrap();
        insert_ns.push(start.elapsed().as_nanos() as u32);
    }
    show_lookups(&pager, &index, COUNT);
    show("insert, with 20-40 ns for the clock", insert_ns);
    let (pages, free) = pager.page_counts();
    let bytes = (u64::from(pages) - free) * 4096 + index.resident_bytes() as u64;
    println!(
        "{:.2} bytes an entry in {} buckets",
        bytes as f64 / COUNT as f64,
        index.root().buckets_count
    );
    println!(
        "{} of {} missing ids reached a document",
        index.false_candidates_count(),
        3 * LOOKUPS
    );
    assert!(bytes <= 24 * COUNT);
}
