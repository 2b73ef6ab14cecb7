//! Queries with indexes and without: the same answers, whatever is indexed, asked, written and sorted.
//!
//! Two collections get the same writes, one of them has indexes; what they answer is compared document by document.
//! `QUIRE_PLAN_CASES` asks for more cases than the short form; a failure names its seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod covered;
mod generate;

use std::sync::Arc;

use common::{filter, pack};
use generate::{Random, conditions, definition, document, keys};
use quire_engine::format::owned::Owned;
use quire_engine::format::plain::write_plain;
use quire_engine::format::record::NO_STRUCTURES;
use quire_engine::query::plan::Hint;
use quire_engine::query::sort::Sort;
use quire_engine::{
    Collection, Cursor, Database, ErrorKind, Filter, FindOptions, IdBytes, IndexDefinition, MEMORY_PATH,
    OpenOptions, Owner, Projection, TransactionOptions, Update, WriteOptions,
};
use serde_json::json;

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};
const CASES: u64 = 300;

fn bytes(value: &Owned) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

/// Plain bytes of all documents that a cursor gives.
fn drain(mut cursor: Cursor, batch: usize) -> Vec<Vec<u8>> {
    let mut documents = Vec::new();
    loop {
        let mut out = Vec::new();
        if cursor.next_batch(&mut out, batch, usize::MAX).unwrap() == 0 {
            return documents;
        }
        let structures = cursor.structures();
        let mut at = 0;
        while at < out.len() {
            let mut plain = Vec::new();
            at += write_plain(&out[at..], &structures, &mut plain).unwrap();
            documents.push(plain);
        }
    }
}

fn sorted(mut documents: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    documents.sort();
    documents
}

struct Pair {
    database: Database,
    plain: Collection,
    indexed: Collection,
}

impl Pair {
    fn new(random: &mut Random) -> Pair {
        let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
        let pair = Pair {
            plain: database.collection("plain").unwrap(),
            indexed: database.collection("indexed").unwrap(),
            database,
        };
        let mut definitions: Vec<_> = (0..=random.below(4)).map(|_| definition(random)).collect();
        // Half of them are made over documents.
        let before = definitions.split_off(definitions.len() / 2);
        before.iter().for_each(|definition| pair.create(definition));
        for id in 0..10 + random.below(40) as i64 {
            pair.insert(&document(random, id));
        }
        definitions.iter().for_each(|definition| pair.create(definition));
        for _ in 0..random.below(10) {
            pair.change(random);
        }
        pair
    }

    /// Makes an index, unless it cannot be, or another one of the name or documents that it cannot have are there.
    fn create(&self, definition: &Owned) {
        let Ok(definition) = IndexDefinition::parse(&bytes(definition)) else {
            return;
        };
        if let Err(error) = self.indexed.create_index(&definition, &WRITE) {
            let kinds = [
                ErrorKind::IndexExists,
                ErrorKind::InvalidDocument,
                ErrorKind::InvalidIndex,
            ];
            assert!(kinds.contains(&error.kind()), "{error}");
        }
    }

    /// Inserts into both, unless an index cannot have the document.
    fn insert(&self, document: &Owned) {
        let document = bytes(document);
        match self.indexed.insert(&document, &WRITE) {
            Ok(_) => assert!(self.plain.insert(&document, &WRITE).is_ok()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidDocument, "{error}"),
        }
    }

    fn change(&self, random: &mut Random) {
        let id = random.below(40) as i64;
        if random.happens(50) {
            let id = IdBytes::from_integer(id);
            let there = self.plain.delete(&id, &WRITE).unwrap();
            assert_eq!(self.indexed.delete(&id, &WRITE).unwrap(), there);
            return;
        }
        let document = bytes(&document(random, id));
        if self.indexed.put(&document, &WRITE).is_ok() {
            self.plain.put(&document, &WRITE).unwrap();
        }
    }
}

/// The keys of documents in an order, which are the same however ties come.
fn sort_keys(documents: &[Vec<u8>], sort: &Sort) -> Vec<Vec<u8>> {
    let key = |document: &Vec<u8>| {
        let mut key = Vec::new();
        sort.write_key(&restored(document), &NO_STRUCTURES, &mut key)
            .unwrap();
        key
    };
    documents.iter().map(key).collect()
}

/// Plain bytes in stored form.
fn restored(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    quire_engine::format::intake::normalise(plain, quire_engine::format::survey::Subject::Filter, &mut out)
        .unwrap();
    out
}

fn options(random: &mut Random) -> FindOptions {
    let filter = Filter::compile(&bytes(&conditions(random, 2))).unwrap();
    FindOptions {
        filter: (!filter.is_empty()).then(|| Arc::new(filter)),
        sort: random
            .happens(50)
            .then(|| Arc::new(Sort::compile(&bytes(&keys(random, 2))).unwrap())),
        skip: if random.happens(30) { random.below(5) } else { 0 },
        limit: random.happens(40).then(|| random.below(8)),
        ..FindOptions::default()
    }
}

fn compare(pair: &Pair, random: &mut Random, about: &str) {
    let mut options = options(random);
    let batch = 1 + random.below(9) as usize;
    let wanted = drain(pair.plain.find(options.clone()).unwrap(), batch);
    let count = pair.plain.count_found(options.clone()).unwrap();
    assert_eq!(count, wanted.len() as u64, "{about}");
    let hints = pair.indexed.indexes().unwrap();
    let mut tried = vec![None, Some(Hint::Natural)];
    tried.extend(
        hints
            .iter()
            .map(|info| Some(Hint::Name(info.definition.name.clone()))),
    );
    for hint in tried {
        options.hint = hint.clone();
        let cursor = match pair.indexed.find(options.clone()) {
            Ok(cursor) => cursor,
            Err(error) => {
                // A hint of an index that has some documents only.
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{about}: {error}");
                continue;
            }
        };
        let found = drain(cursor, batch);
        let about = format!("{about}, {hint:?}, {:?}", options.filter);
        assert_eq!(found.len(), wanted.len(), "{about}");
        match &options.sort {
            Some(sort) => assert_eq!(sort_keys(&found, sort), sort_keys(&wanted, sort), "{about}"),
            None if options.skip == 0 && options.limit.is_none() => {
                assert_eq!(sorted(found.clone()), sorted(wanted.clone()), "{about}");
            }
            None => {}
        }
        assert_eq!(
            pair.indexed.count_found(options.clone()).unwrap(),
            count,
            "{about}"
        );
        let explained = pair.indexed.explain(options.clone()).unwrap();
        let told = explained
            .get("executionStats")
            .and_then(|stats| stats.get("nReturned"));
        assert_eq!(told, Some(&Owned::Int(count as i64)), "{about}");
    }
}

#[test]
fn answers_are_the_same_with_every_index_set_and_with_none() {
    let cases = std::env::var("QUIRE_PLAN_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    for seed in 1..=cases {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let pair = Pair::new(&mut random);
        for _ in 0..8 {
            compare(&pair, &mut random, &format!("seed {seed}"));
        }
        assert!(pair.database.check().unwrap().is_clean(), "seed {seed}");
    }
}

#[test]
fn transactions_see_their_own_writes_through_indexes() {
    for seed in 1..=100 {
        let mut random = Random(seed ^ 0x5851_f42d_4c95_7f2d);
        let pair = Pair::new(&mut random);
        let mut transaction = pair.database.begin(&TransactionOptions::default()).unwrap();
        for _ in 0..random.below(12) {
            let id = random.below(60) as i64;
            if random.happens(40) {
                for name in ["plain", "indexed"] {
                    transaction.delete(name, &IdBytes::from_integer(id)).unwrap();
                }
                continue;
            }
            let document = bytes(&document(&mut random, id));
            for name in ["plain", "indexed"] {
                transaction.put(name, &document).unwrap();
            }
        }
        if random.happens(10) {
            for name in ["plain", "indexed"] {
                transaction.clear(name).unwrap();
            }
        }
        for _ in 0..6 {
            let options = options(&mut random);
            let wanted = drain(transaction.find("plain", options.clone()).unwrap(), 7);
            let found = drain(transaction.find("indexed", options.clone()).unwrap(), 7);
            assert_eq!(found.len(), wanted.len(), "seed {seed}: {:?}", options.filter);
            let count = transaction.count_found("indexed", options.clone()).unwrap();
            assert_eq!(count, wanted.len() as u64, "seed {seed}");
            match &options.sort {
                Some(sort) => assert_eq!(sort_keys(&found, sort), sort_keys(&wanted, sort), "seed {seed}"),
                None if options.skip == 0 && options.limit.is_none() => {
                    assert_eq!(sorted(found), sorted(wanted), "seed {seed}");
                }
                None => {}
            }
        }
    }
}

#[test]
fn updates_and_deletes_meet_the_same_documents() {
    let update = Update::compile(&pack(&json!({ "$set": { "d": 3, "e": 1 } }))).unwrap();
    for seed in 1..=100 {
        let mut random = Random(seed ^ 0x2545_f491_4f6c_dd1d);
        let pair = Pair::new(&mut random);
        for _ in 0..4 {
            let filter = options(&mut random).filter;
            let is_update = random.happens(60);
            let [plain, indexed] = [&pair.plain, &pair.indexed].map(|collection| {
                if is_update {
                    let outcome = collection
                        .update_matching(filter.clone(), &update, None, &WRITE)
                        .unwrap();
                    (outcome.matched_count, outcome.modified_count)
                } else {
                    (
                        collection.delete_matching(filter.clone(), None, &WRITE).unwrap(),
                        0,
                    )
                }
            });
            assert_eq!(indexed, plain, "seed {seed}: {filter:?}");
        }
        let [plain, indexed] = [&pair.plain, &pair.indexed]
            .map(|collection| sorted(drain(collection.find(FindOptions::default()).unwrap(), 100)));
        assert_eq!(indexed, plain, "seed {seed}");
        assert!(pair.database.check().unwrap().is_clean(), "seed {seed}");
    }
}

fn many(count: i64) -> (Database, Collection) {
    let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
    let people = database.collection("people").unwrap();
    for number in 0..count {
        let person = json!({ "_id": number, "age": number % 100, "city": format!("City {}", number % 10), "rank": count - number });
        people.insert(&pack(&person), &WRITE).unwrap();
    }
    for key in [json!({ "age": 1, "rank": -1 }), json!({ "city": 1 })] {
        let definition = IndexDefinition::parse(&pack(&json!({ "key": key }))).unwrap();
        people.create_index(&definition, &WRITE).unwrap();
    }
    (database, people)
}

fn by(condition: &serde_json::Value) -> FindOptions {
    FindOptions {
        filter: Some(filter(condition)),
        ..FindOptions::default()
    }
}

#[test]
fn cursor_over_an_index_sees_the_moment_it_was_opened() {
    let (database, people) = many(3000);
    for (number, change) in ["delete", "clear", "drop index", "drop"].into_iter().enumerate() {
        let people = if number == 0 { people.clone() } else { many(3000).1 };
        let mut cursor = people.find(by(&json!({ "age": { "$lt": 20 } }))).unwrap();
        let mut first = Vec::new();
        let taken = cursor.next_batch(&mut first, 10, usize::MAX).unwrap();
        match change {
            "delete" => drop(people.delete_matching(None, Some(2500), &WRITE).unwrap()),
            "clear" => drop(people.clear(&WRITE).unwrap()),
            "drop index" => people.drop_indexes(&WRITE).unwrap(),
            _ => drop(people.delete_matching(None, None, &WRITE).unwrap()),
        }
        for number in 0..2000 {
            let person =
                json!({ "_id": number + 5000, "age": 5, "name": "somebody else, with a longer document" });
            people.insert(&pack(&person), &WRITE).unwrap();
        }
        assert_eq!(taken + drain(cursor, 50).len(), 600, "{change}");
    }
    assert!(database.check().unwrap().is_clean());
}

#[test]
fn explain_tells_plan_bounds_and_what_was_read() {
    let (_database, people) = many(3000);
    let text = |options: FindOptions| {
        let explained = people.explain(options).unwrap();
        let plain: serde_json::Value = rmp_serde::from_slice(&bytes(&explained)).unwrap();
        plain
    };
    let sort = Some(Arc::new(Sort::compile(&pack(&json!({ "rank": -1 }))).unwrap()));
    let told = text(FindOptions {
        sort,
        limit: Some(5),
        ..by(&json!({ "age": 7 }))
    });
    let plan = &told["queryPlanner"]["winningPlan"];
    assert_eq!(plan["stage"], "LIMIT");
    assert_eq!(plan["inputStage"]["stage"], "FETCH");
    let scan = &plan["inputStage"]["inputStage"];
    assert_eq!(
        (&scan["stage"], &scan["indexName"], &scan["direction"]),
        (&json!("IXSCAN"), &json!("age_1_rank_-1"), &json!("forward"))
    );
    assert_eq!(
        scan["indexBounds"],
        json!({ "age": ["[7, 7]"], "rank": ["[MinKey, MaxKey]"] })
    );
    assert_eq!(told["executionStats"]["nReturned"], 5);
    assert!(
        told["executionStats"]["totalDocsExamined"].as_u64().unwrap() <= 5,
        "{told}"
    );
    assert_eq!(told["queryPlanner"]["namespace"], "people");
    assert_eq!(told["queryPlanner"]["rejectedPlans"][0]["plan"], "COLLSCAN");
    let told = text(by(&json!({ "name": "nobody" })));
    assert_eq!(told["queryPlanner"]["winningPlan"]["stage"], "COLLSCAN");
    assert_eq!(told["executionStats"]["totalDocsExamined"], 3000);
    assert_eq!(told["executionStats"]["totalKeysExamined"], 0);
}

#[test]
fn hint_that_names_no_index_is_refused() {
    let (_database, people) = many(10);
    let hinted = |hint: &str| FindOptions {
        hint: Some(Hint::Name(hint.into())),
        ..FindOptions::default()
    };
    assert_eq!(
        people.find(hinted("age_1")).err().unwrap().kind(),
        ErrorKind::IndexNotFound
    );
    assert_eq!(drain(people.find(hinted("city_1")).unwrap(), 100).len(), 10);
}

#[test]
fn projection_comes_last_and_sorts_see_whole_documents() {
    let (_database, people) = many(300);
    let projection = Projection::compile(&pack(&json!({ "city": 1, "_id": 0 }))).unwrap();
    let options = FindOptions {
        projection: Some(Arc::new(projection)),
        sort: Some(Arc::new(
            Sort::compile(&pack(&json!({ "age": -1, "rank": 1 }))).unwrap(),
        )),
        skip: 1,
        limit: Some(2),
        ..by(&json!({ "age": { "$gt": 50 } }))
    };
    let found: Vec<serde_json::Value> = drain(people.find(options).unwrap(), 10)
        .iter()
        .map(|plain| rmp_serde::from_slice(plain).unwrap())
        .collect();
    assert_eq!(found, [json!({ "city": "City 9" }), json!({ "city": "City 9" })]);
}
