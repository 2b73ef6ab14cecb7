//! Histories: what threads asked a database, when, and what they were told, judged afterwards.
//!
//! Rules proved here. Calls on one document are linearizable, transactions that read and write it among them, while
//! checkpoints and compactions run beside. Transactions see snapshots: nothing dirty, nothing half, nothing twice in two
//! ways; no update is lost, no two snapshots contradict each other, and each is of its time. The judges find every such
//! violation when it is planted.
//! `QUIRE_CASES=n` is the long form: n rounds, each with a seed of its own. `QUIRE_SEED=n` begins with that one; the seed
//! gives what threads ask for, not how they meet.
#![cfg(feature = "simulation")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "../common/mod.rs"]
mod common;
mod isolation;
mod linear;
mod planted;
mod record;

use std::collections::BTreeMap;

use common::Folder;
use quire_engine::storage::simulated::Random;
use quire_engine::{Database, OpenOptions};
use record::{Clock, call_documents, in_threads, lists_now, make_lists, run_transactions};

const THREADS: u64 = 6;
/// Documents of a round: few, so that calls meet.
const KEYS: u64 = 5;
const CALLS: u64 = 400;
const TRANSACTIONS: u64 = 60;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, which is no number")),
    )
}

/// The seeds of the rounds.
fn seeds() -> std::ops::Range<u64> {
    let first = setting("QUIRE_SEED").unwrap_or(1);
    first..first + setting("QUIRE_CASES").unwrap_or(3)
}

fn open(folder: &Folder) -> Database {
    let options = OpenOptions {
        // The machine may be busy with other things.
        lock_wait_ms: 120_000,
        ..OpenOptions::default()
    };
    Database::open(&folder.file("histories.quire"), &options).unwrap()
}

#[test]
fn calls_on_one_document_are_linearizable() {
    let mut total = 0;
    for seed in seeds() {
        let folder = Folder::new();
        let (database, clock) = (open(&folder), Clock::default());
        let calls = in_threads(&database, THREADS, |number| {
            call_documents(&database, &clock, KEYS, CALLS, Random::forked(seed, 200 + number))
        });
        let mut by_key: BTreeMap<u64, Vec<linear::Operation>> = BTreeMap::new();
        for (key, operation) in calls.into_iter().flatten() {
            by_key.entry(key).or_default().push(operation);
        }
        for (key, operations) in by_key {
            total += operations.len();
            linear::check(&operations)
                .unwrap_or_else(|words| panic!("QUIRE_SEED={seed}, document {key}: {words}"));
        }
        database.close().unwrap();
    }
    eprintln!("{total} calls are linearizable");
}

#[test]
fn transactions_are_isolated_as_snapshots() {
    let (mut committed, mut total) = (0, 0);
    for seed in seeds() {
        let folder = Folder::new();
        let (database, clock) = (open(&folder), Clock::default());
        make_lists(&database, KEYS);
        let threads = in_threads(&database, THREADS, |number| {
            let random = Random::forked(seed, 300 + number);
            run_transactions(&database, &clock, KEYS, TRANSACTIONS, number, random)
        });
        let history: Vec<isolation::Transaction> = threads.into_iter().flatten().collect();
        total += history.len();
        committed += history
            .iter()
            .filter(|it| it.end == isolation::End::Committed)
            .count();
        isolation::check(&history, &lists_now(&database))
            .unwrap_or_else(|words| panic!("QUIRE_SEED={seed}: {words}"));
        database.close().unwrap();
    }
    eprintln!("{total} transactions are isolated, of which {committed} were committed");
    assert!(
        committed > total / 3,
        "only {committed} of {total} were committed"
    );
}
