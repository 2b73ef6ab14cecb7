//! Queries that entries of an index answer without documents: the same answers, byte for byte, whatever a key keeps.
//!
//! Documents have values of every type, so some entries tell all that is wanted and others do not.

use super::*;
use crate::generate::scalar;

/// Projections of nothing but paths: of one field, of ids alone, of several.
fn projection(random: &mut Random) -> Arc<Projection> {
    let path = random.pick(&["a", "b", "d", "d", "c.a", "c.a.b"]);
    let fields = match random.below(5) {
        0 => json!({ "_id": 1 }),
        1 => json!({ "b": 1, "d": 1 }),
        2 => json!({ path: 1, "_id": 0 }),
        _ => json!({ path: 1 }),
    };
    Arc::new(Projection::compile(&pack(&fields)).unwrap())
}

/// How many documents a query reads, and whether its plan says that entries answer it.
fn examined(explained: &Owned) -> (i64, bool) {
    let plain: serde_json::Value = rmp_serde::from_slice(&bytes(explained)).unwrap();
    let documents = plain["executionStats"]["totalDocsExamined"].as_i64().unwrap();
    (documents, plain.to_string().contains("PROJECTION_COVERED"))
}

fn hints(pair: &Pair) -> Vec<Option<Hint>> {
    let indexes = pair.indexed.indexes().unwrap();
    let named = indexes
        .iter()
        .map(|info| Some(Hint::Name(info.definition.name.clone())));
    named.chain([None]).collect()
}

/// A query for a part of each document, without a choice of which documents; most of them one that bounds of an
/// index say all of.
fn query(random: &mut Random) -> FindOptions {
    let mut options = FindOptions {
        projection: Some(projection(random)),
        skip: 0,
        limit: None,
        ..options(random)
    };
    if random.happens(70) {
        let path = random.pick(&["a", "b", "d", "d", "c.a"]);
        let operator = random.pick(&["$gte", "$lte", "$gt", "$eq"]);
        let condition = Owned::Map(vec![(operator.into(), scalar(random))]);
        let filter = Filter::compile(&bytes(&Owned::Map(vec![(path.into(), condition)]))).unwrap();
        options.filter = random.happens(80).then(|| Arc::new(filter));
        options.sort = options.sort.filter(|_| random.happens(30));
    }
    options
}

#[test]
fn entries_tell_what_documents_do() {
    let cases = std::env::var("QUIRE_PLAN_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let (mut covered, mut without_documents) = (0, 0);
    for seed in 1..=cases {
        let mut random = Random(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let pair = Pair::new(&mut random);
        for _ in 0..8 {
            let mut query = query(&mut random);
            let wanted = sorted(drain(pair.plain.find(query.clone()).unwrap(), 7));
            for hint in hints(&pair) {
                query.hint = hint;
                let Ok(cursor) = pair.indexed.find(query.clone()) else {
                    continue;
                };
                let about = format!("seed {seed}: {:?} by {:?}", query.filter, query.hint);
                assert_eq!(sorted(drain(cursor, 3)), wanted, "{about}");
                let (documents, is_covered) = examined(&pair.indexed.explain(query.clone()).unwrap());
                if is_covered && !wanted.is_empty() {
                    covered += 1;
                    without_documents += u64::from(documents == 0);
                }
            }
        }
    }
    assert!(
        without_documents > cases / 3 && covered > without_documents,
        "{covered} {without_documents}"
    );
}

#[test]
fn transactions_hide_entries_of_what_they_wrote() {
    for seed in 1..=100 {
        let mut random = Random(seed ^ 0x9fb2_1c65_1e98_df25);
        let pair = Pair::new(&mut random);
        let mut transaction = pair.database.begin(&TransactionOptions::default()).unwrap();
        for _ in 0..random.below(12) {
            let document = bytes(&{
                let id = random.below(60) as i64;
                document(&mut random, id)
            });
            for name in ["plain", "indexed"] {
                transaction.put(name, &document).unwrap();
            }
        }
        for _ in 0..6 {
            let mut query = query(&mut random);
            let wanted = sorted(drain(transaction.find("plain", query.clone()).unwrap(), 7));
            for hint in hints(&pair) {
                query.hint = hint;
                let Ok(cursor) = transaction.find("indexed", query.clone()) else {
                    continue;
                };
                assert_eq!(
                    sorted(drain(cursor, 3)),
                    wanted,
                    "seed {seed}: {:?}",
                    query.filter
                );
            }
        }
    }
}

fn words(projection: &serde_json::Value, sort: &serde_json::Value, limit: Option<u64>) -> FindOptions {
    FindOptions {
        projection: Some(Arc::new(Projection::compile(&pack(projection)).unwrap())),
        sort: Some(Arc::new(Sort::compile(&pack(sort)).unwrap())),
        limit,
        ..by(&json!({ "word": { "$exists": true } }))
    }
}

#[test]
fn values_that_keys_keep_are_read_from_no_document() {
    let (_database, people) = many(1000);
    let shown = |fields: serde_json::Value| FindOptions {
        projection: Some(Arc::new(Projection::compile(&pack(&fields)).unwrap())),
        ..by(&json!({ "city": { "$gte": "City 8" } }))
    };
    let told = |fields: serde_json::Value| examined(&people.explain(shown(fields)).unwrap());
    assert_eq!(told(json!({ "city": 1 })), (0, true));
    assert_eq!(told(json!({ "city": 1, "_id": 0 })), (0, true));
    assert_eq!(told(json!({ "_id": 1 })), (0, true));
    assert_eq!(told(json!({ "city": 1, "age": 1 })), (200, false));
    assert_eq!(told(json!({ "age": 1 })), (200, false));
    let cities = drain(people.find(shown(json!({ "city": 1, "_id": 0 }))).unwrap(), 64);
    assert_eq!(cities.len(), 200);
    assert_eq!(cities.first(), Some(&pack(&json!({ "city": "City 8" }))));
    // Whole numbers may have been integers or floats.
    let ages = FindOptions {
        projection: Some(Arc::new(
            Projection::compile(&pack(&json!({ "age": 1 }))).unwrap(),
        )),
        ..by(&json!({ "age": { "$lt": 3 } }))
    };
    assert_eq!(examined(&people.explain(ages).unwrap()), (30, true));
}

#[test]
fn entries_and_documents_take_turns_in_the_order_of_the_index() {
    let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
    let [plain, indexed] = ["plain", "indexed"].map(|name| database.collection(name).unwrap());
    for number in 0..500 {
        let word = match number % 5 {
            0 | 1 => json!(format!("word {}", number * 7919 % 500)),
            2 => json!(number),
            3 => json!(f64::from(number) + 0.25),
            _ => json!(f64::from(number)),
        };
        for collection in [&plain, &indexed] {
            collection
                .insert(&pack(&json!({ "_id": number, "word": word })), &WRITE)
                .unwrap();
        }
    }
    for direction in [1, -1] {
        let definition = IndexDefinition::parse(&pack(&json!({ "key": { "word": direction } }))).unwrap();
        indexed.create_index(&definition, &WRITE).unwrap();
        for sort in [1, -1] {
            for limit in [None, Some(1), Some(150), Some(450)] {
                let query = words(&json!({ "word": 1 }), &json!({ "word": sort }), limit);
                let wanted = drain(plain.find(query.clone()).unwrap(), 9);
                let hinted = FindOptions {
                    hint: Some(Hint::Name(definition.name.clone())),
                    ..query
                };
                for batch in [1, 9, 1000] {
                    let found = drain(indexed.find(hinted.clone()).unwrap(), batch);
                    assert_eq!(found, wanted, "{direction} {sort} {limit:?} {batch}");
                }
            }
        }
        indexed.drop_indexes(&WRITE).unwrap();
    }
}
