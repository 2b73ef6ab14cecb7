//! Cursors and transactions that are held open while others write.
//!
//! Promises: each is compared with the state of the moment it was opened, however late it is read.

use quire_engine::storage::simulated::Random;
use quire_engine::{Cursor, Database, ErrorKind, FindOptions, Transaction, TransactionOptions};

use super::compare::{Batch, compare_cursor, group_filter, read_batch};
use super::twin::{Name, State};
use super::value::Value;

/// What is held.
#[derive(Default)]
pub struct Held {
    cursors: Vec<HeldCursor>,
    transactions: Vec<(Transaction, State)>,
}

struct HeldCursor {
    cursor: Cursor,
    /// What it has yet to give.
    left: Batch,
}

const NAMES: [Name; 4] = ["a", "b", "counted", "spare"];

impl Held {
    /// Opens a cursor, with a filter by chance.
    pub fn open_cursor(
        &mut self,
        database: &Database,
        state: &State,
        random: &mut Random,
    ) -> Result<(), String> {
        let name = NAMES[random.below(4) as usize];
        let group = random.happens(30).then(|| random.below(4) as i64);
        let say = |error: quire_engine::Error| error.to_string();
        let options = FindOptions {
            filter: group_filter(group).map_err(say)?,
            ..FindOptions::default()
        };
        let cursor = database
            .collection(name)
            .and_then(|found| found.find(options))
            .map_err(say)?;
        let documents = state
            .get(name)
            .into_iter()
            .flat_map(|twin| twin.documents.values());
        let met = documents
            .filter(|document| group.is_none_or(|group| document.field("g") == Some(&Value::Int(group))));
        let left = met
            .map(|document| (document.id.clone(), document.plain.clone()))
            .collect();
        self.cursors.push(HeldCursor { cursor, left });
        Ok(())
    }

    /// Begins a transaction that will only read.
    pub fn begin(&mut self, database: &Database, state: &State) -> Result<(), String> {
        let transaction = database
            .begin(&TransactionOptions::default())
            .map_err(|error| error.to_string())?;
        self.transactions.push((transaction, state.clone()));
        Ok(())
    }

    /// Reads a little of what is held.
    pub fn read_some(&mut self, random: &mut Random) -> Result<(), String> {
        let mut kept = Vec::new();
        for mut held in std::mem::take(&mut self.cursors) {
            if !random.happens(40) || held.advance(1 + random.below(10) as usize)? {
                kept.push(held);
            }
        }
        self.cursors = kept;
        for (transaction, state) in &mut self.transactions {
            if random.happens(30) {
                read_in_transaction(transaction, state, NAMES[random.below(4) as usize])?;
            }
        }
        Ok(())
    }

    /// Reads all that is held to its end.
    pub fn finish(&mut self) -> Result<(), String> {
        for mut held in std::mem::take(&mut self.cursors) {
            while held.advance(50)? {}
        }
        for (mut transaction, state) in std::mem::take(&mut self.transactions) {
            for name in NAMES {
                read_in_transaction(&mut transaction, &state, name)?;
            }
        }
        Ok(())
    }
}

impl HeldCursor {
    /// Takes the next batch; whether there may be more.
    fn advance(&mut self, documents_max: usize) -> Result<bool, String> {
        let batch = read_batch(&mut self.cursor, documents_max)?;
        for found in &batch {
            match self.left.iter().position(|expected| expected == found) {
                Some(index) => drop(self.left.swap_remove(index)),
                None => return Err(format!("a cursor gave {}, which it must not", found.0)),
            }
        }
        if batch.is_empty() && !self.left.is_empty() {
            return Err(format!("a cursor ended without {}", self.left[0].0));
        }
        Ok(!batch.is_empty())
    }
}

/// Compares a collection as `transaction` sees it with `state`. Where the collection of that time has come to its end
/// the engine says so.
fn read_in_transaction(transaction: &mut Transaction, state: &State, name: Name) -> Result<(), String> {
    let empty = super::twin::Twin::empty();
    let twin = state.get(name).unwrap_or(&empty);
    match transaction.find(name, FindOptions::default()) {
        Ok(mut cursor) => {
            compare_cursor(&mut cursor, twin).map_err(|words| format!("{name} in a transaction: {words}"))?;
        }
        Err(error) if error.kind() == ErrorKind::Conflict => return Ok(()),
        Err(error) => return Err(format!("find in a transaction gave {error}")),
    }
    for document in twin.documents.values() {
        let is_there = transaction
            .has(name, &document.id)
            .map_err(|error| error.to_string())?;
        if !is_there {
            return Err(format!("{name} in a transaction does not find {}", document.id));
        }
    }
    Ok(())
}
