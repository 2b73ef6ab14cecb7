//! The calls of quire.h as a program makes them: each family once, and what it refuses.
//!
//! Leaves to others: what calls mean (the engine's tests), programs in C (bindings/c/tests), nonsense (tests/misuse.rs).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::mpsc;
use std::thread;

use common::*;
use quire::{
    quire_close, quire_collection_close, quire_commit, quire_cursor_close, quire_rollback, quire_watch_close,
};
use serde_json::json;

#[test]
fn document_comes_back_plain_by_its_id() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    let (mut id, mut document, mut found) = (Buffer::new(), Buffer::new(), false);
    for number in 0..5 {
        let document = json!({"_id": number + 70, "name": "Ada", "tags": [{"a": 1}, {"a": 2}]});
        ok(insert_for_id(users, &pack(document), &mut id));
    }
    ok(get(users, &pack(json!(73)), &mut document, &mut found));
    assert!(found);
    let wanted = json!({"_id": 73, "name": "Ada", "tags": [{"a": 1}, {"a": 2}]});
    assert_eq!(unpack(document.bytes()), wanted);
    ok(get(users, &pack(json!("none")), &mut document, &mut found));
    assert!(!found && document.bytes().is_empty());
    ok(has(users, id.bytes(), &mut found));
    assert!(found, "the id that an insert gave is one");
    assert_eq!(code(get(users, &[0xc0], &mut document, &mut found)), "INVALID_ID");
}

#[test]
fn documents_are_changed_by_id_and_counted() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    let many: Vec<u8> = (0..10).flat_map(|n| pack(json!({"_id": n, "age": n}))).collect();
    let (mut ids, mut number, mut flag, mut changed) = (Buffer::new(), 0, false, false);
    ok(insert_many(users, &many, &mut ids, &mut number));
    assert_eq!((number, ids.documents().len()), (10, 10));
    let id = pack(json!(3));
    ok(update(
        users,
        &id,
        &pack(json!({"$inc": {"age": 40}})),
        &mut flag,
        &mut changed,
    ));
    assert!(flag && changed);
    ok(count(users, &pack(json!({"age": {"$gt": 8}})), &mut number));
    assert_eq!(number, 2);
    let document = pack(json!({"_id": 3, "age": 0}));
    ok(put(users, &document, &mut flag));
    assert!(flag);
    ok(replace(users, &id, &document, &mut flag));
    assert!(flag);
    ok(delete(users, &id, &mut flag));
    assert!(flag);
    ok(clear(users, &mut number));
    assert_eq!(number, 9);
    let twice = [document.clone(), document].concat();
    assert_eq!(
        code(insert_many(users, &twice, &mut ids, &mut number)),
        "DUPLICATE_ID"
    );
    assert!(ids.bytes().is_empty() && number == 9);
}

#[test]
fn cursor_gives_every_document_once_and_closes_at_its_end() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    let (mut ids, mut number) = (Buffer::new(), 0);
    let many: Vec<u8> = (0..100)
        .flat_map(|n| pack(json!({"_id": n, "age": n % 7})))
        .collect();
    ok(insert_many(users, &many, &mut ids, &mut number));
    let request = pack(json!({"op": "find", "filter": {"age": 3}, "sort": {"_id": -1}}));
    let (mut cursor, mut batch, mut found) = (0, Buffer::new(), Vec::new());
    ok(find(users, &request, &mut cursor));
    while number > 0 {
        ok(cursor_next(cursor, 4, &mut batch, &mut number));
        assert_eq!(batch.documents().len() as u64, number);
        found.extend(batch.documents());
    }
    assert_eq!(found.len(), 14);
    assert_eq!(found[0], json!({"_id": 94, "age": 3}));
    assert_eq!(code(cursor_next(cursor, 4, &mut batch, &mut number)), "CLOSED");
    ok(quire_cursor_close(cursor));
}

#[test]
fn command_replies_with_a_map_and_refuses_what_it_does_not_know() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    let mut reply = Buffer::new();
    ok(insert(users, &pack(json!({"_id": 1, "age": 5}))));
    let request = json!({"op": "updateMany", "filter": {}, "update": {"$inc": {"age": 1}}});
    ok(command(users, &pack(request), &mut reply));
    assert_eq!(unpack(reply.bytes())["matchedCount"], 1);
    let unknown = pack(json!({"op": "vanish"}));
    assert_eq!(code(command(users, &unknown, &mut reply)), "INVALID_ARGUMENT");
    assert!(last_message().contains("vanish") && reply.bytes().is_empty());
    let mut cursor = 0;
    let pipeline = json!({"op": "aggregate", "pipeline": [{"$documents": [{"a": 1}]}]});
    ok(find(memory.0, &pack(pipeline), &mut cursor));
    ok(quire_cursor_close(cursor));
}

#[test]
fn transaction_is_whole_or_nothing_and_never_waits_for_itself() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    let document = pack(json!({"_id": 1}));
    let ends: [(extern "C" fn(u64) -> i32, u64); 2] = [(quire_rollback, 0), (quire_commit, 1)];
    for (end, wanted) in ends {
        let (mut transaction, mut inside, mut number) = (0, 0, 9);
        ok(begin(memory.0, &[], &mut transaction));
        ok(part(transaction, "users", &mut inside));
        ok(insert(inside, &document));
        assert_eq!(code(insert(users, &document)), "BUSY");
        ok(count(users, &[], &mut number));
        assert_eq!(number, 0);
        ok(end(transaction));
        ok(count(users, &[], &mut number));
        assert_eq!(number, wanted);
        assert_eq!(code(insert(inside, &document)), "TRANSACTION_ENDED");
        assert_eq!(code(end(transaction)), "TRANSACTION_ENDED");
        ok(quire_collection_close(inside));
    }
}

#[test]
fn change_stream_waits_is_told_and_is_let_go() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    let (mut stream, mut events, mut number) = (0, Buffer::new(), 9);
    ok(watch(
        memory.0,
        &pack(json!({"op": "watch", "collection": "users"})),
        &mut stream,
    ));
    ok(watch_next(stream, 0, &mut events, &mut number));
    assert_eq!(number, 0);
    let (tell, told) = mpsc::channel();
    let reader = thread::spawn(move || {
        let (mut events, mut number) = (Buffer::new(), 0);
        ok(watch_next(stream, -1, &mut events, &mut number));
        tell.send(events.documents()).unwrap();
        code(watch_next(stream, -1, &mut events, &mut number))
    });
    ok(insert(users, &pack(json!({"_id": "a"}))));
    assert_eq!(told.recv().unwrap()[0]["operationType"], "insert");
    // Whether the reader waits already or is on its way: the close lets it go.
    ok(quire_watch_close(stream));
    assert_eq!(reader.join().unwrap(), "CLOSED");
    ok(quire_watch_close(stream));
    assert_eq!(
        code(watch_next(stream, -2, &mut events, &mut number)),
        "INVALID_ARGUMENT"
    );
}

#[test]
fn what_a_database_opened_ends_with_it() {
    let mut database = 0;
    ok(open(":memory:", &[], &mut database));
    let (mut users, mut cursor, mut transaction, mut inside, mut stream) = (0, 0, 0, 0, 0);
    ok(collection(database, "users", &mut users));
    ok(insert(users, &pack(json!({"_id": 1}))));
    ok(find(users, &pack(json!({"op": "find"})), &mut cursor));
    ok(watch(database, &pack(json!({"op": "watch"})), &mut stream));
    ok(begin(database, &[], &mut transaction));
    ok(part(transaction, "users", &mut inside));
    let reader = thread::spawn(move || code(watch_next(stream, -1, &mut Buffer::new(), &mut 0)));
    ok(quire_close(database));
    assert_eq!(reader.join().unwrap(), "CLOSED");
    assert_eq!(code(insert(users, &pack(json!({})))), "CLOSED");
    assert_eq!(code(cursor_next(cursor, 1, &mut Buffer::new(), &mut 0)), "CLOSED");
    assert_eq!(code(quire_commit(transaction)), "TRANSACTION_ENDED");
    assert_eq!(code(collection(database, "users", &mut users)), "CLOSED");
    ok(quire_close(database));
}

#[test]
fn collections_are_made_renamed_described_and_dropped() {
    let memory = Memory::open(json!({}));
    let (mut reply, mut existed, mut number) = (Buffer::new(), false, 9);
    ok(create_collection(memory.0, "a", &pack(json!({"ids": "integer"}))));
    assert_eq!(code(create_collection(memory.0, "a", &[])), "COLLECTION_EXISTS");
    ok(rename_collection(memory.0, "a", "b"));
    ok(collections(memory.0, &mut reply));
    let told = unpack(reply.bytes());
    assert_eq!(
        (&told[0]["name"], &told[0]["ids"]),
        (&json!("b"), &json!("integer"))
    );
    ok(insert_for_id(
        memory.collection("b"),
        &pack(json!({"x": 1})),
        &mut reply,
    ));
    assert_eq!(unpack(reply.bytes()), json!(1));
    ok(stats(memory.0, &mut reply));
    assert_eq!(unpack(reply.bytes())["collections"][0]["documentsCount"], 1);
    ok(check(memory.0, &mut reply));
    assert_eq!(unpack(reply.bytes())["isClean"], true);
    ok(expire(memory.0, &mut number));
    assert_eq!(number, 0);
    ok(drop_collection(memory.0, "b", &mut existed));
    assert!(existed);
    ok(drop_collection(memory.0, "b", &mut existed));
    assert!(!existed);
}

#[test]
fn json_calls_do_what_their_twins_do() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    let (mut reply, mut found) = (Buffer::new(), true);
    let ada = r#"{"_id": "ada", "born": {"$date": "1815-12-10T00:00:00Z"}, "age": 36}"#;
    ok(insert_json(users, ada, &mut reply));
    assert_eq!(reply.text(), r#""ada""#);
    ok(get_json(users, r#""ada""#, &mut reply, &mut found));
    assert!(
        found
            && reply
                .text()
                .starts_with(r#"{"_id":"ada","born":{"$date":{"$numberLong":"-"#)
    );
    ok(get_json(users, "5", &mut reply, &mut found));
    assert!(!found && reply.text().is_empty());
    ok(find_json(
        users,
        r#"{"op": "find", "projection": {"age": 1}}"#,
        &mut reply,
    ));
    assert_eq!(reply.text(), r#"[{"_id":"ada","age":36}]"#);
    ok(find_json(
        users,
        r#"{"op": "find", "filter": {"age": 0}}"#,
        &mut reply,
    ));
    assert_eq!(reply.text(), "[]");
    ok(command_json(users, r#"{"op": "count"}"#, &mut reply));
    assert_eq!(reply.text(), r#"{"count":1}"#);
    assert_eq!(code(insert_json(users, "{", &mut reply)), "INVALID_DOCUMENT");
    assert_eq!(code(command_json(users, "[]", &mut reply)), "INVALID_ARGUMENT");
    assert_eq!(code(get_json(users, "{}", &mut reply, &mut found)), "INVALID_ID");
}

#[test]
fn msgpack_and_json_are_converted_both_ways() {
    let mut out = Buffer::new();
    ok(json_to_msgpack(r#"{"a": [1, 100, -1]}"#, &mut out));
    assert_eq!(unpack(out.bytes()), json!({"a": [1, 100, -1]}));
    // 100 takes one byte in other encoders, which would begin a record in stored form.
    ok(msgpack_to_json(b"\x81\xa1a\x93\x01\x64\xff", &mut out));
    assert_eq!(out.text(), r#"{"a":[1,100,-1]}"#);
    for damaged in [&b"\x81"[..], b"\xa1\xff", b"\xc1", b"", b"\x01\x02"] {
        assert_eq!(code(msgpack_to_json(damaged, &mut out)), "INVALID_DOCUMENT");
    }
}

#[test]
fn value_in_a_wider_encoding_is_the_same_value() {
    let memory = Memory::open(json!({}));
    let users = memory.collection("users");
    // {_id: 1, a: [{x: 1}]} with heads and numbers of four and eight bytes, as some encoders write them.
    let wide = b"\xdf\0\0\0\x02\xdb\0\0\0\x03_id\xd3\0\0\0\0\0\0\0\x01\xa1a\xdd\0\0\0\x01\xdf\0\0\0\x01\xa1x\xd3\0\0\0\0\0\0\0\x01";
    ok(insert(users, wide));
    let (mut document, mut found, mut modified) = (Buffer::new(), false, true);
    let change = pack(json!({"$addToSet": {"a": {"x": 1}}}));
    ok(update(users, &pack(json!(1)), &change, &mut found, &mut modified));
    assert!(found && !modified);
    let same = json!({"op": "replaceOne", "filter": {}, "replacement": {"a": [{"x": 1}]}});
    ok(command(users, &pack(same), &mut document));
    assert_eq!(unpack(document.bytes())["modifiedCount"], 0);
    ok(get(users, &pack(json!(1)), &mut document, &mut found));
    assert_eq!(unpack(document.bytes()), json!({"_id": 1, "a": [{"x": 1}]}));
}
