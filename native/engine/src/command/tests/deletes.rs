//! `deleteOne`, `deleteMany`: replies and what is left.

use super::*;

#[test]
fn deletions_reply_how_many_there_were() {
    let documents: Vec<Value> = (0..6).map(|n| json!({"_id": n, "n": n % 3})).collect();
    for mut place in Place::each(&documents) {
        place.index(json!({"n": 1}));
        let mut count = |request: Value| place.ask(&request).unwrap()["deletedCount"].clone();
        assert_eq!(
            count(json!({"op": "deleteOne", "filter": {"n": 1}, "hint": "n_1"})),
            json!(1)
        );
        assert_eq!(
            count(json!({"op": "deleteOne", "filter": {"_id": 3}, "hint": {"n": 1}})),
            json!(1)
        );
        assert_eq!(count(json!({"op": "deleteMany", "filter": {"n": 2}})), json!(2));
        let rest = json!({"op": "deleteMany", "filter": {}, "hint": {"$natural": 1}});
        assert_eq!(count(rest.clone()), json!(2));
        assert_eq!(count(rest), json!(0));
        assert_eq!(place.all(), [] as [Value; 0]);
    }
}

#[test]
fn refused_deletions_delete_nothing() {
    let documents = [json!({"_id": 1}), json!({"_id": 2})];
    let cases = [
        (json!({"op": "deleteMany"}), ErrorKind::InvalidArgument),
        (
            json!({"op": "deleteMany", "filter": {}, "hint": "n_1"}),
            ErrorKind::IndexNotFound,
        ),
        (
            json!({"op": "deleteOne", "filter": {"_id": 1}, "hint": "n_1"}),
            ErrorKind::IndexNotFound,
        ),
        (
            json!({"op": "deleteOne", "filter": {}, "hint": 5}),
            ErrorKind::InvalidArgument,
        ),
        (
            json!({"op": "deleteOne", "filter": {}, "sort": {"n": 1}}),
            ErrorKind::InvalidArgument,
        ),
        (
            json!({"op": "deleteOne", "filter": {"$what": 1}}),
            ErrorKind::InvalidFilter,
        ),
    ];
    for mut place in Place::each(&documents) {
        for (request, kind) in &cases {
            assert_eq!(place.refusal(request).0, *kind, "{request}");
        }
        assert_eq!(place.all(), documents);
    }
}
