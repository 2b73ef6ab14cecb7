//! Transactions: beginning, the collections inside, committing, rolling back.
//!
//! Promises: one call at a time is inside a transaction, another one gets BUSY and never waits; when a transaction ends,
//! the handles of its collections end with it. Leaves to others: what transactions promise (the engine's transaction/).

use std::ffi::c_char;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use quire_engine::collection::check_name;
use quire_engine::command::options::begin_options;
use quire_engine::{Durability, Error, ErrorKind, Result, Transaction};

use crate::database::{OpenDatabase, database_of};
use crate::documents::Session;
use crate::door::{bytes, door, needed, owner, put, text};
use crate::handles::{self, Entry, Kind};

/// A transaction that a handle stands for.
pub struct OpenTransaction {
    /// The database that it ends with.
    pub database: Arc<OpenDatabase>,
    transaction: Mutex<Transaction>,
    durability: Durability,
    /// The handles of its collections.
    parts: Mutex<Vec<u64>>,
}

impl OpenTransaction {
    /// Takes the transaction for one call. Errors: BUSY.
    pub fn enter(&self) -> Result<MutexGuard<'_, Transaction>> {
        self.transaction.try_lock().ok_or_else(|| {
            Error::new(
                ErrorKind::Busy,
                "another thread is inside this transaction; a transaction does one call at a time",
            )
        })
    }

    /// Forgets the handle of a collection, which was closed.
    pub fn forget(&self, handle: u64) {
        self.parts.lock().retain(|part| *part != handle);
    }
}

fn transaction_of(handle: u64) -> Result<Arc<OpenTransaction>> {
    handles::find(
        handle,
        &[Kind::Transaction],
        "a transaction",
        |entry| match entry {
            Entry::Transaction(open) => Some(open),
            _ => None,
        },
    )
}

/// Begins a transaction, which sees the database as it is now. Options: {collections: [names to hold from the start],
/// durability, anyThread}. A write of the same thread outside of it that would wait for it is BUSY at once, unless
/// anyThread is true. End it with quire_commit or quire_rollback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_begin(
    database: u64,
    options: *const u8,
    options_length: usize,
    transaction: *mut u64,
) -> i32 {
    door(|| {
        needed(transaction, "transaction")?;
        // SAFETY: the caller's promise (quire.h); so in all calls of this file.
        let options = begin_options(unsafe { bytes(options, options_length, "options")? }, owner())?;
        let open = database_of(database)?;
        let begun = OpenTransaction {
            transaction: Mutex::new(open.database.begin(&options.transaction)?),
            durability: options.durability.unwrap_or_else(|| open.database.durability()),
            parts: Mutex::default(),
            database: open.clone(),
        };
        let handle = open.keep(Entry::Transaction(Arc::new(begun)))?;
        // SAFETY: as above.
        unsafe { put(transaction, handle) };
        Ok(())
    })
}

/// A collection as the transaction sees it: what is written through it is the transaction's. The handle ends with the
/// transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_transaction_collection(
    transaction: u64,
    name: *const c_char,
    name_length: usize,
    collection: *mut u64,
) -> i32 {
    door(|| {
        needed(collection, "collection")?;
        // SAFETY: as in `quire_begin`.
        let name = unsafe { text(name, name_length, "name")? };
        check_name(name)?;
        let open = transaction_of(transaction)?;
        let part = Session::Part {
            transaction: open.clone(),
            name: name.into(),
        };
        // Under this lock `end` either finds the new handle or was here before.
        let mut parts = open.parts.lock();
        transaction_of(transaction)?;
        let handle = open.database.keep(Entry::Session(part))?;
        parts.push(handle);
        // SAFETY: as above.
        unsafe { put(collection, handle) };
        Ok(())
    })
}

/// Makes what the transaction wrote part of the database. After a failure nothing of it is, and the transaction is over
/// as well, but for BUSY (another thread is inside).
#[unsafe(no_mangle)]
pub extern "C" fn quire_commit(transaction: u64) -> i32 {
    door(|| {
        let open = transaction_of(transaction)?;
        let result = open.enter()?.commit(open.durability);
        end(transaction, &open);
        result
    })
}

/// Forgets what the transaction wrote, and ends it.
#[unsafe(no_mangle)]
pub extern "C" fn quire_rollback(transaction: u64) -> i32 {
    door(|| {
        let open = transaction_of(transaction)?;
        let result = open.enter()?.rollback();
        end(transaction, &open);
        result
    })
}

/// Closes the handle of a transaction that is over, and those of its collections.
fn end(handle: u64, open: &OpenTransaction) {
    let mut ended = vec![handle];
    let mut parts = open.parts.lock();
    ended.append(&mut parts);
    for handle in ended {
        // One that is closed by another thread at this moment is closed.
        drop(handles::remove(handle));
        open.database.forget(handle);
    }
}
