//! What a collection works on: the database, each call a transaction of its own, or one open transaction.
//!
//! Promises: a transaction is used by one thread at a time: a second one gets BUSY and does not wait; a CONFLICT that
//! any call met is remembered, so that the transaction is run again. Leaves to others: verbs (collection.rs).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use quire_engine::{Owner, Target, WriteOptions};

use crate::error::{Error, Result};
use quire_engine::{Durability, ErrorKind};

/// Where a collection's calls go.
#[derive(Clone)]
pub(crate) enum Scope {
    /// To the database.
    Alone {
        database: quire_engine::Database,
        collection: quire_engine::Collection,
        durability: Option<Durability>,
    },
    /// To an open transaction, which sees the collection of this name.
    Inside { transaction: Arc<Open>, name: Arc<str> },
}

/// An open transaction.
pub(crate) struct Open {
    transaction: Mutex<quire_engine::Transaction>,
    met_conflict: AtomicBool,
}

static NEXT_OWNER: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static OWNER: Owner = Owner(NEXT_OWNER.fetch_add(1, Ordering::Relaxed));
}

/// This thread, as whoever holds a collection: it is not made to wait for itself.
pub(crate) fn owner() -> Owner {
    OWNER.with(|owner| *owner)
}

/// How a write of this thread is committed.
#[inline]
pub(crate) fn write_options(durability: Option<Durability>) -> WriteOptions {
    WriteOptions {
        durability,
        owner: owner(),
    }
}

impl Open {
    pub(crate) fn new(transaction: quire_engine::Transaction) -> Open {
        Open {
            transaction: Mutex::new(transaction),
            met_conflict: AtomicBool::new(false),
        }
    }

    /// Runs `work` on the transaction. Errors: those of `work`; BUSY while another thread works on it.
    pub(crate) fn with<R, E: Into<Error>>(
        &self,
        work: impl FnOnce(&mut quire_engine::Transaction) -> Result<R, E>,
    ) -> Result<R> {
        let Some(mut transaction) = self.transaction.try_lock() else {
            return Err(Error::new(
                ErrorKind::Busy,
                "another thread is using this transaction; a transaction is of one thread at a time",
            ));
        };
        let result = work(&mut transaction).map_err(Into::into);
        if matches!(&result, Err(error) if error.kind() == ErrorKind::Conflict) {
            self.met_conflict.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Whether a call met CONFLICT.
    pub(crate) fn met_conflict(&self) -> bool {
        self.met_conflict.load(Ordering::Relaxed)
    }
}

impl Scope {
    /// Runs `work` on the collection as commands know it. Errors: those of `work`; BUSY.
    pub(crate) fn with_target<R>(&self, work: impl FnOnce(&mut Target<'_>) -> Result<R>) -> Result<R> {
        match self {
            Scope::Alone {
                collection,
                durability,
                ..
            } => work(&mut Target::Collection(collection, write_options(*durability))),
            Scope::Inside { transaction, name } => {
                transaction.with(|transaction| work(&mut Target::Transaction(transaction, name)))
            }
        }
    }
}
