//! Aggregations over databases: one moment for all collections, transactions, and what `$out` and `$merge` write.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{drain, get, pack, pack_all, unpack};
use quire_engine::{
    Aggregation, Collection, Database, ErrorKind, FindOptions, IndexDefinition, MEMORY_PATH, OpenOptions,
    Owner, Pipeline, Result, TransactionOptions, WriteOptions,
};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

fn database(collections: &[(&str, Vec<Value>)]) -> Database {
    let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
    for (name, documents) in collections {
        let collection = database.collection(name).unwrap();
        collection
            .insert_many(&pack_all(documents), &mut Vec::new(), &WRITE)
            .unwrap();
    }
    database
}

fn sales() -> Vec<Value> {
    (0..1000)
        .map(|number| json!({ "_id": number, "item": number % 7, "price": number, "at": { "day": number % 3 } }))
        .collect()
}

fn compile(pipeline: &Value) -> Pipeline {
    Pipeline::compile(&pack(pipeline)).unwrap()
}

fn results(mut aggregation: Aggregation) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    loop {
        let mut out = Vec::new();
        let count = aggregation.next_batch(&mut out, 10, 1 << 20)?;
        assert!(count <= 10);
        values.extend(unpack(&out, &aggregation.structures()));
        if count == 0 {
            return Ok(values);
        }
    }
}

fn aggregate(collection: &Collection, pipeline: &Value) -> Result<Vec<Value>> {
    results(collection.aggregate(&compile(pipeline), &WRITE)?)
}

#[test]
fn pipelines_run_over_stored_documents() {
    let database = database(&[("sales", sales())]);
    let sales = database.collection("sales").unwrap();
    let groups = aggregate(
        &sales,
        &json!([
            { "$match": { "price": { "$lt": 700 } } },
            { "$group": { "_id": "$item", "n": { "$sum": 1 }, "sum": { "$sum": "$price" }, "day": { "$max": "$at.day" } } },
            { "$sort": { "_id": 1 } }
        ]),
    )
    .unwrap();
    let wanted: Vec<Value> = (0..7)
        .map(|item| {
            let sum: i64 = (0..700).filter(|price| price % 7 == item).sum();
            json!({ "_id": item, "n": 100, "sum": sum, "day": 2 })
        })
        .collect();
    assert_eq!(groups, wanted);
    assert_eq!(
        aggregate(&sales, &json!([{ "$count": "n" }])).unwrap(),
        [json!({ "n": 1000 })]
    );
    // Documents that no stage changed come as they are stored.
    let whole = aggregate(&sales, &json!([{ "$match": { "item": 3 } }, { "$skip": 100 }])).unwrap();
    assert_eq!(whole.len(), 43);
    assert!(
        whole
            .iter()
            .all(|document| document["item"] == 3 && document["at"].is_object())
    );
}

#[test]
fn all_collections_are_seen_at_the_moment_of_the_call() {
    let database = database(&[
        ("a", vec![json!({ "_id": 1, "k": 1 })]),
        ("b", vec![json!({ "_id": 7, "k": 1 })]),
    ]);
    let (a, b) = (
        database.collection("a").unwrap(),
        database.collection("b").unwrap(),
    );
    let pipeline = compile(&json!([
        { "$unionWith": "b" },
        { "$lookup": { "from": "b", "localField": "k", "foreignField": "k", "as": "same" } },
        { "$project": { "same": "$same._id" } }
    ]));
    let aggregation = a.aggregate(&pipeline, &WRITE).unwrap();
    a.insert(&pack(&json!({ "_id": 2, "k": 1 })), &WRITE).unwrap();
    b.insert(&pack(&json!({ "_id": 8, "k": 1 })), &WRITE).unwrap();
    assert_eq!(
        results(aggregation).unwrap(),
        [json!({ "_id": 1, "same": [7] }), json!({ "_id": 7, "same": [7] })]
    );
    assert_eq!(results(a.aggregate(&pipeline, &WRITE).unwrap()).unwrap().len(), 4);
}

#[test]
fn a_transaction_aggregates_over_its_own_writes() {
    let database = database(&[
        ("a", vec![json!({ "_id": 1, "k": 1 })]),
        ("b", vec![json!({ "_id": 1, "k": 1 })]),
    ]);
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    transaction
        .insert("a", &pack(&json!({ "_id": 2, "k": 2 })))
        .unwrap();
    transaction
        .insert("b", &pack(&json!({ "_id": 9, "k": 2 })))
        .unwrap();
    let pipeline = compile(&json!([
        { "$lookup": { "from": "b", "localField": "k", "foreignField": "k", "as": "b" } },
        { "$project": { "b": "$b._id" } }
    ]));
    let aggregation = transaction.aggregate("a", &pipeline).unwrap();
    let wanted = [json!({ "_id": 1, "b": [1] }), json!({ "_id": 2, "b": [9] })];
    transaction
        .insert("b", &pack(&json!({ "_id": 10, "k": 2 })))
        .unwrap();
    transaction.rollback().unwrap();
    assert_eq!(
        results(aggregation).unwrap(),
        wanted,
        "it sees what there was at the call"
    );
}

#[test]
fn out_replaces_a_collection_in_one_commit() {
    let database = database(&[("sales", sales()), ("days", vec![json!({ "_id": "old" })])]);
    let sales = database.collection("sales").unwrap();
    let days = database.collection("days").unwrap();
    let none = aggregate(
        &sales,
        &json!([{ "$group": { "_id": "$at.day", "n": { "$sum": 1 } } }, { "$out": "days" }]),
    )
    .unwrap();
    assert_eq!(none, [] as [Value; 0]);
    assert_eq!(days.count(None).unwrap(), 3);
    assert_eq!(get(&days, &json!(0)), Some(json!({ "_id": 0, "n": 334 })));
    // Into itself, and with an error in the middle: nothing is changed.
    let twice = json!([{ "$match": { "_id": { "$lt": 10 } } }, { "$set": { "_id": { "$mod": ["$_id", 5] } } }, { "$out": "sales" }]);
    assert_eq!(
        aggregate(&sales, &twice).unwrap_err().kind(),
        ErrorKind::DuplicateId
    );
    assert_eq!(sales.count(None).unwrap(), 1000);
    aggregate(
        &sales,
        &json!([{ "$match": { "_id": { "$lt": 10 } } }, { "$out": "sales" }]),
    )
    .unwrap();
    assert_eq!(sales.count(None).unwrap(), 10);
}

#[test]
fn merge_writes_each_result_by_its_id() {
    let database = database(&[
        (
            "new",
            vec![json!({ "_id": 1, "a": 10 }), json!({ "_id": 2, "a": 20 })],
        ),
        ("all", vec![json!({ "_id": 1, "a": 1, "b": 1 })]),
    ]);
    let (new, all) = (
        database.collection("new").unwrap(),
        database.collection("all").unwrap(),
    );
    aggregate(&new, &json!([{ "$merge": "all" }])).unwrap();
    assert_eq!(get(&all, &json!(1)), Some(json!({ "_id": 1, "a": 10, "b": 1 })));
    assert_eq!(get(&all, &json!(2)), Some(json!({ "_id": 2, "a": 20 })));
    let sum = json!([{ "$merge": { "into": "all", "whenMatched": [{ "$set": { "a": { "$add": ["$a", "$$new.a"] } } }] } }]);
    aggregate(&new, &sum).unwrap();
    assert_eq!(get(&all, &json!(1)), Some(json!({ "_id": 1, "a": 20, "b": 1 })));
    let fail = json!([{ "$set": { "a": 0 } }, { "$sort": { "_id": -1 } }, { "$match": { "_id": { "$gt": 1 } } },
        { "$unionWith": { "pipeline": [{ "$documents": [{ "_id": 5 }] }] } },
        { "$merge": { "into": "all", "whenNotMatched": "fail" } }]);
    assert_eq!(
        aggregate(&new, &fail).unwrap_err().kind(),
        ErrorKind::InvalidPipeline
    );
    assert_eq!(
        get(&all, &json!(2)),
        Some(json!({ "_id": 2, "a": 40 })),
        "nothing of it was written"
    );
    let changed = json!([{ "$merge": { "into": "all", "whenMatched": [{ "$set": { "_id": 77 } }] } }]);
    assert_eq!(
        aggregate(&new, &changed).unwrap_err().kind(),
        ErrorKind::InvalidPipeline
    );
    let by_other = json!([{ "$merge": { "into": "all", "on": "a" } }]);
    assert_eq!(
        aggregate(&new, &by_other).unwrap_err().kind(),
        ErrorKind::InvalidPipeline
    );
}

#[test]
fn a_failed_merge_leaves_its_transaction_as_it_was() {
    let database = database(&[
        ("a", vec![json!({ "_id": 1 }), json!({ "_id": 2 })]),
        ("t", vec![json!({ "_id": 1 })]),
    ]);
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    transaction.insert("t", &pack(&json!({ "_id": 8 }))).unwrap();
    let merge =
        compile(&json!([{ "$set": { "x": 1 } }, { "$merge": { "into": "t", "whenNotMatched": "fail" } }]));
    assert!(transaction.aggregate("a", &merge).is_err());
    let merge = compile(&json!([{ "$match": { "_id": 1 } }, { "$set": { "y": 1 } }, { "$merge": "t" }]));
    transaction.aggregate("a", &merge).unwrap();
    let mut found = drain(transaction.find("t", FindOptions::default()).unwrap());
    found.sort_by_key(|document| document["_id"].as_i64());
    assert_eq!(found, [json!({ "_id": 1, "y": 1 }), json!({ "_id": 8 })]);
}

#[test]
fn a_database_aggregates_documents_of_the_pipeline() {
    let database = database(&[("b", vec![json!({ "_id": 1, "k": 2 })])]);
    let pipeline = compile(&json!([
        { "$documents": [{ "k": 1 }, { "k": 2 }] },
        { "$lookup": { "from": "b", "localField": "k", "foreignField": "k", "as": "b" } }
    ]));
    let found = results(database.aggregate(&pipeline, &WRITE).unwrap()).unwrap();
    assert_eq!(
        found,
        [
            json!({ "k": 1, "b": [] }),
            json!({ "k": 2, "b": [{ "_id": 1, "k": 2 }] })
        ]
    );
}

#[test]
fn results_that_nest_too_deep_are_refused() {
    let database = database(&[("a", vec![json!({ "_id": 1 })])]);
    let nest: Vec<Value> = (0..60)
        .map(|_| json!({ "$group": { "_id": null, "all": { "$push": "$$ROOT" } } }))
        .collect();
    let error = aggregate(&database.collection("a").unwrap(), &Value::Array(nest)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
}

fn index(collection: &Collection, keys: &[(&str, bool)], is_unique: bool) {
    let definition = IndexDefinition {
        is_unique,
        ..IndexDefinition::on(keys).unwrap()
    };
    collection.create_index(&definition, &WRITE).unwrap();
}

#[test]
fn first_stages_are_served_by_indexes() {
    let database = database(&[("sales", sales())]);
    let sales = database.collection("sales").unwrap();
    let pipelines = [
        json!([{ "$match": { "item": 3, "$expr": { "$gt": ["$price", 500] } } }, { "$project": { "price": 1 } }]),
        json!([{ "$sort": { "price": -1 } }, { "$project": { "price": 1 } }, { "$skip": 2 }, { "$limit": 5 }]),
        json!([{ "$match": { "price": { "$lt": 20 } } }, { "$count": "n" }]),
        json!([
            { "$match": { "_id": { "$lt": 3 } } },
            { "$lookup": { "from": "sales", "localField": "item", "foreignField": "item", "as": "same" } },
            { "$project": { "n": { "$size": "$same" } } }
        ]),
    ];
    let sorted = |pipeline: &Value| {
        let mut found = aggregate(&sales, pipeline).unwrap();
        found.sort_by_key(|document| document["_id"].as_i64());
        found
    };
    let without: Vec<_> = pipelines.iter().map(sorted).collect();
    assert_eq!(without[1].last(), Some(&json!({ "_id": 997, "price": 997 })));
    index(&sales, &[("item", false)], false);
    index(&sales, &[("price", false)], false);
    let with: Vec<_> = pipelines.iter().map(sorted).collect();
    assert_eq!(without, with);
}

#[test]
fn merge_by_other_fields_needs_a_unique_index_on_them() {
    let database = database(&[
        (
            "new",
            vec![
                json!({ "_id": 1, "k": { "a": 7 }, "v": 1 }),
                json!({ "_id": 2, "k": { "a": 8 }, "v": 2 }),
            ],
        ),
        ("all", vec![json!({ "_id": "x", "k": { "a": 7 }, "w": 0 })]),
    ]);
    let (new, all) = (
        database.collection("new").unwrap(),
        database.collection("all").unwrap(),
    );
    let merge = json!([{ "$unset": "_id" }, { "$merge": { "into": "all", "on": "k.a" } }]);
    assert_eq!(
        aggregate(&new, &merge).unwrap_err().kind(),
        ErrorKind::InvalidPipeline
    );
    index(&all, &[("k.a", false)], true);
    aggregate(&new, &merge).unwrap();
    assert_eq!(
        get(&all, &json!("x")),
        Some(json!({ "_id": "x", "k": { "a": 7 }, "w": 0, "v": 1 }))
    );
    assert_eq!(all.count(None).unwrap(), 2);
    let lacking = json!([{ "$project": { "_id": 0, "v": 1 } }, { "$merge": { "into": "all", "on": "k.a" } }]);
    assert_eq!(
        aggregate(&new, &lacking).unwrap_err().kind(),
        ErrorKind::InvalidPipeline
    );
    // The result brings an _id of its own.
    let other = json!([{ "$merge": { "into": "all", "on": "k.a" } }]);
    assert_eq!(
        aggregate(&new, &other).unwrap_err().kind(),
        ErrorKind::InvalidPipeline
    );
}
