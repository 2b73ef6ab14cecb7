//! Groups, buckets and counts.

use super::*;

const SALES: &str = r#"[
    {"_id": 1, "item": "abc", "price": 10, "n": 2, "s": {"t": "x"}},
    {"_id": 2, "item": "jkl", "price": 20, "n": 1, "s": {"t": "y"}},
    {"_id": 3, "item": "xyz", "price": 5, "n": 10, "s": {"t": "x"}},
    {"_id": 4, "item": "abc", "price": 10, "n": 10},
    {"_id": 5, "item": "xyz", "price": 5.5, "n": null}
]"#;

#[test]
fn groups_accumulate_in_the_order_of_their_first_documents() {
    check(&[
        (
            SALES,
            r#"[{"$group": {"_id": "$item", "n": {"$sum": "$n"}, "c": {"$count": {}}, "p": {"$avg": "$price"}}}]"#,
            r#"[{"_id": "abc", "n": 12, "c": 2, "p": 10.0}, {"_id": "jkl", "n": 1, "c": 1, "p": 20.0},
                {"_id": "xyz", "n": 10, "c": 2, "p": 5.25}]"#,
        ),
        (
            SALES,
            r#"[{"$group": {"_id": null, "total": {"$sum": {"$multiply": ["$price", 2]}}, "ids": {"$push": "$_id"},
                "least": {"$min": "$price"}, "most": {"$max": "$price"}}}]"#,
            r#"[{"_id": null, "total": 101.0, "ids": [1, 2, 3, 4, 5], "least": 5, "most": 20}]"#,
        ),
        (
            SALES,
            r#"[{"$group": {"_id": "$s.t", "f": {"$first": "$_id"}, "l": {"$last": "$$ROOT.item"},
                "s": {"$addToSet": "$price"}}}]"#,
            r#"[{"_id": "x", "f": 1, "l": "xyz", "s": [10, 5]}, {"_id": "y", "f": 2, "l": "jkl", "s": [20]},
                {"_id": null, "f": 4, "l": "xyz", "s": [10, 5.5]}]"#,
        ),
        (
            SALES,
            r#"[{"$group": {"_id": {"i": "$item", "t": "$s.t"}}}]"#,
            r#"[{"_id": {"i": "abc", "t": "x"}}, {"_id": {"i": "jkl", "t": "y"}}, {"_id": {"i": "xyz", "t": "x"}},
                {"_id": {"i": "abc"}}, {"_id": {"i": "xyz"}}]"#,
        ),
        (
            SALES,
            r#"[{"$group": {"_id": {"$gt": ["$price", 8]}, "top": {"$top": {"sortBy": {"n": -1}, "output": "$_id"}}}}]"#,
            r#"[{"_id": true, "top": 4}, {"_id": false, "top": 3}]"#,
        ),
        ("[]", r#"[{"$group": {"_id": null, "n": {"$sum": 1}}}]"#, "[]"),
    ]);
}

#[test]
fn groups_behind_other_stages_are_those_of_stored_documents() {
    let group = r#"{"$group": {"_id": "$item", "n": {"$sum": "$n"}, "t": {"$last": "$s.t"}}}"#;
    let direct = run(SALES, &format!("[{group}]")).unwrap();
    let behind = run(SALES, &format!(r#"[{{"$set": {{"z": 1}}}}, {group}]"#)).unwrap();
    assert_eq!(direct, behind);
}

#[test]
fn keys_that_compare_as_equal_are_one_group() {
    check(&[
        (
            r#"[{"_id": 1, "a": 5}, {"_id": 2, "a": 5.0}, {"_id": 3, "a": null}, {"_id": 4}, {"_id": 5, "a": [1]},
                {"_id": 6, "a": [1.0]}, {"_id": 7, "a": "5"}]"#,
            r#"[{"$group": {"_id": "$a", "n": {"$sum": 1}}}]"#,
            r#"[{"_id": 5, "n": 2}, {"_id": null, "n": 2}, {"_id": [1], "n": 2}, {"_id": "5", "n": 1}]"#,
        ),
        (
            r#"[{"_id": 1, "a": [{"b": 1}, {"b": 2}]}, {"_id": 2, "a": {"b": [1, 2]}}]"#,
            r#"[{"$group": {"_id": "$a.b", "n": {"$sum": 1}}}]"#,
            r#"[{"_id": [1, 2], "n": 2}]"#,
        ),
    ]);
}

#[test]
fn counting_all_documents_reads_none() {
    let shelf = shelf(&[("c", SALES)]);
    for (pipeline, wanted) in [
        (r#"[{"$count": "n"}]"#, r#"[{"n": 5}]"#),
        (
            r#"[{"$group": {"_id": null, "n": {"$sum": 1}, "m": {"$sum": 2}, "k": {"$count": {}}}}]"#,
            r#"[{"_id": null, "n": 5, "m": 10, "k": 5}]"#,
        ),
        (
            r#"[{"$match": {"price": {"$gt": 5}}}, {"$group": {"_id": "all", "n": {"$sum": 1}}}, {"$set": {"x": 1}}]"#,
            r#"[{"_id": "all", "n": 4, "x": 1}]"#,
        ),
    ] {
        assert_eq!(run_on(&shelf, pipeline).unwrap(), tree(wanted), "{pipeline}");
    }
}

#[test]
fn buckets_are_intervals() {
    check(&[
        (
            SALES,
            r#"[{"$bucket": {"groupBy": "$price", "boundaries": [0, 6, 15], "default": "more"}}]"#,
            r#"[{"_id": 0, "count": 2}, {"_id": 6, "count": 2}, {"_id": "more", "count": 1}]"#,
        ),
        (
            SALES,
            r#"[{"$bucket": {"groupBy": "$price", "boundaries": [5, 10, 21],
                "output": {"ids": {"$push": "$_id"}}}}]"#,
            r#"[{"_id": 5, "ids": [3, 5]}, {"_id": 10, "ids": [1, 2, 4]}]"#,
        ),
    ]);
    let outside = run(
        SALES,
        r#"[{"$bucket": {"groupBy": "$price", "boundaries": [0, 6]}}]"#,
    )
    .unwrap_err();
    assert_eq!(outside.kind(), ErrorKind::InvalidPipeline);
}

#[test]
fn automatic_buckets_hold_about_as_many() {
    let documents: Vec<String> = (0..10)
        .map(|id| format!(r#"{{"_id": {id}, "v": {}}}"#, id / 2))
        .collect();
    let documents = format!("[{}]", documents.join(", "));
    check(&[
        (
            &documents,
            r#"[{"$bucketAuto": {"groupBy": "$_id", "buckets": 3}}]"#,
            r#"[{"_id": {"min": 0, "max": 3}, "count": 3}, {"_id": {"min": 3, "max": 6}, "count": 3},
                {"_id": {"min": 6, "max": 9}, "count": 4}]"#,
        ),
        (
            &documents,
            r#"[{"$bucketAuto": {"groupBy": "$v", "buckets": 3, "output": {"s": {"$sum": "$_id"}}}}]"#,
            r#"[{"_id": {"min": 0, "max": 2}, "s": 6}, {"_id": {"min": 2, "max": 4}, "s": 22},
                {"_id": {"min": 4, "max": 4}, "s": 17}]"#,
        ),
        (
            "[]",
            r#"[{"$bucketAuto": {"groupBy": "$v", "buckets": 3}}]"#,
            "[]",
        ),
    ]);
}

#[test]
fn groups_that_outgrow_their_memory_end_the_pipeline() {
    let text = "x".repeat(1 << 20);
    let list: Vec<String> = (0..30)
        .map(|id| format!(r#"{{"_id": {id}, "t": "{text}"}}"#))
        .collect();
    let documents = format!("[{}]", list.join(", "));
    let pipeline = r#"[{"$unwind": {"path": "$x", "preserveNullAndEmptyArrays": true}},
        {"$group": {"_id": null, "a": {"$push": "$t"}, "b": {"$push": "$t"}, "c": {"$push": "$t"}, "d": {"$push": "$t"}}}]"#;
    let error = run_in(&shelf(&[("c", &documents)]), pipeline, usize::MAX).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.message().contains("stage 1 ($group)"), "{error}");
}
