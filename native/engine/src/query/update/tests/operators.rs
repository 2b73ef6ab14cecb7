//! The field operators, case by case as MongoDB's manual has them.

use super::*;

/// `update` on `document`, what comes out, from the manual and the rules around it.
#[test]
fn field_operators_do_what_the_manual_says() {
    let cases = [
        // $mul
        (
            r#"{"$mul": {"price": 2, "qty": 1.5}}"#,
            r#"{"_id": 1, "price": 5, "qty": 3}"#,
            r#"{"_id": 1, "price": 10, "qty": 4.5}"#,
        ),
        (
            r#"{"$mul": {"price": 100}}"#,
            r#"{"_id": 2}"#,
            r#"{"_id": 2, "price": 0}"#,
        ),
        (
            r#"{"$mul": {"price": 2.5}}"#,
            r#"{"_id": 2}"#,
            r#"{"_id": 2, "price": 0.0}"#,
        ),
        (
            r#"{"$mul": {"a.b": 3}}"#,
            r#"{"_id": 1, "a": {"b": 7}}"#,
            r#"{"_id": 1, "a": {"b": 21}}"#,
        ),
        (
            r#"{"$mul": {"a": 1}}"#,
            r#"{"_id": 1, "a": 7}"#,
            r#"{"_id": 1, "a": 7}"#,
        ),
        (
            r#"{"$mul": {"a": 1}}"#,
            r#"{"_id": 1, "a": 9223372036854775808}"#,
            r#"{"_id": 1, "a": 9223372036854775808}"#,
        ),
        // $min, $max
        (
            r#"{"$min": {"low": 150}}"#,
            r#"{"_id": 1, "low": 200}"#,
            r#"{"_id": 1, "low": 150}"#,
        ),
        (
            r#"{"$min": {"low": 250}}"#,
            r#"{"_id": 1, "low": 200}"#,
            r#"{"_id": 1, "low": 200}"#,
        ),
        (
            r#"{"$max": {"high": 950}}"#,
            r#"{"_id": 1, "high": 800}"#,
            r#"{"_id": 1, "high": 950}"#,
        ),
        (
            r#"{"$max": {"high": 870}}"#,
            r#"{"_id": 1, "high": 950}"#,
            r#"{"_id": 1, "high": 950}"#,
        ),
        (
            r#"{"$max": {"high": 950.0}}"#,
            r#"{"_id": 1, "high": 950}"#,
            r#"{"_id": 1, "high": 950}"#,
        ),
        (
            r#"{"$min": {"a": 1}, "$max": {"b": {"c": 1}}}"#,
            r#"{"_id": 1}"#,
            r#"{"_id": 1, "a": 1, "b": {"c": 1}}"#,
        ),
        (
            r#"{"$max": {"a": date(20)}}"#,
            r#"{"_id": 1, "a": date(10)}"#,
            r#"{"_id": 1, "a": date(20)}"#,
        ),
        (
            r#"{"$max": {"a": "x"}}"#,
            r#"{"_id": 1, "a": 10}"#,
            r#"{"_id": 1, "a": "x"}"#,
        ),
        (
            r#"{"$min": {"a": null}}"#,
            r#"{"_id": 1, "a": 10}"#,
            r#"{"_id": 1, "a": null}"#,
        ),
        (
            r#"{"$min": {"a": null}}"#,
            r#"{"_id": 1, "a": null}"#,
            r#"{"_id": 1, "a": null}"#,
        ),
        (
            r#"{"$max": {"a": [1]}}"#,
            r#"{"_id": 1, "a": {"x": 5}}"#,
            r#"{"_id": 1, "a": [1]}"#,
        ),
        // $rename
        (
            r#"{"$rename": {"nickname": "alias", "cell": "mobile"}}"#,
            r#"{"_id": 1, "nickname": "x", "cell": 5}"#,
            r#"{"_id": 1, "alias": "x", "mobile": 5}"#,
        ),
        (
            r#"{"$rename": {"name.first": "name.fname"}}"#,
            r#"{"_id": 1, "name": {"first": "g", "last": "w"}}"#,
            r#"{"_id": 1, "name": {"last": "w", "fname": "g"}}"#,
        ),
        (
            r#"{"$rename": {"name.last": "contact.lname"}}"#,
            r#"{"_id": 1, "name": {"last": "w"}, "contact": {"lname": "y", "x": 1}}"#,
            r#"{"_id": 1, "name": {}, "contact": {"lname": "w", "x": 1}}"#,
        ),
        (
            r#"{"$rename": {"a.b": "c.d"}}"#,
            r#"{"_id": 1, "a": {"b": [{"x": 1}]}}"#,
            r#"{"_id": 1, "a": {}, "c": {"d": [{"x": 1}]}}"#,
        ),
        (
            r#"{"$rename": {"wife": "spouse"}}"#,
            r#"{"_id": 1, "spouse": 5}"#,
            r#"{"_id": 1, "spouse": 5}"#,
        ),
        (
            r#"{"$rename": {"a.b.c": "d"}}"#,
            r#"{"_id": 1, "a": {}}"#,
            r#"{"_id": 1, "a": {}}"#,
        ),
        (
            r#"{"$rename": {"a": "b"}}"#,
            r#"{"_id": 1, "a": 5, "b": 5}"#,
            r#"{"_id": 1, "b": 5}"#,
        ),
        (
            r#"{"$rename": {"a": "b"}, "$set": {"c": 1}, "$inc": {"d": 1}}"#,
            r#"{"_id": 1, "a": 5, "d": 5}"#,
            r#"{"_id": 1, "d": 6, "b": 5, "c": 1}"#,
        ),
        (
            r#"{"$rename": {"a": "c", "b": "d"}}"#,
            r#"{"_id": 1, "b": 5}"#,
            r#"{"_id": 1, "d": 5}"#,
        ),
        (
            r#"{"$rename": {"a.7": "c"}}"#,
            r#"{"_id": 1, "a": [5]}"#,
            r#"{"_id": 1, "a": [5]}"#,
        ),
        // $currentDate
        (
            r#"{"$currentDate": {"a": false}}"#,
            r#"{"_id": 1, "a": 1}"#,
            r#"{"_id": 1, "a": NOW_MS}"#,
        ),
        (
            r#"{"$currentDate": {"a": true, "b.c": {"$type": "date"}}}"#,
            r#"{"_id": 1}"#,
            r#"{"_id": 1, "a": NOW_MS, "b": {"c": NOW_MS}}"#,
        ),
        (
            r#"{"$currentDate": {"a": {"$type": "timestamp"}}}"#,
            r#"{"_id": 1}"#,
            r#"{"_id": 1, "a": NOW_NS}"#,
        ),
        // $bit
        (
            r#"{"$bit": {"expdata": {"and": 10}}}"#,
            r#"{"_id": 1, "expdata": 13}"#,
            r#"{"_id": 1, "expdata": 8}"#,
        ),
        (
            r#"{"$bit": {"expdata": {"or": 5}}}"#,
            r#"{"_id": 2, "expdata": 3}"#,
            r#"{"_id": 2, "expdata": 7}"#,
        ),
        (
            r#"{"$bit": {"expdata": {"xor": 5}}}"#,
            r#"{"_id": 3, "expdata": 1}"#,
            r#"{"_id": 3, "expdata": 4}"#,
        ),
        (
            r#"{"$bit": {"a": {"and": 12, "or": 1}}}"#,
            r#"{"_id": 3, "a": 10}"#,
            r#"{"_id": 3, "a": 9}"#,
        ),
        (
            r#"{"$bit": {"a": {"or": 6}}}"#,
            r#"{"_id": 3}"#,
            r#"{"_id": 3, "a": 6}"#,
        ),
        (
            r#"{"$bit": {"a": {"and": -1}}}"#,
            r#"{"_id": 3, "a": -9223372036854775808}"#,
            r#"{"_id": 3, "a": -9223372036854775808}"#,
        ),
        (
            r#"{"$bit": {"a": {"or": 1}}}"#,
            r#"{"_id": 3, "a": 9223372036854775808}"#,
            r#"{"_id": 3, "a": 9223372036854775809}"#,
        ),
        // $setOnInsert on a document that is there
        (
            r#"{"$setOnInsert": {"a": 1, "_id": 9}, "$set": {"b": 2}}"#,
            r#"{"_id": 1}"#,
            r#"{"_id": 1, "b": 2}"#,
        ),
        (
            r#"{"$setOnInsert": {"a.b": 1}}"#,
            r#"{"_id": 1, "a": 5}"#,
            r#"{"_id": 1, "a": 5}"#,
        ),
    ];
    for (update, document, expected) in cases {
        let (after, changed) = apply(update, document).unwrap();
        let expected = with_now(tree(
            &expected
                .replace("NOW_", "date(-")
                .replace("date(-MS", "date(-1)")
                .replace("date(-NS", "date(-2)"),
        ));
        assert_eq!(after, expected, "{update} on {document}");
        assert_eq!(
            changed,
            tree(document) != expected,
            "changed, {update} on {document}"
        );
    }
}

/// `date(-1)` as the clock's time in milliseconds, `date(-2)` as its exact time.
fn with_now(tree: Tree) -> Tree {
    match tree {
        Tree::Date(-1, _) => Tree::Date(NOW.seconds, 5_000_000),
        Tree::Date(-2, _) => Tree::Date(NOW.seconds, NOW.nanoseconds),
        Tree::Map(fields) => Tree::Map(
            fields
                .into_iter()
                .map(|(key, value)| (key, with_now(value)))
                .collect(),
        ),
        other => other,
    }
}

#[test]
fn what_a_document_holds_is_refused_by_path_and_type() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            r#"{"$mul": {"a": 2}}"#,
            r#"{"_id": 1, "a": "x"}"#,
            &["$mul", "\"a\"", "string"],
        ),
        (
            r#"{"$mul": {"a": 2}}"#,
            r#"{"_id": 1, "a": null}"#,
            &["$mul", "null"],
        ),
        (
            r#"{"$mul": {"a": 9223372036854775807}}"#,
            r#"{"_id": 1, "a": 2}"#,
            &["$mul", "\"a\"", "64 bits"],
        ),
        (
            r#"{"$mul": {"a": -1}}"#,
            r#"{"_id": 1, "a": 18446744073709551615}"#,
            &["64 bits"],
        ),
        (
            r#"{"$bit": {"a.b": {"and": 1}}}"#,
            r#"{"_id": 1, "a": {"b": 1.5}}"#,
            &["$bit", "\"a.b\"", "float"],
        ),
        (
            r#"{"$bit": {"a": {"xor": 1}}}"#,
            r#"{"_id": 1, "a": "x"}"#,
            &["$bit", "string"],
        ),
        (
            r#"{"$bit": {"a": {"xor": -1}}}"#,
            r#"{"_id": 1, "a": 9223372036854775808}"#,
            &["64 bits"],
        ),
        (
            r#"{"$min": {"a.b": 1}}"#,
            r#"{"_id": 1, "a": 5}"#,
            &["\"a\"", "\"b\"", "integer"],
        ),
        (
            r#"{"$currentDate": {"a.b": true}}"#,
            r#"{"_id": 1, "a": "x"}"#,
            &["\"a\"", "string"],
        ),
        (
            r#"{"$rename": {"a.b": "c"}}"#,
            r#"{"_id": 1, "a": 5}"#,
            &["$rename", "\"a.b\"", "integer"],
        ),
        (
            r#"{"$rename": {"a.0": "c"}}"#,
            r#"{"_id": 1, "a": [5]}"#,
            &["$rename", "\"a.0\"", "array"],
        ),
        (
            r#"{"$rename": {"a.b": "c"}}"#,
            r#"{"_id": 1, "a": [{"b": 1}]}"#,
            &["$rename", "\"a.b\"", "array"],
        ),
        (
            r#"{"$rename": {"c": "a.0"}}"#,
            r#"{"_id": 1, "a": [5], "c": 1}"#,
            &["$rename", "\"a.0\"", "array"],
        ),
        (
            r#"{"$rename": {"c": "a.x"}}"#,
            r#"{"_id": 1, "a": 5, "c": 1}"#,
            &["\"a\"", "\"x\"", "integer"],
        ),
    ];
    for (update, document, words) in cases {
        refused(update, document, words);
    }
}

#[test]
fn operands_that_an_operator_cannot_use_are_refused_when_compiled() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"$mul": {"a": "x"}}"#, &["$mul", "\"a\"", "number", "string"]),
        (
            r#"{"$currentDate": {"a": 1}}"#,
            &["$currentDate", "\"a\"", "true", "integer"],
        ),
        (
            r#"{"$currentDate": {"a": {"$type": "day"}}}"#,
            &["$currentDate", "date"],
        ),
        (
            r#"{"$currentDate": {"a": {"$type": "date", "b": 1}}}"#,
            &["$currentDate", "date"],
        ),
        (r#"{"$bit": {"a": 5}}"#, &["$bit", "and, or, xor"]),
        (r#"{"$bit": {"a": {}}}"#, &["$bit", "none"]),
        (r#"{"$bit": {"a": {"not": 5}}}"#, &["$bit", "\"not\""]),
        (r#"{"$bit": {"a": {"and": 1.5}}}"#, &["$bit", "integers", "float"]),
        (r#"{"$rename": {"a": 5}}"#, &["$rename", "string", "integer"]),
        (r#"{"$rename": {"a": "a"}}"#, &["$rename", "\"a\"", "same"]),
        (
            r#"{"$rename": {"a": "a.b"}}"#,
            &["$rename", "\"a.b\"", "lead through"],
        ),
        (r#"{"$rename": {"a.b": "a"}}"#, &["$rename", "lead through"]),
        (r#"{"$rename": {"a": ""}}"#, &["$rename", "empty"]),
        (
            r#"{"$rename": {"a.$[]": "b"}}"#,
            &["$rename", "a.$[]", "not allowed"],
        ),
        (r#"{"$rename": {"b": "a.$"}}"#, &["$rename", "a.$", "not allowed"]),
        (r#"{"$rename": {"_id": "b"}}"#, &["$rename", "_id"]),
        (r#"{"$rename": {"b": "_id"}}"#, &["$rename", "_id"]),
        (r#"{"$rename": {"a": "b", "c": "b"}}"#, &["conflicts", "\"b\""]),
        (
            r#"{"$rename": {"a": "b"}, "$set": {"a.x": 1}}"#,
            &["conflicts", "\"a\""],
        ),
        (
            r#"{"$rename": {"a": "b"}, "$set": {"b": 1}}"#,
            &["conflicts", "\"b\""],
        ),
        (r#"{"$rename": {"a": "b", "b": "c"}}"#, &["conflicts", "\"b\""]),
        (
            r#"{"$setOnInsert": {"a": 1}, "$set": {"a.b": 1}}"#,
            &["conflicts", "\"a\""],
        ),
        (
            r#"{"$setOnInsert": {"_id": 1}, "$set": {"_id": 1}}"#,
            &["_id", "conflicts"],
        ),
        (r#"{"$mul": {"_id": 1}}"#, &["$mul", "_id"]),
        (r#"{"$min": {"_id.x": 1}}"#, &["$min", "_id"]),
        (r#"{"$push": {"_id": 1}}"#, &["$push", "_id"]),
        (r#"{"$min": 5}"#, &["$min", "integer"]),
        (r#"{"$rename": ["a"]}"#, &["$rename", "array"]),
    ];
    for (update, words) in cases {
        refused(update, r#"{"_id": 1}"#, words);
    }
}

#[test]
fn a_rename_that_would_nest_too_deep_is_refused() {
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let target = vec!["b"; 50].join(".");
    refused(
        &format!(r#"{{"$rename": {{"a": "{target}"}}}}"#),
        &format!(r#"{{"_id": 1, "a": {deep}}}"#),
        &["$rename", "100"],
    );
}

#[test]
fn a_moved_record_stays_readable() {
    check(
        r#"{"$rename": {"a": "z"}, "$push": {"list": {"b": 1, "c": 2}}}"#,
        r#"{"_id": 1, "a": {"b": 5, "c": [{"b": 6, "c": 7}]}, "list": [{"b": 8, "c": 9}]}"#,
        r#"{"_id": 1, "list": [{"b": 8, "c": 9}, {"b": 1, "c": 2}], "z": {"b": 5, "c": [{"b": 6, "c": 7}]}}"#,
    );
}
