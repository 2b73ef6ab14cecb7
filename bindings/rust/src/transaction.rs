//! Transactions: several writes, in several collections, that happen together or not at all.
//!
//! A transaction reads the moment of its beginning and its own writes; nobody else sees these before it commits.
//! Promises: the closure's `Ok` commits, an `Err` rolls back; dropping one that was begun rolls it back. Leaves to
//! others: locks and conflicts (the engine).

use std::sync::Arc;

use quire_engine::Durability;

use crate::collection::Collection;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::options::TransactionOptions;
use crate::scope::{Open, Scope, owner};
use quire_engine::ErrorKind;

/// Times a closure is run again after CONFLICT.
const RETRIES_DEFAULT: usize = 10;

/// An open transaction, used by one thread at a time.
pub struct Transaction {
    open: Arc<Open>,
    durability: Durability,
}

impl Transaction {
    /// The documents of a collection, as this transaction sees them.
    ///
    /// Errors: INVALID_NAME, TRANSACTION_ENDED.
    pub fn collection<T>(&self, name: &str) -> Result<Collection<T>> {
        self.open.with(|open| {
            quire_engine::collection::check_name(name)?;
            match open.is_ended() {
                true => Err(ended()),
                false => Ok(()),
            }
        })?;
        Ok(Collection::new(Scope::Inside {
            transaction: self.open.clone(),
            name: name.into(),
        }))
    }

    /// Makes all writes part of the database. After an error they are rolled back.
    ///
    /// Errors: TRANSACTION_ENDED, CONFLICT, DUPLICATE_KEY, DISK_FULL, IO, POISONED, CLOSED.
    pub fn commit(&self) -> Result<()> {
        self.open.with(|open| open.commit(self.durability))
    }

    /// Forgets all writes. Errors: TRANSACTION_ENDED.
    pub fn rollback(&self) -> Result<()> {
        self.open.with(quire_engine::Transaction::rollback)
    }

    /// Whether it was neither committed nor rolled back.
    pub fn is_active(&self) -> bool {
        self.open
            .with(|open| Ok::<bool, Error>(!open.is_ended()))
            .unwrap_or(true)
    }

    /// Rolls back unless it has ended.
    fn abandon(&self) {
        // The only error is that it has ended.
        let _ = self.rollback();
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.abandon();
    }
}

#[cold]
fn ended() -> quire_engine::Error {
    quire_engine::Error::new(
        ErrorKind::TransactionEnded,
        "the transaction was already committed or rolled back",
    )
}

impl Database {
    /// Runs `work` in a transaction: its `Ok` commits, an `Err` rolls back and is given on.
    ///
    /// After CONFLICT (another transaction changed what this one had read before it wrote) it is run again, up to ten
    /// times, so it should do nothing but work on the database.
    ///
    /// ```
    /// # use quiredb::{doc, Database, Document, Error};
    /// # let db = Database::in_memory()?;
    /// let accounts = db.collection::<Document>("accounts")?;
    /// accounts.insert_many(&[doc! { "_id": "a", "sum": 100 }, doc! { "_id": "b", "sum": 0 }])?;
    /// db.transaction(|tx| {
    ///     let accounts = tx.collection::<Document>("accounts")?;
    ///     accounts.update("a", doc! { "$inc": { "sum": -10 } })?;
    ///     accounts.update("b", doc! { "$inc": { "sum": 10 } })?;
    ///     Ok::<(), Error>(())
    /// })?;
    /// assert_eq!(accounts.get("b")?.and_then(|b| b.get_i64("sum")), Some(10));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Errors: those of `work`; CONFLICT, BUSY when another transaction holds a collection, TRANSACTION_TOO_LARGE.
    pub fn transaction<R, E: From<Error>>(
        &self,
        work: impl FnMut(&Transaction) -> Result<R, E>,
    ) -> Result<R, E> {
        self.transaction_with(TransactionOptions::new(), work)
    }

    /// As `transaction`, with options.
    pub fn transaction_with<R, E: From<Error>>(
        &self,
        options: TransactionOptions,
        mut work: impl FnMut(&Transaction) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut retries = options.retries.unwrap_or(RETRIES_DEFAULT);
        loop {
            let transaction = self.begin_with(options.clone())?;
            let result = work(&transaction).and_then(|result| match transaction.is_active() {
                true => transaction.commit().map(|()| result).map_err(E::from),
                false => Ok(result),
            });
            transaction.abandon();
            if result.is_ok() || retries == 0 || !transaction.open.met_conflict() {
                return result;
            }
            retries -= 1;
        }
    }

    /// Begins a transaction that has to be ended with `commit`; dropped before that, it is rolled back.
    ///
    /// Errors: BUSY, CLOSED.
    pub fn begin(&self) -> Result<Transaction> {
        self.begin_with(TransactionOptions::new())
    }

    /// As `begin`, with options.
    pub fn begin_with(&self, options: TransactionOptions) -> Result<Transaction> {
        let transaction = self.engine.begin(&quire_engine::TransactionOptions {
            collections: options.collections,
            owner: owner(),
        })?;
        Ok(Transaction {
            open: Arc::new(Open::new(transaction)),
            durability: options.durability.unwrap_or(self.engine.durability()),
        })
    }
}
