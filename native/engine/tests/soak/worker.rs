//! A thread of the soak: mixed operations on its own keys, compared with its oracle, and on what all threads share.
//!
//! Promises: every answer is compared at once. Only transactions may end in CONFLICT, and then changed nothing.
//! Leaves to others: upkeep beside it (upkeep.rs), the comparison at the end (main.rs).

use std::sync::Arc;

use quire_engine::storage::simulated::Random;
use quire_engine::{
    Collection, Database, Durability, Error, ErrorKind, Filter, FindOptions, Result, Transaction,
    TransactionOptions, Update, WriteOptions,
};
use serde_json::{Value, json};

use crate::common::{drain, filter, id, pack, unpack};
use crate::documents::{ACCOUNTS, COPIES, COUNTER, COUNTERS, Document, GROUPS, OWN, Oracle, id_of};
use crate::{ACCOUNTS_COUNT, total_of_accounts};

/// What a worker did and knows.
pub struct Worker {
    database: Database,
    own: Collection,
    number: u64,
    keys: u64,
    random: Random,
    /// What its keys hold.
    pub oracle: Oracle,
    /// What it added to the counter that all threads share.
    pub counted: i64,
    /// Transactions that ended in CONFLICT.
    pub conflicts: u64,
    /// Transactions that were committed.
    pub committed: u64,
}

fn update(value: &Value) -> Update {
    Update::compile(&pack(value)).unwrap()
}

impl Worker {
    /// Thread `number`, which owns `keys` keys.
    pub fn new(database: &Database, seed: u64, number: u64, keys: u64) -> Worker {
        Worker {
            database: database.clone(),
            own: database.collection(OWN).unwrap(),
            number,
            keys,
            random: Random::forked(seed, 100 + number),
            oracle: Oracle::new(),
            counted: 0,
            conflicts: 0,
            committed: 0,
        }
    }

    /// One operation.
    pub fn step(&mut self) {
        match self.random.below(100) {
            0..=24 => self.get(),
            25..=39 => self.put(),
            40..=49 => self.insert(),
            50..=61 => self.update(),
            62..=71 => self.delete(),
            72..=76 => self.find(),
            77 => self.delete_group(),
            78..=86 => self.transact(),
            87..=93 => self.transfer(),
            94..=96 => self.audit(),
            _ => self.count(),
        }
    }

    fn key(&mut self) -> u64 {
        self.number * self.keys + self.random.below(self.keys)
    }

    /// How durable the next commit is: some wait for the disk.
    fn write(&mut self) -> WriteOptions {
        let level = match self.random.below(400) {
            0 => Durability::Disk,
            1..=100 => Durability::Lazy,
            _ => Durability::Process,
        };
        WriteOptions {
            durability: Some(level),
            ..WriteOptions::default()
        }
    }

    fn get(&mut self) {
        let key = self.key();
        let mut plain = Vec::new();
        let is_there = self.own.get_plain(&id_of(key), &mut plain).unwrap();
        let found: Option<Value> = is_there.then(|| rmp_serde::from_slice(&plain).unwrap());
        let expected = self
            .oracle
            .get(&key)
            .map(|document| document.value(self.number, key));
        assert_eq!(found, expected, "document {key}");
    }

    fn put(&mut self) {
        let (key, document, write) = (self.key(), Document::random(&mut self.random), self.write());
        let existed = self
            .own
            .put(&pack(&document.value(self.number, key)), &write)
            .unwrap();
        assert_eq!(
            existed,
            self.oracle.insert(key, document).is_some(),
            "put of {key}"
        );
    }

    fn insert(&mut self) {
        let (key, document, write) = (self.key(), Document::random(&mut self.random), self.write());
        let result = self.own.insert(&pack(&document.value(self.number, key)), &write);
        match result {
            Ok(_) => assert_eq!(self.oracle.insert(key, document), None, "insert of {key}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::DuplicateId, "insert of {key}: {error}");
                assert!(self.oracle.contains_key(&key), "{key} is taken by nobody");
            }
        }
    }

    fn update(&mut self) {
        let (key, write) = (self.key(), self.write());
        let before = self.oracle.get(&key).copied();
        let (change, after) = match self.random.below(3) {
            0 => (
                json!({ "$inc": { "count": 7 } }),
                before.map(|it| Document {
                    count: it.count + 7,
                    ..it
                }),
            ),
            1 => {
                let group = self.random.below(GROUPS);
                let after = before.map(|it| Document { group, ..it });
                (json!({ "$set": { "group": group } }), after)
            }
            _ => {
                let after = before
                    .unwrap_or(Document::random(&mut self.random))
                    .with_text(&mut self.random);
                let change = json!({ "$set": { "text": after.text() } });
                (change, before.map(|_| after))
            }
        };
        let outcome = self.own.update(&id_of(key), &update(&change), &write).unwrap();
        assert_eq!(
            outcome.matched_count,
            u64::from(before.is_some()),
            "update of {key}"
        );
        self.oracle.extend(after.map(|after| (key, after)));
    }

    fn delete(&mut self) {
        let (key, write) = (self.key(), self.write());
        let existed = self.own.delete(&id_of(key), &write).unwrap();
        assert_eq!(existed, self.oracle.remove(&key).is_some(), "delete of {key}");
    }

    fn group_filter(&self, group: u64) -> Arc<Filter> {
        filter(&json!({ "owner": self.number, "group": group }))
    }

    fn find(&mut self) {
        let group = self.random.below(GROUPS);
        let options = FindOptions {
            filter: Some(self.group_filter(group)),
            ..FindOptions::default()
        };
        let mut found = drain(self.own.find(options).unwrap());
        found.sort_by_key(|document| document["_id"].as_u64());
        let mine = self.oracle.iter().filter(|(_, document)| document.group == group);
        let expected: Vec<Value> = mine
            .map(|(key, document)| document.value(self.number, *key))
            .collect();
        assert!(found == expected, "group {group} of thread {}", self.number);
    }

    fn delete_group(&mut self) {
        let (group, write) = (self.random.below(GROUPS), self.write());
        let deleted = self
            .own
            .delete_matching(Some(self.group_filter(group)), None, &write)
            .unwrap();
        let before = self.oracle.len() as u64;
        self.oracle.retain(|_, document| document.group != group);
        assert_eq!(
            deleted,
            before - self.oracle.len() as u64,
            "group {group} of thread {}",
            self.number
        );
    }

    /// Some documents and their copies in one commit, or none of it.
    fn transact(&mut self) {
        let mut after = self.oracle.clone();
        let is_kept = self.random.happens(80);
        let writes = 1 + self.random.below(4);
        let mut planned = Vec::new();
        for _ in 0..writes {
            let key = self.key();
            let document = self
                .random
                .happens(70)
                .then(|| Document::random(&mut self.random));
            planned.push((key, document));
        }
        let number = self.number;
        let went_well = self.in_transaction(is_kept, |transaction| {
            for (key, document) in &planned {
                match document {
                    Some(document) => {
                        let plain = pack(&document.value(number, *key));
                        transaction.put(OWN, &plain)?;
                        transaction.put(COPIES, &plain)?;
                        after.insert(*key, *document);
                    }
                    None => {
                        let existed = transaction.delete(OWN, &id_of(*key))?;
                        transaction.delete(COPIES, &id_of(*key))?;
                        assert_eq!(
                            existed,
                            after.remove(key).is_some(),
                            "delete of {key} in a transaction"
                        );
                    }
                }
            }
            Ok(())
        });
        if went_well && is_kept {
            self.oracle = after;
        }
    }

    /// Runs `work` in a transaction and commits it, or takes it back. Whether it went well: a conflict changes nothing.
    fn in_transaction(&mut self, is_kept: bool, work: impl FnOnce(&mut Transaction) -> Result<()>) -> bool {
        let mut transaction = self.database.begin(&TransactionOptions::default()).unwrap();
        let done = work(&mut transaction).and_then(|()| {
            if is_kept {
                transaction.commit(Durability::Process)
            } else {
                transaction.rollback()
            }
        });
        match done {
            Ok(()) => {
                self.committed += u64::from(is_kept);
                true
            }
            Err(error) if error.kind() == ErrorKind::Conflict => {
                self.conflicts += 1;
                false
            }
            Err(error) => panic!("a transaction gave {error}"),
        }
    }

    /// Money from one account to another: read, then written, so that a lost update shows in the sum.
    fn transfer(&mut self) {
        let (from, to) = (
            self.random.below(ACCOUNTS_COUNT),
            self.random.below(ACCOUNTS_COUNT),
        );
        let amount = self.random.below(50) as i64;
        self.in_transaction(true, |transaction| {
            for (account, change) in [(from, -amount), (to, amount)] {
                let balance = balance(transaction, account)?;
                let document = json!({ "_id": account, "balance": balance + change });
                transaction.put(ACCOUNTS, &pack(&document))?;
            }
            Ok(())
        });
    }

    /// All accounts in one snapshot.
    fn audit(&mut self) {
        let mut transaction = self.database.begin(&TransactionOptions::default()).unwrap();
        let cursor = transaction.find(ACCOUNTS, FindOptions::default()).unwrap();
        let accounts = drain(cursor);
        assert_eq!(total_of_accounts(&accounts), Some(0), "the sum of a snapshot");
    }

    fn count(&mut self) {
        let (by, write) = (self.random.below(9) as i64, self.write());
        let change = update(&json!({ "$inc": { "count": by } }));
        let counters = self.database.collection(COUNTERS).unwrap();
        let outcome = counters.update(&id(&json!(COUNTER)), &change, &write).unwrap();
        assert_eq!(outcome.matched_count, 1, "the counter is gone");
        self.counted += by;
    }
}

fn balance(transaction: &mut Transaction, account: u64) -> Result<i64> {
    let mut stored = Vec::new();
    if !transaction.get(ACCOUNTS, &id_of(account), &mut stored)? {
        return Err(Error::new(ErrorKind::Internal, "an account is gone"));
    }
    let structures = transaction.structures(ACCOUNTS)?.0;
    Ok(unpack(&stored, &structures)[0]["balance"].as_i64().unwrap())
}
