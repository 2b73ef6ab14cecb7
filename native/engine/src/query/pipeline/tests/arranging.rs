//! What the optimiser moves, joins and hands to the cursor.

use super::*;

/// The stages as they run, a bar behind those that the cursor does.
fn arranged(pipeline: &str) -> String {
    let pipeline = compile(pipeline).unwrap();
    let (names, pushed) = pipeline.stages();
    let (first, rest) = names.split_at(pushed);
    format!("{} | {}", first.join(" "), rest.join(" "))
}

#[test]
fn first_stages_are_done_by_the_cursor() {
    for (pipeline, wanted) in [
        (
            r#"[{"$match": {"a": 1}}, {"$skip": 1}, {"$limit": 2}]"#,
            "$match $skip $limit | ",
        ),
        (
            r#"[{"$match": {"a": 1}}, {"$match": {"b": 1}}, {"$count": "n"}]"#,
            "$match | $count",
        ),
        (r#"[{"$limit": 2}, {"$match": {"a": 1}}]"#, "$limit | $match"),
        (r#"[{"$match": {"$expr": {"$eq": ["$a", 1]}}}]"#, "$match | "),
        (
            r#"[{"$documents": []}, {"$match": {"a": 1}}]"#,
            " | $documents $match",
        ),
    ] {
        assert_eq!(arranged(pipeline), wanted, "{pipeline}");
    }
}

#[test]
fn a_first_sort_is_done_by_the_cursor_with_the_limit_behind_it() {
    for (pipeline, stages, limit) in [
        (r#"[{"$sort": {"a": 1}}]"#, "$sort | ", None),
        (
            r#"[{"$match": {"a": 1}}, {"$sort": {"a": 1}}, {"$limit": 3}]"#,
            "$match $sort $limit | ",
            Some(3),
        ),
        (
            r#"[{"$sort": {"a": 1}}, {"$skip": 2}, {"$limit": 3}]"#,
            "$sort $skip $limit | ",
            Some(3),
        ),
        (
            r#"[{"$sort": {"a": 1}}, {"$set": {"b": 1}}, {"$limit": 3}]"#,
            "$sort | $set $limit",
            Some(3),
        ),
        (
            r#"[{"$limit": 3}, {"$sort": {"a": 1}}]"#,
            "$limit | $sort",
            Some(3),
        ),
        (
            r#"[{"$sort": {"a": 1}}, {"$sort": {"b": 1}}]"#,
            "$sort | $sort",
            None,
        ),
    ] {
        assert_eq!(arranged(pipeline), stages, "{pipeline}");
        assert_eq!(compile(pipeline).unwrap().wanted().limit, limit, "{pipeline}");
    }
}

#[test]
fn filters_move_before_stages_that_leave_their_fields_alone() {
    for (pipeline, wanted) in [
        (r#"[{"$set": {"b": 1}}, {"$match": {"a": 1}}]"#, "$match | $set"),
        (r#"[{"$set": {"a": 1}}, {"$match": {"a": 1}}]"#, " | $set $match"),
        (
            r#"[{"$set": {"a.b": 1}}, {"$match": {"a.c": 1}}]"#,
            " | $set $match",
        ),
        (
            r#"[{"$project": {"a": 1}}, {"$match": {"a": 1}}]"#,
            "$match | $project",
        ),
        (
            r#"[{"$project": {"a": 1}}, {"$match": {"b": 1}}]"#,
            " | $project $match",
        ),
        (
            r#"[{"$unset": "b"}, {"$match": {"$or": [{"a": 1}, {"c": 2}]}}]"#,
            "$match | $unset",
        ),
        (
            r#"[{"$unset": "c"}, {"$match": {"$or": [{"a": 1}, {"c": 2}]}}]"#,
            " | $unset $match",
        ),
        (
            r#"[{"$unwind": "$b"}, {"$match": {"a": 1, "b": 2}}]"#,
            " | $unwind $match",
        ),
        (r#"[{"$unwind": "$b"}, {"$match": {"a": 1}}]"#, "$match | $unwind"),
        (
            r#"[{"$sort": {"a": 1}}, {"$set": {"b": 1}}, {"$match": {"a": 1}}]"#,
            "$match $sort | $set",
        ),
        (
            r#"[{"$replaceWith": "$s"}, {"$match": {"a": 1}}]"#,
            " | $replaceWith $match",
        ),
        (
            r#"[{"$set": {"b": 1}}, {"$match": {"$expr": {"$eq": ["$a", 1]}}}]"#,
            " | $set $match",
        ),
        (
            r#"[{"$limit": 1}, {"$set": {"b": 1}}, {"$match": {"a": 1}}]"#,
            "$limit | $match $set",
        ),
        (
            r#"[{"$match": {"c": 1}}, {"$unwind": "$b"}, {"$set": {"d": 1}}, {"$match": {"a": 1}}]"#,
            "$match | $unwind $set",
        ),
    ] {
        assert_eq!(arranged(pipeline), wanted, "{pipeline}");
    }
}

#[test]
fn moved_filters_change_no_result() {
    let documents = r#"[{"_id": 1, "a": 1, "b": [1, 2]}, {"_id": 2, "a": 2, "b": []}, {"_id": 3, "a": 1}]"#;
    check(&[
        (
            documents,
            r#"[{"$unwind": "$b"}, {"$set": {"c": "$a"}}, {"$match": {"a": 1}}]"#,
            r#"[{"_id": 1, "a": 1, "b": 1, "c": 1}, {"_id": 1, "a": 1, "b": 2, "c": 1}]"#,
        ),
        (
            documents,
            r#"[{"$match": {"a": 1}}, {"$project": {"a": 1}}, {"$match": {"a": {"$lt": 2}, "_id": {"$gt": 1}}}]"#,
            r#"[{"_id": 3, "a": 1}]"#,
        ),
    ]);
}
