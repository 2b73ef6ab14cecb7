//! Ordered indexes through handles: made, listed, kept in step with documents, dropped; whole after anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Folder, filter, id, pack, pack_all};
use quire_engine::{
    Collection, Database, ErrorKind, IndexDefinition, OpenOptions, Owner, TransactionOptions, Update,
    WriteOptions,
};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

fn open(folder: &Folder) -> Database {
    Database::open(&folder.file("a.quire"), &OpenOptions::default()).unwrap()
}

fn index(definition: Value) -> IndexDefinition {
    IndexDefinition::parse(&pack(&definition)).unwrap()
}

fn create(collection: &Collection, definition: Value) -> quire_engine::Result<Box<str>> {
    collection.create_index(&index(definition), &WRITE)
}

fn insert(collection: &Collection, document: Value) -> quire_engine::Result<()> {
    collection.insert(&pack(&document), &WRITE).map(|_| ())
}

/// Names and numbers of entries.
fn entries(collection: &Collection) -> Vec<(String, u64)> {
    let list = collection.indexes().unwrap();
    list.into_iter()
        .map(|info| (info.definition.name.to_string(), info.entries_count))
        .collect()
}

fn expect_sound(database: &Database) {
    let report = database.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

fn person(number: u64) -> Value {
    json!({ "_id": number, "city": format!("City {}", number % 7), "age": number % 90, "tags": [number % 3, "x"] })
}

#[test]
fn indexes_follow_every_write_and_outlive_reopening() {
    let folder = Folder::new();
    let wanted;
    {
        let database = open(&folder);
        let people = database.collection("people").unwrap();
        let documents: Vec<Value> = (0..2000).map(person).collect();
        people
            .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
            .unwrap();
        assert_eq!(
            &*create(&people, json!({ "key": [["city", 1], ["age", -1]] })).unwrap(),
            "city_1_age_-1"
        );
        create(&people, json!({ "key": { "tags": 1 } })).unwrap();
        create(&people, json!({ "key": { "age": 1 }, "name": "old", "partialFilterExpression": { "age": { "$gt": 80 } } }))
            .unwrap();
        create(
            &people,
            json!({ "key": { "nick": 1 }, "sparse": true, "unique": true }),
        )
        .unwrap();
        expect_sound(&database);
        assert_eq!(
            entries(&people)[..3],
            [
                ("_id_".into(), 2000),
                ("city_1_age_-1".into(), 2000),
                ("tags_1".into(), 4000)
            ]
        );
        insert(
            &people,
            json!({ "_id": "new", "nick": "n", "tags": [], "age": 85 }),
        )
        .unwrap();
        people
            .put(&pack(&json!({ "_id": 5, "age": 89, "tags": "one" })), &WRITE)
            .unwrap();
        people.delete(&id(&json!(6)), &WRITE).unwrap();
        let update = Update::compile(&pack(
            &json!({ "$inc": { "age": 40 }, "$push": { "tags": "new" } }),
        ))
        .unwrap();
        people
            .update_matching(
                Some(filter(&json!({ "age": { "$lt": 50 }, "city": "City 3" }))),
                &update,
                None,
                &WRITE,
            )
            .unwrap();
        people
            .delete_matching(Some(filter(&json!({ "age": { "$lt": 10 } }))), None, &WRITE)
            .unwrap();
        expect_sound(&database);
        wanted = entries(&people);
        // Killed: the log alone has the rest.
        std::mem::forget(database);
    }
    let copy = folder.file("copy.quire");
    for suffix in ["", "-log0", "-log1"] {
        let _ = std::fs::copy(
            folder.file(&format!("a.quire{suffix}")),
            format!("{copy}{suffix}"),
        );
    }
    for _ in 0..2 {
        let database = Database::open(&copy, &OpenOptions::default()).unwrap();
        let people = database.collection("people").unwrap();
        assert_eq!(entries(&people), wanted);
        assert_eq!(people.indexes().unwrap()[2].arrays, 1);
        expect_sound(&database);
        database.close().unwrap();
    }
}

#[test]
fn clearing_keeps_indexes_and_dropping_ends_them() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    create(&people, json!({ "key": { "age": 1 } })).unwrap();
    create(&people, json!({ "key": { "city": 1 } })).unwrap();
    let documents: Vec<Value> = (0..3000).map(person).collect();
    let fill = || {
        people
            .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
            .unwrap()
    };
    fill();
    people.clear(&WRITE).unwrap();
    assert_eq!(entries(&people)[1], ("age_1".into(), 0));
    fill();
    let pages = database.stats().unwrap();
    people.drop_index("age_1", &WRITE).unwrap();
    assert!(database.stats().unwrap().free_pages > pages.free_pages);
    assert_eq!(
        people.drop_index("age_1", &WRITE).unwrap_err().kind(),
        ErrorKind::IndexNotFound
    );
    assert_eq!(
        people.drop_index("_id_", &WRITE).unwrap_err().kind(),
        ErrorKind::InvalidIndex
    );
    expect_sound(&database);
    database.rename_collection("people", "others", &WRITE).unwrap();
    let others = database.collection("others").unwrap();
    assert_eq!(entries(&others)[1], ("city_1".into(), 3000));
    assert!(people.indexes().unwrap().is_empty());
    others.drop_indexes(&WRITE).unwrap();
    assert_eq!(entries(&others).len(), 1);
    create(&others, json!({ "key": { "age": 1 } })).unwrap();
    expect_sound(&database);
    database.drop_collection("others", &WRITE).unwrap();
    expect_sound(&database);
    assert_eq!(
        others.drop_index("age_1", &WRITE).unwrap_err().kind(),
        ErrorKind::CollectionNotFound
    );
    database.close().unwrap();
}

#[test]
fn an_index_is_made_once_and_not_differently() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    let plain = json!({ "key": { "age": 1 } });
    create(&people, plain.clone()).unwrap();
    create(&people, plain).unwrap();
    for other in [
        json!({ "key": { "age": 1 }, "unique": true }),
        json!({ "key": { "age": 1 }, "name": "other" }),
        json!({ "key": { "age": -1 }, "name": "age_1" }),
    ] {
        assert_eq!(create(&people, other).unwrap_err().kind(), ErrorKind::IndexExists);
    }
    create(&people, json!({ "key": { "age": -1 } })).unwrap();
    assert_eq!(&*create(&people, json!({ "key": { "_id": 1 } })).unwrap(), "_id_");
    assert_eq!(entries(&people).len(), 3);
    let refused = json!({ "key": { "b": 1 }, "partialFilterExpression": { "$expr": { "$gt": ["$a", 1] } } });
    assert_eq!(
        create(&people, refused).unwrap_err().kind(),
        ErrorKind::InvalidIndex
    );
    for number in 0..61 {
        create(&people, json!({ "key": { format!("f{number}"): 1 } })).unwrap();
    }
    let more = create(&people, json!({ "key": { "more": 1 } }));
    assert_eq!(more.unwrap_err().kind(), ErrorKind::LimitExceeded);
    expect_sound(&database);
    database.close().unwrap();
}

#[test]
fn unique_keys_are_refused_and_nothing_changes() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    create(
        &people,
        json!({ "key": [["mail", 1], ["at", -1]], "unique": true }),
    )
    .unwrap();
    insert(&people, json!({ "_id": 1, "mail": "a", "at": 5 })).unwrap();
    insert(&people, json!({ "_id": 2, "mail": "a", "at": 6 })).unwrap();
    let error = insert(&people, json!({ "_id": 3, "mail": "a", "at": 5.0 })).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateKey);
    assert!(
        error.message().contains("mail_1_at_-1") && error.message().contains("{ mail: \"a\", at: 5 }"),
        "{}",
        error.message()
    );
    let twice = [json!({ "_id": 4, "mail": "b" }), json!({ "_id": 5, "mail": "b" })];
    let error = people
        .insert_many(&pack_all(&twice), &mut Vec::new(), &WRITE)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateKey);
    let words = "the documents with _id 4 and 5 both have it";
    assert!(error.message().contains(words), "{}", error.message());
    assert_eq!(people.count(None).unwrap(), 2);
    // A document may be written again, and give its key up.
    people
        .put(
            &pack(&json!({ "_id": 1, "mail": "a", "at": 5, "more": true })),
            &WRITE,
        )
        .unwrap();
    people
        .put(&pack(&json!({ "_id": 1, "mail": "c" })), &WRITE)
        .unwrap();
    insert(&people, json!({ "_id": 3, "mail": "a", "at": 5 })).unwrap();
    // Lists within a document may repeat a key, other documents may not.
    create(
        &people,
        json!({ "key": { "list": 1 }, "unique": true, "sparse": true }),
    )
    .unwrap();
    insert(&people, json!({ "_id": 6, "mail": "l1", "list": [1, 1, 2] })).unwrap();
    let error = insert(&people, json!({ "_id": 7, "mail": "l2", "list": [3, 2] })).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateKey);
    expect_sound(&database);
    // Made over documents that have a key twice.
    let error = create(&people, json!({ "key": { "sex": 1 }, "unique": true })).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateKey);
    let words = "the documents with _id 1 and 2 both have it";
    assert!(error.message().contains(words), "{}", error.message());
    assert_eq!(entries(&people).len(), 3);
    expect_sound(&database);
    database.close().unwrap();
}

#[test]
fn two_documents_of_one_commit_exchange_their_keys() {
    let folder = Folder::new();
    let path;
    {
        let database = open(&folder);
        let people = database.collection("people").unwrap();
        create(&people, json!({ "key": { "place": 1 }, "unique": true })).unwrap();
        insert(&people, json!({ "_id": 1, "place": 1 })).unwrap();
        insert(&people, json!({ "_id": 2, "place": 2 })).unwrap();
        let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
        transaction.delete("people", &id(&json!(1))).unwrap();
        transaction
            .put("people", &pack(&json!({ "_id": 2, "place": 1 })))
            .unwrap();
        transaction
            .put("people", &pack(&json!({ "_id": 1, "place": 2 })))
            .unwrap();
        transaction.commit(database.durability()).unwrap();
        let update = Update::compile(&pack(&json!({ "$inc": { "place": 1 } }))).unwrap();
        people.update_matching(None, &update, None, &WRITE).unwrap();
        expect_sound(&database);
        path = folder.file("copy.quire");
        for suffix in ["", "-log0", "-log1"] {
            let _ = std::fs::copy(
                folder.file(&format!("a.quire{suffix}")),
                format!("{path}{suffix}"),
            );
        }
    }
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    expect_sound(&database);
    assert_eq!(database.collection("people").unwrap().count(None).unwrap(), 2);
    database.close().unwrap();
}

#[test]
fn documents_that_cannot_be_indexed_are_refused_whole() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    create(&people, json!({ "key": { "a": 1, "b": 1 } })).unwrap();
    let error = insert(&people, json!({ "_id": 1, "a": [1], "b": [2] })).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidDocument);
    let error = insert(&people, json!({ "_id": 1, "a": "x".repeat(2000) })).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert_eq!(people.count(None).unwrap(), 0);
    insert(
        &people,
        json!({ "_id": 1, "c": "x".repeat(2000), "d": [1], "e": [2] }),
    )
    .unwrap();
    let made = create(&people, json!({ "key": { "c": 1 } }));
    assert_eq!(made.unwrap_err().kind(), ErrorKind::LimitExceeded);
    let made = create(&people, json!({ "key": { "d": 1, "e": 1 } }));
    assert_eq!(made.unwrap_err().kind(), ErrorKind::InvalidDocument);
    assert_eq!(entries(&people).len(), 2);
    expect_sound(&database);
    database.close().unwrap();
}

#[test]
fn no_write_is_lost_while_an_index_is_made() {
    let folder = Folder::new();
    let database = Arc::new(open(&folder));
    let people = database.collection("people").unwrap();
    let documents: Vec<Value> = (0..4000).map(person).collect();
    people
        .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    let writers: Vec<_> = (0..3u64)
        .map(|writer| {
            let people = people.clone();
            std::thread::spawn(move || {
                for number in 0..150 {
                    insert(&people, person(10_000 + writer * 1000 + number)).unwrap();
                }
            })
        })
        .collect();
    for field in ["city", "age", "tags"] {
        create(&people, json!({ "key": { field: 1 } })).unwrap();
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(
        entries(&people)[1..],
        [
            ("city_1".into(), 4450),
            ("age_1".into(), 4450),
            ("tags_1".into(), 8900)
        ]
    );
    expect_sound(&database);
    database.close().unwrap();
}

#[test]
fn a_transaction_refuses_a_second_key_at_the_verb() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    create(&people, json!({ "key": { "k": 1 }, "unique": true })).unwrap();
    create(&people, json!({ "key": [["a", 1], ["b", 1]] })).unwrap();
    for number in 1..=4 {
        insert(&people, json!({ "_id": number, "k": number })).unwrap();
    }
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    let mut insert = |document: Value| {
        transaction
            .insert("people", &pack(&document))
            .map_err(|error| error.kind())
    };
    let is_refused = |result: Result<_, ErrorKind>| result.map(|_| ()) == Err(ErrorKind::DuplicateKey);
    assert!(
        is_refused(insert(json!({ "_id": 9, "k": 1 })).map(drop)),
        "committed"
    );
    assert!(
        is_refused(insert(json!({ "k": 1.0 })).map(drop)),
        "committed, as another number"
    );
    insert(json!({ "_id": 10, "k": 10 })).unwrap();
    assert!(
        is_refused(insert(json!({ "_id": 11, "k": 10 })).map(drop)),
        "written before"
    );
    let parallel = insert(json!({ "_id": 11, "k": 11, "a": [1], "b": [2] }));
    assert_eq!(parallel.unwrap_err(), ErrorKind::InvalidDocument);
    insert(json!({ "_id": 11, "k": 11 })).unwrap();
    let many = pack_all(&[json!({ "_id": 12, "k": 12 }), json!({ "_id": 13, "k": 12 })]);
    let refused = transaction.insert_many("people", &many, &mut Vec::new());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::DuplicateKey);
    assert!(!transaction.has("people", &id(&json!(12))).unwrap());
    transaction
        .put("people", &pack(&json!({ "_id": 12, "k": 12 })))
        .unwrap();
    // A key is free again once its document has another one or is gone.
    let put = |transaction: &mut quire_engine::Transaction, document: Value| {
        transaction
            .put("people", &pack(&document))
            .map_err(|error| error.kind())
    };
    assert_eq!(
        put(&mut transaction, json!({ "_id": 2, "k": 1 })),
        Err(ErrorKind::DuplicateKey)
    );
    put(&mut transaction, json!({ "_id": 1, "k": 20 })).unwrap();
    put(&mut transaction, json!({ "_id": 2, "k": 1 })).unwrap();
    transaction.delete("people", &id(&json!(3))).unwrap();
    put(&mut transaction, json!({ "_id": 30, "k": 3 })).unwrap();
    assert_eq!(
        put(&mut transaction, json!({ "_id": 3, "k": 3 })),
        Err(ErrorKind::DuplicateKey)
    );
    // Several documents of one verb may pass keys on to each other, but not share one.
    let shift = Update::compile(&pack(&json!({ "$inc": { "k": 1 } }))).unwrap();
    let outcome = transaction.update_matching("people", None, &shift, None).unwrap();
    assert_eq!(outcome.modified_count, 7);
    let same = Update::compile(&pack(&json!({ "$set": { "k": 5 } }))).unwrap();
    let refused = transaction.update_matching("people", None, &same, None);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::DuplicateKey);
    // What was refused has lost no claim.
    assert_eq!(
        put(&mut transaction, json!({ "_id": 40, "k": 21 })),
        Err(ErrorKind::DuplicateKey)
    );
    let refused = transaction.update(
        "people",
        &id(&json!(2)),
        &Update::compile(&pack(&json!({ "$set": { "k": 4 } }))).unwrap(),
    );
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::DuplicateKey);
    transaction.clear("people").unwrap();
    put(&mut transaction, json!({ "_id": 50, "k": 21 })).unwrap();
    assert_eq!(
        put(&mut transaction, json!({ "_id": 51, "k": 21 })),
        Err(ErrorKind::DuplicateKey)
    );
    transaction.commit(database.durability()).unwrap();
    assert_eq!(entries(&people)[1], ("k_1".into(), 1));
    expect_sound(&database);
    database.close().unwrap();
}

#[test]
fn salvage_makes_the_indexes_again() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    let documents: Vec<Value> = (0..500).map(person).collect();
    people
        .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    create(&people, json!({ "key": { "tags": -1 }, "sparse": true })).unwrap();
    database.close().unwrap();
    let to = folder.file("salvaged.quire");
    let report = quire_engine::salvage(&folder.file("a.quire"), &to).unwrap();
    assert_eq!((report.problems_count, report.indexes.len()), (0, 1));
    let database = Database::open(&to, &OpenOptions::default()).unwrap();
    let people = database.collection("people").unwrap();
    assert_eq!(entries(&people)[1], ("tags_-1".into(), 1000));
    expect_sound(&database);
    database.close().unwrap();
}
