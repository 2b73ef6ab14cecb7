//! What a failure leaves of things that are read piece by piece: cursors and change streams.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use serde_json::json;

#[test]
fn cursor_that_failed_is_not_taken_for_one_at_its_end() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    for number in 0..6 {
        ok(insert(
            users,
            &pack(json!({"_id": number, "share": i32::from(number != 3)})),
        ));
    }
    let quotient = json!({"$divide": [1, "$share"]});
    for request in [
        json!({"op": "find", "filter": {"$expr": {"$gt": [quotient, 0]}}}),
        json!({"op": "aggregate", "pipeline": [{"$project": {"quotient": quotient}}]}),
    ] {
        let (mut cursor, mut documents, mut count) = (0, Buffer::new(), 9);
        ok(find(users, &pack(request), &mut cursor));
        ok(cursor_next(cursor, 2, &mut documents, &mut count));
        assert_eq!(count, 2);
        let status = cursor_next(cursor, 2, &mut documents, &mut count);
        assert_eq!(code(status), "INVALID_EXPRESSION");
        assert_eq!((count, documents.bytes()), (2, &[][..]));
        assert_eq!(code(cursor_next(cursor, 2, &mut documents, &mut count)), "CLOSED");
    }
}

#[test]
fn event_before_a_failure_is_told_before_the_failure() {
    let memory = Memory::open(json!({"watchSize": 0}));
    let users = memory.collection("users");
    let (mut stream, mut events, mut count) = (0, Buffer::new(), 0);
    ok(watch(memory.0, &pack(json!({"op": "watch"})), &mut stream));
    let pair = [pack(json!({"_id": 1})), pack(json!({"_id": 2}))].concat();
    ok(insert_many(users, &pair, &mut Buffer::new(), &mut count));
    // Half of the first commit, which is held from now on; the commits behind it are let go.
    ok(watch_some(stream, 1, &mut events, &mut count));
    assert_eq!(
        (count, &events.documents()[0]["documentKey"]),
        (1, &json!({"_id": 1}))
    );
    for number in 3..50 {
        ok(insert(users, &pack(json!({"_id": number}))));
    }
    ok(watch_next(stream, 0, &mut events, &mut count));
    assert_eq!(
        (count, &events.documents()[0]["documentKey"]),
        (1, &json!({"_id": 2}))
    );
    for _ in 0..2 {
        assert_eq!(code(watch_next(stream, 0, &mut events, &mut count)), "OVERFLOW");
        assert_eq!((count, events.bytes()), (1, &[][..]));
    }
}
