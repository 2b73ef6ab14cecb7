//! Change streams: what is told, in which order, and where a stream can go on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod resuming;
mod telling;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Folder, filter, id, pack, pack_all};
use quire_engine::{
    Collection, Database, Durability, ErrorKind, OpenOptions, Owner, Resume, ResumeToken, Stream, Update,
    WriteOptions,
};
use quire_engine::{TransactionOptions, WatchOptions};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

fn open(folder: &Folder) -> Database {
    Database::open(&folder.file("a.quire"), &quiet()).unwrap()
}

/// Without a janitor: checkpoints and syncs are the test's.
fn quiet() -> OpenOptions {
    OpenOptions {
        background: false,
        ..OpenOptions::default()
    }
}

fn watch(database: &Database) -> Stream {
    database.watch(WatchOptions::default()).unwrap()
}

fn of(collection: &str) -> WatchOptions {
    WatchOptions {
        collection: Some(collection.into()),
        ..WatchOptions::default()
    }
}

fn update(value: &Value) -> Update {
    Update::compile(&pack(value)).unwrap()
}

/// Everything that can be read now.
fn drain(stream: &mut Stream) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let progress = read(stream, &mut events, Duration::ZERO).unwrap();
        if progress == 0 {
            return events;
        }
    }
}

/// Adds what one call gives; how many events that were.
fn read(stream: &mut Stream, events: &mut Vec<Value>, timeout: Duration) -> quire_engine::Result<usize> {
    loop {
        let mut out = Vec::new();
        let progress = stream.wait_for_batch(&mut out, 100, 1 << 20, timeout)?;
        let mut rest = out.as_slice();
        while !rest.is_empty() {
            events.push(rmp_serde::from_read(&mut rest).unwrap());
        }
        if progress.count > 0 || !progress.has_more {
            return Ok(progress.count);
        }
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["operationType"].as_str().unwrap())
        .collect()
}

fn token_of(event: &Value) -> &str {
    event["_id"].as_str().unwrap()
}

fn insert(collection: &Collection, number: u64) {
    let document = json!({ "_id": number, "name": format!("name {number}"), "tags": ["a", "b"] });
    collection.insert(&pack(&document), &WRITE).unwrap();
}

/// Events grouped by commit, after checking that each commit came whole and in order.
fn commits(events: &[Value]) -> BTreeMap<u64, Vec<&Value>> {
    let mut commits: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    let mut last = (0, true);
    for event in events {
        let commit = &event["commit"];
        let (sequence, index) = (
            commit["sequence"].as_u64().unwrap(),
            commit["index"].as_u64().unwrap(),
        );
        let group = commits.entry(sequence).or_default();
        assert_eq!(group.len() as u64, index, "a change is missing or came twice");
        assert!(if index == 0 {
            last.1 && sequence > last.0
        } else {
            sequence == last.0
        });
        last = (sequence, commit["isLast"].as_bool().unwrap());
        group.push(event);
    }
    assert!(last.1);
    commits
}
