//! `createIndexes`, `dropIndexes`, `listIndexes`: replies and refusals.

use super::*;

fn names(place: &mut Place) -> Vec<String> {
    let reply = place.ask(&json!({"op": "listIndexes"})).unwrap();
    let indexes = reply["indexes"].as_array().unwrap().iter();
    indexes
        .map(|index| index["name"].as_str().unwrap().to_owned())
        .collect()
}

fn filled() -> Place {
    let documents: Vec<Value> = (0..200).map(|n| json!({"_id": n, "n": n % 70, "m": n})).collect();
    Place::filled(&documents, false)
}

#[test]
fn indexes_are_made_listed_and_dropped() {
    let mut place = filled();
    let request = json!({"op": "createIndexes", "indexes": [
        {"key": [["n", 1], ["m", -1]]},
        {"key": {"m": 1}, "name": "by m", "unique": true},
        {"key": {"at": 1}, "expireAfterSeconds": 100},
    ]});
    let made = json!({"names": ["n_1_m_-1", "by m", "at_1"]});
    assert_eq!(place.ask(&request).unwrap(), made);
    assert_eq!(place.ask(&request).unwrap(), made, "the same again is made once");
    let reply = place.ask(&json!({"op": "listIndexes"})).unwrap();
    let listed = reply["indexes"].as_array().unwrap();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[0]["key"], json!({"_id": 1}));
    assert_eq!(listed[2]["unique"], json!(true));
    assert_eq!(listed[2]["entriesCount"], json!(200));
    assert!(listed[1]["bytes"].as_u64().unwrap() >= 4096);
    assert_eq!(listed[3]["expireAfterSeconds"], json!(100));
    assert_eq!(
        place.ask(&json!({"op": "dropIndexes", "index": "by m"})).unwrap(),
        json!({})
    );
    let by_fields = json!({"op": "dropIndexes", "index": [["n", 1], ["m", -1]]});
    assert_eq!(place.ask(&by_fields).unwrap(), json!({}));
    assert_eq!(names(&mut place), ["_id_", "at_1"]);
    assert_eq!(place.ask(&json!({"op": "dropIndexes"})).unwrap(), json!({}));
    assert_eq!(names(&mut place), ["_id_"]);
}

#[test]
fn indexes_are_made_together_or_not_at_all() {
    let mut place = filled();
    let before = json!({"op": "createIndexes", "indexes": [{"key": {"m": 1}}]});
    place.ask(&before).unwrap();
    let request = json!({"op": "createIndexes", "indexes": [
        {"key": {"m": 1}}, {"key": {"x": 1}}, {"key": {"n": 1}, "unique": true},
    ]});
    assert_eq!(place.refusal(&request).0, ErrorKind::DuplicateKey);
    assert_eq!(names(&mut place), ["_id_", "m_1"], "what was there before stays");
}

#[test]
fn what_is_no_index_is_refused() {
    let mut place = filled();
    let cases = [
        (json!({"op": "createIndexes"}), ErrorKind::InvalidArgument),
        (
            json!({"op": "createIndexes", "indexes": 5}),
            ErrorKind::InvalidArgument,
        ),
        (
            json!({"op": "createIndexes", "indexes": [5]}),
            ErrorKind::InvalidIndex,
        ),
        (
            json!({"op": "createIndexes", "indexes": [{"key": {}}]}),
            ErrorKind::InvalidIndex,
        ),
        (
            json!({"op": "createIndexes", "indexes": [{"key": {"a": "text"}}]}),
            ErrorKind::InvalidIndex,
        ),
        (
            json!({"op": "dropIndexes", "index": "none"}),
            ErrorKind::IndexNotFound,
        ),
        (
            json!({"op": "dropIndexes", "index": {"none": 1}}),
            ErrorKind::IndexNotFound,
        ),
        (
            json!({"op": "dropIndexes", "index": "_id_"}),
            ErrorKind::InvalidIndex,
        ),
        (json!({"op": "dropIndexes", "index": 5}), ErrorKind::InvalidIndex),
        (
            json!({"op": "listIndexes", "filter": {}}),
            ErrorKind::InvalidArgument,
        ),
    ];
    for (request, kind) in cases {
        assert_eq!(place.refusal(&request).0, kind, "{request}");
    }
    assert_eq!(names(&mut place), ["_id_"]);
    let mut inside = Place::filled(&[], true);
    let (kind, message) = inside.refusal(&json!({"op": "listIndexes"}));
    assert_eq!(
        (kind, message.contains("transaction")),
        (ErrorKind::InvalidArgument, true)
    );
}

#[test]
fn more_indexes_than_a_collection_may_have_are_refused_before_one_is_made() {
    let mut place = filled();
    let indexes: Vec<Value> = (0..64).map(|n| json!({"key": {format!("f{n}"): 1}})).collect();
    let refused = place.refusal(&json!({"op": "createIndexes", "indexes": indexes}));
    assert_eq!(refused.0, ErrorKind::InvalidArgument);
    assert!(refused.1.contains("64 indexes"), "{}", refused.1);
    assert_eq!(names(&mut place), ["_id_"]);
}
