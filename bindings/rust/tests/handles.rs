//! Databases, transactions, streams and threads: what each handle promises.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use quiredb::{
    Collection, Database, Document, Durability, Error, ErrorKind, IndexModel, OpenOptions,
    TransactionOptions, UpdateOptions, WriteModel, doc,
};

fn people(db: &Database) -> Collection<Document> {
    db.collection("people").unwrap()
}

#[test]
fn a_conflict_runs_the_closure_again() {
    let db = Database::in_memory().unwrap();
    people(&db).insert_one(&doc! { "_id": 1, "n": 0 }).unwrap();
    let mut runs = 0;
    db.transaction(|tx| {
        runs += 1;
        let mine = tx.collection::<Document>("people")?;
        let n = mine.get(1)?.and_then(|person| person.get_i64("n")).unwrap_or(0);
        if runs == 1 {
            people(&db).update(1, doc! { "$inc": { "n": 10 } })?;
        }
        mine.update(1, doc! { "$set": { "n": n + 1 } })?;
        Ok::<(), Error>(())
    })
    .unwrap();
    assert_eq!(
        (runs, people(&db).get(1).unwrap().unwrap().get_i64("n")),
        (2, Some(11))
    );
}

#[test]
fn a_conflict_that_stays_is_given_in_the_end() {
    let db = Database::in_memory().unwrap();
    people(&db).insert_one(&doc! { "_id": 1 }).unwrap();
    let mut runs = 0;
    let result = db.transaction_with(TransactionOptions::new().retries(3), |tx| {
        runs += 1;
        let mine = tx.collection::<Document>("people")?;
        mine.has(1)?;
        people(&db).update(1, doc! { "$inc": { "n": 1 } })?;
        mine.update(1, doc! { "$inc": { "n": 1 } })
    });
    assert_eq!((runs, result.unwrap_err().kind()), (4, ErrorKind::Conflict));
}

#[test]
fn an_error_of_the_programs_own_rolls_back_and_comes_out() {
    #[derive(Debug)]
    enum Failure {
        Database(Error),
        Mine,
    }
    impl From<Error> for Failure {
        fn from(error: Error) -> Failure {
            Failure::Database(error)
        }
    }
    let db = Database::in_memory().unwrap();
    let result = db.transaction(|tx| {
        tx.collection::<Document>("people")?
            .insert_one(&doc! { "_id": 1 })?;
        Err::<(), Failure>(Failure::Mine)
    });
    assert!(matches!(result, Err(Failure::Mine)));
    assert_eq!(people(&db).estimated_document_count().unwrap(), 0);
    let result = db.transaction(|tx| Ok::<_, Failure>(tx.collection::<Document>("")?.clear()?));
    assert!(matches!(result, Err(Failure::Database(error)) if error.kind() == ErrorKind::InvalidName));
}

#[test]
fn a_dropped_transaction_is_rolled_back_and_its_collections_refuse() {
    let db = Database::in_memory().unwrap();
    let tx = db.begin().unwrap();
    let mine = tx.collection::<Document>("people").unwrap();
    mine.insert_one(&doc! { "_id": 1 }).unwrap();
    drop(tx);
    assert_eq!(mine.get(1).unwrap_err().kind(), ErrorKind::TransactionEnded);
    assert!(!people(&db).has(1).unwrap());
}

#[test]
fn a_transaction_that_was_committed_inside_its_closure_is_left_alone() {
    let db = Database::in_memory().unwrap();
    db.transaction(|tx| {
        tx.collection::<Document>("people")?
            .insert_one(&doc! { "_id": 1 })?;
        tx.commit()
    })
    .unwrap();
    assert!(people(&db).has(1).unwrap());
}

#[test]
fn one_that_would_wait_for_itself_is_refused_at_once() {
    let db = Database::in_memory().unwrap();
    let tx = db
        .begin_with(TransactionOptions::new().collections(["people"]))
        .unwrap();
    assert_eq!(
        people(&db).insert_one(&doc! { "_id": 1 }).unwrap_err().kind(),
        ErrorKind::Busy
    );
    tx.rollback().unwrap();
    people(&db).insert_one(&doc! { "_id": 1 }).unwrap();
}

#[test]
fn indexes_are_no_part_of_a_transaction() {
    let db = Database::in_memory().unwrap();
    let tx = db.begin().unwrap();
    let mine = tx.collection::<Document>("people").unwrap();
    let index = IndexModel::new(doc! { "a": 1 });
    assert_eq!(
        mine.create_index(index).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert_eq!(
        mine.drop_collection().unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert_eq!(
        mine.watch().run().err().unwrap().kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn threads_share_a_database() {
    let db = Database::in_memory().unwrap();
    let people = people(&db);
    std::thread::scope(|threads| {
        for thread in 0..4 {
            let people = &people;
            threads.spawn(move || {
                for n in 0..250 {
                    people
                        .insert_one(&doc! { "_id": thread * 1000 + n, "n": n })
                        .unwrap();
                    assert_eq!(
                        people.get(thread * 1000 + n).unwrap().unwrap().get_i64("n"),
                        Some(n)
                    );
                }
            });
        }
    });
    assert_eq!(people.estimated_document_count().unwrap(), 1000);
}

#[test]
fn a_waiting_stream_is_woken_by_a_commit_and_by_closing() {
    let db = Database::in_memory().unwrap();
    let mut changes = people(&db).watch().run().unwrap();
    assert_eq!(changes.next_within(Duration::from_millis(1)).unwrap(), None);
    let writer = db.clone();
    let thread = std::thread::spawn(move || {
        people(&writer).insert_one(&doc! { "_id": 1 }).unwrap();
        writer
    });
    let event = changes.next().unwrap().unwrap();
    assert_eq!(event.full_document, Some(doc! { "_id": 1 }));
    let writer = thread.join().unwrap();
    let thread = std::thread::spawn(move || writer.close().unwrap());
    assert_eq!(changes.next().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert!(changes.next().is_none() && changes.is_over());
    thread.join().unwrap();
}

#[test]
fn a_stream_of_a_dropped_collection_ends_its_loop() {
    let db = Database::in_memory().unwrap();
    people(&db).insert_one(&doc! { "_id": 1 }).unwrap();
    let changes = people(&db).watch().run().unwrap();
    people(&db).delete(1).unwrap();
    db.drop_collection("people").unwrap();
    assert_eq!(changes.map(Result::unwrap).count(), 3);
}

#[test]
fn options_of_writes_hold() {
    let db = Database::in_memory().unwrap();
    let people = people(&db);
    let upsert = UpdateOptions::new().upsert(true);
    let done = people
        .update_one_with(doc! { "_id": 5 }, doc! { "$set": { "a": [1, 9] } }, upsert)
        .unwrap();
    assert_eq!(done.upserted_id, Some(5.into()));
    let filters = UpdateOptions::new().array_filters([doc! { "e": { "$gt": 5 } }]);
    people
        .update_many_with(doc! {}, doc! { "$set": { "a.$[e]": 0 } }, filters)
        .unwrap();
    assert_eq!(people.get(5).unwrap(), Some(doc! { "_id": 5, "a": [1, 0] }));
    let hint = UpdateOptions::new().hint("nope");
    let refused = people.update_many_with(doc! {}, doc! { "$set": { "a": 1 } }, hint);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::IndexNotFound);
    people
        .with_durability(Durability::Disk)
        .insert_one(&doc! { "_id": 6 })
        .unwrap();
}

#[test]
fn a_compaction_gives_the_room_of_deleted_documents_back() {
    let path = std::env::temp_dir().join(format!("quiredb-rust-compact-{}.quire", std::process::id()));
    let db = Database::open(&path).unwrap();
    let text = "x".repeat(1000);
    let many: Vec<Document> = (0..2000).map(|id| doc! { "_id": id, "text": &text }).collect();
    people(&db).insert_many(&many).unwrap();
    db.checkpoint().unwrap();
    people(&db).delete_many(doc! { "_id": { "$gte": 10 } }).unwrap();
    let report = db.compact().unwrap();
    assert!(report.bytes_after < report.bytes_before / 4, "{report:?}");
    assert_eq!(people(&db).find(doc! {}).count().unwrap(), 10);
    assert!(db.check().unwrap().is_clean());
    db.close().unwrap();
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_bulk_that_fails_tells_what_was_done() {
    let db = Database::in_memory().unwrap();
    let writes = [1, 1, 2].map(|id| WriteModel::insert_one(&doc! { "_id": id }));
    let error = people(&db).bulk_write(writes.clone()).unwrap_err();
    let bulk = error.bulk().unwrap();
    assert_eq!(
        (error.kind(), bulk.result.inserted_count),
        (ErrorKind::DuplicateId, 1)
    );
    assert_eq!(
        (bulk.write_errors[0].index, bulk.write_errors[0].kind),
        (1, ErrorKind::DuplicateId)
    );
    let error = people(&db).bulk_write_unordered(writes).unwrap_err();
    assert_eq!(error.bulk().unwrap().write_errors.len(), 2);
    assert_eq!(people(&db).estimated_document_count().unwrap(), 2);
}

#[test]
fn a_file_is_opened_again_with_what_it_had() {
    let path = std::env::temp_dir().join(format!("quiredb-rust-handles-{}.quire", std::process::id()));
    let db = Database::open(&path).unwrap();
    people(&db)
        .insert_many(&[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }])
        .unwrap();
    people(&db)
        .create_index(IndexModel::new(doc! { "a": 1 }).unique(true))
        .unwrap();
    db.close().unwrap();
    assert!(db.is_closed() && db.close().is_ok());
    assert_eq!(people_of_closed(&db), ErrorKind::Closed);
    let db = Database::open_with(&path, OpenOptions::new().read_only(true)).unwrap();
    assert_eq!(
        people(&db).find(doc! { "a": 2 }).first().unwrap(),
        Some(doc! { "_id": 2, "a": 2 })
    );
    assert!(people(&db).list_indexes().unwrap()[1].unique);
    assert_eq!(people(&db).delete(1).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert!(db.check().unwrap().is_clean());
    let copy = path.with_extension("copy.quire");
    assert_eq!(db.backup(&copy).unwrap().documents_count, 2);
    assert_eq!(db.backup(&copy).unwrap_err().kind(), ErrorKind::InvalidArgument);
    db.close().unwrap();
    assert_eq!(
        people(&Database::open(&copy).unwrap()).get(1).unwrap(),
        Some(doc! { "_id": 1, "a": 1 })
    );
    for file in [&path, &copy] {
        std::fs::remove_file(file).unwrap();
    }
}

fn people_of_closed(db: &Database) -> ErrorKind {
    db.collection::<Document>("people").err().unwrap().kind()
}
