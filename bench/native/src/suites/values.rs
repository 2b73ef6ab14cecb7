//! Small values by key in memory, as memstore's plan counts them: set, set again, and get, beside a map of the standard
//! library that owns its keys and values.
//!
//! QuireDB's database is in memory, its documents are a key and a text of `VALUE_BYTES`. A get looks at the value, a set
//! is a commit of its own. Keys come in random order, and in the order of insertion, which tells waiting for memory from
//! work. Promises: every get finds the value that was set.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use quiredb::{Collection, Database, Stored};
use serde::{Deserialize, Serialize};

use crate::documents;
use crate::engines::Outcome;

pub const NAMES: [&str; 2] = ["quiredb", "hashmap"];

const VALUE_BYTES: usize = 32;
const WRONG: &str = "wrong answer: a value is not what was set";

/// A value with its key, as it is written.
#[derive(Default, Serialize)]
struct Entry {
    #[serde(rename = "_id")]
    key: String,
    value: String,
}

/// The value of an entry, a part of the bytes that it was read from.
#[derive(Deserialize)]
struct Found<'a> {
    value: &'a str,
}

/// What holds values by key.
trait Values {
    fn set(&mut self, key: &str, value: &str) -> Outcome<()>;

    /// The length of the value; nothing when there is none.
    fn get(&self, key: &str) -> Outcome<Option<usize>>;
}

impl Values for HashMap<String, Box<str>> {
    fn set(&mut self, key: &str, value: &str) -> Outcome<()> {
        self.insert(key.to_owned(), value.into());
        Ok(())
    }

    fn get(&self, key: &str) -> Outcome<Option<usize>> {
        Ok(HashMap::get(self, key).map(|value| seen(value)))
    }
}

struct InMemory {
    _database: Database,
    entries: Collection<Entry>,
    /// The newest that was set, whose memory the next one takes.
    entry: Entry,
}

impl InMemory {
    fn open() -> Outcome<InMemory> {
        let database = Database::in_memory()?;
        let entries = database.collection("entries")?;
        Ok(InMemory {
            _database: database,
            entries,
            entry: Entry::default(),
        })
    }
}

impl Values for InMemory {
    fn set(&mut self, key: &str, value: &str) -> Outcome<()> {
        for (own, new) in [(&mut self.entry.key, key), (&mut self.entry.value, value)] {
            own.clear();
            own.push_str(new);
        }
        self.entries.put(&self.entry)?;
        Ok(())
    }

    fn get(&self, key: &str) -> Outcome<Option<usize>> {
        let seen = |stored: &Stored<'_>| Ok(seen(stored.read::<Found<'_>>()?.value));
        Ok(self.entries.get_with(key, seen)?)
    }
}

/// The length of a value, one byte of which is looked at.
fn seen(value: &str) -> usize {
    black_box(value.as_bytes().first());
    value.len()
}

pub fn measure(name: &str, count: usize) -> Outcome<()> {
    let near: Vec<String> = documents::documents(count)
        .into_iter()
        .map(|user| user.id)
        .collect();
    let mut random = near.clone();
    documents::shuffle(&mut random);
    // Copied in the order of use, so that no side waits for the key itself.
    let random: Vec<String> = random.iter().map(|key| key.as_str().to_owned()).collect();
    let mut values: Box<dyn Values> = match name {
        "quiredb" => Box::new(InMemory::open()?),
        "hashmap" => Box::new(HashMap::<String, Box<str>>::new()),
        other => return Err(format!("no engine of this suite is called {other}").into()),
    };
    let (old, new) = ("o".repeat(VALUE_BYTES), "n".repeat(VALUE_BYTES));
    print("set", &near, |key| values.set(key, &old))?;
    print("reset", &random, |key| values.set(key, &new))?;
    for (workload, keys) in [("get", &random), ("near", &near)] {
        let get = |key: &str| match values.get(key)? {
            Some(VALUE_BYTES) => Ok(()),
            _ => Err(WRONG.into()),
        };
        for key in keys {
            get(key)?;
        }
        print(workload, keys, get)?;
    }
    Ok(())
}

/// Does `one` with every key and prints the nanoseconds of each.
fn print(workload: &str, keys: &[String], mut one: impl FnMut(&str) -> Outcome<()>) -> Outcome<()> {
    let start = Instant::now();
    for key in keys {
        one(key)?;
    }
    println!(
        "{workload} {}",
        start.elapsed().as_nanos() as f64 / keys.len() as f64
    );
    Ok(())
}
