//! Recording: threads that call a database while it is kept up, and when each call began and ended.
//!
//! Promises: the clock gives no moment twice, and a moment that a thread was given after a call of another had ended is
//! later. What threads ask for follows from the seed; how they meet does not.
//! Leaves to others: judging (linear.rs, isolation.rs).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quire_engine::storage::simulated::Random;
use quire_engine::{
    Collection, Database, Durability, ErrorKind, FindOptions, TransactionOptions, Update, WriteOptions,
};
use serde_json::{Value, json};

use crate::common::{drain, id, pack, unpack};
use crate::isolation::{End, Lists, Transaction};
use crate::linear::{Answer, Call, Operation};

/// Moments.
#[derive(Default)]
pub struct Clock(AtomicU64);

impl Clock {
    fn now(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: quire_engine::Owner(0),
};

/// Collections of the lists: a snapshot is of all.
const LISTS: [&str; 2] = ["even", "odd"];

fn update(value: &Value) -> Update {
    Update::compile(&pack(value)).unwrap()
}

/// Runs `work` in `threads` threads with the number of each, while the database is kept up.
pub fn in_threads<R: Send>(database: &Database, threads: u64, work: impl Fn(u64) -> R + Sync) -> Vec<R> {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                database.checkpoint().unwrap();
                database.compact().unwrap();
            }
        });
        let work = &work;
        let threads: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || work(number)))
            .collect();
        let results: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        is_over.store(true, Ordering::SeqCst);
        results.into_iter().map(Result::unwrap).collect()
    })
}

/// One thread's calls on `keys` documents, by key.
pub fn call_documents(
    database: &Database,
    clock: &Clock,
    keys: u64,
    calls: u64,
    mut random: Random,
) -> Vec<(u64, Operation)> {
    let collection = database.collection("documents").unwrap();
    let mut operations = Vec::new();
    for _ in 0..calls {
        let (key, number) = (random.below(keys), random.below(1000) as i64);
        let call = match random.below(12) {
            0..=3 => Call::Get,
            4 => Call::Put(number),
            5 => Call::Insert(number),
            6 => Call::Replace(number),
            7 => Call::Delete,
            8 | 9 => Call::Add(number),
            _ => Call::Exchange(number),
        };
        let began = clock.now();
        let answer = ask(database, &collection, key, call);
        let ended = clock.now();
        operations.push((
            key,
            Operation {
                began,
                ended,
                call,
                answer,
            },
        ));
    }
    operations
}

fn ask(database: &Database, collection: &Collection, key: u64, call: Call) -> Answer {
    let document = |number: i64| pack(&json!({ "_id": key, "number": number }));
    let id = id(&json!(key));
    match call {
        Call::Get => {
            let mut plain = Vec::new();
            let is_there = collection.get_plain(&id, &mut plain).unwrap();
            let number = |plain| rmp_serde::from_slice::<Value>(plain).unwrap()["number"].as_i64();
            Answer::Number(is_there.then(|| number(&plain).unwrap()))
        }
        Call::Put(number) => Answer::Found(collection.put(&document(number), &WRITE).unwrap()),
        Call::Insert(number) => match collection.insert(&document(number), &WRITE) {
            Ok(_) => Answer::Found(false),
            Err(error) if error.kind() == ErrorKind::DuplicateId => Answer::Found(true),
            Err(error) => panic!("an insert gave {error}"),
        },
        Call::Replace(number) => Answer::Found(collection.replace(&id, &document(number), &WRITE).unwrap()),
        Call::Delete => Answer::Found(collection.delete(&id, &WRITE).unwrap()),
        Call::Add(by) => {
            let change = update(&json!({ "$inc": { "number": by } }));
            let outcome = collection.update(&id, &change, &WRITE).unwrap();
            Answer::Found(outcome.matched_count == 1)
        }
        Call::Exchange(by) => exchange(database, key, by),
    }
}

/// Reads and adds in a transaction, which begins again where another was faster.
fn exchange(database: &Database, key: u64, by: i64) -> Answer {
    loop {
        let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
        let mut stored = Vec::new();
        let is_there = transaction
            .get("documents", &id(&json!(key)), &mut stored)
            .unwrap();
        let structures = transaction.structures("documents").unwrap().0;
        let number = is_there.then(|| unpack(&stored, &structures)[0]["number"].as_i64().unwrap());
        let Some(before) = number else {
            return Answer::Number(None);
        };
        let after = pack(&json!({ "_id": key, "number": before + by }));
        let done = transaction
            .put("documents", &after)
            .and_then(|_| transaction.commit(Durability::Process));
        match done {
            Ok(()) => return Answer::Number(Some(before)),
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => panic!("an exchange gave {error}"),
        }
    }
}

/// One thread's transactions on `keys` lists; `number` makes its values its own.
pub fn run_transactions(
    database: &Database,
    clock: &Clock,
    keys: u64,
    count: u64,
    number: u64,
    mut random: Random,
) -> Vec<Transaction> {
    let value = |index: u64| number << 32 | index;
    (0..count)
        .map(|index| run_transaction(database, clock, keys, value(index * 8), &mut random))
        .collect()
}

fn run_transaction(
    database: &Database,
    clock: &Clock,
    keys: u64,
    first: u64,
    random: &mut Random,
) -> Transaction {
    // A third only reads.
    let writes = random.below(4).saturating_sub(u64::from(random.happens(30)));
    let added: Vec<(u64, u64)> = (0..writes)
        .map(|index| (random.below(keys), first + index))
        .collect();
    let (is_kept, reads_first) = (random.happens(85), random.happens(50));
    let began = clock.now();
    let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
    let opened = clock.now();
    let mut seen = Lists::new();
    if reads_first || added.is_empty() {
        seen = lists_seen(&mut transaction);
    }
    let seen_again = if seen.is_empty() {
        Lists::new()
    } else {
        lists_seen(&mut transaction)
    };
    let done = added.iter().try_for_each(|(key, value)| {
        let change = update(&json!({ "$push": { "list": value } }));
        transaction
            .update(LISTS[(key % 2) as usize], &id(&json!(key)), &change)
            .map(drop)
    });
    let ending = clock.now();
    let done = done.and_then(|()| {
        if is_kept {
            transaction.commit(Durability::Process)
        } else {
            transaction.rollback()
        }
    });
    let end = match done {
        Ok(()) if is_kept => End::Committed,
        Ok(()) => End::TakenBack,
        Err(error) if error.kind() == ErrorKind::Conflict => End::TakenBack,
        Err(error) => panic!("a transaction gave {error}"),
    };
    Transaction {
        began,
        opened,
        ending,
        ended: clock.now(),
        end,
        seen,
        seen_again,
        added,
    }
}

fn lists_seen(transaction: &mut quire_engine::Transaction) -> Lists {
    let cursors = LISTS.map(|name| transaction.find(name, FindOptions::default()).unwrap());
    lists_of(cursors.into_iter().flat_map(drain).collect())
}

fn lists_of(documents: Vec<Value>) -> Lists {
    let values = |document: &Value| {
        let list = document["list"].as_array().unwrap();
        list.iter().map(|value| value.as_u64().unwrap()).collect()
    };
    let lists = documents
        .iter()
        .map(|document| (document["_id"].as_u64().unwrap(), values(document)));
    lists.collect()
}

/// Makes `keys` empty lists.
pub fn make_lists(database: &Database, keys: u64) {
    for key in 0..keys {
        let list = pack(&json!({ "_id": key, "list": [] }));
        let collection = database.collection(LISTS[(key % 2) as usize]).unwrap();
        collection.insert(&list, &WRITE).unwrap();
    }
}

/// The lists as they are now.
pub fn lists_now(database: &Database) -> Lists {
    let cursor = |name| {
        database
            .collection(name)
            .unwrap()
            .find(FindOptions::default())
            .unwrap()
    };
    lists_of(LISTS.into_iter().flat_map(|name| drain(cursor(name))).collect())
}
