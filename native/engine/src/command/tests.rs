//! Commands against collections, transactions and databases: replies, refusals, and the helpers of the tests below.

use serde_json::{Value, json};

use super::*;
use crate::database::OpenOptions;
use crate::format::plain::write_plain;
use crate::transaction::TransactionOptions;

mod aggregate;
mod bulk;
mod deletes;
mod find_and_modify;
mod indexes;
mod updates;
mod watch;

/// A collection of a database in memory, and how it is asked: by itself, or inside an open transaction.
pub(super) struct Place {
    database: Database,
    collection: Collection,
    transaction: Option<Transaction>,
}

impl Place {
    /// A fresh collection of `documents` for each way to ask it.
    pub(super) fn each(documents: &[Value]) -> Vec<Place> {
        [false, true]
            .map(|is_inside| Place::filled(documents, is_inside))
            .into()
    }

    fn filled(documents: &[Value], is_inside: bool) -> Place {
        let database = Database::open(crate::database::MEMORY_PATH, &OpenOptions::default()).unwrap();
        let collection = database.collection("items").unwrap();
        for document in documents {
            collection
                .insert(&pack(document), &WriteOptions::default())
                .unwrap();
        }
        let begin = || database.begin(&TransactionOptions::default()).unwrap();
        Place {
            transaction: is_inside.then(begin),
            collection,
            database,
        }
    }

    fn target(&mut self) -> Target<'_> {
        match &mut self.transaction {
            Some(transaction) => Target::Transaction(transaction, "items"),
            None => Target::Collection(&self.collection, WriteOptions::default()),
        }
    }

    /// What the command replies.
    pub(super) fn ask(&mut self, request: &Value) -> Result<Value> {
        let mut out = vec![0xee];
        let result = run(&mut self.target(), &pack(request), &mut out);
        assert_eq!(out.remove(0), 0xee);
        assert!(
            result.is_ok() || out.is_empty(),
            "a refused command replies nothing"
        );
        result.map(|()| rmp_serde::from_slice(&out).unwrap())
    }

    /// The error of a command that has to fail.
    pub(super) fn refusal(&mut self, request: &Value) -> (ErrorKind, String) {
        match self.ask(request) {
            Ok(reply) => panic!("{request} replied {reply}"),
            Err(error) => (error.kind(), error.message().to_owned()),
        }
    }

    /// The documents of a cursor command.
    pub(super) fn read(&mut self, request: &Value) -> Vec<Value> {
        let mut cursor = open_cursor(&mut self.target(), &pack(request)).unwrap();
        let mut documents = Vec::new();
        loop {
            let mut out = Vec::new();
            if cursor.next_batch(&mut out, 2, 1 << 20).unwrap() == 0 {
                return documents;
            }
            let mut at = 0;
            while at < out.len() {
                let mut plain = Vec::new();
                at += write_plain(&out[at..], &cursor.structures(), &mut plain).unwrap();
                documents.push(rmp_serde::from_slice(&plain).unwrap());
            }
        }
    }

    /// Makes the index of these fields; a transaction is begun anew, so that it sees it.
    pub(super) fn index(&mut self, key: Value) {
        let request = pack(&json!({"op": "createIndexes", "indexes": [{"key": key}]}));
        let mut target = Target::Collection(&self.collection, WriteOptions::default());
        run(&mut target, &request, &mut Vec::new()).unwrap();
        if self.transaction.is_some() {
            self.transaction = Some(self.database.begin(&TransactionOptions::default()).unwrap());
        }
    }

    /// Every document, in the order of ids.
    pub(super) fn all(&mut self) -> Vec<Value> {
        let mut documents = self.read(&json!({"op": "find"}));
        documents.sort_by_key(|document| document["_id"].to_string());
        documents
    }
}

pub(super) fn pack(value: &Value) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap()
}

#[test]
fn documents_are_counted_and_found() {
    let documents: Vec<Value> = (0..100).map(|n| json!({"_id": n, "n": n})).collect();
    for mut place in Place::each(&documents) {
        assert_eq!(place.ask(&json!({"op": "count"})).unwrap(), json!({"count": 100}));
        let some = json!({"op": "count", "filter": {"n": {"$lt": 70}}});
        assert_eq!(place.ask(&some).unwrap(), json!({"count": 70}));
        let page = json!({"op": "find", "filter": {"n": {"$gte": 64}}, "skip": 64 - 62, "limit": 3.0});
        assert_eq!(place.read(&page).len(), 3);
        assert_eq!(
            place.read(&json!({"op": "find", "skip": 97, "limit": 64})).len(),
            3
        );
        assert_eq!(place.all().len(), 100);
    }
}

#[test]
fn one_document_and_distinct_values_are_replied() {
    let documents: Vec<Value> = (0..100)
        .map(|n| json!({"_id": n, "n": n % 3, "t": [n % 2, "x"]}))
        .collect();
    for mut place in Place::each(&documents) {
        let mut ask = |request: Value| place.ask(&request).unwrap();
        let one = json!({"op": "findOne", "filter": {"_id": 70}, "projection": {"t": 1}});
        assert_eq!(ask(one), json!({"value": {"_id": 70, "t": [0, "x"]}}));
        assert_eq!(
            ask(json!({"op": "findOne", "filter": {"_id": 100}})),
            json!({"value": null})
        );
        assert_eq!(
            ask(json!({"op": "distinct", "field": "n"})),
            json!({"values": [0, 1, 2]})
        );
        let some =
            json!({"op": "distinct", "field": "t", "filter": {"n": 1, "_id": {"$gte": 64, "$lt": 67}}});
        assert_eq!(ask(some), json!({"values": [0, "x"]}));
        let hinted = json!({"op": "distinct", "field": "n", "filter": {"n": 1}, "hint": {"$natural": 1}});
        assert_eq!(ask(hinted), json!({"values": [1]}));
        assert_eq!(
            ask(json!({"op": "distinct", "field": "none"})),
            json!({"values": []})
        );
        for field in [json!(5), json!("$a"), json!("")] {
            let refused = place.refusal(&json!({"op": "distinct", "field": field}));
            assert_eq!(refused.0, ErrorKind::InvalidArgument);
        }
    }
}

#[test]
fn requests_are_refused_by_what_is_wrong_with_them() {
    let cases = [
        (json!({"op": "fly"}), "\"fly\""),
        (json!({"filter": {}}), "op"),
        (json!({"op": 5}), "op"),
        (
            json!({"op": "count", "filtre": {}}),
            "no field filtre; it takes filter",
        ),
        (
            json!({"op": "updateOne", "update": {}, "many": true}),
            "no field many",
        ),
        (json!({"op": "updateOne", "filter": {}}), "needs the field update"),
        (
            json!({"op": "updateOne", "update": {"$set": {"a": 1}}, "upsert": 1}),
            "upsert of updateOne must be true or false",
        ),
        (json!([]), "map"),
    ];
    for mut place in Place::each(&[]) {
        for (request, words) in &cases {
            let (kind, message) = place.refusal(request);
            assert_eq!(kind, ErrorKind::InvalidArgument, "{request}");
            assert!(message.contains(words), "{request}: {message}");
        }
    }
}

#[test]
fn bad_options_of_cursors_are_refused() {
    for mut place in Place::each(&[]) {
        for skip in [json!(-1), json!(1.5), json!("1"), json!([])] {
            let request = pack(&json!({"op": "find", "skip": skip}));
            let error = open_cursor(&mut place.target(), &request).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
        let error = open_cursor(&mut place.target(), &pack(&json!({"op": "count"})))
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn commands_of_collections_are_not_asked_of_databases() {
    let database = Database::open(crate::database::MEMORY_PATH, &OpenOptions::default()).unwrap();
    let mut target = Target::Database(&database, WriteOptions::default());
    for request in [
        json!({"op": "count"}),
        json!({"op": "updateOne", "update": {"$set": {"a": 1}}}),
    ] {
        let error = run(&mut target, &pack(&request), &mut Vec::new()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{request}");
    }
}

#[test]
fn damaged_requests_are_refused_at_every_byte() {
    let request =
        pack(&json!({"op": "updateOne", "filter": {"a": [1, {"b": "text"}]}, "update": {"$set": {"a": 64}}}));
    for mut place in Place::each(&[json!({"_id": 1, "a": [1, {"b": "text"}]})]) {
        for end in 0..request.len() {
            assert!(run(&mut place.target(), &request[..end], &mut Vec::new()).is_err());
        }
        for at in 0..request.len() {
            for byte in [0x00, 0x40, 0x81, 0x9f, 0xc1, 0xdd, 0xdf, 0xff] {
                let mut damaged = request.clone();
                damaged[at] = byte;
                // Whatever it does now, it ends.
                let _ = run(&mut place.target(), &damaged, &mut Vec::new());
            }
        }
        let twice = [
            &[0x83][..],
            b"\xa2op\xa5count",
            b"\xa6filter\x80",
            b"\xa6filter\x80",
        ]
        .concat();
        assert!(run(&mut place.target(), &twice, &mut Vec::new()).is_err());
        let longer = [&pack(&json!({"op": "count"}))[..], &[0x80]].concat();
        assert!(run(&mut place.target(), &longer, &mut Vec::new()).is_err());
    }
}

#[test]
fn every_command_is_in_the_table_once_and_takes_the_fields_that_it_says() {
    let mut names = Vec::new();
    let database = Database::open(crate::database::MEMORY_PATH, &OpenOptions::default()).unwrap();
    for (op, fields) in table() {
        names.push(op);
        let mut target = Target::Database(&database, WriteOptions::default());
        let unknown = pack(&json!({"op": op, "noSuchField": 1}));
        let words = [
            run(&mut target, &unknown, &mut Vec::new()).err().unwrap(),
            open_cursor(&mut target, &unknown).err().unwrap(),
            open_stream(&database, &unknown).err().unwrap(),
        ]
        .map(|error| error.message().to_owned());
        let refused = words.iter().find(|words| words.contains("noSuchField")).unwrap();
        for field in fields {
            assert!(refused.contains(field), "{op}: {refused}");
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn databases_are_asked_for_what_is_of_no_collection() {
    let database = Database::open(crate::database::MEMORY_PATH, &OpenOptions::default()).unwrap();
    let mut target = Target::Database(&database, WriteOptions::default());
    let mut ask = |request: Value| {
        let mut out = Vec::new();
        run(&mut target, &pack(&request), &mut out).map(|()| rmp_serde::from_slice::<Value>(&out).unwrap())
    };
    assert_eq!(
        ask(json!({"op": "expireDocuments"})).unwrap(),
        json!({"count": 0})
    );
    let pipeline = json!([{"$documents": [{"a": 1}, {"a": 2}]}, {"$match": {"a": 2}}]);
    let explained = ask(json!({"op": "explainAggregate", "pipeline": pipeline})).unwrap();
    assert_eq!(explained["stages"], json!(["$documents", "$match"]));
    let mut place = Place::filled(&[], false);
    let refused = place.refusal(&json!({"op": "expireDocuments"}));
    assert_eq!(refused.0, ErrorKind::InvalidArgument);
    let mut target = Target::Database(&database, WriteOptions::default());
    let mut open = |pipeline: &Value| {
        let request = pack(&json!({"op": "aggregate", "pipeline": pipeline}));
        open_cursor(&mut target, &request)
    };
    let mut cursor = open(&pipeline).unwrap();
    let (mut out, identity) = (Vec::new(), cursor.structures_identity());
    assert!(!cursor.is_over());
    assert_eq!(cursor.next_batch(&mut out, 10, 1 << 20).unwrap(), 1);
    assert_eq!(cursor.next_batch(&mut out, 10, 1 << 20).unwrap(), 0);
    assert!(cursor.is_over() && cursor.structures_identity() == identity);
    let error = open(&json!([{"$match": {}}])).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn cursor_of_documents_tells_its_end() {
    for mut place in Place::each(&[json!({"_id": 1}), json!({"_id": 2})]) {
        let request = pack(&json!({"op": "find"}));
        let mut cursor = open_cursor(&mut place.target(), &request).unwrap();
        let (mut out, identity) = (Vec::new(), cursor.structures_identity());
        assert!(!cursor.is_over());
        while cursor.next_batch(&mut out, 1, 1 << 20).unwrap() > 0 {}
        assert!(cursor.is_over() && cursor.structures_identity() == identity);
    }
}
