//! A soak: threads that do everything at once to one database in real files, while it is checkpointed, backed up,
//! compacted and checked.
//!
//! Rules proved here. Every answer is what the thread's own oracle says; the sum over all accounts is the same in every
//! snapshot and every backup; no increment of the counter that all threads share is lost; at the end, and after a close
//! and an open, the database holds exactly what the oracles do. Memory stays flat and the files stay bounded.
//! `npm run soak -- --minutes 10 --threads 8` is the long form. Every form prints its seed; QUIRE_SEED sets it. What a
//! thread does follows from the seed; how threads meet does not.
#![cfg(feature = "simulation")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "../common/mod.rs"]
mod common;
mod documents;
mod upkeep;
mod worker;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{Folder, drain, pack, pack_all};
use documents::{ACCOUNTS, COPIES, COUNTER, COUNTERS, OWN};
use quire_engine::{Database, FindOptions, IndexDefinition, OpenOptions, WriteOptions};
use serde_json::{Value, json};
use upkeep::{Progress, Sample, keep_up};
use worker::Worker;

const ACCOUNTS_COUNT: u64 = 40;
/// Operations that a thread does before it says so.
const BATCH: u64 = 64;
const MEGABYTE: u64 = 1 << 20;

/// A form of the soak.
struct Form {
    seed: u64,
    threads: u64,
    /// Keys of each thread.
    keys: u64,
    /// Operations of each thread.
    operations: u64,
    /// Ends the threads before that.
    until: Option<Instant>,
    /// Operations, of all threads, between two rounds of upkeep.
    upkeep_every: u64,
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, which is no number")),
    )
}

/// The sum of the accounts; `None` where one is missing.
fn total_of_accounts(accounts: &[Value]) -> Option<i64> {
    let balances = accounts.iter().map(|account| account["balance"].as_i64());
    balances
        .sum::<Option<i64>>()
        .filter(|_| accounts.len() as u64 == ACCOUNTS_COUNT)
}

fn open(path: &str) -> Database {
    let options = OpenOptions {
        // Less than the documents need, so that pages come and go.
        cache_bytes: 8 * MEGABYTE,
        checkpoint_log_bytes: 16 * MEGABYTE,
        // The machine may be busy with other things.
        lock_wait_ms: 120_000,
        ..OpenOptions::default()
    };
    Database::open(path, &options).unwrap()
}

fn prepare(database: &Database) {
    let write = WriteOptions::default();
    let own = database.collection(OWN).unwrap();
    for keys in [&[("owner", false), ("group", false)][..], &[("tag", true)]] {
        let mut definition = IndexDefinition::on(keys).unwrap();
        definition.is_unique = keys[0].0 == "tag";
        own.create_index(&definition, &write).unwrap();
    }
    let accounts: Vec<Value> = (0..ACCOUNTS_COUNT)
        .map(|id| json!({ "_id": id, "balance": 0 }))
        .collect();
    let collection = database.collection(ACCOUNTS).unwrap();
    collection
        .insert_many(&pack_all(&accounts), &mut Vec::new(), &write)
        .unwrap();
    let counter = json!({ "_id": COUNTER, "count": 0 });
    database
        .collection(COUNTERS)
        .unwrap()
        .insert(&pack(&counter), &write)
        .unwrap();
    database.collection(COPIES).unwrap();
}

/// Runs `form` and returns what was seen of memory and files.
fn soak(form: &Form) -> Vec<Sample> {
    eprintln!("soak: QUIRE_SEED={}", form.seed);
    let folder = Folder::new();
    let path = folder.file("soak.quire");
    let database = open(&path);
    prepare(&database);
    let (progress, started) = (Progress::default(), Instant::now());
    let (workers, samples) = std::thread::scope(|scope| {
        let upkeep = scope.spawn(|| keep_up(&database, &path, &progress, form.upkeep_every));
        let threads: Vec<_> = (0..form.threads)
            .map(|number| {
                let (database, progress) = (&database, &progress);
                scope.spawn(move || work(database, form, number, progress))
            })
            .collect();
        let workers: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        progress.end();
        (workers, upkeep.join().unwrap())
    });
    let workers: Vec<(Worker, u64)> = workers.into_iter().map(Result::unwrap).collect();
    let sum = |count: fn(&(Worker, u64)) -> u64| workers.iter().map(count).sum::<u64>();
    eprintln!(
        "soak: {} operations, {} transactions and {} conflicts in {:.1?}, {} rounds of upkeep",
        sum(|worker| worker.1),
        sum(|worker| worker.0.committed),
        sum(|worker| worker.0.conflicts),
        started.elapsed(),
        samples.len()
    );
    let workers: Vec<Worker> = workers.into_iter().map(|worker| worker.0).collect();
    compare(&database, &workers);
    database.close().unwrap();
    let database = open(&path);
    compare(&database, &workers);
    database.close().unwrap();
    samples
}

/// One thread, until its operations are done; returns how many that were.
fn work(database: &Database, form: &Form, number: u64, progress: &Progress) -> (Worker, u64) {
    let mut worker = Worker::new(database, form.seed, number, form.keys);
    let mut done = 0;
    while done < form.operations && form.until.is_none_or(|until| Instant::now() < until) {
        (0..BATCH).for_each(|_| worker.step());
        done += BATCH;
        progress.add(BATCH);
    }
    (worker, done)
}

/// The database holds exactly what the threads know.
fn compare(database: &Database, workers: &[Worker]) {
    let report = database.check().unwrap();
    assert!(report.is_clean(), "check found {:?}", report.problems);
    let all = |name: &str| {
        drain(
            database
                .collection(name)
                .unwrap()
                .find(FindOptions::default())
                .unwrap(),
        )
    };
    let found: BTreeMap<u64, Value> = all(OWN)
        .into_iter()
        .map(|document| (document["_id"].as_u64().unwrap(), document))
        .collect();
    let mut expected = BTreeMap::new();
    for (number, worker) in workers.iter().enumerate() {
        for (key, document) in &worker.oracle {
            expected.insert(*key, document.value(number as u64, *key));
        }
    }
    assert!(
        found == expected,
        "{} documents in place of {}",
        found.len(),
        expected.len()
    );
    assert_eq!(total_of_accounts(&all(ACCOUNTS)), Some(0), "the sum at the end");
    let counted: i64 = workers.iter().map(|worker| worker.counted).sum();
    assert_eq!(
        all(COUNTERS)[0]["count"].as_i64(),
        Some(counted),
        "increments were lost"
    );
}

/// By how much `values` grew from their beginning to their end, by the straight line that fits them best.
fn growth(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / count;
    let (mut product, mut square) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let distance = index as f64 - middle;
        product += distance * (value - mean);
        square += distance * distance;
    }
    product / square * (count - 1.0)
}

/// Memory and files do not grow once the soak is warm, which takes minutes: in the second half of it.
fn assert_flat(samples: &[Sample]) {
    for (index, sample) in samples.iter().enumerate().step_by(samples.len().div_ceil(20)) {
        eprintln!("soak: sample {index}: {sample:?}");
    }
    let warm = &samples[samples.len() / 2..];
    let resident: Vec<f64> = warm.iter().map(|sample| sample.resident_bytes as f64).collect();
    let allocated: Vec<f64> = warm.iter().map(|sample| sample.allocated_bytes as f64).collect();
    let files: Vec<f64> = warm.iter().map(|sample| sample.file_bytes as f64).collect();
    for (what, values) in [
        ("memory", resident),
        ("what is allocated", allocated),
        ("files", files),
    ] {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let most = values.iter().copied().fold(0.0, f64::max);
        let grown = growth(&values);
        let megabytes = |bytes: f64| bytes / MEGABYTE as f64;
        eprintln!(
            "soak: {what} {:.1} MB, at most {:.1}, grew by {:.2} MB over {} samples",
            megabytes(mean),
            megabytes(most),
            megabytes(grown),
            values.len()
        );
        // An allocator that is used by threads in turn gives pages back late, or never: only what is allocated tells.
        let share = if what == "memory" { 8.0 } else { 20.0 };
        let allowed = (mean / share).max(4.0 * MEGABYTE as f64);
        assert!(grown < allowed, "{what} grows");
        assert!(most < 3.0 * mean + 32.0 * MEGABYTE as f64, "{what} has no bound");
    }
}

#[test]
fn threads_find_what_they_wrote_while_the_database_is_kept_up() {
    let samples = soak(&Form {
        seed: setting("QUIRE_SEED").unwrap_or(7),
        threads: 4,
        keys: 120,
        operations: 10_000,
        until: None,
        upkeep_every: 2_000,
    });
    assert!(samples.len() >= 4, "upkeep came only {} times", samples.len());
}

#[test]
fn growth_is_what_the_fitting_line_says() {
    let flat: Vec<f64> = (0..100).map(|index| f64::from(5 + index % 2)).collect();
    assert!(growth(&flat).abs() < 0.1);
    let steep: Vec<f64> = (0..100).map(|index| f64::from(index * 3)).collect();
    assert!((growth(&steep) - 297.0).abs() < 0.001);
}

#[test]
#[ignore = "takes the minutes that it is told: npm run soak"]
fn memory_is_flat_and_files_are_bounded_for_minutes() {
    let minutes = setting("QUIRE_MINUTES").unwrap_or(1);
    let samples = soak(&Form {
        seed: setting("QUIRE_SEED").unwrap_or(1),
        threads: setting("QUIRE_THREADS").unwrap_or(8),
        keys: 3_000,
        operations: u64::MAX,
        until: Some(Instant::now() + Duration::from_secs(minutes * 60)),
        upkeep_every: 10_000,
    });
    assert_flat(&samples);
}
