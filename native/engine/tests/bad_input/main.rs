//! Bad input: every kind of error that a program can cause or meet, with nothing changed or lost.
//!
//! Leaves to others: what damage does to files (tests/corruption/), failing disks (tests/faults.rs).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod disk;
mod files;
mod lost_log;
mod state;

use quire_engine::{Collection, Database, ErrorKind, FindOptions, OpenOptions, Owner, Result, WriteOptions};
use serde_json::{Value, json};

use common::{drain, pack_all};

/// A write at the level of the handle, by nobody in particular.
const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

/// The kind of error that a call ends in.
#[track_caller]
fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("the call succeeded"),
        Err(error) => {
            assert!(error.message().len() > 10, "{error}");
            error.kind()
        }
    }
}

/// A database in memory with one collection of 20 documents.
fn people(options: &OpenOptions) -> (Database, Collection) {
    let database = Database::open(":memory:", options).unwrap();
    let people = database.collection("people").unwrap();
    let documents: Vec<Value> = (0..20)
        .map(|number| json!({ "_id": number, "name": format!("Name {number}"), "age": number }))
        .collect();
    people
        .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    (database, people)
}

/// Everything that the database holds.
fn content(database: &Database) -> Vec<(String, Vec<Value>)> {
    let infos = database.collections().unwrap();
    infos
        .iter()
        .map(|info| {
            let collection = database.collection(&info.name).unwrap();
            let mut documents = drain(collection.find(FindOptions::default()).unwrap());
            documents.sort_by_key(|document| document["_id"].to_string());
            assert_eq!(collection.count(None).unwrap(), documents.len() as u64);
            (info.name.to_string(), documents)
        })
        .collect()
}
