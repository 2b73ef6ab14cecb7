//! Documents that are types of the program: what serde's shapes become, and what does not fit.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use quiredb::{Collection, Database, DateTime, Document, ErrorKind, Id, Value, array, doc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn collection<T>() -> Collection<T> {
    Database::in_memory().unwrap().collection("things").unwrap()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Holder<T> {
    _id: u32,
    value: T,
}

/// Stores `value` in documents, of which the later ones are records, and reads it back; what is stored, by itself.
fn round<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(value: T) -> Value {
    let things: Collection<Holder<T>> = collection();
    let mut stored = Value::Null;
    for _id in 0..4 {
        let value = value.clone();
        let holder = Holder { _id, value };
        things.insert_one(&holder).unwrap();
        assert_eq!(things.get(_id).unwrap().as_ref(), Some(&holder));
        assert_eq!(
            things.find_one(doc! { "_id": _id }).unwrap().as_ref(),
            Some(&holder)
        );
        let plain = things.with_type::<Document>().get(_id).unwrap().unwrap();
        stored = plain.get("value").unwrap().clone();
    }
    stored
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Line(i32, i32),
    Box { width: u32, height: u32 },
}

#[test]
fn scalars_come_back_as_they_were() {
    assert_eq!(round(true), Value::Bool(true));
    assert_eq!(
        round((i8::MIN, i16::MIN, i32::MIN, i64::MIN)),
        array![-128, -32768, i32::MIN, i64::MIN]
    );
    assert_eq!(
        round((u8::MAX, u16::MAX, u32::MAX, u64::MAX)),
        array![255, 65535, u32::MAX, u64::MAX]
    );
    assert_eq!(round((64, 100, 127, 128)), array![64, 100, 127, 128]);
    assert_eq!(
        round((1.5f32, -0.1f64, f64::INFINITY)),
        array![1.5, -0.1, f64::INFINITY]
    );
    assert_eq!(round('é'), Value::from("é"));
    assert_eq!(round(String::from("日本🦀")), Value::from("日本🦀"));
    assert_eq!(round("x".repeat(70_000)), Value::from("x".repeat(70_000)));
    assert_eq!(
        round((i128::from(i64::MAX), u128::from(u64::MAX))),
        array![i64::MAX, u64::MAX]
    );
    assert_eq!(round(()), Value::Null);
    assert_eq!(round(None::<i32>), Value::Null);
    assert_eq!(round(Some(5)), Value::Int(5));
}

#[test]
fn dates_ids_and_values_come_back() {
    let date = DateTime::from_parts(1_709_214_330, 250_000_001).unwrap();
    assert_eq!(round(date), Value::Date(date));
    assert_eq!(
        round(DateTime::from_millis(-1)),
        Value::Date(DateTime::from_millis(-1))
    );
    assert_eq!(
        round(vec![Id::from(5), Id::from("x"), Id::from(vec![1u8, 2])]),
        array![5, "x", &[1u8, 2][..]]
    );
    let value = array![null, true, 1, 2.5, "x", &[1u8][..], date, [1, [2]], { "a": { "b": null } }];
    assert_eq!(round(value.clone()), value);
}

#[test]
fn lists_maps_and_enums_come_back() {
    assert_eq!(round(vec![Some(1), None, Some(3)]), array![1, null, 3]);
    assert_eq!(
        round((0..300).collect::<Vec<i32>>()),
        Value::from((0..300).collect::<Vec<i32>>())
    );
    let map: BTreeMap<String, i32> = (0..20).map(|number| (format!("k{number:02}"), number)).collect();
    assert!(matches!(round(map), Value::Map(map) if map.len() == 20));
    let by_number: HashMap<i64, bool> = HashMap::from([(-5, true), (7, false)]);
    assert!(matches!(round(by_number), Value::Map(map) if map.get_bool("-5") == Some(true)));
    let shapes = vec![
        Shape::Point,
        Shape::Circle(1.5),
        Shape::Line(1, -2),
        Shape::Box { width: 3, height: 4 },
    ];
    let stored =
        array!["Point", { "Circle": 1.5 }, { "Line": [1, -2] }, { "Box": { "width": 3, "height": 4 } }];
    assert_eq!(round(shapes), stored);
}

#[test]
fn flattened_tagged_and_defaulted_types_come_back() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "camelCase")]
    enum Event {
        Born { when: DateTime },
        Moved { to: String },
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Person {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        age: Option<u8>,
        #[serde(flatten)]
        event: Event,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Open {
        name: String,
        #[serde(flatten)]
        more: BTreeMap<String, Value>,
    }
    let when = DateTime::from_millis(5);
    let (name, event) = ("Ada".to_owned(), Event::Born { when });
    let stored = round(Person {
        name,
        age: None,
        event,
    });
    assert_eq!(
        stored,
        doc! { "name": "Ada", "kind": "born", "when": when }.into()
    );
    let (name, event) = ("Ada".to_owned(), Event::Moved { to: "Ulm".into() });
    round(Person {
        name,
        age: Some(36),
        event,
    });
    let more = BTreeMap::from([
        ("x".to_owned(), Value::Int(1)),
        ("y".to_owned(), Value::Date(when)),
    ]);
    let name = "Ada".to_owned();
    assert_eq!(
        round(Open { name, more }),
        doc! { "name": "Ada", "x": 1, "y": when }.into()
    );
}

#[test]
fn fields_that_a_type_does_not_have_are_passed_over() {
    let things: Collection<Document> = collection();
    for id in 0..3 {
        things
            .insert_one(&doc! { "_id": id, "a": [1, { "b": [2] }], "value": 7, "z": { "y": [[], {}] } })
            .unwrap();
    }
    let holders = things.with_type::<Holder<i64>>();
    assert_eq!(holders.get(2).unwrap(), Some(Holder { _id: 2, value: 7 }));
    assert_eq!(holders.find(doc! {}).all().unwrap().len(), 3);
}

#[test]
fn whole_floats_are_read_as_integers_and_integers_as_floats() {
    let things: Collection<Document> = collection();
    things
        .insert_one(&doc! { "_id": 1, "value": 3_000_000_000.0 })
        .unwrap();
    things.insert_one(&doc! { "_id": 2, "value": 5 }).unwrap();
    things.insert_one(&doc! { "_id": 3, "value": 5.5 }).unwrap();
    assert_eq!(
        things.with_type::<Holder<u64>>().get(1).unwrap().unwrap().value,
        3_000_000_000
    );
    assert_eq!(
        things.with_type::<Holder<f64>>().get(2).unwrap().unwrap().value,
        5.0
    );
    let error = things.with_type::<Holder<i64>>().get(3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidDocument);
}

#[test]
fn what_does_not_fit_the_type_says_why() {
    let things: Collection<Document> = collection();
    things.insert_one(&doc! { "_id": 1, "value": "text" }).unwrap();
    things.insert_one(&doc! { "_id": 2 }).unwrap();
    let typed = things.with_type::<Holder<u8>>();
    for (id, word) in [(1, "u8"), (2, "missing field `value`")] {
        let error = typed.get(id).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidDocument, "INVALID_DOCUMENT")
        );
        assert!(error.message().contains(word), "{error}");
    }
    let read: Vec<_> = typed.find(doc! {}).run().unwrap().collect();
    assert_eq!((read.len(), read[0].is_err()), (1, true));
    let dates = things.with_type::<Holder<DateTime>>();
    assert_eq!(dates.get(1).unwrap_err().kind(), ErrorKind::InvalidDocument);
    // The thread reads on as before.
    assert!(things.get(1).unwrap().is_some());
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let numbers: Collection<Holder<u128>> = collection();
    let value = u128::MAX;
    assert_eq!(
        numbers.insert_one(&Holder { _id: 1, value }).unwrap_err().kind(),
        ErrorKind::InvalidDocument
    );
    let keys: Collection<Holder<BTreeMap<Option<()>, i32>>> = collection();
    let value = BTreeMap::from([(None, 1)]);
    assert_eq!(
        keys.insert_one(&Holder { _id: 1, value }).unwrap_err().kind(),
        ErrorKind::InvalidDocument
    );
    let things: Collection<i32> = collection();
    assert_eq!(
        things.insert_one(&5).unwrap_err().kind(),
        ErrorKind::InvalidDocument
    );
    let documents: Collection<Document> = collection();
    let error = documents
        .find(BTreeMap::from([(None::<()>, 1)]))
        .all()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.message().contains("filter")),
        (ErrorKind::InvalidDocument, true)
    );
    let no_id = doc! { "_id": null };
    assert_eq!(
        documents.insert_one(&no_id).unwrap_err().kind(),
        ErrorKind::InvalidId
    );
}

#[test]
fn filters_and_updates_are_whatever_serializes() {
    let things: Collection<Document> = collection();
    things
        .insert_many(&[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }])
        .unwrap();
    #[derive(Serialize)]
    struct Wanted {
        a: i32,
    }
    assert_eq!(things.count_documents(Wanted { a: 2 }).unwrap(), 1);
    assert_eq!(
        things
            .count_documents(serde_json::json!({ "a": { "$gt": 0 } }))
            .unwrap(),
        2
    );
    assert_eq!(things.count_documents(BTreeMap::from([("a", 1)])).unwrap(), 1);
    let done = things
        .update_many(doc! {}, serde_json::json!({ "$inc": { "a": 1 } }))
        .unwrap();
    assert_eq!(done.modified_count, 2);
}

#[test]
fn a_type_may_read_while_it_is_read() {
    thread_local! {
        static OTHERS: std::cell::RefCell<Option<Collection<Document>>> = const { std::cell::RefCell::new(None) };
    }
    struct Nosy(Document, Option<Document>);
    impl<'de> Deserialize<'de> for Nosy {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Nosy, D::Error> {
            let other = OTHERS.with_borrow(|others| others.as_ref().unwrap().get(2).unwrap());
            Ok(Nosy(Document::deserialize(deserializer)?, other))
        }
    }
    let things: Collection<Document> = collection();
    things
        .insert_many(&[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }])
        .unwrap();
    OTHERS.set(Some(things.clone()));
    let Nosy(own, other) = things.with_type::<Nosy>().get(1).unwrap().unwrap();
    assert_eq!(
        (own.get_i64("a"), other.unwrap().get_i64("a")),
        (Some(1), Some(2))
    );
}

#[test]
fn documents_are_shown_as_they_are_written() {
    let document = doc! { "_id": 1, "a": [null, true, 2.5], "in": { "t": "x" } };
    assert_eq!(
        format!("{document:?}"),
        r#"{"_id": 1, "a": [null, true, 2.5], "in": {"t": "x"}}"#
    );
}
