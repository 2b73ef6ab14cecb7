//! Arguments that no call takes: documents, ids, filters, updates, names and options.

use quire_engine::{Database, ErrorKind, Filter, IdBytes, IdMode, OpenOptions, Update};
use serde_json::{Value, json};

use crate::common::{filter, get, id, pack, pack_all};
use crate::{WRITE, content, kind, people};

/// Bytes that are no document, each for a reason of its own.
fn malformed_documents() -> Vec<(&'static str, Vec<u8>)> {
    let mut deep = pack(&json!({ "_id": 1 }));
    deep[0] = 0x82;
    deep.extend_from_slice(&[0xa1, b'a']);
    deep.extend_from_slice(&[0x91; 150]);
    deep.push(0xc0);
    let with = |tail: &[u8]| [&[0x82, 0xa3, b'_', b'i', b'd', 1, 0xa1, b'a'][..], tail].concat();
    vec![
        ("nothing", Vec::new()),
        ("an integer", vec![5]),
        ("an array", vec![0x91, 1]),
        ("a string", pack(&json!("text"))),
        ("nil", vec![0xc0]),
        ("a reserved byte", with(&[0xc1])),
        ("a map cut short", vec![0x82, 0xa1, b'a', 1]),
        ("a string cut short", with(&[0xa9, b'x'])),
        (
            "a map that promises four billion keys",
            vec![0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, b'a', 1],
        ),
        (
            "an array that promises four billion values",
            with(&[0xdd, 0xff, 0xff, 0xff, 0xff]),
        ),
        (
            "a string that promises four gigabytes",
            with(&[0xdb, 0xff, 0xff, 0xff, 0xff, b'x']),
        ),
        ("150 levels", deep),
        ("text that is not UTF-8", with(&[0xa2, 0xff, 0xfe])),
        (
            "a key that is not UTF-8",
            vec![0x82, 0xa3, b'_', b'i', b'd', 1, 0xa1, 0xff, 1],
        ),
        (
            "a key that is a number",
            vec![0x82, 0xa3, b'_', b'i', b'd', 1, 7, 1],
        ),
    ]
}

#[test]
fn malformed_document_is_refused() {
    let (database, people) = people(&OpenOptions::default());
    let before = content(&database);
    for (what, bytes) in malformed_documents() {
        let refused = ErrorKind::InvalidDocument;
        assert_eq!(kind(people.insert(&bytes, &WRITE)), refused, "{what}");
        assert_eq!(kind(people.put(&bytes, &WRITE)), refused, "{what}");
        assert_eq!(
            kind(people.replace(&id(&json!(1)), &bytes, &WRITE)),
            refused,
            "{what}"
        );
        if !bytes.is_empty() {
            let batch = [pack(&json!({ "_id": 100 })), bytes].concat();
            assert_eq!(
                kind(people.insert_many(&batch, &mut Vec::new(), &WRITE)),
                refused,
                "{what}"
            );
        }
    }
    let two = pack_all(&[json!({ "_id": 100 }), json!({ "_id": 101 })]);
    assert_eq!(kind(people.insert(&two, &WRITE)), ErrorKind::InvalidDocument);
    assert_eq!(content(&database), before);
}

#[test]
fn id_of_another_type_or_too_long_is_refused() {
    let (database, people) = people(&OpenOptions::default());
    let before = content(&database);
    let ids = [
        json!(null),
        json!(true),
        json!(1.5),
        json!([1]),
        json!({ "a": 1 }),
        json!(u64::MAX),
        json!("x".repeat(1025)),
    ];
    for bad in ids {
        let document = pack(&json!({ "_id": bad, "name": "n" }));
        assert_eq!(
            kind(people.insert(&document, &WRITE)),
            ErrorKind::InvalidId,
            "{bad}"
        );
        assert_eq!(kind(people.put(&document, &WRITE)), ErrorKind::InvalidId, "{bad}");
        assert_eq!(
            kind(IdBytes::from_message_pack(&pack(&bad))),
            ErrorKind::InvalidId,
            "{bad}"
        );
    }
    assert_eq!(kind(IdBytes::from_text(&"x".repeat(1025))), ErrorKind::InvalidId);
    assert_eq!(kind(IdBytes::from_binary(&[0; 1025])), ErrorKind::InvalidId);
    assert_eq!(kind(IdBytes::from_message_pack(&[])), ErrorKind::InvalidId);
    assert_eq!(content(&database), before);
    let longest = json!("x".repeat(1024));
    people.insert(&pack(&json!({ "_id": longest })), &WRITE).unwrap();
    assert!(get(&people, &longest).is_some());
}

#[test]
fn duplicate_id_is_refused_and_adds_nothing_of_its_batch() {
    let (database, people) = people(&OpenOptions::default());
    let before = content(&database);
    assert_eq!(
        kind(people.insert(&pack(&json!({ "_id": 7 })), &WRITE)),
        ErrorKind::DuplicateId
    );
    // 7 and 7.0 are one id.
    assert_eq!(
        kind(people.insert(&pack(&json!({ "_id": 7.0 })), &WRITE)),
        ErrorKind::DuplicateId
    );
    for ids in [[100, 101, 7], [100, 101, 100], [7, 100, 101]] {
        let batch = pack_all(&ids.map(|id| json!({ "_id": id })));
        let mut out = Vec::new();
        assert_eq!(
            kind(people.insert_many(&batch, &mut out, &WRITE)),
            ErrorKind::DuplicateId
        );
        assert!(out.is_empty());
    }
    assert_eq!(content(&database), before);
    people.insert(&pack(&json!({ "_id": "7" })), &WRITE).unwrap();
}

#[test]
fn document_beyond_the_limit_is_refused_also_when_an_update_makes_it() {
    let options = OpenOptions {
        document_bytes_max: 1000,
        ..OpenOptions::default()
    };
    let (database, people) = people(&options);
    let before = content(&database);
    let too_large = ErrorKind::DocumentTooLarge;
    let document = |length: usize| pack(&json!({ "_id": 1, "text": "x".repeat(length) }));
    assert_eq!(kind(people.put(&document(1100), &WRITE)), too_large);
    assert_eq!(kind(people.insert(&document(5000), &WRITE)), too_large);
    let batch = [pack(&json!({ "_id": 100 })), document(1100)].concat();
    assert_eq!(
        kind(people.insert_many(&batch, &mut Vec::new(), &WRITE)),
        too_large
    );
    let grow = Update::compile(&pack(&json!({ "$set": { "text": "x".repeat(990) } }))).unwrap();
    assert_eq!(kind(people.update(&id(&json!(1)), &grow, &WRITE)), too_large);
    assert_eq!(kind(people.update_matching(None, &grow, None, &WRITE)), too_large);
    assert_eq!(content(&database), before);
    people.put(&document(980), &WRITE).unwrap();
}

#[test]
fn filter_that_is_malformed_or_unknown_is_refused() {
    let filters = [
        json!({ "age": { "$foo": 1 } }),
        json!({ "$foo": [] }),
        json!({ "$and": 5 }),
        json!({ "$or": {} }),
        json!({ "$nor": [1] }),
        json!({ "age": { "$in": 3 } }),
        json!({ "age": { "$nin": "x" } }),
        json!({ "age": { "$not": 3 } }),
        json!([1]),
        json!("age"),
    ];
    for bad in filters {
        assert_eq!(
            kind(Filter::compile(&pack(&bad))),
            ErrorKind::InvalidFilter,
            "{bad}"
        );
    }
    for (what, bytes) in malformed_documents() {
        assert_eq!(kind(Filter::compile(&bytes)), ErrorKind::InvalidFilter, "{what}");
    }
}

#[test]
fn update_that_is_malformed_or_contradicts_itself_is_refused() {
    let updates = [
        json!({ "$foo": { "a": 1 } }),
        json!({ "$set": 5 }),
        json!({ "$inc": { "a": "x" } }),
        json!({ "$set": { "a": 1 }, "$inc": { "a": 1 } }),
        json!({ "$set": { "a": 1, "a.b": 1 } }),
        json!({ "$set": { "a": 1 }, "b": 1 }),
        json!(5),
    ];
    for bad in updates {
        assert_eq!(
            kind(Update::compile(&pack(&bad))),
            ErrorKind::InvalidUpdate,
            "{bad}"
        );
    }
    for (what, bytes) in malformed_documents() {
        assert_eq!(kind(Update::compile(&bytes)), ErrorKind::InvalidUpdate, "{what}");
    }
}

#[test]
fn update_that_does_not_fit_a_document_changes_none() {
    let (database, people) = people(&OpenOptions::default());
    let before = content(&database);
    let bad = [json!({ "$inc": { "name": 1 } }), json!({ "$set": { "_id": 99 } })];
    for update in bad {
        let compiled = Update::compile(&pack(&update));
        let Ok(compiled) = compiled else {
            assert_eq!(kind(compiled), ErrorKind::InvalidUpdate, "{update}");
            continue;
        };
        let one = people.update(&id(&json!(1)), &compiled, &WRITE);
        assert_eq!(kind(one), ErrorKind::InvalidUpdate, "{update}");
        let many = people.update_matching(
            Some(filter(&json!({ "age": { "$gt": 3 } }))),
            &compiled,
            None,
            &WRITE,
        );
        assert_eq!(kind(many), ErrorKind::InvalidUpdate, "{update}");
    }
    assert_eq!(content(&database), before);
}

#[test]
fn collection_name_that_cannot_be_kept_is_refused() {
    let (database, _) = people(&OpenOptions::default());
    let before = content(&database);
    for bad in ["", "a\0b", "line\n", &"x".repeat(256)] {
        let refused = ErrorKind::InvalidName;
        assert_eq!(kind(database.collection(bad)), refused);
        assert_eq!(
            kind(database.create_collection(bad, IdMode::Ulid, &WRITE)),
            refused
        );
        assert_eq!(kind(database.drop_collection(bad, &WRITE)), refused);
        assert_eq!(kind(database.rename_collection("people", bad, &WRITE)), refused);
        assert_eq!(kind(database.rename_collection(bad, "other", &WRITE)), refused);
    }
    assert_eq!(content(&database), before);
    assert!(database.collection(&"x".repeat(255)).is_ok());
}

#[test]
fn collection_that_is_absent_or_there_already_is_named() {
    let (database, _) = people(&OpenOptions::default());
    database
        .create_collection("other", IdMode::Integer, &WRITE)
        .unwrap();
    let before = content(&database);
    let rename = |from: &str, to: &str| kind(database.rename_collection(from, to, &WRITE));
    assert_eq!(rename("absent", "new"), ErrorKind::CollectionNotFound);
    assert_eq!(rename("people", "other"), ErrorKind::CollectionExists);
    assert_eq!(rename("people", "people"), ErrorKind::CollectionExists);
    let create = database.create_collection("people", IdMode::Ulid, &WRITE);
    assert_eq!(kind(create), ErrorKind::CollectionExists);
    assert!(!database.drop_collection("absent", &WRITE).unwrap());
    assert_eq!(content(&database), before);
}

#[test]
fn option_out_of_its_range_is_refused() {
    let default = OpenOptions::default;
    let bad = [
        OpenOptions {
            sync_interval_ms: 0,
            ..default()
        },
        OpenOptions {
            cache_bytes: 1000,
            ..default()
        },
        OpenOptions {
            document_bytes_max: 0,
            ..default()
        },
        OpenOptions {
            document_bytes_max: (1 << 30) + 1,
            ..default()
        },
    ];
    for options in bad {
        assert_eq!(
            kind(Database::open(":memory:", &options)),
            ErrorKind::InvalidArgument
        );
    }
}

#[test]
fn value_of_every_type_comes_back() {
    let (_, people) = people(&OpenOptions::default());
    let document = json!({
        "_id": "all", "null": null, "bool": true, "int": -5, "big": i64::MAX, "float": 0.5, "text": "é",
        "array": [1, [2, []]], "map": { "a": { "b": {} } }, "": "empty key",
    });
    people.insert(&pack(&document), &WRITE).unwrap();
    assert_eq!(get(&people, &Value::from("all")), Some(document));
}
