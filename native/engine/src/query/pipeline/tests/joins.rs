//! Stages that read other collections.

use super::*;

const ORDERS: &str = r#"[
    {"_id": 1, "item": "almonds", "n": 2}, {"_id": 2, "item": "pecans", "n": 1}, {"_id": 3},
    {"_id": 4, "item": ["pecans", "walnuts"]}
]"#;
const STOCK: &str = r#"[
    {"_id": 1, "sku": "almonds", "in": 120}, {"_id": 2, "sku": "bread", "in": 80},
    {"_id": 3, "sku": ["pecans", "cashews"], "in": 60}, {"_id": 5, "sku": null}, {"_id": 6}
]"#;

fn store() -> Shelf {
    shelf(&[("c", ORDERS), ("stock", STOCK)])
}

fn check_on(shelf: &Shelf, cases: &[(&str, &str)]) {
    for (pipeline, wanted) in cases {
        let found = run_on(shelf, pipeline).unwrap_or_else(|error| panic!("{pipeline}: {error}"));
        assert_eq!(found, tree(wanted), "{pipeline}");
    }
}

#[test]
fn equal_fields_are_looked_up_with_an_index_and_without() {
    let pipeline = r#"[{"$lookup": {"from": "stock", "localField": "item", "foreignField": "sku", "as": "s"}},
        {"$project": {"s": "$s._id"}}]"#;
    let wanted =
        r#"[{"_id": 1, "s": [1]}, {"_id": 2, "s": [3]}, {"_id": 3, "s": [5, 6]}, {"_id": 4, "s": [3]}]"#;
    let mut store = store();
    check_on(&store, &[(pipeline, wanted)]);
    store.indexed.push("stock.sku".to_owned());
    check_on(&store, &[(pipeline, wanted)]);
}

#[test]
fn a_table_is_made_once_for_all_documents() {
    let store = store();
    let pipeline =
        r#"[{"$lookup": {"from": "stock", "localField": "item", "foreignField": "sku", "as": "s"}}]"#;
    run_in(&store, pipeline, usize::MAX).unwrap();
    assert_eq!(*store.opened.lock().unwrap(), ["c 4", "stock 5"]);
}

#[test]
fn lookups_run_pipelines_with_variables() {
    check_on(
        &store(),
        &[
            (
                r#"[{"$match": {"n": {"$exists": true}}}, {"$lookup": {"from": "stock", "let": {"i": "$item", "least": 100},
                    "pipeline": [{"$match": {"$expr": {"$and": [{"$eq": ["$sku", "$$i"]}, {"$gte": ["$in", "$$least"]}]}}},
                        {"$project": {"_id": 0, "in": 1}}], "as": "s"}}]"#,
                r#"[{"_id": 1, "item": "almonds", "n": 2, "s": [{"in": 120}]}, {"_id": 2, "item": "pecans", "n": 1, "s": []}]"#,
            ),
            (
                r#"[{"$limit": 2}, {"$lookup": {"from": "stock", "localField": "item", "foreignField": "sku", "let": {"n": "$n"},
                    "pipeline": [{"$match": {"in": {"$gt": 0}}}, {"$project": {"k": {"$multiply": ["$in", "$$n"]}}}], "as": "s.t"}}]"#,
                r#"[{"_id": 1, "item": "almonds", "n": 2, "s": {"t": [{"_id": 1, "k": 240}]}},
                    {"_id": 2, "item": "pecans", "n": 1, "s": {"t": [{"_id": 3, "k": 60}]}}]"#,
            ),
            (
                r#"[{"$limit": 1}, {"$lookup": {"from": "stock", "let": {"a": "$_id"}, "pipeline": [
                    {"$match": {"_id": 2}},
                    {"$lookup": {"from": "c", "let": {"b": "$_id"}, "pipeline": [
                        {"$match": {"$expr": {"$in": ["$_id", ["$$a", "$$b"]]}}}, {"$project": {"n": 1}}], "as": "in"}}], "as": "s"}}]"#,
                r#"[{"_id": 1, "item": "almonds", "n": 2, "s": [{"_id": 2, "sku": "bread", "in": [{"_id": 1, "n": 2}, {"_id": 2, "n": 1}]}]}]"#,
            ),
            (
                r#"[{"$limit": 1}, {"$lookup": {"pipeline": [{"$documents": [{"x": 1}]}], "as": "d"}}]"#,
                r#"[{"_id": 1, "item": "almonds", "n": 2, "d": [{"x": 1}]}]"#,
            ),
        ],
    );
}

#[test]
fn a_pipeline_without_variables_is_run_once() {
    let store = store();
    let pipeline = r#"[{"$lookup": {"from": "stock", "pipeline": [{"$match": {"in": {"$gt": 100}}}], "as": "s"}},
        {"$project": {"s": "$s._id"}}]"#;
    check_on(
        &store,
        &[(
            pipeline,
            r#"[{"_id": 1, "s": [1]}, {"_id": 2, "s": [1]}, {"_id": 3, "s": [1]}, {"_id": 4, "s": [1]}]"#,
        )],
    );
    store.opened.lock().unwrap().clear();
    run_in(&store, pipeline, usize::MAX).unwrap();
    assert_eq!(*store.opened.lock().unwrap(), ["c 4", "stock 1"]);
}

#[test]
fn unions_follow_the_documents() {
    check_on(
        &store(),
        &[
            (
                r#"[{"$match": {"_id": {"$lt": 3}}}, {"$project": {"_id": 1}}, {"$unionWith": "stock"}, {"$limit": 3}]"#,
                r#"[{"_id": 1}, {"_id": 2}, {"_id": 1, "sku": "almonds", "in": 120}]"#,
            ),
            (
                r#"[{"$unionWith": {"coll": "stock", "pipeline": [{"$match": {"in": {"$gt": 70}}}]}}, {"$group": {"_id": null, "n": {"$sum": 1}}}]"#,
                r#"[{"_id": null, "n": 6}]"#,
            ),
            (
                r#"[{"$match": {"_id": 0}}, {"$unionWith": {"pipeline": [{"$documents": [{"x": 1}, {"x": 2}]}]}}, {"$count": "n"}]"#,
                r#"[{"n": 2}]"#,
            ),
            (r#"[{"$match": {"_id": 0}}, {"$unionWith": "nowhere"}]"#, "[]"),
        ],
    );
}

#[test]
fn graphs_are_followed_to_their_ends() {
    let people = r#"[{"_id": 1, "name": "Dev"}, {"_id": 2, "name": "Eliot", "to": "Dev"},
        {"_id": 3, "name": "Ron", "to": "Eliot"}, {"_id": 4, "name": "Asya", "to": "Ron"},
        {"_id": 5, "name": "Loop", "to": ["Loop", "Ron"]}]"#;
    let shelf = shelf(&[("c", people)]);
    let lookup = |more: &str| {
        format!(
            r#"[{{"$match": {{"_id": {{"$in": [3, 5]}}}}}}, {{"$graphLookup": {{"from": "c", "startWith": "$to",
            "connectFromField": "to", "connectToField": "name", "as": "up"{more}}}}}]"#
        )
    };
    check_on(
        &shelf,
        &[
            (
                &lookup(r#", "depthField": "d""#),
                r#"[{"_id": 3, "name": "Ron", "to": "Eliot", "up": [{"_id": 2, "name": "Eliot", "to": "Dev", "d": 0}, {"_id": 1, "name": "Dev", "d": 1}]},
                    {"_id": 5, "name": "Loop", "to": ["Loop", "Ron"], "up": [
                    {"_id": 3, "name": "Ron", "to": "Eliot", "d": 0}, {"_id": 5, "name": "Loop", "to": ["Loop", "Ron"], "d": 0},
                    {"_id": 2, "name": "Eliot", "to": "Dev", "d": 1}, {"_id": 1, "name": "Dev", "d": 2}]}]"#,
            ),
            (
                &lookup(r#", "maxDepth": 0, "restrictSearchWithMatch": {"name": {"$ne": "Loop"}}"#),
                r#"[{"_id": 3, "name": "Ron", "to": "Eliot", "up": [{"_id": 2, "name": "Eliot", "to": "Dev"}]},
                    {"_id": 5, "name": "Loop", "to": ["Loop", "Ron"], "up": [{"_id": 3, "name": "Ron", "to": "Eliot"}]}]"#,
            ),
        ],
    );
}

#[test]
fn collections_that_are_read_are_named() {
    let pipeline = compile(
        r#"[{"$lookup": {"from": "a", "localField": "x", "foreignField": "y", "pipeline": [{"$unionWith": "b"}], "as": "s"}},
            {"$facet": {"f": [{"$unionWith": {"coll": "c", "pipeline": []}}]}}, {"$merge": "d"}]"#,
    )
    .unwrap();
    assert_eq!(pipeline.collections().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(pipeline.output().unwrap().into_name(), "d");
}
