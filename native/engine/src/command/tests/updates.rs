//! `updateOne`, `updateMany`, `replaceOne`: replies and what becomes of the documents.

use super::*;

fn reply(matched: u64, modified: u64, upserted: Value) -> Value {
    json!({"matchedCount": matched, "modifiedCount": modified, "upsertedId": upserted})
}

#[test]
fn updates_reply_what_matched_and_what_changed() {
    for mut place in Place::each(&[json!({"_id": 1, "n": 1}), json!({"_id": 2, "n": 2})]) {
        let mut ask = |request: Value| place.ask(&request).unwrap();
        let one = json!({"op": "updateOne", "filter": {"n": {"$gt": 0}}, "update": {"$inc": {"n": 10}}});
        assert_eq!(ask(one), reply(1, 1, Value::Null));
        let many = json!({"op": "updateMany", "filter": {}, "update": {"$max": {"n": 11}}});
        assert_eq!(ask(many), reply(2, 1, Value::Null));
        let none = json!({"op": "updateMany", "filter": {"n": 5}, "update": {"$set": {"n": 0}}});
        assert_eq!(ask(none), reply(0, 0, Value::Null));
        let replaced = json!({"op": "replaceOne", "filter": {"_id": 2}, "replacement": {"x": 64}});
        assert_eq!(ask(replaced.clone()), reply(1, 1, Value::Null));
        assert_eq!(ask(replaced), reply(1, 0, Value::Null));
        assert_eq!(
            place.all(),
            [json!({"_id": 1, "n": 11}), json!({"_id": 2, "x": 64})]
        );
    }
}

#[test]
fn an_upsert_inserts_when_nothing_matches() {
    for mut place in Place::each(&[json!({"_id": 1, "n": 1})]) {
        let mut ask = |request: Value| place.ask(&request).unwrap();
        let update = json!({"$inc": {"n": 5}, "$setOnInsert": {"made": true}});
        for (op, id) in [("updateOne", "x"), ("updateMany", "y")] {
            let request = json!({"op": op, "filter": {"_id": id}, "update": update, "upsert": true});
            assert_eq!(ask(request.clone()), reply(0, 0, json!(id)));
            assert_eq!(ask(request), reply(1, 1, Value::Null));
        }
        let replaced = json!({"op": "replaceOne", "filter": {"_id": "z", "n": 7}, "replacement": {"m": 1}, "upsert": true});
        assert_eq!(ask(replaced), reply(0, 0, json!("z")));
        let made =
            json!({"op": "updateOne", "filter": {"k": 9}, "update": {"$set": {"n": 0}}, "upsert": true});
        let made = ask(made);
        assert_eq!(made["upsertedId"].as_str().map(str::len), Some(26));
        let documents = place.all();
        assert!(
            documents.contains(&json!({"_id": "x", "n": 10, "made": true})),
            "{documents:?}"
        );
        assert!(documents.contains(&json!({"_id": "z", "m": 1})), "{documents:?}");
        assert!(
            documents.contains(&json!({"_id": made["upsertedId"], "k": 9, "n": 0})),
            "{documents:?}"
        );
    }
}

#[test]
fn an_upsert_that_meets_its_id_is_a_duplicate() {
    for mut place in Place::each(&[json!({"_id": 1, "n": 1})]) {
        let request = json!({"op": "updateOne", "filter": {"_id": 1, "n": 2}, "update": {"$set": {"m": 1}}, "upsert": true});
        let (kind, message) = place.refusal(&request);
        assert_eq!(kind, ErrorKind::DuplicateId);
        assert!(message.contains("_id 1"), "{message}");
        assert_eq!(place.all(), [json!({"_id": 1, "n": 1})]);
    }
}

#[test]
fn array_filters_and_the_matched_position_choose_elements() {
    let documents = [
        json!({"_id": 1, "grades": [85, 92, 64, 92]}),
        json!({"_id": 2, "grades": [92, 70]}),
    ];
    for mut place in Place::each(&documents) {
        let mut ask = |request: Value| place.ask(&request).unwrap();
        let positional =
            json!({"op": "updateMany", "filter": {"grades": 92}, "update": {"$set": {"grades.$": 100}}});
        assert_eq!(ask(positional), reply(2, 2, Value::Null));
        let filtered = json!({
            "op": "updateMany", "filter": {}, "update": {"$set": {"grades.$[low]": 0}},
            "arrayFilters": [{"low": {"$lt": 80}}],
        });
        assert_eq!(ask(filtered), reply(2, 2, Value::Null));
        assert_eq!(
            place.all(),
            [
                json!({"_id": 1, "grades": [85, 100, 0, 92]}),
                json!({"_id": 2, "grades": [100, 0]})
            ]
        );
    }
}

#[test]
fn stages_compute_documents() {
    for mut place in Place::each(&[json!({"_id": 1, "a": 2, "b": 3})]) {
        let mut ask = |request: Value| place.ask(&request).unwrap();
        let update = json!([{"$set": {"c": {"$add": ["$a", "$b"]}}}, {"$unset": "b"}]);
        let one = json!({"op": "updateOne", "filter": {"_id": 1}, "update": update});
        assert_eq!(ask(one), reply(1, 1, Value::Null));
        let same = json!({"op": "updateMany", "filter": {}, "update": [{"$set": {"a": 2}}]});
        assert_eq!(ask(same), reply(1, 0, Value::Null));
        let made = json!({"op": "updateOne", "filter": {"_id": 2, "a": 5}, "update": [{"$set": {"d": "$a"}}], "upsert": true});
        assert_eq!(ask(made), reply(0, 0, json!(2)));
        assert_eq!(
            place.all(),
            [
                json!({"_id": 1, "a": 2, "c": 5}),
                json!({"_id": 2, "a": 5, "d": 5})
            ]
        );
    }
}

#[test]
fn a_refused_update_changes_no_document() {
    let documents = [json!({"_id": 1, "n": 1}), json!({"_id": 2, "n": "text"})];
    let cases = [
        json!({"op": "updateMany", "filter": {}, "update": {"$inc": {"n": 1}}}),
        json!({"op": "updateMany", "filter": {}, "update": {"$set": {"n.$": 1}}}),
        json!({"op": "updateOne", "filter": {}, "update": {"$set": {"_id": 9}}}),
        json!({"op": "updateOne", "filter": {}, "update": {"$set": {"a": 1}, "$unset": {"a.b": 1}}}),
        json!({"op": "updateOne", "filter": {}, "update": {"a": 1}}),
        json!({"op": "updateOne", "filter": {}, "update": {}}),
        json!({"op": "updateOne", "filter": {}, "update": {"$set": {"n.$[x]": 1}}}),
        json!({"op": "updateOne", "filter": {}, "update": []}),
        json!({"op": "updateOne", "filter": {}, "update": [{"$set": {"_id": 9}}]}),
        json!({"op": "replaceOne", "filter": {}, "replacement": {"$set": {"a": 1}}}),
        json!({"op": "replaceOne", "filter": {"_id": 1}, "replacement": {"_id": 3}}),
        json!({"op": "updateOne", "filter": {"_id": 8}, "update": {"$set": {"_id": 9}}, "upsert": true}),
    ];
    for mut place in Place::each(&documents) {
        for request in &cases {
            let (kind, message) = place.refusal(request);
            assert_eq!(kind, ErrorKind::InvalidUpdate, "{request}: {message}");
        }
        let bad_filter = json!({"op": "updateOne", "filter": {"$xor": 1}, "update": {"$set": {"a": 1}}});
        assert_eq!(place.refusal(&bad_filter).0, ErrorKind::InvalidFilter);
        assert_eq!(place.all(), documents);
    }
}
