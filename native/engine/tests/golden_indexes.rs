//! Files with ordered indexes, of catalog version 2: every release opens them and finds exactly their indexes.
//!
//! tests/golden/ holds a closed database (`format-1-indexes.quire`) and one whose process was killed
//! (`format-1-indexes-killed.quire` with its logs), whose log makes and drops indexes. New files come from
//!
//! ```text
//! cargo test -p quire-engine --test golden_indexes -- --ignored write_the_golden_files
//! ```
//!
//! Leaves to others: documents and every other kind of byte (golden.rs).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::golden::{SUFFIXES, folder, options, storage_of};
use common::{id, pack, pack_all};
use quire_engine::storage::{MemoryStorage, OpenMode, Storage};
use quire_engine::{
    Collection, Database, ErrorKind, IndexDefinition, OpenOptions, Owner, WriteOptions, dump_on,
};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

const CLOSED: &str = "format-1-indexes.quire";
const KILLED: &str = "format-1-indexes-killed.quire";

fn person(number: u64) -> Value {
    let tags: Vec<Value> = (0..number % 4).map(|tag| json!(tag * number)).collect();
    json!({ "_id": number, "mail": format!("m{number}@example.org"), "age": number % 90, "tags": tags })
}

fn create(collection: &Collection, definition: &Value) {
    let definition = IndexDefinition::parse(&pack(definition)).unwrap();
    collection.create_index(&definition, &WRITE).unwrap();
}

fn write_base(database: &Database) {
    let people = database.collection("people").unwrap();
    create(&people, &json!({ "key": { "mail": 1 }, "unique": true }));
    let documents: Vec<Value> = (0..300).map(person).collect();
    people
        .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    create(&people, &json!({ "key": [["age", -1], ["_id", 1]] }));
    create(&people, &json!({ "key": { "tags": 1 }, "name": "tagged" }));
    create(&people, &json!({ "key": { "nick": 1 }, "sparse": true }));
    create(
        &people,
        &json!({ "key": { "age": 1 }, "partialFilterExpression": { "age": { "$gte": 80 } } }),
    );
    create(
        &people,
        &json!({ "key": { "seen": 1 }, "expireAfterSeconds": 3600 }),
    );
    database.checkpoint().unwrap();
}

fn write_log(database: &Database) {
    let people = database.collection("people").unwrap();
    people.drop_index("age_-1__id_1", &WRITE).unwrap();
    create(&people, &json!({ "key": [["tags", -1], ["age", 1]] }));
    people
        .put(
            &pack(&json!({ "_id": 7, "mail": "new", "nick": "n", "tags": [] })),
            &WRITE,
        )
        .unwrap();
    people.delete(&id(&json!(8)), &WRITE).unwrap();
    create(
        &database.collection("late").unwrap(),
        &json!({ "key": { "a.b": 1 } }),
    );
    database.sync().unwrap();
}

/// Names and numbers of entries of the indexes of `people`.
fn base_indexes() -> Vec<(&'static str, u64)> {
    vec![
        ("_id_", 300),
        ("mail_1", 300),
        ("age_-1__id_1", 300),
        ("tagged", 525),
        ("nick_1", 0),
        ("age_1", 30),
        ("seen_1", 300),
    ]
}

fn killed_indexes() -> Vec<(&'static str, u64)> {
    vec![
        ("_id_", 299),
        ("mail_1", 299),
        ("tagged", 522),
        ("nick_1", 1),
        ("age_1", 30),
        ("seen_1", 299),
        ("tags_-1_age_1", 522),
    ]
}

#[track_caller]
fn expect(name: &str, wanted: &[(&str, u64)]) {
    let storage = storage_of(name);
    let report = dump_on(&storage, Path::new(name), |_| Ok(())).unwrap();
    assert_eq!(report.problems_count, 0);
    let mut dumped: Vec<&str> = report
        .indexes
        .iter()
        .filter(|(collection, _)| collection == "people")
        .map(|(_, definition)| &*definition.name)
        .collect();
    let mut names: Vec<&str> = wanted[1..].iter().map(|(name, _)| *name).collect();
    dumped.sort_unstable();
    names.sort_unstable();
    assert_eq!(dumped, names);
    for read_only in [true, false] {
        let options = OpenOptions {
            read_only,
            ..options()
        };
        let database = Database::open_on(Arc::new(storage.clone()), Path::new(name), &options).unwrap();
        let people = database.collection("people").unwrap();
        let indexes = people.indexes().unwrap();
        let found: Vec<(&str, u64)> = indexes
            .iter()
            .map(|info| (&*info.definition.name, info.entries_count))
            .collect();
        assert_eq!(found, wanted);
        let tagged = indexes
            .iter()
            .find(|info| &*info.definition.name == "tagged")
            .unwrap();
        assert_eq!(tagged.arrays, 1);
        let report = database.check().unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
        if !read_only {
            let again = people.insert(&pack(&json!({ "_id": "x", "mail": "m9@example.org" })), &WRITE);
            assert_eq!(again.unwrap_err().kind(), ErrorKind::DuplicateKey);
            people.drop_indexes(&WRITE).unwrap();
            database.checkpoint().unwrap();
            assert!(database.check().unwrap().is_clean());
        }
    }
}

#[test]
fn closed_database_with_indexes_holds_them() {
    expect(CLOSED, &base_indexes());
}

#[test]
fn killed_database_with_indexes_holds_them() {
    expect(KILLED, &killed_indexes());
}

#[test]
#[ignore = "writes tests/golden; for a new format only"]
fn write_the_golden_files() {
    for name in [CLOSED, KILLED] {
        let storage = MemoryStorage::new();
        let database = Database::open_on(Arc::new(storage.clone()), Path::new(name), &options()).unwrap();
        write_base(&database);
        if name == CLOSED {
            database.close().unwrap();
        } else {
            write_log(&database);
        }
        for suffix in SUFFIXES {
            let name = format!("{name}{suffix}");
            if storage.exists(name.as_ref()).unwrap() {
                let file = storage.open(name.as_ref(), OpenMode::Read).unwrap();
                let mut bytes = vec![0; file.len().unwrap() as usize];
                file.read_exact_at(0, &mut bytes).unwrap();
                std::fs::write(folder().join(name), bytes).unwrap();
            }
        }
    }
}
