//! `watch`: what opens a change stream, and what is refused.

use std::time::Duration;

use super::*;
use crate::watch::Stream;

fn told(stream: &mut Stream) -> Vec<Value> {
    let (mut out, mut events) = (Vec::new(), Vec::new());
    stream
        .wait_for_batch(&mut out, 100, 1 << 20, Duration::ZERO)
        .unwrap();
    let mut rest = out.as_slice();
    while !rest.is_empty() {
        events.push(rmp_serde::from_read(&mut rest).unwrap());
    }
    events
}

#[test]
fn streams_are_opened_and_resumed_by_command() {
    let place = Place::filled(&[], false);
    let open = |request: Value| open_stream(&place.database, &pack(&request));
    let mut all = open(json!({"op": "watch"})).unwrap();
    let mut some = open(json!({"op": "watch", "collection": "items", "fullDocument": true,
        "filter": {"documentKey._id": {"$gt": 1}}, "matching": {"n": 3}, "durable": false, "outlives": true}))
    .unwrap();
    let write = WriteOptions::default();
    for document in [
        json!({"_id": 1, "n": 3}),
        json!({"_id": 2, "n": 3}),
        json!({"_id": 3, "n": 4}),
    ] {
        place.collection.insert(&pack(&document), &write).unwrap();
    }
    let events = told(&mut all);
    assert_eq!(events.len(), 3);
    assert_eq!(told(&mut some).len(), 1);
    for field in ["resumeAfter", "startAfter"] {
        let mut again = open(json!({"op": "watch", field: events[0]["_id"]})).unwrap();
        assert_eq!(told(&mut again), events[1..]);
    }
}

#[test]
fn streams_are_refused_by_what_is_wrong_with_them() {
    let place = Place::filled(&[], false);
    let token = open_stream(&place.database, &pack(&json!({"op": "watch"})))
        .unwrap()
        .token()
        .to_string();
    let cases = [
        (json!({"op": "find"}), ErrorKind::InvalidArgument),
        (
            json!({"op": "watch", "colection": "a"}),
            ErrorKind::InvalidArgument,
        ),
        (
            json!({"op": "watch", "collection": 1}),
            ErrorKind::InvalidArgument,
        ),
        (json!({"op": "watch", "collection": ""}), ErrorKind::InvalidName),
        (
            json!({"op": "watch", "filter": {"$no": 1}}),
            ErrorKind::InvalidFilter,
        ),
        (
            json!({"op": "watch", "matching": {"$no": 1}}),
            ErrorKind::InvalidFilter,
        ),
        (json!({"op": "watch", "durable": 1}), ErrorKind::InvalidArgument),
        (
            json!({"op": "watch", "resumeAfter": "abc"}),
            ErrorKind::InvalidArgument,
        ),
        (
            json!({"op": "watch", "resumeAfter": "0".repeat(token.len())}),
            ErrorKind::InvalidArgument,
        ),
        (
            json!({"op": "watch", "resumeAfter": token, "startAfter": token}),
            ErrorKind::InvalidArgument,
        ),
    ];
    for (request, kind) in cases {
        let Err(error) = open_stream(&place.database, &pack(&request)) else {
            panic!("{request} opened a stream");
        };
        assert_eq!(error.kind(), kind, "{request}: {error}");
    }
}
