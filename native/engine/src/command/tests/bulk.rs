//! `bulkWrite` and `insertMany`: what is done, what is told, and where an ordered one stops.

use super::*;

/// A reply whose counts and lists are those of `some`, and else nothing.
fn reply(some: Value) -> Value {
    let mut reply = json!({
        "insertedCount": 0, "matchedCount": 0, "modifiedCount": 0, "deletedCount": 0, "upsertedCount": 0,
        "insertedIds": {}, "upsertedIds": {}, "writeErrors": [],
    });
    for (key, value) in some.as_object().unwrap() {
        reply[key] = value.clone();
    }
    reply
}

#[test]
fn every_operation_is_done_in_turn() {
    let operations = json!([
        {"insertOne": {"document": {"_id": "a", "n": 1}}},
        {"insertOne": {"document": {"_id": "b", "n": 2}}},
        {"updateOne": {"filter": {"_id": "a"}, "update": {"$inc": {"n": 10}}}},
        {"updateMany": {"filter": {}, "update": {"$set": {"m": 1}}}},
        {"updateOne": {"filter": {"_id": "c"}, "update": {"$set": {"n": 3}}, "upsert": true}},
        {"updateMany": {"filter": {"g": 5}, "update": {"$set": {"g.$[x]": 6}}, "arrayFilters": [{"x": 5}]}},
        {"replaceOne": {"filter": {"n": 2}, "replacement": {"r": true}}},
        {"replaceOne": {"filter": {"_id": 64}, "replacement": {"r": true}, "upsert": true}},
        {"updateOne": {"filter": {"_id": 64}, "update": [{"$set": {"s": "$r"}}]}},
        {"deleteOne": {"filter": {}}},
        {"deleteMany": {"filter": {"n": 3}}},
        {"insertOne": {"document": {"_id": "a", "again": true}}},
    ]);
    for mut place in Place::each(&[]) {
        let request = json!({"op": "bulkWrite", "operations": operations});
        let told = place.ask(&request).unwrap();
        assert_eq!(
            told,
            reply(json!({
                "insertedCount": 3, "matchedCount": 5, "modifiedCount": 5, "deletedCount": 2, "upsertedCount": 2,
                "insertedIds": {"0": "a", "1": "b", "11": "a"}, "upsertedIds": {"4": "c", "7": 64},
            }))
        );
        let left = [
            json!({"_id": "a", "again": true}),
            json!({"_id": "b", "r": true}),
            json!({"_id": 64, "r": true, "s": true}),
        ];
        assert_eq!(place.all(), left);
    }
}

#[test]
fn operations_take_sorts_and_hints_of_their_own() {
    let documents: Vec<Value> = (0..5).map(|n| json!({"_id": n, "n": n})).collect();
    let operations = json!([
        {"updateOne": {"filter": {}, "update": {"$set": {"u": 1}}, "sort": {"n": -1}, "hint": "n_1"}},
        {"replaceOne": {"filter": {"n": {"$lt": 4}}, "replacement": {"r": 1}, "sort": {"n": -1}}},
        {"updateMany": {"filter": {"n": {"$lt": 2}}, "update": {"$set": {"u": 2}}, "hint": {"n": 1}}},
        {"deleteOne": {"filter": {"n": 2}, "hint": "n_1"}},
        {"deleteMany": {"filter": {}, "hint": "m_1"}},
        {"updateOne": {"filter": {}, "update": {"$set": {"u": 1}}, "sort": {"n": 5}}},
        {"deleteOne": {"filter": {"n": 1}, "hint": {"$natural": 1}}},
    ]);
    for mut place in Place::each(&documents) {
        place.index(json!({"n": 1}));
        let request = json!({"op": "bulkWrite", "operations": operations, "ordered": false});
        let told = place.ask(&request).unwrap();
        let errors = told["writeErrors"].as_array().unwrap();
        let codes: Vec<&str> = errors
            .iter()
            .map(|error| error["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["INDEX_NOT_FOUND", "INVALID_SORT"]);
        let left = [
            json!({"_id": 0, "n": 0, "u": 2}),
            json!({"_id": 3, "r": 1}),
            json!({"_id": 4, "n": 4, "u": 1}),
        ];
        assert_eq!(place.all(), left);
        let sorted = json!([{"updateMany": {"filter": {}, "update": {"$set": {"u": 1}}, "sort": {"n": 1}}}]);
        let refused = place.refusal(&json!({"op": "bulkWrite", "operations": sorted}));
        assert_eq!(refused.0, ErrorKind::InvalidArgument);
    }
}

#[test]
fn an_ordered_bulk_stops_and_an_unordered_one_goes_on() {
    let operations = json!([
        {"insertOne": {"document": {"_id": 1}}},
        {"insertOne": {"document": {"_id": 1, "again": true}}},
        {"updateOne": {"filter": {"_id": 1}, "update": {"$set": {"n": 1}}}},
        {"updateMany": {"filter": {}, "update": {"$set": {"_id": 7}}}},
        {"updateOne": {"filter": {"$what": 1}, "update": {"$set": {"n": 1}}}},
        {"insertOne": {"document": {"_id": [1]}}},
        {"updateOne": {"filter": {"_id": 1}, "update": {"n": 1}}},
        {"insertOne": {"document": {"_id": 2}}},
    ]);
    for mut place in Place::each(&[]) {
        let mut request = json!({"op": "bulkWrite", "operations": operations});
        let told = place.ask(&request).unwrap();
        assert_eq!(told["insertedIds"], json!({"0": 1}));
        assert_eq!(told["writeErrors"].as_array().unwrap().len(), 1);
        assert_eq!(told["writeErrors"][0]["index"], json!(1));
        assert_eq!(told["writeErrors"][0]["code"], json!("DUPLICATE_ID"));
        assert_eq!(place.all(), [json!({"_id": 1})]);
        request["ordered"] = json!(false);
        request["operations"][0]["insertOne"]["document"]["_id"] = json!(3);
        let told = place.ask(&request).unwrap();
        assert_eq!(told["insertedIds"], json!({"0": 3, "7": 2}));
        assert_eq!(told["modifiedCount"], json!(1));
        let errors: Vec<(u64, &str)> = told["writeErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["index"].as_u64().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        assert_eq!(
            errors,
            [
                (1, "DUPLICATE_ID"),
                (3, "INVALID_UPDATE"),
                (4, "INVALID_FILTER"),
                (5, "INVALID_ID"),
                (6, "INVALID_UPDATE")
            ]
        );
        assert_eq!(
            place.all(),
            [json!({"_id": 1, "n": 1}), json!({"_id": 2}), json!({"_id": 3})]
        );
    }
}

#[test]
fn insert_many_goes_on_where_it_is_told_to() {
    let documents = json!([{"_id": 1}, {"_id": 1}, {"x": 1}, 5, {"_id": 2}]);
    for mut place in Place::each(&[json!({"_id": 2})]) {
        let request = json!({"op": "insertMany", "documents": documents, "ordered": false});
        let told = place.ask(&request).unwrap();
        assert_eq!(told["insertedCount"], json!(2));
        let ids = told["insertedIds"].as_object().unwrap();
        assert_eq!(ids["0"], json!(1));
        assert_eq!(ids["2"].as_str().map(str::len), Some(26));
        let at: Vec<&Value> = told["writeErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| &error["index"])
            .collect();
        assert_eq!(at, [&json!(1), &json!(3), &json!(4)]);
        assert_eq!(place.all().len(), 3);
        let ordered = json!({"op": "insertMany", "documents": [{"_id": 8}, {"_id": 1}, {"_id": 9}]});
        let told = place.ask(&ordered).unwrap();
        assert_eq!(told["insertedIds"], json!({"0": 8}));
        assert_eq!(place.all().len(), 4);
    }
}

#[test]
fn operations_that_are_none_are_refused_before_anything_is_done() {
    let cases = [
        (
            json!([{"insertOne": {"document": {"_id": 1}}}, {"fly": {}}]),
            "operations[1]: no such operation: fly",
        ),
        (json!([{"insertOne": {}}]), "document"),
        (json!([{"updateOne": {"update": {"$set": {"a": 1}}}}]), "filter"),
        (json!([{"updateOne": {"filter": {}, "updates": {}}}]), "updates"),
        (json!([{"deleteOne": {"filter": {}, "upsert": true}}]), "upsert"),
        (
            json!([{"insertOne": {"document": {}}, "deleteOne": {"filter": {}}}]),
            "one field",
        ),
        (json!([{"insertOne": 5}]), "map"),
        (json!([5]), "map"),
        (json!({}), "array"),
        (Value::Null, "operations"),
    ];
    for mut place in Place::each(&[]) {
        for (operations, words) in &cases {
            let (kind, message) = place.refusal(&json!({"op": "bulkWrite", "operations": operations}));
            assert_eq!(kind, ErrorKind::InvalidArgument, "{operations}");
            assert!(message.contains(words), "{operations}: {message}");
        }
        assert_eq!(place.all(), [] as [Value; 0]);
    }
}

#[test]
fn a_held_collection_fails_a_bulk_as_a_whole() {
    let database = Database::open(crate::database::MEMORY_PATH, &OpenOptions::default()).unwrap();
    let owner = crate::collection::lease::Owner(7);
    let mut holder = database.begin_as(owner).unwrap();
    holder.insert("items", &pack(&json!({"_id": 1}))).unwrap();
    let collection = database.collection("items").unwrap();
    let mut target = Target::Collection(
        &collection,
        WriteOptions {
            durability: None,
            owner,
        },
    );
    let request =
        json!({"op": "bulkWrite", "operations": [{"insertOne": {"document": {}}}], "ordered": false});
    let error = run(&mut target, &pack(&request), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
}
