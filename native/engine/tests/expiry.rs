//! Documents that expire by TTL indexes: which do, when, and that the setting outlives the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{Folder, id, pack};
use quire_engine::format::value::Timestamp;
use quire_engine::{
    Collection, Database, ErrorKind, IndexDefinition, MEMORY_PATH, OpenOptions, Owner, TransactionOptions,
    WriteOptions,
};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

fn second(seconds: i64) -> Timestamp {
    Timestamp {
        seconds,
        nanoseconds: 0,
    }
}

fn create(collection: &Collection, definition: &Value) {
    let definition = IndexDefinition::parse(&pack(definition)).unwrap();
    collection.create_index(&definition, &WRITE).unwrap();
}

/// A date in MessagePack.
fn date(seconds: u32) -> Vec<u8> {
    [&[0xd6, 0xff][..], &seconds.to_be_bytes()].concat()
}

/// Inserts `{_id: number, at: value}`.
fn insert(collection: &Collection, number: u16, value: &[u8]) {
    let document = [&b"\x82\xa3_id\xcd"[..], &number.to_be_bytes(), b"\xa2at", value].concat();
    collection.insert(&document, &WRITE).unwrap();
}

fn ids(collection: &Collection, of: std::ops::Range<u16>) -> Vec<u16> {
    of.filter(|number| collection.has(&id(&json!(number))).unwrap())
        .collect()
}

#[test]
fn dates_that_are_over_expire_and_nothing_else() {
    for direction in [1, -1] {
        let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
        let events = database.collection("events").unwrap();
        create(
            &events,
            &json!({ "key": { "at": direction }, "expireAfterSeconds": 100 }),
        );
        insert(&events, 1000, &date(900));
        insert(&events, 1001, &date(901));
        insert(&events, 1002, &[&[0x92][..], &date(5000), &date(3)].concat());
        insert(&events, 1003, &[&[0x91][..], &date(5000)].concat());
        insert(&events, 1004, &[0x90]);
        insert(&events, 1005, &[0xc0]);
        insert(&events, 1006, &[5]);
        insert(&events, 1007, b"\xa4text");
        events.insert(&pack(&json!({ "_id": 1008 })), &WRITE).unwrap();
        assert_eq!(database.expire_documents_at(second(999)).unwrap(), 1);
        assert_eq!(database.expire_documents_at(second(1000)).unwrap(), 1);
        assert_eq!(
            ids(&events, 1000..1010),
            [1001, 1003, 1004, 1005, 1006, 1007, 1008]
        );
        assert_eq!(database.expire_documents_at(second(1000)).unwrap(), 0);
        assert_eq!(database.expire_documents_at(second(9000)).unwrap(), 2);
        assert_eq!(ids(&events, 1000..1010), [1004, 1005, 1006, 1007, 1008]);
        assert!(database.check().unwrap().is_clean());
    }
}

#[test]
fn many_documents_expire_after_reopening_and_only_in_their_partial_index() {
    let folder = Folder::new();
    let path = folder.file("a.quire");
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    let events = database.collection("events").unwrap();
    create(
        &events,
        &json!({ "key": { "at": 1 }, "expireAfterSeconds": 0, "partialFilterExpression": { "_id": { "$gte": 2000 } } }),
    );
    (1000..3300).for_each(|number| insert(&events, number, &date(7)));
    database.close().unwrap();
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(database.expire_documents().unwrap(), 1300);
    let events = database.collection("events").unwrap();
    assert_eq!(events.count(None).unwrap(), 1000);
    assert!(database.check().unwrap().is_clean());
    database.close().unwrap();
}

#[test]
fn a_held_collection_is_busy_and_a_read_only_database_expires_nothing() {
    let folder = Folder::new();
    let path = folder.file("a.quire");
    let options = OpenOptions {
        lock_wait_ms: 0,
        ..OpenOptions::default()
    };
    let database = Database::open(&path, &options).unwrap();
    let events = database.collection("events").unwrap();
    create(&events, &json!({ "key": { "at": 1 }, "expireAfterSeconds": 1 }));
    insert(&events, 1000, &date(7));
    let held = TransactionOptions {
        collections: vec!["events".to_owned()],
        owner: Owner(0),
    };
    let transaction = database.begin(&held).unwrap();
    assert_eq!(database.expire_documents().unwrap_err().kind(), ErrorKind::Busy);
    drop(transaction);
    database.close().unwrap();
    let read_only = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    let database = Database::open(&path, &read_only).unwrap();
    assert_eq!(
        database.expire_documents().unwrap_err().kind(),
        ErrorKind::ReadOnly
    );
    assert_eq!(database.collection("events").unwrap().count(None).unwrap(), 1);
    database.close().unwrap();
}

#[test]
fn documents_expire_in_the_background_on_disk_and_in_memory() {
    let folder = Folder::new();
    for path in [folder.file("a.quire"), MEMORY_PATH.to_owned()] {
        let options = OpenOptions {
            ttl_interval_ms: 1,
            ..OpenOptions::default()
        };
        let database = Database::open(&path, &options).unwrap();
        let events = database.collection("events").unwrap();
        create(&events, &json!({ "key": { "at": 1 }, "expireAfterSeconds": 1 }));
        insert(&events, 1000, &date(7));
        insert(&events, 1001, &date(u32::MAX));
        let begun = Instant::now();
        while events.count(None).unwrap() > 1 {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing expired");
            std::thread::yield_now();
        }
        assert_eq!(ids(&events, 1000..1002), [1001]);
        database.close().unwrap();
    }
}
