//! `findOneAndUpdate`, `findOneAndReplace`, `findOneAndDelete`: which document they reply.

use super::*;

#[test]
fn the_document_before_or_after_is_replied() {
    for mut place in Place::each(&[json!({"_id": 1, "n": 64, "t": ["a", "b"]})]) {
        let mut value = |request: Value| place.ask(&request).unwrap()["value"].clone();
        let update = json!({"op": "findOneAndUpdate", "filter": {"t": "b"}, "update": {"$inc": {"n": 1}}});
        assert_eq!(value(update.clone()), json!({"_id": 1, "n": 64, "t": ["a", "b"]}));
        let after = json!({"returnDocument": "after"});
        assert_eq!(
            value(merged(&update, &after)),
            json!({"_id": 1, "n": 66, "t": ["a", "b"]})
        );
        let part = json!({"returnDocument": "after", "projection": {"_id": 0, "n": 1}});
        assert_eq!(value(merged(&update, &part)), json!({"n": 67}));
        let matched = json!({"returnDocument": "before", "projection": {"t.$": 1}});
        assert_eq!(value(merged(&update, &matched)), json!({"_id": 1, "t": ["b"]}));
        let stages = json!({"op": "findOneAndUpdate", "filter": {}, "update": [{"$set": {"n": 0}}], "returnDocument": "after"});
        assert_eq!(value(stages), json!({"_id": 1, "n": 0, "t": ["a", "b"]}));
        let element = json!({"op": "findOneAndUpdate", "filter": {"t": "b"}, "update": {"$set": {"t.$": "c"}}, "returnDocument": "after"});
        assert_eq!(value(element), json!({"_id": 1, "n": 0, "t": ["a", "c"]}));
        let replace = json!({"op": "findOneAndReplace", "filter": {"n": 0}, "replacement": {"x": 1}});
        assert_eq!(value(replace), json!({"_id": 1, "n": 0, "t": ["a", "c"]}));
        let same = json!({"op": "findOneAndReplace", "filter": {"x": 1}, "replacement": {"x": 1}, "returnDocument": "after"});
        assert_eq!(value(same), json!({"_id": 1, "x": 1}));
        let delete = json!({"op": "findOneAndDelete", "filter": {"x": 1}, "projection": {"x": 1, "_id": 0}});
        assert_eq!(value(delete.clone()), json!({"x": 1}));
        assert_eq!(value(delete), Value::Null);
        assert_eq!(place.all(), [] as [Value; 0]);
    }
}

#[test]
fn the_first_of_an_order_is_changed() {
    let documents: Vec<Value> = [3, 1, 2, 5, 4]
        .iter()
        .map(|n| json!({"_id": n, "n": n, "k": 0}))
        .collect();
    for mut place in Place::each(&documents) {
        let mut value = |request: Value| place.ask(&request).unwrap()["value"]["_id"].clone();
        let last = json!({"op": "findOneAndDelete", "filter": {"n": {"$lt": 5}}, "sort": {"k": 1, "n": -1}});
        assert_eq!(value(last.clone()), json!(4));
        assert_eq!(value(last), json!(3));
        let first = json!({"op": "findOneAndUpdate", "update": {"$set": {"n": 9}}, "sort": {"n": 1}});
        assert_eq!(value(first.clone()), json!(1));
        assert_eq!(value(first), json!(2));
        let bad = json!({"op": "findOneAndDelete", "sort": {"n": 2}});
        assert_eq!(place.refusal(&bad).0, ErrorKind::InvalidSort);
        assert_eq!(place.all().len(), 3);
    }
}

fn merged(request: &Value, more: &Value) -> Value {
    let mut merged = request.clone();
    for (key, value) in more.as_object().unwrap() {
        merged[key] = value.clone();
    }
    merged
}

#[test]
fn an_upsert_replies_nothing_before_and_the_new_document_after() {
    for mut place in Place::each(&[]) {
        let mut ask = |request: Value| place.ask(&request).unwrap();
        let update = json!({"op": "findOneAndUpdate", "filter": {"_id": "a"}, "update": {"$set": {"n": 1}}});
        assert_eq!(ask(update.clone()), json!({"value": null, "upsertedId": null}));
        let upsert = merged(&update, &json!({"upsert": true}));
        assert_eq!(ask(upsert.clone()), json!({"value": null, "upsertedId": "a"}));
        assert_eq!(
            ask(upsert),
            json!({"value": {"_id": "a", "n": 1}, "upsertedId": null})
        );
        let replace = json!({
            "op": "findOneAndReplace", "filter": {"_id": "b", "n": 7}, "replacement": {"n": 2}, "upsert": true,
            "returnDocument": "after", "projection": {"n": 1},
        });
        assert_eq!(
            ask(replace),
            json!({"value": {"_id": "b", "n": 2}, "upsertedId": "b"})
        );
        assert_eq!(place.all().len(), 2);
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let documents = [json!({"_id": 1, "n": "text", "t": [1, 2]})];
    let cases = [
        (
            json!({"op": "findOneAndUpdate", "filter": {}, "update": {"$inc": {"n": 1}}}),
            ErrorKind::InvalidUpdate,
        ),
        (
            json!({"op": "findOneAndUpdate", "filter": {}, "update": {"n": 1}}),
            ErrorKind::InvalidUpdate,
        ),
        (
            json!({"op": "findOneAndReplace", "filter": {}, "replacement": {"$set": {"n": 1}}}),
            ErrorKind::InvalidUpdate,
        ),
        (
            json!({"op": "findOneAndReplace", "filter": {}, "replacement": {"_id": 2}}),
            ErrorKind::InvalidUpdate,
        ),
        (
            json!({"op": "findOneAndDelete", "filter": {"$what": 1}}),
            ErrorKind::InvalidFilter,
        ),
        (
            json!({"op": "findOneAndDelete", "filter": {}, "projection": {"a": 1, "b": 0}}),
            ErrorKind::InvalidProjection,
        ),
        (
            json!({"op": "findOneAndDelete", "filter": {}, "projection": {"t.$": 1}}),
            ErrorKind::InvalidProjection,
        ),
        (
            json!({"op": "findOneAndDelete", "filter": {}, "upsert": true}),
            ErrorKind::InvalidArgument,
        ),
        (
            json!({"op": "findOneAndUpdate", "filter": {}, "update": {"$set": {"n": 1}}, "returnDocument": "both"}),
            ErrorKind::InvalidArgument,
        ),
        // What only shows while the reply is written undoes the change.
        (
            json!({"op": "findOneAndUpdate", "filter": {"t": {"$size": 2}}, "update": {"$set": {"n": 1}}, "projection": {"t.$": 1}}),
            ErrorKind::InvalidProjection,
        ),
        (
            json!({
                "op": "findOneAndUpdate", "filter": {"_id": 2, "t": [5]}, "update": {"$set": {"n": 1}},
                "projection": {"n": {"$divide": [1, 0]}}, "upsert": true, "returnDocument": "after",
            }),
            ErrorKind::InvalidExpression,
        ),
    ];
    for mut place in Place::each(&documents) {
        for (request, kind) in &cases {
            assert_eq!(place.refusal(request).0, *kind, "{request}");
        }
        assert_eq!(place.all(), documents);
    }
}
