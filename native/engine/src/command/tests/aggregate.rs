//! `aggregate`: what its hint does.

use super::*;

#[test]
fn a_hint_is_followed_by_the_first_stages() {
    let documents: Vec<Value> = (0..20).map(|n| json!({"_id": n, "n": n, "m": n})).collect();
    for mut place in Place::each(&documents) {
        place.index(json!({"n": 1}));
        place.index(json!({"m": 1}));
        let pipeline = json!([{"$match": {"n": {"$gte": 18}, "m": {"$gte": 5}}}, {"$sort": {"_id": 1}}]);
        for (hint, keys) in [
            (json!("n_1"), 2),
            (json!({"m": 1}), 15),
            (json!({"$natural": 1}), 0),
        ] {
            let request = json!({"op": "aggregate", "pipeline": pipeline, "hint": hint});
            assert_eq!(place.read(&request).len(), 2);
            let explain = json!({"op": "explainAggregate", "pipeline": pipeline, "hint": hint});
            let told = place.ask(&explain).unwrap();
            assert_eq!(
                told["cursor"]["executionStats"]["totalKeysExamined"],
                json!(keys),
                "{hint}"
            );
        }
        let missing = json!({"op": "explainAggregate", "pipeline": pipeline, "hint": "k_1"});
        assert_eq!(place.refusal(&missing).0, ErrorKind::IndexNotFound);
        let own = json!({"op": "explainAggregate", "pipeline": [{"$documents": []}], "hint": "n_1"});
        assert_eq!(place.refusal(&own).0, ErrorKind::InvalidArgument);
    }
}
