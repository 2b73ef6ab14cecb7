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
fn a_sort_chooses_the_one_document_that_is_changed() {
    let documents: Vec<Value> = [2, 3, 1].iter().map(|n| json!({"_id": n, "n": n})).collect();
    for mut place in Place::each(&documents) {
        let mut ask = |request: Value| place.ask(&request).unwrap();
        let last = json!({"op": "updateOne", "filter": {}, "update": {"$set": {"n": 0}}, "sort": {"n": -1}});
        assert_eq!(ask(last), reply(1, 1, Value::Null));
        let first = json!({"op": "replaceOne", "filter": {"n": {"$gt": 0}}, "replacement": {"r": 1}, "sort": {"n": 1}});
        assert_eq!(ask(first), reply(1, 1, Value::Null));
        assert_eq!(
            place.all(),
            [
                json!({"_id": 1, "r": 1}),
                json!({"_id": 2, "n": 2}),
                json!({"_id": 3, "n": 0})
            ]
        );
        let many = json!({"op": "updateMany", "filter": {}, "update": {"$set": {"n": 0}}, "sort": {"n": 1}});
        assert_eq!(place.refusal(&many).0, ErrorKind::InvalidArgument);
        let bad = json!({"op": "updateOne", "filter": {}, "update": {"$set": {"n": 0}}, "sort": {"n": 2}});
        assert_eq!(place.refusal(&bad).0, ErrorKind::InvalidSort);
    }
}

#[test]
fn a_hint_finds_what_a_scan_finds_and_names_an_index_that_is_there() {
    let documents: Vec<Value> = (0..6).map(|n| json!({"_id": n, "n": n, "k": 0})).collect();
    let set = json!({"$set": {"k": 1}});
    for mut place in Place::each(&documents) {
        place.index(json!({"n": 1}));
        for (at, hint) in [json!("n_1"), json!({"n": 1}), json!({"$natural": 1})]
            .iter()
            .enumerate()
        {
            let update = json!({"$set": {"k": at}});
            let request =
                json!({"op": "updateMany", "filter": {"n": {"$gte": 4}}, "update": update, "hint": hint});
            let changed = if at == 0 { 0 } else { 2 };
            assert_eq!(
                place.ask(&request).unwrap(),
                reply(2, changed, Value::Null),
                "{hint}"
            );
        }
        let by_id = json!({"op": "updateOne", "filter": {"_id": 1}, "update": set, "hint": "n_1"});
        assert_eq!(place.ask(&by_id).unwrap(), reply(1, 1, Value::Null));
        let cases = [
            json!({"op": "updateOne", "filter": {"_id": 1}, "update": set, "hint": "m_1"}),
            json!({"op": "updateMany", "filter": {}, "update": set, "hint": {"n": -1}}),
            json!({"op": "updateOne", "filter": {"_id": 9}, "update": set, "hint": "m_1", "upsert": true}),
            json!({"op": "replaceOne", "filter": {}, "replacement": {"k": 1}, "hint": "m_1"}),
            json!({"op": "findOneAndUpdate", "filter": {}, "update": set, "hint": "m_1"}),
            json!({"op": "findOneAndReplace", "filter": {}, "replacement": {"k": 1}, "hint": "m_1"}),
            json!({"op": "findOneAndDelete", "filter": {"_id": 1}, "hint": "m_1"}),
        ];
        let before = place.all();
        for request in &cases {
            assert_eq!(place.refusal(request).0, ErrorKind::IndexNotFound, "{request}");
        }
        assert_eq!(place.all(), before);
        let found =
            json!({"op": "findOneAndDelete", "filter": {"n": {"$lt": 9}}, "sort": {"n": -1}, "hint": "n_1"});
        assert_eq!(place.ask(&found).unwrap()["value"]["_id"], json!(5));
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
