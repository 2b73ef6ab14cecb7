//! Documents that upserts insert.

use super::*;

fn inserted(update: &str, filter: &str) -> Result<Tree> {
    let update = Update::compile(&plain(update))?;
    let circumstances = Circumstances {
        now: NOW,
        ..Circumstances::default()
    };
    let mut out = vec![0xee];
    let made = update.upsert_document(&plain(filter), &circumstances, &mut out);
    if made.is_err() {
        assert_eq!(out, [0xee], "a refused upsert leaves the output alone");
    }
    made.map(|()| Tree::from_normalised(&out[1..]))
}

#[test]
fn an_upsert_inserts_equalities_and_the_update() {
    let cases = [
        (
            r#"{"$set": {"item": "apple"}, "$setOnInsert": {"defaultQty": 100}}"#,
            r#"{"_id": 1}"#,
            r#"{"_id": 1, "defaultQty": 100, "item": "apple"}"#,
        ),
        (
            r#"{"$set": {"x": 1}}"#,
            r#"{"b": 2, "a": 1}"#,
            r#"{"a": 1, "b": 2, "x": 1}"#,
        ),
        (
            r#"{"$set": {"x": 1}}"#,
            r#"{"a": {"$eq": 1}, "b": {"$gt": 2}, "c": {"$in": [3]}, "d": {"$in": [3, 4]}}"#,
            r#"{"a": 1, "c": 3, "x": 1}"#,
        ),
        (
            r#"{"$set": {"x": 1}}"#,
            r#"{"$and": [{"a": 1}, {"$and": [{"b.c": 2}]}], "$or": [{"d": 1}, {"e": 1}]}"#,
            r#"{"a": 1, "b": {"c": 2}, "x": 1}"#,
        ),
        (
            r#"{"$set": {"x": 1}}"#,
            r#"{"$or": [{"d": 1}]}"#,
            r#"{"d": 1, "x": 1}"#,
        ),
        (
            r#"{"$set": {"x": 1}}"#,
            r#"{"a": {"b": 1}, "c": [1, 2], "d": null}"#,
            r#"{"a": {"b": 1}, "c": [1, 2], "d": null, "x": 1}"#,
        ),
        (r#"{"$inc": {"n": 1}}"#, r#"{"n": 5}"#, r#"{"n": 6}"#),
        (
            r#"{"$inc": {"n": 1}, "$setOnInsert": {"made": date(7)}}"#,
            r#"{"k": "x"}"#,
            r#"{"k": "x", "made": date(7), "n": 1}"#,
        ),
        (
            r#"{"$push": {"a": 3}}"#,
            r#"{"a": [1, 2]}"#,
            r#"{"a": [1, 2, 3]}"#,
        ),
        (r#"{"$unset": {"a": 1}}"#, r#"{"a": 5, "b": 1}"#, r#"{"b": 1}"#),
        (r#"{"$rename": {"a": "c"}}"#, r#"{"a": 5}"#, r#"{"c": 5}"#),
        (r#"{"$set": {"x": 1}}"#, "{}", r#"{"x": 1}"#),
        (
            r#"{"$setOnInsert": {"_id": "k", "x": 1}}"#,
            r#"{"a": 1}"#,
            r#"{"_id": "k", "a": 1, "x": 1}"#,
        ),
        (
            r#"{"$set": {"_id": 5}}"#,
            r#"{"_id": {"$in": [5.0]}}"#,
            r#"{"_id": 5}"#,
        ),
        (r#"{"$set": {"x": 1}}"#, r#"{"_id": {"$gt": 5}}"#, r#"{"x": 1}"#),
        (
            r#"{"$set": {"n": 100}}"#,
            r#"{"_id": 100, "m": 127}"#,
            r#"{"_id": 100, "m": 127, "n": 100}"#,
        ),
        (
            r#"{"$min": {"n": 5}, "$max": {"m": 5}}"#,
            r#"{"n": 9}"#,
            r#"{"n": 5, "m": 5}"#,
        ),
        (r#"{"a": 7}"#, r#"{"_id": 1, "b": 2}"#, r#"{"_id": 1, "a": 7}"#),
        (r#"{"a": 7, "_id": 3}"#, r#"{"b": 2}"#, r#"{"_id": 3, "a": 7}"#),
        (r#"{"a": 7, "_id": 1}"#, r#"{"_id": 1}"#, r#"{"_id": 1, "a": 7}"#),
        ("{}", r#"{"b": 2}"#, "{}"),
    ];
    for (update, filter, expected) in cases {
        assert_eq!(
            inserted(update, filter).unwrap(),
            tree(expected),
            "{update} for {filter}"
        );
    }
}

#[test]
fn an_upsert_that_contradicts_itself_is_refused() {
    let set = r#"{"$set": {"x": 1}}"#;
    let cases: &[(&str, &str, &[&str])] = &[
        (set, r#"{"a": 1, "$and": [{"a": 2}]}"#, &["\"a\"", "conflicts"]),
        (set, r#"{"a": {"b": 1}, "a.b": 1}"#, &["\"a", "conflicts"]),
        (set, r#"{"_id": 1, "$and": [{"_id": 1}]}"#, &["_id", "twice"]),
        (r#"{"$set": {"_id": 1}}"#, r#"{"_id": 2}"#, &["1", "2", "agree"]),
        (r#"{"$setOnInsert": {"_id": 1}}"#, r#"{"_id": 2}"#, &["agree"]),
        (r#"{"_id": 1}"#, r#"{"_id": 2}"#, &["agree"]),
        (r#"{"$set": {"a.$": 1}}"#, r#"{"a": 2}"#, &["a.$", "matched"]),
        (r#"{"$set": {"a.$[]": 1}}"#, "{}", &["\"a\"", "array"]),
        (r#"{"$set": {"a.b": 1}}"#, r#"{"a": 2}"#, &["\"a\"", "\"b\""]),
        (r#"{"$push": {"a": 1}}"#, r#"{"a": 2}"#, &["$push", "array"]),
    ];
    for (update, filter, words) in cases {
        let error = inserted(update, filter).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidUpdate, "{error}");
        for word in *words {
            assert!(error.message().contains(word), "{word} in {error}");
        }
    }
    assert_eq!(
        inserted(set, r#"{"_id": null}"#).unwrap_err().kind(),
        ErrorKind::InvalidId
    );
}
