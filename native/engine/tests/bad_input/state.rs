//! Calls at the wrong time: on closed handles, read-only databases, ended transactions and held collections.

use quire_engine::{
    Collection, Database, Durability, ErrorKind, FindOptions, IdMode, OpenOptions, Owner, Result,
    TransactionOptions, Update, WriteOptions,
};
use serde_json::json;

use crate::common::{Folder, id, pack};
use crate::{WRITE, content, kind, people};

/// Every write of a collection.
fn writes(people: &Collection, options: &WriteOptions) -> Vec<Result<()>> {
    let document = pack(&json!({ "_id": 500, "a": 1 }));
    let update = Update::compile(&pack(&json!({ "$set": { "a": 2 } }))).unwrap();
    let first = id(&json!(1));
    vec![
        people.insert(&document, options).map(drop),
        people.insert_many(&document, &mut Vec::new(), options).map(drop),
        people.put(&document, options).map(drop),
        people
            .replace(&first, &pack(&json!({ "a": 1 })), options)
            .map(drop),
        people.update(&first, &update, options).map(drop),
        people.update_matching(None, &update, None, options).map(drop),
        people.delete(&first, options).map(drop),
        people.delete_matching(None, None, options).map(drop),
        people.clear(options).map(drop),
    ]
}

/// Every write of a database.
fn definitions(database: &Database, options: &WriteOptions) -> Vec<Result<()>> {
    vec![
        database.create_collection("new", IdMode::Ulid, options),
        database.drop_collection("people", options).map(drop),
        database.rename_collection("people", "new", options),
    ]
}

/// Every read.
fn reads(database: &Database, people: &Collection) -> Vec<Result<()>> {
    vec![
        people.get(&id(&json!(1)), &mut Vec::new()).map(drop),
        people.has(&id(&json!(1))).map(drop),
        people.get_into(&id(&json!(1)), &mut []).map(drop),
        people.count(None).map(drop),
        people.find(FindOptions::default()).map(drop),
        people.structures().map(drop),
        database.collection("people").map(drop),
        database.collections().map(drop),
        database.stats().map(drop),
        database.check().map(drop),
        database.new_id().map(drop),
        database.begin(&TransactionOptions::default()).map(drop),
    ]
}

#[test]
fn closed_handle_refuses_every_call() {
    let folder = Folder::new();
    let path = folder.file("a.quire");
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    let people = database.collection("people").unwrap();
    people.insert(&pack(&json!({ "_id": 1 })), &WRITE).unwrap();
    let clone = database.clone();
    clone.close().unwrap();
    assert!(database.is_closed());
    database.close().unwrap();
    let mut all = writes(&people, &WRITE);
    all.extend(definitions(&database, &WRITE));
    all.extend(reads(&database, &people));
    all.extend([database.sync(), database.checkpoint()]);
    for (call, result) in all.into_iter().enumerate() {
        assert_eq!(kind(result), ErrorKind::Closed, "call {call}");
    }
    let again = Database::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(
        content(&again),
        [("people".to_owned(), vec![json!({ "_id": 1 })])]
    );
}

#[test]
fn transaction_of_a_closed_database_commits_nothing() {
    let folder = Folder::new();
    let path = folder.file("a.quire");
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    transaction.insert("people", &pack(&json!({ "_id": 1 }))).unwrap();
    database.close().unwrap();
    assert_eq!(kind(transaction.commit(Durability::Process)), ErrorKind::Closed);
    drop(transaction);
    let again = Database::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(content(&again), []);
}

#[test]
fn read_only_database_refuses_every_write_and_writes_nothing() {
    let folder = Folder::new();
    let path = folder.file("a.quire");
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    let people = database.collection("people").unwrap();
    people.insert(&pack(&json!({ "_id": 1 })), &WRITE).unwrap();
    database.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let options = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    let database = Database::open(&path, &options).unwrap();
    let people = database.collection("people").unwrap();
    let mut all = writes(&people, &WRITE);
    all.extend(definitions(&database, &WRITE));
    all.push(database.checkpoint());
    for (call, result) in all.into_iter().enumerate() {
        assert_eq!(kind(result), ErrorKind::ReadOnly, "call {call}");
    }
    for (call, result) in reads(&database, &people).into_iter().enumerate() {
        assert!(result.is_ok(), "read {call}: {result:?}");
    }
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    let written = transaction
        .insert("people", &pack(&json!({ "_id": 2 })))
        .and_then(|_| transaction.commit(Durability::Process));
    assert_eq!(kind(written), ErrorKind::ReadOnly);
    drop(transaction);
    // The same process cannot write through another handle meanwhile.
    assert_eq!(
        kind(Database::open(&path, &OpenOptions::default())),
        ErrorKind::ReadOnly
    );
    database.close().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn held_collection_is_busy_and_an_ended_transaction_stays_ended() {
    let options = OpenOptions {
        lock_wait_ms: 0,
        ..OpenOptions::default()
    };
    let (database, people) = people(&options);
    let before = content(&database);
    let mut holder = database.begin(&TransactionOptions::default()).unwrap();
    holder.delete("people", &id(&json!(1))).unwrap();
    let other = WriteOptions {
        owner: Owner(7),
        ..WRITE
    };
    for (call, result) in writes(&people, &other).into_iter().enumerate() {
        assert_eq!(kind(result), ErrorKind::Busy, "call {call}");
    }
    for (call, result) in definitions(&database, &other).into_iter().enumerate().skip(1) {
        assert_eq!(kind(result), ErrorKind::Busy, "definition {call}");
    }
    holder.rollback().unwrap();
    database.drop_collection("new", &WRITE).unwrap();
    assert_eq!(kind(holder.rollback()), ErrorKind::TransactionEnded);
    assert_eq!(
        kind(holder.commit(Durability::Process)),
        ErrorKind::TransactionEnded
    );
    assert_eq!(
        kind(holder.has("people", &id(&json!(1)))),
        ErrorKind::TransactionEnded
    );
    assert_eq!(
        kind(holder.insert("people", &pack(&json!({})))),
        ErrorKind::TransactionEnded
    );
    assert_eq!(content(&database), before);
}

#[test]
fn transaction_that_read_what_another_changed_conflicts() {
    let (database, people) = people(&OpenOptions::default());
    let mut late = database.begin_as(Owner(1)).unwrap();
    assert!(late.has("people", &id(&json!(1))).unwrap());
    people.delete(&id(&json!(1)), &WRITE).unwrap();
    let before = content(&database);
    assert_eq!(kind(late.delete("people", &id(&json!(2)))), ErrorKind::Conflict);
    drop(late);
    assert_eq!(content(&database), before);
}

#[test]
fn snapshot_past_its_budget_is_too_old_and_nothing_else_suffers() {
    let options = OpenOptions {
        snapshot_bytes: 64 << 10,
        ..OpenOptions::default()
    };
    let (database, people) = people(&options);
    for number in 1000..3000 {
        people
            .insert(&pack(&json!({ "_id": number, "text": "x".repeat(200) })), &WRITE)
            .unwrap();
    }
    let mut cursor = people.find(FindOptions::default()).unwrap();
    let update = Update::compile(&pack(&json!({ "$set": { "text": "y".repeat(200) } }))).unwrap();
    people.update_matching(None, &update, None, &WRITE).unwrap();
    let mut out = Vec::new();
    let end = loop {
        match cursor.next_batch(&mut out, 100, usize::MAX) {
            Ok(count) => assert!(count > 0, "the cursor came to its end"),
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(end, ErrorKind::SnapshotTooOld);
    assert_eq!(people.count(None).unwrap(), 2020);
    assert!(database.check().unwrap().is_clean());
}
