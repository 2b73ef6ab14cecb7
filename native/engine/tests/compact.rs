//! Compactions of real databases: what they give back, what they leave as it was, and readers and writers that go on
//! meanwhile. Crashes and failing disks are in the campaigns of common/simulation, which compact among all else.
//!
//! `QUIRE_CASES=n` tries so many random files, `QUIRE_SEED=n` begins with that one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{Folder, drain, filter, get, id, pack, pack_all, unpack};
use quire_engine::{
    Collection, Database, Durability, ErrorKind, FindOptions, IdMode, IndexDefinition, OpenOptions,
    TransactionOptions, WriteOptions,
};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: quire_engine::Owner(0),
};

fn open(path: &str) -> Database {
    Database::open(path, &OpenOptions::default()).unwrap()
}

fn document(number: u64) -> Value {
    let text = "x".repeat(120 + (number % 60) as usize);
    json!({"_id": number, "group": number % 97, "tags": [number % 5, "t"], "text": text})
}

fn index(collection: &Collection, key: Value, name: &str) {
    let definition = IndexDefinition::decode(&pack(&json!({"key": key, "name": name}))).unwrap();
    collection.create_index(&definition, &WRITE).unwrap();
}

fn insert(collection: &Collection, numbers: impl Iterator<Item = u64>) {
    let documents: Vec<Value> = numbers.map(document).collect();
    for some in documents.chunks(1000) {
        collection
            .insert_many(&pack_all(some), &mut Vec::new(), &WRITE)
            .unwrap();
    }
}

/// Every document by its id, after `check` found nothing.
fn content(database: &Database, name: &str) -> Vec<Value> {
    let report = database.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let collection = database.collection(name).unwrap();
    let mut documents = drain(collection.find(FindOptions::default()).unwrap());
    documents.sort_by_key(|document| document["_id"].to_string());
    documents
}

fn file_bytes(path: &str) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// `count` documents with two indexes, of which every tenth is kept; the file has what it has then.
fn sparse(path: &str, count: u64) -> Database {
    let database = open(path);
    let things = database.collection("things").unwrap();
    index(&things, json!({"group": 1}), "group_1");
    index(&things, json!({"tags": 1, "group": -1}), "tags_1");
    insert(&things, 0..count);
    for number in 0..count {
        if !number.is_multiple_of(10) {
            things.delete(&id(&json!(number)), &WRITE).unwrap();
        }
    }
    database.checkpoint().unwrap();
    database
}

#[test]
fn compact_file_is_hardly_larger_than_a_fresh_one_of_the_same_documents() {
    const COUNT: u64 = 100_000;
    let folder = Folder::new();
    let (path, fresh_path) = (folder.file("sparse.quire"), folder.file("fresh.quire"));
    let database = sparse(&path, COUNT);
    let before = content(&database, "things");
    let sparse_bytes = file_bytes(&path);
    let report = database.compact().unwrap();
    assert_eq!(content(&database, "things"), before);
    let fresh = open(&fresh_path);
    let things = fresh.collection("things").unwrap();
    index(&things, json!({"group": 1}), "group_1");
    index(&things, json!({"tags": 1, "group": -1}), "tags_1");
    insert(&things, (0..COUNT).step_by(10));
    fresh.checkpoint().unwrap();
    let (bytes, fresh_bytes) = (file_bytes(&path), file_bytes(&fresh_path));
    eprintln!("{sparse_bytes} bytes, {bytes} compact, {fresh_bytes} fresh: {report:?}");
    assert_eq!((report.bytes_before, report.bytes_after), (sparse_bytes, bytes));
    assert!(
        bytes * 100 <= fresh_bytes * 115,
        "{bytes} bytes, fresh {fresh_bytes}"
    );
    assert_eq!(report.moved.len(), 1);
    // What is compact is left alone.
    let again = database.compact().unwrap();
    assert_eq!(
        (again.moved.len(), again.left.len(), again.bytes_after),
        (0, 0, bytes)
    );
    database.close().unwrap();
    let database = open(&path);
    assert_eq!(content(&database, "things"), before);
}

#[test]
fn room_in_front_of_full_collections_is_given_back() {
    let folder = Folder::new();
    let path = folder.file("front.quire");
    let database = open(&path);
    for name in ["first", "second", "third"] {
        let collection = database.collection(name).unwrap();
        index(&collection, json!({"group": 1}), "group_1");
        insert(&collection, 0..4000);
    }
    let large = database.collection("large").unwrap();
    for number in 0..20 {
        large
            .insert(&pack(&json!({"_id": number, "text": "y".repeat(70_000)})), &WRITE)
            .unwrap();
    }
    database.drop_collection("first", &WRITE).unwrap();
    database.drop_collection("third", &WRITE).unwrap();
    database.checkpoint().unwrap();
    let before = (content(&database, "second"), content(&database, "large"));
    let report = database.compact().unwrap();
    let stats = database.stats().unwrap();
    assert!(
        stats.free_pages * 10 < stats.pages_count,
        "{report:?}: {} of {}",
        stats.free_pages,
        stats.pages_count
    );
    assert_eq!(report.bytes_after, file_bytes(&path));
    assert!(report.bytes_after * 10 < report.bytes_before * 7, "{report:?}");
    assert_eq!(
        (content(&database, "second"), content(&database, "large")),
        before
    );
}

#[test]
fn ids_counters_and_indexes_go_on_after_a_compaction() {
    let folder = Folder::new();
    let path = folder.file("goes-on.quire");
    let database = open(&path);
    database
        .create_collection("counted", IdMode::Integer, &WRITE)
        .unwrap();
    let counted = database.collection("counted").unwrap();
    index(&counted, json!({"name": 1}), "name_1");
    for number in 0..3000 {
        let text = "z".repeat(200);
        counted
            .insert(&pack(&json!({"name": number % 10, "text": text})), &WRITE)
            .unwrap();
    }
    counted
        .delete_matching(Some(filter(&json!({"_id": {"$gt": 100}}))), None, &WRITE)
        .unwrap();
    assert_eq!(database.compact().unwrap().moved.len(), 1);
    let made = counted.insert(&pack(&json!({"name": 3})), &WRITE).unwrap();
    assert_eq!(made, id(&json!(3001)));
    assert_eq!(counted.count(Some(filter(&json!({"name": 3})))).unwrap(), 11);
    let named = FindOptions {
        filter: Some(filter(&json!({"name": 3}))),
        ..FindOptions::default()
    };
    assert_eq!(drain(counted.find(named).unwrap()).len(), 11);
    drop(counted);
    database.close().unwrap();
    let database = open(&path);
    assert_eq!(content(&database, "counted").len(), 101);
    assert_eq!(
        database.collection("counted").unwrap().indexes().unwrap().len(),
        2
    );
}

#[test]
fn cursors_and_transactions_of_before_read_on() {
    let folder = Folder::new();
    let database = sparse(&folder.file("held.quire"), 20_000);
    let things = database.collection("things").unwrap();
    // Room in front, so that the collection can move although its old pages are still read.
    let front = database.collection("aside").unwrap();
    insert(&front, 0..20_000);
    database.drop_collection("aside", &WRITE).unwrap();
    database.checkpoint().unwrap();
    let expected = content(&database, "things");
    let mut scan = things.find(FindOptions::default()).unwrap();
    let by_index = FindOptions {
        filter: Some(filter(&json!({"group": {"$gte": 0}}))),
        ..FindOptions::default()
    };
    let mut found = things
        .find(FindOptions {
            hint: None,
            ..by_index.clone()
        })
        .unwrap();
    let mut read = [Vec::new(), Vec::new()];
    for (cursor, read) in [&mut scan, &mut found].into_iter().zip(&mut read) {
        let mut out = Vec::new();
        cursor.next_batch(&mut out, 10, 1 << 20).unwrap();
        read.extend(unpack(&out, &cursor.structures()));
    }
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    let report = database.compact().unwrap();
    things
        .put(&pack(&json!({"_id": 0, "new": true})), &WRITE)
        .unwrap();
    for number in [0u64, 10, 1990] {
        let mut document = Vec::new();
        transaction
            .get("things", &id(&json!(number)), &mut document)
            .unwrap();
        assert!(!document.is_empty(), "{number}");
    }
    drop(transaction);
    for (cursor, mut read) in [scan, found].into_iter().zip(read) {
        read.extend(drain(cursor));
        read.sort_by_key(|document| document["_id"].to_string());
        assert_eq!(read, expected, "{report:?}");
    }
    assert_eq!(get(&things, &json!(0)), Some(json!({"_id": 0, "new": true})));
    assert_eq!(database.stats().unwrap().version_bytes, 0);
    database.compact().unwrap();
    let stats = database.stats().unwrap();
    assert!(
        stats.free_pages * 8 < stats.pages_count + 80,
        "{} of {}",
        stats.free_pages,
        stats.pages_count
    );
    assert_eq!(content(&database, "things").len(), expected.len());
}

#[test]
fn collection_that_is_held_or_too_large_is_named_and_left() {
    let folder = Folder::new();
    let path = folder.file("left.quire");
    sparse(&path, 30_000).close().unwrap();
    let options = OpenOptions {
        lock_wait_ms: 0,
        cache_bytes: 1 << 20,
        ..OpenOptions::default()
    };
    let database = Database::open(&path, &options).unwrap();
    let report = database.compact().unwrap();
    assert_eq!((report.left.len(), report.moved.len()), (1, 0), "{report:?}");
    database.close().unwrap();
    let options = OpenOptions {
        cache_bytes: 64 << 20,
        ..options
    };
    let database = Database::open(&path, &options).unwrap();
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    transaction.put("things", &pack(&json!({"_id": "held"}))).unwrap();
    assert_eq!(database.compact().unwrap().left.len(), 1);
    transaction.commit(Durability::Process).unwrap();
    assert_eq!(database.compact().unwrap().moved.len(), 1);
    assert_eq!(content(&database, "things").len(), 3001);
}

#[test]
fn database_in_memory_is_compacted_and_one_that_is_only_read_is_not() {
    let database = sparse(":memory:", 20_000);
    let before = content(&database, "things");
    let report = database.compact().unwrap();
    assert!(report.bytes_after * 4 < report.bytes_before, "{report:?}");
    assert_eq!(content(&database, "things"), before);
    let folder = Folder::new();
    let path = folder.file("read.quire");
    open(&path).close().unwrap();
    let reader = Database::open(
        &path,
        &OpenOptions {
            read_only: true,
            ..OpenOptions::default()
        },
    )
    .unwrap();
    assert_eq!(reader.compact().unwrap_err().kind(), ErrorKind::ReadOnly);
    database.close().unwrap();
    assert_eq!(database.compact().unwrap_err().kind(), ErrorKind::Closed);
}

/// Threads write pairs of counters while others compact, back up and make checkpoints.
#[test]
fn writers_lose_nothing_to_compactions_and_backups() {
    const THREADS: usize = 3;
    const ROUNDS: usize = 40;
    let folder = Folder::new();
    let options = OpenOptions {
        checkpoint_log_bytes: 1 << 20,
        ..OpenOptions::default()
    };
    let path = folder.file("busy.quire");
    let database = Database::open(&path, &options).unwrap();
    let acknowledged: Vec<AtomicU64> = (0..THREADS).map(|_| AtomicU64::new(0)).collect();
    let is_over = AtomicBool::new(false);
    let write = |thread: usize| {
        let names = [format!("left-{thread}"), format!("right-{thread}")];
        index(
            &database.collection(&names[0]).unwrap(),
            json!({"round": 1}),
            "round_1",
        );
        let mut round: u64 = 0;
        while !is_over.load(Ordering::Relaxed) {
            round += 1;
            let options = TransactionOptions {
                collections: names.to_vec(),
                ..TransactionOptions::default()
            };
            let mut transaction = database.begin(&options).unwrap();
            for name in &names {
                transaction
                    .put(name, &pack(&json!({"_id": "counter", "round": round})))
                    .unwrap();
                // Documents come and most of them go again.
                let text = "z".repeat(((round * 37) % 900) as usize);
                transaction
                    .put(name, &pack(&json!({"_id": round, "round": round, "text": text})))
                    .unwrap();
                if round > 200 && !round.is_multiple_of(9) {
                    transaction.delete(name, &id(&json!(round - 200))).unwrap();
                }
            }
            transaction.commit(Durability::Process).unwrap();
            acknowledged[thread].store(round, Ordering::Release);
        }
    };
    let judge = |database: &Database, least: &[u64], exact: bool| {
        assert!(
            database.check().unwrap().is_clean(),
            "{:?}",
            database.check().unwrap().problems
        );
        for (thread, least) in least.iter().enumerate() {
            let sides = ["left", "right"].map(|side| {
                let collection = database.collection(&format!("{side}-{thread}")).unwrap();
                let counter = get(&collection, &json!("counter"));
                let count = collection.count(None).unwrap();
                (
                    counter.map_or(0, |counter| counter["round"].as_u64().unwrap()),
                    count,
                )
            });
            assert_eq!(sides[0], sides[1], "half a transaction");
            assert!(sides[0].0 >= *least && (!exact || sides[0].0 == *least));
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let write = &write;
            scope.spawn(move || write(thread));
        }
        // A reader whose cursors keep old pages.
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let collection = database.collection("left-0").unwrap();
                let documents = drain(collection.find(FindOptions::default()).unwrap());
                let counters = documents.iter().filter(|document| document["_id"] == "counter");
                assert!(counters.count() <= 1);
                let every = filter(&json!({"round": {"$gte": 0}}));
                let options = FindOptions {
                    filter: Some(every),
                    ..FindOptions::default()
                };
                drain(collection.find(options).unwrap());
            }
        });
        for round in 0..ROUNDS {
            let least: Vec<u64> = acknowledged
                .iter()
                .map(|rounds| rounds.load(Ordering::Acquire))
                .collect();
            database.compact().unwrap();
            if round % 4 == 0 {
                let copy_path = folder.file(&format!("copy-{round}.quire"));
                database.backup(&copy_path).unwrap();
                let copy = open(&copy_path);
                judge(&copy, &least, false);
                copy.close().unwrap();
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let least: Vec<u64> = acknowledged
        .iter()
        .map(|rounds| rounds.load(Ordering::Acquire))
        .collect();
    judge(&database, &least, true);
    let report = database.compact().unwrap();
    let stats = database.stats().unwrap();
    eprintln!(
        "{} pages, {} free, {least:?} rounds, {report:?}",
        stats.pages_count, stats.free_pages
    );
    assert!(stats.free_pages <= stats.pages_count / 8 + 10);
    judge(&database, &least, true);
    database.close().unwrap();
    judge(&open(&path), &least, true);
}

/// A small generator: the same seed gives the same database.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn little_room_is_left_whatever_the_file_looked_like() {
    let cases: u64 = std::env::var("QUIRE_CASES").map_or(25, |cases| cases.parse().unwrap());
    let first: u64 = std::env::var("QUIRE_SEED").map_or(1, |seed| seed.parse().unwrap());
    for seed in first..first + cases {
        let folder = Folder::new();
        let database = open(&folder.file("random.quire"));
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..4 + next(&mut random) % 12 {
            let name = format!("c{}", next(&mut random) % 5);
            let collection = database.collection(&name).unwrap();
            match next(&mut random) % 8 {
                0 => drop(database.drop_collection(&name, &WRITE).unwrap()),
                1 => index(&collection, json!({"group": 1}), "group_1"),
                2 => database.checkpoint().unwrap(),
                3 | 4 => {
                    let share = next(&mut random) % 97;
                    let some = filter(&json!({"group": {"$lt": share}}));
                    collection.delete_matching(Some(some), None, &WRITE).unwrap();
                }
                5 => {
                    for number in 0..next(&mut random) % 9 {
                        let text = "y".repeat((next(&mut random) % 60_000) as usize);
                        let large = json!({"_id": format!("large {number}"), "text": text});
                        collection.put(&pack(&large), &WRITE).unwrap();
                    }
                }
                _ => {
                    let start = 1_000_000 * (next(&mut random) % 1_000_000);
                    insert(&collection, start..start + next(&mut random) % 4000);
                }
            }
        }
        let before: Vec<_> = ["c0", "c1", "c2", "c3", "c4"]
            .map(|name| content(&database, name))
            .into();
        let report = database.compact().unwrap();
        let stats = database.stats().unwrap();
        assert!(
            stats.free_pages <= stats.pages_count / 12 + 8,
            "QUIRE_SEED={seed}: {} of {} pages are free, {report:?}",
            stats.free_pages,
            stats.pages_count
        );
        let after: Vec<_> = ["c0", "c1", "c2", "c3", "c4"]
            .map(|name| content(&database, name))
            .into();
        assert!(after == before, "QUIRE_SEED={seed}: documents changed");
    }
}
