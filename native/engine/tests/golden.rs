//! Files of released formats: every release opens them and finds exactly their content.
//!
//! tests/golden/ holds, for each format version, a closed database (`format-1.quire`) and one whose process was
//! killed (`format-1-killed.quire` with its logs and journal). Together they have every kind of page, operation
//! and value. A new format gets new files by
//!
//! ```text
//! cargo test -p quire-engine --test golden -- --ignored write_the_golden_files
//! ```
//!
//! and keeps the old ones, with the content that is written down here. File id, hash key and salt are random.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use quire_engine::format::header::{FORMAT_MAJOR, Header, Slot};
use quire_engine::format::page::{self, PageKind};
use quire_engine::storage::{MemoryStorage, OpenMode, Storage};
use quire_engine::{
    Database, FindOptions, IdBytes, IdMode, IndexDefinition, OpenOptions, Owner, PAGE_BYTES, WriteOptions,
    dump_on,
};
use serde_json::{Value, json};

use common::golden::{SUFFIXES, folder, options, storage_of};
use common::{get, id, pack, pack_all};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

const CLOSED: &str = "format-1.quire";
const KILLED: &str = "format-1-killed.quire";
/// Most bytes of one golden file.
const BYTES_MAX: usize = 200_000;
/// People ever added at first: enough for an id index of several pages.
const PEOPLE: u64 = 240;

// Fields stand in the order of their names, as in the files, for `json!` keeps or sorts them as other crates wish.

/// Documents in plain MessagePack by collection, in the order of their bytes.
type Content = BTreeMap<String, BTreeSet<Vec<u8>>>;

fn person(number: u64) -> Value {
    json!({ "_id": format!("person-{number:03}"), "age": number % 90,
        "home": { "city": "Kochi", "zip": 682_001 + number }, "name": format!("Name {number}"),
        "tags": ["a", number % 7] })
}

/// Documents with every type of value and of id, in plain MessagePack.
fn typed() -> Vec<Vec<u8>> {
    let with = |key: &[u8], value: &[u8]| [&[0x82, 0xa3][..], b"_id", key, &[0xa5], b"value", value].concat();
    let array16 = [&[0xdc, 0, 20][..], &[7; 20]].concat();
    let text16 = [&[0xda, 1, 44][..], &[b't'; 300]].concat();
    let float = [&[0xcb][..], &0.1f64.to_be_bytes()].concat();
    vec![
        with(&[1], &[0xc0]),
        with(&[2], &[0xc2]),
        with(&[3], &[0xc3]),
        with(&[4], &[63]),
        with(&[5], &[0xcc, 100]),
        with(&[6], &[0xff]),
        with(&[7], &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        with(&[8], &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        with(&[9], &float),
        with(&[10], &[0xca, 0x3f, 0x80, 0, 0]),
        with(&[11], &[0xc4, 3, 1, 2, 3]),
        with(&[12], &[0xd6, 0xff, 0x65, 0, 0, 0]),
        with(&[13], &[0xa0]),
        with(
            &[14],
            "\u{a9}é漢🙂"
                .bytes()
                .fold(vec![0xab], |mut text, byte| {
                    text.push(byte);
                    text
                })
                .as_slice(),
        ),
        with(&[15], &[0x90]),
        with(&[16], &[0x80]),
        with(&[17], &array16),
        with(&[18], &text16),
        with(&[19], &[0x91, 0x91, 0x81, 0xa1, b'k', 0x92, 1, 0xc0]),
        with(&[0xd1, 0x80, 0], &[1]),
        with(&[0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[1]),
        with(&[0xa0], &[1]),
        with(&[0xc4, 2, 0, 255], &[1]),
        with(&[&[0xda, 4, 0][..], &[b'i'; 1024]].concat(), &[1]),
    ]
}

fn large(number: usize) -> Value {
    json!({ "_id": number, "small": true, "text": format!("{number}").repeat(4_100 + number * 3_000) })
}

/// What both databases hold at their last checkpoint; `numbers` has lost some and goes on from 31.
fn base_content() -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let people = (0..PEOPLE)
        .filter(|number| number % 9 != 0)
        .map(|number| pack(&person(number)));
    let numbers = (1..=30).filter(|number| number % 4 != 0);
    BTreeMap::from([
        ("people", people.collect()),
        (
            "numbers",
            numbers
                .map(|number| pack(&json!({ "_id": number, "square": number * number })))
                .collect(),
        ),
        ("types", typed()),
        ("large", (0..3).map(|number| pack(&large(number))).collect()),
        ("empty", Vec::new()),
        ("新しい名前", vec![pack(&json!({ "_id": 1 }))]),
    ])
}

/// What the commits of the log add.
fn killed_content() -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let mut content = base_content();
    let people = content.get_mut("people").unwrap();
    people.retain(|document| *document != pack(&person(1)) && *document != pack(&person(2)));
    people.push(pack(&json!({ "_id": "person-002", "changed": true })));
    people.extend((500..520).map(|number| pack(&person(number))));
    content.insert(
        "large",
        vec![pack(&large(0)), pack(&large(2)), pack(&json!({ "_id": 1 }))],
    );
    content.remove("empty");
    content.insert("numbers", Vec::new());
    let renamed = content.remove("新しい名前").unwrap();
    content.insert("renamed", renamed);
    content.insert("late", vec![pack(&json!({ "_id": "only" }))]);
    content
}

fn write_base(database: &Database) {
    let content = base_content();
    let insert = |name: &str, documents: &[u8]| {
        let collection = database.collection(name).unwrap();
        collection
            .insert_many(documents, &mut Vec::new(), &WRITE)
            .unwrap();
    };
    insert("people", &pack_all(&(0..PEOPLE).map(person).collect::<Vec<_>>()));
    database
        .create_collection("numbers", IdMode::Integer, &WRITE)
        .unwrap();
    let squares: Vec<Value> = (1..=30)
        .map(|number| json!({ "square": number * number }))
        .collect();
    insert("numbers", &pack_all(&squares));
    insert("types", &typed().concat());
    insert("large", &content["large"].concat());
    insert("large", &pack(&large(3)));
    database.create_collection("empty", IdMode::Ulid, &WRITE).unwrap();
    insert("old name", &pack(&json!({ "_id": 1 })));
    insert("gone", &pack_all(&(0..60).map(person).collect::<Vec<_>>()));
    database.checkpoint().unwrap();
    database.drop_collection("gone", &WRITE).unwrap();
    database
        .rename_collection("old name", "新しい名前", &WRITE)
        .unwrap();
    let delete = |name: &str, key: &Value| {
        let collection = database.collection(name).unwrap();
        assert!(collection.delete(&id(key), &WRITE).unwrap());
    };
    (0..PEOPLE)
        .step_by(9)
        .for_each(|number| delete("people", &json!(format!("person-{number:03}"))));
    (4..=30)
        .step_by(4)
        .for_each(|number| delete("numbers", &json!(number)));
    delete("large", &json!(3));
    database.checkpoint().unwrap();
}

fn write_log(database: &Database) {
    let people = database.collection("people").unwrap();
    people.delete(&id(&json!("person-001")), &WRITE).unwrap();
    people
        .put(&pack(&json!({ "_id": "person-002", "changed": true })), &WRITE)
        .unwrap();
    for number in 500..520 {
        people.insert(&pack(&person(number)), &WRITE).unwrap();
    }
    database
        .collection("large")
        .unwrap()
        .put(&pack(&json!({ "_id": 1 })), &WRITE)
        .unwrap();
    database.collection("numbers").unwrap().clear(&WRITE).unwrap();
    database.drop_collection("empty", &WRITE).unwrap();
    database
        .rename_collection("新しい名前", "renamed", &WRITE)
        .unwrap();
    database
        .collection("late")
        .unwrap()
        .insert(&pack(&json!({ "_id": "only" })), &WRITE)
        .unwrap();
    database.sync().unwrap();
}

fn as_content(content: BTreeMap<&'static str, Vec<Vec<u8>>>) -> Content {
    content
        .into_iter()
        .map(|(name, documents)| (name.to_owned(), documents.into_iter().map(normal).collect()))
        .collect()
}

/// A document as the database hands it out: with the shortest integers, and 64 to 127 in two bytes.
fn normal(document: Vec<u8>) -> Vec<u8> {
    let database = Database::open(":memory:", &options()).unwrap();
    let collection = database.collection("one").unwrap();
    collection.insert(&document, &WRITE).unwrap();
    content_of(&database).remove("one").unwrap().pop_first().unwrap()
}

fn content_of(database: &Database) -> Content {
    let mut content = Content::new();
    for info in database.collections().unwrap() {
        let collection = database.collection(&info.name).unwrap();
        let mut documents = BTreeSet::new();
        let mut cursor = collection.find(FindOptions::default()).unwrap();
        let mut stored = Vec::new();
        while cursor.next_batch(&mut stored, 1, usize::MAX).unwrap() > 0 {
            let mut plain = Vec::new();
            quire_engine::format::plain::write_plain(&stored, &cursor.structures(), &mut plain).unwrap();
            assert!(documents.insert(plain));
            stored.clear();
        }
        assert_eq!(info.documents_count, documents.len() as u64);
        content.insert(info.name.to_string(), documents);
    }
    content
}

fn files_of(storage: &MemoryStorage, name: &str) -> BTreeMap<String, Vec<u8>> {
    let names = SUFFIXES.map(|suffix| format!("{name}{suffix}"));
    names
        .into_iter()
        .filter(|name| storage.exists(name.as_ref()).unwrap())
        .map(|name| {
            let file = storage.open(name.as_ref(), OpenMode::Read).unwrap();
            let mut bytes = vec![0; file.len().unwrap() as usize];
            file.read_exact_at(0, &mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

/// Opens the golden database `name` for reading, dumping and writing, and expects `content` each time.
#[track_caller]
fn expect(name: &str, content: &Content) {
    let storage = storage_of(name);
    let before = files_of(&storage, name);
    let read_only = OpenOptions {
        read_only: true,
        ..options()
    };
    let database = Database::open_on(Arc::new(storage.clone()), Path::new(name), &read_only).unwrap();
    assert!(content_of(&database) == *content, "other documents");
    assert!(database.check().unwrap().is_clean());
    drop(database);
    let mut dumped = Content::new();
    let report = dump_on(&storage, Path::new(name), |found| {
        let documents = dumped.entry(found.collection.to_owned()).or_default();
        assert!(documents.insert(found.document.to_vec()));
        Ok(())
    });
    assert_eq!(report.unwrap().problems_count, 0);
    let filled: Content = content
        .clone()
        .into_iter()
        .filter(|(_, documents)| !documents.is_empty())
        .collect();
    assert!(dumped == filled, "other documents dumped");
    assert!(files_of(&storage, name) == before, "reading wrote");
    let database = Database::open_on(Arc::new(storage), Path::new(name), &options()).unwrap();
    assert!(content_of(&database) == *content, "other documents for writing");
    let people = database.collection("people").unwrap();
    people.insert(&pack(&json!({ "_id": "new" })), &WRITE).unwrap();
    assert_eq!(get(&people, &json!("person-031")), Some(person(31)));
    let numbers = database.collection("numbers").unwrap();
    let next = numbers.insert(&pack(&json!({ "square": 961 })), &WRITE).unwrap();
    assert_eq!(next, IdBytes::from_integer(31));
    // A catalog without ordered indexes takes some.
    let by_age = IndexDefinition::on(&[("age", true), ("home.zip", false)]).unwrap();
    people.create_index(&by_age, &WRITE).unwrap();
    let entries_count = people.indexes().unwrap()[1].entries_count;
    assert_eq!(entries_count, people.count(None).unwrap());
    database.checkpoint().unwrap();
    let report = database.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[test]
fn closed_database_of_format_1_holds_its_content() {
    expect(CLOSED, &as_content(base_content()));
}

#[test]
fn killed_database_of_format_1_holds_its_content() {
    expect(KILLED, &as_content(killed_content()));
}

#[test]
fn golden_files_are_small_and_have_every_kind_of_page() {
    let files = [CLOSED, KILLED].map(|name| files_of(&storage_of(name), name));
    assert_eq!(files[0].len(), 1);
    assert!(files[1].len() >= 3, "no log or no journal: {:?}", files[1].keys());
    let is_small = |bytes: &Vec<u8>| bytes.len() < BYTES_MAX;
    assert!(files.iter().flat_map(BTreeMap::values).all(is_small));
    let data = &files[0][CLOSED];
    assert!(matches!(Header::decode(data), Ok(Slot::Good(_))));
    let kinds: BTreeSet<PageKind> = data
        .chunks_exact(PAGE_BYTES)
        .skip(2)
        .filter_map(|bytes| page::kind(bytes.try_into().unwrap()))
        .collect();
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}

#[test]
#[ignore = "writes tests/golden; for a new format only"]
fn write_the_golden_files() {
    assert_eq!(
        FORMAT_MAJOR, 1,
        "name the files of the new format and keep the old ones"
    );
    for name in [CLOSED, KILLED] {
        let storage = MemoryStorage::new();
        let database = Database::open_on(Arc::new(storage.clone()), Path::new(name), &options()).unwrap();
        write_base(&database);
        if name == CLOSED {
            database.close().unwrap();
        } else {
            write_log(&database);
        }
        for (name, bytes) in files_of(&storage, name) {
            std::fs::write(folder().join(name), bytes).unwrap();
        }
    }
}
