//! Databases through their handles: what is written is found, also after closing, a crash, and beside others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Folder, drain, filter, get, id, pack, pack_all};
use quire_engine::{
    Database, Durability, ErrorKind, FindOptions, IdMode, OpenOptions, Owner, TransactionOptions,
    WriteOptions,
};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

fn person(number: u64) -> Value {
    json!({ "_id": format!("person-{number}"), "name": format!("Name {number}"), "age": number % 90, "tags": ["a", "b"] })
}

fn open(folder: &Folder) -> Database {
    Database::open(&folder.file("a.quire"), &OpenOptions::default()).unwrap()
}

#[test]
fn documents_are_found_before_and_after_reopening() {
    let folder = Folder::new();
    let documents: Vec<Value> = (0..3000).map(person).collect();
    {
        let database = open(&folder);
        let people = database.collection("people").unwrap();
        let mut ids = Vec::new();
        assert_eq!(
            people
                .insert_many(&pack_all(&documents), &mut ids, &WRITE)
                .unwrap(),
            3000
        );
        assert_eq!(get(&people, &json!("person-7")), Some(person(7)));
        assert_eq!(get(&people, &json!("person-3000")), None);
        database.close().unwrap();
        assert_eq!(
            people.has(&id(&json!("person-7"))).unwrap_err().kind(),
            ErrorKind::Closed
        );
    }
    let names: Vec<_> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["a.quire"], "a clean close leaves one file");
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    assert_eq!(people.count(None).unwrap(), 3000);
    let mut found = drain(people.find(FindOptions::default()).unwrap());
    found.sort_by_key(|document| document["_id"].as_str().unwrap()[7..].parse::<u64>().unwrap());
    assert_eq!(found, documents);
    let old = FindOptions {
        filter: Some(filter(&json!({ "age": { "$gte": 88 } }))),
        ..FindOptions::default()
    };
    assert_eq!(drain(people.find(old).unwrap()).len(), 66);
}

#[test]
fn commits_survive_a_handle_that_was_never_closed() {
    let folder = Folder::new();
    let lost = open(&folder);
    let people = lost.collection("people").unwrap();
    people.insert(&pack(&person(1)), &WRITE).unwrap();
    lost.checkpoint().unwrap();
    people.insert(&pack(&person(2)), &WRITE).unwrap();
    people
        .insert(
            &pack(&json!({ "_id": "person-3", "big": "x".repeat(100_000) })),
            &WRITE,
        )
        .unwrap();
    people.delete(&id(&json!("person-1")), &WRITE).unwrap();
    let copy = Folder::new();
    for entry in std::fs::read_dir(&folder.0).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.0.join(entry.file_name())).unwrap();
    }
    std::fs::remove_file(copy.file("a.quire-lock")).unwrap();
    let database = open(&copy);
    let people = database.collection("people").unwrap();
    assert_eq!(get(&people, &json!("person-1")), None);
    assert_eq!(get(&people, &json!("person-2")), Some(person(2)));
    assert_eq!(
        get(&people, &json!("person-3")).unwrap()["big"]
            .as_str()
            .unwrap()
            .len(),
        100_000
    );
    assert_eq!(people.count(None).unwrap(), 2);
    let report = database.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[test]
fn second_open_in_the_process_shares_the_database() {
    let folder = Folder::new();
    let (one, two) = (open(&folder), open(&folder));
    one.collection("people")
        .unwrap()
        .insert(&pack(&person(1)), &WRITE)
        .unwrap();
    assert_eq!(
        get(&two.collection("people").unwrap(), &json!("person-1")),
        Some(person(1))
    );
    one.close().unwrap();
    two.collection("people")
        .unwrap()
        .insert(&pack(&person(2)), &WRITE)
        .unwrap();
    two.close().unwrap();
    two.close().unwrap();
    assert_eq!(
        open(&folder).collection("people").unwrap().count(None).unwrap(),
        2
    );
}

#[test]
fn failed_insert_changes_nothing() {
    let database = Database::open(
        ":memory:",
        &OpenOptions {
            document_bytes_max: 1000,
            ..OpenOptions::default()
        },
    )
    .unwrap();
    let people = database.collection("people").unwrap();
    people.insert(&pack(&person(1)), &WRITE).unwrap();
    let kind = |document: &Value| people.insert(&pack(document), &WRITE).unwrap_err().kind();
    assert_eq!(kind(&person(1)), ErrorKind::DuplicateId);
    assert_eq!(kind(&json!({ "_id": 1.5 })), ErrorKind::InvalidId);
    assert_eq!(
        kind(&json!({ "_id": 1, "text": "x".repeat(1000) })),
        ErrorKind::DocumentTooLarge
    );
    assert_eq!(kind(&json!([1])), ErrorKind::InvalidDocument);
    let batch = pack_all(&[person(2), person(3), person(1)]);
    assert_eq!(
        people
            .insert_many(&batch, &mut Vec::new(), &WRITE)
            .unwrap_err()
            .kind(),
        ErrorKind::DuplicateId
    );
    let batch = pack_all(&[person(2), person(2)]);
    assert_eq!(
        people
            .insert_many(&batch, &mut Vec::new(), &WRITE)
            .unwrap_err()
            .kind(),
        ErrorKind::DuplicateId
    );
    assert_eq!(people.count(None).unwrap(), 1);
}

#[test]
fn transaction_is_seen_by_nobody_until_it_commits() {
    let database = Database::open(":memory:", &OpenOptions::default()).unwrap();
    let (people, log) = (
        database.collection("people").unwrap(),
        database.collection("log").unwrap(),
    );
    people.insert(&pack(&person(1)), &WRITE).unwrap();
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    transaction.insert("people", &pack(&person(2))).unwrap();
    transaction.delete("people", &id(&json!("person-1"))).unwrap();
    transaction.insert("log", &pack(&json!({ "_id": 1 }))).unwrap();
    assert_eq!(transaction.count("people", None).unwrap(), 1);
    assert!(!transaction.has("people", &id(&json!("person-1"))).unwrap());
    assert_eq!(get(&people, &json!("person-1")), Some(person(1)));
    assert_eq!((people.count(None).unwrap(), log.count(None).unwrap()), (1, 0));
    transaction.commit(Durability::Process).unwrap();
    assert_eq!(get(&people, &json!("person-1")), None);
    assert_eq!(get(&people, &json!("person-2")), Some(person(2)));
    assert_eq!(log.count(None).unwrap(), 1);
    assert_eq!(
        transaction.rollback().unwrap_err().kind(),
        ErrorKind::TransactionEnded
    );

    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    transaction.clear("people").unwrap();
    transaction.insert("people", &pack(&person(9))).unwrap();
    assert_eq!(
        drain(transaction.find("people", FindOptions::default()).unwrap()),
        [person(9)]
    );
    drop(transaction);
    assert_eq!(get(&people, &json!("person-2")), Some(person(2)));
}

#[test]
fn first_committer_wins_and_the_owner_never_waits_for_itself() {
    let database = Database::open(
        ":memory:",
        &OpenOptions {
            lock_wait_ms: 0,
            ..OpenOptions::default()
        },
    )
    .unwrap();
    let people = database.collection("people").unwrap();
    people.insert(&pack(&person(1)), &WRITE).unwrap();
    let mut late = database.begin_as(Owner(1)).unwrap();
    assert!(late.has("people", &id(&json!("person-1"))).unwrap());
    people.insert(&pack(&person(2)), &WRITE).unwrap();
    assert_eq!(
        late.count("people", None).unwrap(),
        1,
        "a transaction sees its beginning"
    );
    assert_eq!(
        late.insert("people", &pack(&person(3))).unwrap_err().kind(),
        ErrorKind::Conflict
    );
    drop(late);
    let mut holder = database.begin_as(Owner(1)).unwrap();
    holder.insert("people", &pack(&person(3))).unwrap();
    let same = WriteOptions {
        durability: None,
        owner: Owner(1),
    };
    assert_eq!(
        people.insert(&pack(&person(4)), &same).unwrap_err().kind(),
        ErrorKind::Busy
    );
    assert_eq!(
        people.insert(&pack(&person(4)), &WRITE).unwrap_err().kind(),
        ErrorKind::Busy
    );
    holder.rollback().unwrap();
    people.insert(&pack(&person(4)), &same).unwrap();
}

#[test]
fn cursor_sees_the_moment_it_was_opened() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    let documents: Vec<Value> = (0..2000).map(person).collect();
    people
        .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    let mut cursor = people.find(FindOptions::default()).unwrap();
    let mut out = Vec::new();
    assert_eq!(cursor.next_batch(&mut out, 10, usize::MAX).unwrap(), 10);
    people.clear(&WRITE).unwrap();
    database.checkpoint().unwrap();
    people
        .insert_many(
            &pack_all(&(5000..9000).map(person).collect::<Vec<_>>()),
            &mut Vec::new(),
            &WRITE,
        )
        .unwrap();
    database.checkpoint().unwrap();
    let mut found = common::unpack(&out, &cursor.structures());
    found.extend(drain(cursor));
    assert_eq!(found.len(), 2000);
    assert!(found.iter().all(|document| documents.contains(document)));
    assert_eq!(people.count(None).unwrap(), 4000);
}

#[test]
fn collections_are_created_renamed_and_dropped() {
    let folder = Folder::new();
    {
        let database = open(&folder);
        database
            .create_collection("numbers", IdMode::Integer, &WRITE)
            .unwrap();
        let numbers = database.collection("numbers").unwrap();
        assert_eq!(
            numbers.insert(&pack(&json!({ "a": 1 })), &WRITE).unwrap(),
            id(&json!(1))
        );
        numbers.insert(&pack(&json!({ "_id": 41 })), &WRITE).unwrap();
        assert_eq!(
            numbers.insert(&pack(&json!({ "a": 2 })), &WRITE).unwrap(),
            id(&json!(42))
        );
        let kind = database
            .create_collection("numbers", IdMode::Ulid, &WRITE)
            .unwrap_err()
            .kind();
        assert_eq!(kind, ErrorKind::CollectionExists);
        database.rename_collection("numbers", "figures", &WRITE).unwrap();
        assert_eq!(numbers.count(None).unwrap(), 0);
        let kind = database
            .rename_collection("numbers", "more", &WRITE)
            .unwrap_err()
            .kind();
        assert_eq!(kind, ErrorKind::CollectionNotFound);
        database
            .collection("other")
            .unwrap()
            .insert(&pack(&json!({ "_id": 1 })), &WRITE)
            .unwrap();
        assert!(database.drop_collection("other", &WRITE).unwrap());
        assert!(!database.drop_collection("other", &WRITE).unwrap());
        assert_eq!(
            database.collection("").err().unwrap().kind(),
            ErrorKind::InvalidName
        );
        std::mem::forget(database);
    }
    let copy = Folder::new();
    for entry in std::fs::read_dir(&folder.0).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_str().unwrap().ends_with("-lock") {
            std::fs::copy(entry.path(), copy.0.join(entry.file_name())).unwrap();
        }
    }
    let database = open(&copy);
    let names: Vec<String> = database
        .collections()
        .unwrap()
        .iter()
        .map(|info| info.name.to_string())
        .collect();
    assert_eq!(names, ["figures"]);
    let figures = database.collection("figures").unwrap();
    assert_eq!(get(&figures, &json!(42)), Some(json!({ "_id": 42, "a": 2 })));
    assert_eq!(figures.insert(&pack(&json!({})), &WRITE).unwrap(), id(&json!(43)));
    assert!(database.check().unwrap().is_clean());
}

#[test]
fn threads_on_one_file_lose_nothing() {
    let folder = Folder::new();
    let database = Arc::new(open(&folder));
    let threads: Vec<_> = (0..4u64)
        .map(|thread| {
            let database = database.clone();
            std::thread::spawn(move || {
                let shared = database.collection("shared").unwrap();
                let own = database.collection(&format!("own-{thread}")).unwrap();
                for number in 0..500u64 {
                    let document = pack(
                        &json!({ "_id": number * 4 + thread, "text": "x".repeat(number as usize % 300) }),
                    );
                    shared.insert(&document, &WRITE).unwrap();
                    own.insert(&document, &WRITE).unwrap();
                    assert!(shared.has(&id(&json!(number * 4 + thread))).unwrap());
                }
            })
        })
        .collect();
    for _ in 0..5 {
        database.checkpoint().unwrap();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let report = database.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    database.close().unwrap();
    let database = open(&folder);
    assert_eq!(database.collection("shared").unwrap().count(None).unwrap(), 2000);
    assert_eq!(database.collection("own-3").unwrap().count(None).unwrap(), 500);
    assert!(database.check().unwrap().is_clean());
}

#[test]
fn deleting_everything_and_inserting_again_does_not_grow_the_file() {
    let folder = Folder::new();
    let documents: Vec<Value> = (0..5000).map(person).collect();
    let size = || std::fs::metadata(folder.file("a.quire")).unwrap().len();
    let mut first_size = 0;
    for round in 0..21 {
        let database = open(&folder);
        let people = database.collection("people").unwrap();
        if round % 2 == 0 {
            let every = filter(&json!({ "age": { "$gte": 0 } }));
            people.delete_matching(Some(every), None, &WRITE).unwrap();
        } else {
            people.clear(&WRITE).unwrap();
        }
        assert_eq!(people.count(None).unwrap(), 0);
        people
            .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
            .unwrap();
        if round % 3 == 0 {
            assert!(database.check().unwrap().is_clean());
        }
        database.close().unwrap();
        if round == 0 {
            first_size = size();
        }
    }
    assert!(
        size() * 10 <= first_size * 12,
        "{} bytes grew to {}",
        first_size,
        size()
    );
}
