//! Updates in the form of a pipeline.

use super::*;

#[test]
fn stages_compute_the_new_document() {
    let cases = [
        (
            r#"[{"$set": {"total": {"$add": ["$a", "$b"]}}}]"#,
            r#"{"_id": 1, "a": 1, "b": 2}"#,
            r#"{"_id": 1, "a": 1, "b": 2, "total": 3}"#,
        ),
        (
            r#"[{"$set": {"a": {"$multiply": ["$a", 10]}}}, {"$set": {"b": "$a"}}, {"$unset": ["c", "d.e"]}]"#,
            r#"{"_id": 1, "a": 7, "c": 1, "d": {"e": 1, "f": 2}}"#,
            r#"{"_id": 1, "a": 70, "d": {"f": 2}, "b": 70}"#,
        ),
        (
            r#"[{"$addFields": {"later": {"$gt": ["$$NOW", "$a"]}}}]"#,
            r#"{"_id": 1, "a": date(999)}"#,
            r#"{"_id": 1, "a": date(999), "later": true}"#,
        ),
        (
            r#"[{"$project": {"a": 1}}]"#,
            r#"{"_id": 1, "a": 1, "b": 2}"#,
            r#"{"_id": 1, "a": 1}"#,
        ),
    ];
    for (update, before, after) in cases {
        check(update, before, after);
    }
}

#[test]
fn the_id_stays_where_stages_drop_it() {
    for update in [
        r#"[{"$unset": "_id"}, {"$set": {"b": 1}}]"#,
        r#"[{"$project": {"_id": 0, "a": 1}}, {"$set": {"b": 1}}]"#,
        r#"[{"$replaceWith": {"a": "$a", "b": 1}}]"#,
        r#"[{"$replaceRoot": {"newRoot": {"_id": "$_id", "a": "$a", "b": 1}}}]"#,
        r#"[{"$replaceWith": {"b": 1, "_id": 5.0, "a": "$a"}}, {"$set": {"c": 1}}, {"$unset": "c"}, {"$replaceWith": {"a": "$a", "b": "$b"}}]"#,
    ] {
        let (result, is_changed) = apply(update, r#"{"_id": 5, "a": 1}"#).unwrap();
        assert_eq!(result, tree(r#"{"_id": 5, "a": 1, "b": 1}"#), "{update}");
        assert!(is_changed);
    }
}

#[test]
fn stages_that_change_nothing_change_nothing() {
    for update in [
        r#"[{"$set": {"a": "$a"}}]"#,
        r#"[{"$unset": "x"}]"#,
        r#"[{"$replaceWith": "$$ROOT"}]"#,
        r#"[{"$set": {"b": 1}}, {"$unset": "b"}]"#,
    ] {
        let (_, is_changed) = apply(update, r#"{"_id": 5, "a": {"b": [1, 2.5, "x"]}}"#).unwrap();
        assert!(!is_changed, "{update}");
    }
}

#[test]
fn stages_are_refused_by_what_is_wrong_with_them() {
    let cases = [
        (r#"[]"#, ErrorKind::InvalidUpdate),
        (r#"[5]"#, ErrorKind::InvalidUpdate),
        (r#"[{}]"#, ErrorKind::InvalidUpdate),
        (r#"[{"$set": {"a": 1}, "$unset": "b"}]"#, ErrorKind::InvalidUpdate),
        (r#"[{"$match": {"a": 1}}]"#, ErrorKind::InvalidUpdate),
        (r#"[{"$inc": {"a": 1}}]"#, ErrorKind::InvalidUpdate),
        (r#"[{"$set": {"_id": 7}}]"#, ErrorKind::InvalidUpdate),
        (r#"[{"$replaceWith": {"_id": "5"}}]"#, ErrorKind::InvalidUpdate),
        (r#"[{"$set": {"_id": null}}]"#, ErrorKind::InvalidId),
        (
            r#"[{"$set": {"a": {"$add": ["$t", 1]}}}]"#,
            ErrorKind::InvalidExpression,
        ),
        (r#"[{"$set": {"a": {"$fly": 1}}}]"#, ErrorKind::InvalidExpression),
        (r#"[{"$replaceWith": "$t"}]"#, ErrorKind::InvalidPipeline),
        (r#"[{"$project": {"a": 1, "b": 0}}]"#, ErrorKind::InvalidPipeline),
    ];
    for (update, kind) in cases {
        let error = apply_or_refuse(update, r#"{"_id": 5, "t": "text"}"#).unwrap_err();
        assert_eq!(error.kind(), kind, "{update}: {error}");
    }
    let filters = Update::compile_with(&plain(r#"[{"$set": {"a": 1}}]"#), Some(&plain(r#"[{"x": 1}]"#)));
    assert_eq!(filters.unwrap_err().kind(), ErrorKind::InvalidUpdate);
}

fn apply_or_refuse(update: &str, document: &str) -> Result<(Tree, bool)> {
    let update = Update::compile(&plain(update))?;
    apply_to(&update, None, document)
}

#[test]
fn an_upsert_begins_with_what_the_filter_asks_to_be_equal() {
    let cases = [
        (
            r#"{"_id": 5, "a": 2}"#,
            r#"[{"$set": {"b": {"$add": ["$a", 1]}}}]"#,
            r#"{"_id": 5, "a": 2, "b": 3}"#,
        ),
        (
            r#"{"a": 2, "c": {"$gt": 1}}"#,
            r#"[{"$set": {"b": "$c"}}]"#,
            r#"{"a": 2}"#,
        ),
        (
            r#"{"_id": 5}"#,
            r#"[{"$replaceWith": {"x": "$_id"}}]"#,
            r#"{"_id": 5, "x": 5}"#,
        ),
        (
            r#"{"a": 2}"#,
            r#"[{"$set": {"_id": {"$add": ["$a", 3]}}}]"#,
            r#"{"_id": 5, "a": 2}"#,
        ),
    ];
    for (filter, update, expected) in cases {
        let update = Update::compile(&plain(update)).unwrap();
        let mut out = Vec::new();
        update
            .upsert_document(&plain(filter), &Circumstances::default(), &mut out)
            .unwrap();
        assert_eq!(Tree::from_normalised(&out), tree(expected), "{filter}");
    }
    let update = Update::compile(&plain(r#"[{"$set": {"_id": 6}}]"#)).unwrap();
    let refused = update.upsert_document(
        &plain(r#"{"_id": 5}"#),
        &Circumstances::default(),
        &mut Vec::new(),
    );
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidUpdate);
}
