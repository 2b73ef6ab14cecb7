//! What a match costs, printed: `cargo test --release -p quire-engine --lib speed -- --ignored --nocapture`.

#![allow(clippy::print_stdout, reason = "figures are what these tests are for")]

use std::time::Instant;

use crate::format::id::IdBytes;
use crate::format::intake::{Intake, intake_many};
use crate::format::record::StructureRegistry;
use crate::format::tree::plain;
use crate::query::filter::{Filter, Matcher};

const DOCUMENTS: usize = 100_000;
const ROUNDS: usize = 25;

/// Documents of about 200 bytes as JSON: id, name, email, age, city, tags, score, active, createdAt, bio.
fn input() -> Vec<u8> {
    let cities = [
        "Kochi", "Lisbon", "Quito", "Oslo", "Nairobi", "Hanoi", "Lima", "Turin", "Graz", "Accra",
    ];
    let mut bytes = Vec::new();
    let mut state = 42_u64;
    for number in 0..DOCUMENTS {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let random = state >> 33;
        let city = cities[random as usize % cities.len()];
        let age = 18 + random / 10 % 70;
        bytes.extend(plain(&format!(
            r#"{{"_id": "{random:016x}", "name": "User {number}", "email": "user{number}@example.com", "age": {age},
            "city": "{city}", "tags": ["red", "green", "blue"], "score": {number}.5, "active": true,
            "createdAt": date({random}), "bio": "{}"}}"#,
            "lorem ipsum ".repeat(5)
        )));
    }
    bytes
}

/// The documents back to back as they are stored, and their ends.
fn stored(registry: &StructureRegistry, as_records: bool) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    let shapes = if as_records {
        registry
    } else {
        &StructureRegistry::new()
    };
    let input = input();
    let mut intake = Intake::new(shapes, 1 << 20);
    let mut rest = &input[..];
    while !rest.is_empty() {
        if !as_records {
            // A fresh registry each time keeps the documents plain maps.
            let fresh = StructureRegistry::new();
            let (_, taken) = Intake::new(&fresh, 1 << 20)
                .first(rest, &mut no_id, &mut bytes)
                .unwrap();
            rest = &rest[taken..];
        } else {
            let (_, taken) = intake.first(rest, &mut no_id, &mut bytes).unwrap();
            rest = &rest[taken..];
        }
        ends.push(bytes.len());
    }
    (bytes, ends)
}

fn no_id() -> crate::Result<IdBytes> {
    panic!("every document has an id")
}

/// Median and fastest round.
fn summary(mut nanoseconds: Vec<f64>) -> (f64, f64) {
    nanoseconds.sort_by(f64::total_cmp);
    (nanoseconds[nanoseconds.len() / 2], nanoseconds[0])
}

#[test]
#[ignore = "prints figures"]
fn speed_of_filters() {
    let registry = StructureRegistry::new();
    for as_records in [true, false] {
        let (bytes, ends) = stored(&registry, as_records);
        let structures = registry.snapshot();
        println!(
            "{} bytes a document, records: {as_records}",
            bytes.len() / DOCUMENTS
        );
        for text in [
            r#"{"age": {"$gt": 75}, "city": "Kochi"}"#,
            r#"{"city": "Kochi", "active": true}"#,
            r#"{"$or": [{"age": {"$gt": 80}}, {"city": "Oslo"}]}"#,
            r#"{"tags": "blue"}"#,
            r#"{"city": {"$in": ["Oslo", "Lima", "Graz"]}}"#,
            r#"{"score": {"$lt": 1000}}"#,
            r#"{"missing": 5}"#,
            "{}",
        ] {
            let filter = Filter::compile(&plain(text)).unwrap();
            let mut matched = 0;
            let rounds = (0..ROUNDS).map(|_| {
                let start = Instant::now();
                let mut matcher = Matcher::new(&filter, &structures);
                let mut from = 0;
                matched = 0;
                for end in &ends {
                    matched += usize::from(matcher.matches(&bytes[from..*end]).unwrap());
                    from = *end;
                }
                start.elapsed().as_nanos() as f64 / DOCUMENTS as f64
            });
            let (median, fastest) = summary(rounds.collect());
            println!("{median:7.1} ns, fastest {fastest:6.1} ns  {matched:6} matched  {text}");
        }
    }
}

#[test]
#[ignore = "prints figures"]
fn speed_of_intake() {
    let input = input();
    let registry = StructureRegistry::new();
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let mut total = 0;
        let mut visit = |_: IdBytes, stored: &[u8]| {
            total += stored.len();
            Ok(())
        };
        intake_many(&input, &registry, 1 << 20, &mut no_id, &mut visit).unwrap();
        start.elapsed().as_nanos() as f64 / DOCUMENTS as f64
    });
    println!(
        "{:?} ns a document of {} bytes",
        summary(rounds.collect()),
        input.len() / DOCUMENTS
    );
    // Two shapes in turn always take the two passes.
    let mut mixed = Vec::new();
    for number in 0..DOCUMENTS {
        mixed.extend(plain(if number % 2 == 0 {
            r#"{"_id": 1, "name": "User", "age": 30, "city": "Kochi", "tags": ["a", "b"], "bio": "lorem ipsum dolor"}"#
        } else {
            r#"{"_id": 1, "kind": "User", "size": 30, "town": "Kochi", "list": ["a", "b"], "text": "lorem ipsum dolor"}"#
        }));
    }
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        intake_many(&mixed, &registry, 1 << 20, &mut no_id, &mut |_, _| Ok(())).unwrap();
        start.elapsed().as_nanos() as f64 / DOCUMENTS as f64
    });
    println!(
        "{:?} ns a document of {} bytes, two shapes in turn",
        summary(rounds.collect()),
        mixed.len() / DOCUMENTS
    );
}
