//! What sorting costs, printed: `cargo test --release -p quire-engine --lib sort::speed -- --ignored --nocapture`.

#![allow(clippy::print_stdout, reason = "figures are what these tests are for")]

use std::time::Instant;

use super::*;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::plain;
use crate::limits::SORT_BYTES_DEFAULT;
use crate::query::filter::{Filter, Matcher};

const DOCUMENTS: usize = 1_000_000;
const ROUNDS: usize = 5;

/// Documents of about 120 bytes, back to back, and their ends.
fn documents(registry: &StructureRegistry) -> (Vec<u8>, Vec<usize>) {
    let cities = [
        "Kochi", "Lisbon", "Quito", "Oslo", "Nairobi", "Hanoi", "Lima", "Turin",
    ];
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    let mut state = 42_u64;
    let mut no_id = || -> Result<IdBytes> { panic!("every document has an id") };
    for number in 0..DOCUMENTS {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let random = state >> 33;
        let document = format!(
            r#"{{"_id": {number}, "name": "User {random}", "age": {}, "city": "{}", "tags": [{}, 5], "bio": "{}"}}"#,
            random % 1_000_000,
            cities[random as usize % cities.len()],
            random % 1000,
            "lorem ipsum ".repeat(4)
        );
        intake(&plain(&document), registry, 1 << 20, &mut no_id, &mut bytes).unwrap();
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// The fastest round, in nanoseconds a document.
fn fastest(mut round: impl FnMut()) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        round();
        start.elapsed().as_nanos() as f64 / DOCUMENTS as f64
    });
    times.fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "prints figures"]
fn speed_of_sorting() {
    let registry = StructureRegistry::new();
    let (bytes, ends) = documents(&registry);
    let structures = registry.snapshot();
    let each = |visit: &mut dyn FnMut(&[u8])| {
        let mut from = 0;
        for end in &ends {
            visit(&bytes[from..*end]);
            from = *end;
        }
    };
    let filter = Filter::compile(&plain(r#"{"bio": "none"}"#)).unwrap();
    let scan = fastest(|| {
        let mut matcher = Matcher::new(&filter, &structures);
        each(&mut |stored| assert!(!matcher.matches(stored).unwrap()));
    });
    println!("{scan:7.1} ns  a filter on the last field");
    for text in [
        r#"{"age": 1}"#,
        r#"{"name": -1}"#,
        r#"{"city": 1, "age": -1}"#,
        r#"{"tags": 1}"#,
    ] {
        let sort = Sort::compile(&plain(text)).unwrap();
        for limit in [Some(10), Some(10_000), None] {
            let time = fastest(|| {
                let mut sorter = Sorter::new(&sort, limit, 8 * SORT_BYTES_DEFAULT);
                let mut key = Vec::new();
                each(&mut |stored| {
                    key.clear();
                    sort.write_total_key(stored, &structures, &mut key).unwrap();
                    sorter.push(&key, stored.len(), || stored.to_vec()).unwrap();
                });
                assert_eq!(sorter.into_sorted().count(), limit.unwrap_or(DOCUMENTS));
            });
            println!("{time:7.1} ns  {text}, limit {limit:?}");
        }
    }
}
