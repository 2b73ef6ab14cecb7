//! The verbs of a collection, by itself or inside a transaction: one call with bytes in and bytes out, which the
//! synchronous doors and the pool threads share.
//!
//! Promises: no JavaScript value is touched here, so every function may run on any thread.
//! Leaves to others: reading arguments (doors.rs), handing results over (environment.rs, work.rs), and all that a
//! verb means (the engine).

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use quire_engine::format::record::Structures;
use quire_engine::{
    AnyCursor, Collection, Durability, Error, ErrorKind, Filter, FindOptions, Found, IdBytes, Owner, Result,
    Transaction, Update, UpdateOutcome, WriteOptions,
};

/// A collection that verbs are asked of.
#[derive(Clone)]
pub enum Session {
    /// Each verb is a transaction of its own.
    Collection {
        /// The collection.
        collection: Collection,
    },
    /// Verbs belong to an open transaction.
    Transaction {
        /// The transaction, shared with its own handle.
        transaction: Arc<Mutex<Transaction>>,
        /// The collection's name.
        name: Arc<str>,
    },
}

/// The verbs, by the numbers that src/native.ts uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Read one document by id.
    Get,
    /// Is there a document of this id?
    Has,
    /// Insert one document; the response is its id.
    Insert,
    /// Insert documents; the response is their ids, back to back.
    InsertMany,
    /// Insert a document or replace the one of its id.
    Put,
    /// Replace the document of an id.
    Replace,
    /// Update the document of an id.
    Update,
    /// Delete the document of an id.
    Delete,
    /// Replace the first match of a filter.
    ReplaceOne,
    /// Update the first match of a filter.
    UpdateOne,
    /// Update every match of a filter.
    UpdateMany,
    /// Delete the first match of a filter.
    DeleteOne,
    /// Delete every match of a filter.
    DeleteMany,
    /// Count the matches of a filter.
    Count,
    /// Delete every document.
    Clear,
}

impl Verb {
    const ALL: [Verb; 15] = [
        Verb::Get,
        Verb::Has,
        Verb::Insert,
        Verb::InsertMany,
        Verb::Put,
        Verb::Replace,
        Verb::Update,
        Verb::Delete,
        Verb::ReplaceOne,
        Verb::UpdateOne,
        Verb::UpdateMany,
        Verb::DeleteOne,
        Verb::DeleteMany,
        Verb::Count,
        Verb::Clear,
    ];

    /// The verb of a number. Errors: INTERNAL.
    pub fn from_number(number: i64) -> Result<Verb> {
        usize::try_from(number)
            .ok()
            .and_then(|number| Verb::ALL.get(number).copied())
            .ok_or_else(|| Error::new(ErrorKind::Internal, format!("no verb has the number {number}")))
    }
}

/// The arguments of one verb.
pub struct Request<'a> {
    /// What is asked.
    pub verb: Verb,
    /// The id, for verbs by id.
    pub id: Option<&'a IdBytes>,
    /// The filter, for verbs by filter, in MessagePack.
    pub filter: &'a [u8],
    /// The document, documents or update, in MessagePack.
    pub body: &'a [u8],
    /// How a write is committed.
    pub write: WriteOptions,
}

/// What a verb gives besides bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// A count, or 1 for yes and 0 for no.
    pub count: u64,
    /// Documents that an update changed; `count` has those that matched.
    pub modified: u64,
    /// Identity of the record structures that the response refers to.
    pub structures_identity: u64,
}

impl Outcome {
    fn of_count(count: u64) -> Outcome {
        Outcome {
            count,
            ..Outcome::default()
        }
    }

    fn of_truth(truth: bool) -> Outcome {
        Outcome::of_count(u64::from(truth))
    }

    fn of_update(update: UpdateOutcome) -> Outcome {
        Outcome {
            count: update.matched_count,
            modified: update.modified_count,
            structures_identity: 0,
        }
    }
}

impl Session {
    /// Runs one verb. `out` is empty; a response is appended to it.
    ///
    /// Errors: those of the engine's verbs; BUSY when another thread is inside the transaction.
    pub fn run(&self, request: &Request<'_>, out: &mut Vec<u8>) -> Result<Outcome> {
        match self {
            Session::Collection { collection } => run_alone(collection, request, out),
            Session::Transaction { transaction, name } => {
                run_inside(&mut *enter(transaction)?, name, request, out)
            }
        }
    }

    /// Opens a cursor. Errors: those of the engine.
    pub fn find(&self, filter: &[u8], skip: u64, limit: Option<u64>) -> Result<AnyCursor> {
        let options = FindOptions {
            filter: compile(filter)?,
            skip,
            limit,
            ..FindOptions::default()
        };
        let cursor = match self {
            Session::Collection { collection } => collection.find(options)?,
            Session::Transaction { transaction, name } => enter(transaction)?.find(name, options)?,
        };
        Ok(AnyCursor::Find(Box::new(cursor)))
    }

    /// The record structures and their identity. Errors: CLOSED.
    pub fn structures(&self) -> Result<(Arc<Structures>, u64)> {
        match self {
            Session::Collection { collection } => collection.structures(),
            Session::Transaction { transaction, name } => enter(transaction)?.structures(name),
        }
    }
}

/// Takes the transaction for one call. JavaScript's threads never wait here: another one may wait for them.
///
/// Errors: BUSY.
pub fn enter(transaction: &Mutex<Transaction>) -> Result<MutexGuard<'_, Transaction>> {
    transaction.try_lock().ok_or_else(|| {
        Error::new(
            ErrorKind::Busy,
            "another call of this transaction is under way; wait for its promise first",
        )
    })
}

/// Runs a verb as a transaction of its own.
fn run_alone(collection: &Collection, request: &Request<'_>, out: &mut Vec<u8>) -> Result<Outcome> {
    let write = &request.write;
    Ok(match request.verb {
        Verb::Get => {
            let found = read_into(collection, wanted_id(request)?, out)?;
            Outcome {
                structures_identity: found.map_or(0, |found| found.structures_identity),
                ..Outcome::of_truth(found.is_some())
            }
        }
        Verb::Has => Outcome::of_truth(collection.has(wanted_id(request)?)?),
        Verb::Insert => {
            out.extend_from_slice(&collection.insert(request.body, write)?);
            Outcome::of_count(1)
        }
        Verb::InsertMany => insert_many(out, |ids| {
            collection.insert_many(array_elements(request.body), ids, write)
        })?,
        Verb::Put => Outcome::of_truth(collection.put(request.body, write)?),
        Verb::Replace => {
            Outcome::of_update(collection.update(wanted_id(request)?, &replacement(request.body)?, write)?)
        }
        Verb::Update => Outcome::of_update(collection.update(
            wanted_id(request)?,
            &Update::compile(request.body)?,
            write,
        )?),
        Verb::Delete => Outcome::of_truth(collection.delete(wanted_id(request)?, write)?),
        Verb::UpdateOne | Verb::UpdateMany => {
            let update = Update::compile(request.body)?;
            Outcome::of_update(collection.update_matching(
                compile(request.filter)?,
                &update,
                limit(request),
                write,
            )?)
        }
        Verb::DeleteOne | Verb::DeleteMany => {
            Outcome::of_count(collection.delete_matching(compile(request.body)?, limit(request), write)?)
        }
        Verb::Count => Outcome::of_count(collection.count(compile(request.body)?)?),
        Verb::Clear => Outcome::of_count(collection.clear(write)?),
        Verb::ReplaceOne => Outcome::of_update(collection.update_matching(
            compile(request.filter)?,
            &replacement(request.body)?,
            Some(1),
            write,
        )?),
    })
}

/// Runs a verb as a part of `transaction`.
fn run_inside(
    transaction: &mut Transaction,
    name: &str,
    request: &Request<'_>,
    out: &mut Vec<u8>,
) -> Result<Outcome> {
    Ok(match request.verb {
        Verb::Get => {
            let is_there = transaction.get(name, wanted_id(request)?, out)?;
            let (_, structures_identity) = transaction.structures(name)?;
            Outcome {
                structures_identity,
                ..Outcome::of_truth(is_there)
            }
        }
        Verb::Has => Outcome::of_truth(transaction.has(name, wanted_id(request)?)?),
        Verb::Insert => {
            out.extend_from_slice(&transaction.insert(name, request.body)?);
            Outcome::of_count(1)
        }
        Verb::InsertMany => insert_many(out, |ids| {
            transaction.insert_many(name, array_elements(request.body), ids)
        })?,
        Verb::Put => Outcome::of_truth(transaction.put(name, request.body)?),
        Verb::Replace => {
            Outcome::of_update(transaction.update(name, wanted_id(request)?, &replacement(request.body)?)?)
        }
        Verb::Update => Outcome::of_update(transaction.update(
            name,
            wanted_id(request)?,
            &Update::compile(request.body)?,
        )?),
        Verb::Delete => Outcome::of_truth(transaction.delete(name, wanted_id(request)?)?),
        Verb::UpdateOne | Verb::UpdateMany => {
            let update = Update::compile(request.body)?;
            Outcome::of_update(transaction.update_matching(
                name,
                compile(request.filter)?,
                &update,
                limit(request),
            )?)
        }
        Verb::DeleteOne | Verb::DeleteMany => {
            Outcome::of_count(transaction.delete_matching(name, compile(request.body)?, limit(request))?)
        }
        Verb::Count => Outcome::of_count(transaction.count(name, compile(request.body)?)?),
        Verb::Clear => Outcome::of_count(transaction.clear(name)?),
        Verb::ReplaceOne => Outcome::of_update(transaction.update_matching(
            name,
            compile(request.filter)?,
            &replacement(request.body)?,
            Some(1),
        )?),
    })
}

/// Reads a document into `out`, however long it is.
fn read_into(collection: &Collection, id: &IdBytes, out: &mut Vec<u8>) -> Result<Option<Found>> {
    out.resize(FIRST_READ_BYTES, 0);
    loop {
        let found = collection.get_into(id, out)?;
        let length = found.map_or(0, |found| found.length);
        let is_whole = length <= out.len();
        // Until the next round somebody may have put a longer one in its place.
        out.resize(length, 0);
        if is_whole {
            return Ok(found);
        }
    }
}

/// The document of `bytes`, as the update that puts it in the place of another one and tells whether that was the same.
///
/// Errors: INVALID_UPDATE.
fn replacement(bytes: &[u8]) -> Result<Update> {
    let update = Update::compile(bytes)?;
    if !update.is_replacement() {
        return Err(Error::new(
            ErrorKind::InvalidUpdate,
            "the replacement has update operators; updateOne takes these",
        ));
    }
    Ok(update)
}

/// Writes the ids that `insert` gives as one array.
fn insert_many(out: &mut Vec<u8>, insert: impl FnOnce(&mut Vec<u8>) -> Result<usize>) -> Result<Outcome> {
    begin_array(out);
    let count = insert(out)?;
    end_array(out, count);
    Ok(Outcome::of_count(count as u64))
}

/// Room for a document of which the length is not known yet.
const FIRST_READ_BYTES: usize = 4096;
/// First byte of a MessagePack array whose count takes four bytes.
const ARRAY_32: u8 = 0xdd;
/// Bytes of such an array's head.
pub const ARRAY_HEAD_BYTES: usize = 5;

/// Leaves room for the head of an array at the start of `out`.
pub fn begin_array(out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&[ARRAY_32, 0, 0, 0, 0]);
}

/// Writes the count into the head that `begin_array` left room for.
pub fn end_array(out: &mut [u8], count: usize) {
    if let Some(field) = out.get_mut(1..ARRAY_HEAD_BYTES) {
        field.copy_from_slice(&(count as u32).to_be_bytes());
    }
}

/// The elements of a MessagePack array, back to back: what follows its head.
fn array_elements(bytes: &[u8]) -> &[u8] {
    let head = match bytes.first() {
        Some(0x90..=0x9f) => 1,
        Some(0xdc) => 3,
        Some(&ARRAY_32) => ARRAY_HEAD_BYTES,
        _ => 0,
    };
    bytes.get(head..).unwrap_or_default()
}

/// A compiled filter; `None` when it matches everything.
fn compile(filter: &[u8]) -> Result<Option<Arc<Filter>>> {
    let filter = Filter::compile(filter)?;
    Ok(if filter.is_empty() {
        None
    } else {
        Some(Arc::new(filter))
    })
}

/// How many documents a verb may touch.
fn limit(request: &Request<'_>) -> Option<u64> {
    matches!(request.verb, Verb::UpdateOne | Verb::DeleteOne).then_some(1)
}

fn wanted_id<'a>(request: &Request<'a>) -> Result<&'a IdBytes> {
    request
        .id
        .ok_or_else(|| Error::new(ErrorKind::InvalidId, "an _id was expected"))
}

/// How writes are committed, by the numbers of src/options.ts: 0 is the database's own level.
///
/// Errors: INTERNAL.
pub fn durability_of(number: i64) -> Result<Option<Durability>> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(Durability::Process)),
        2 => Ok(Some(Durability::Disk)),
        3 => Ok(Some(Durability::Lazy)),
        other => Err(Error::new(
            ErrorKind::Internal,
            format!("no durability has the number {other}"),
        )),
    }
}

/// Who asks, for the engine's leases.
pub fn write_options(durability: i64, owner: u64) -> Result<WriteOptions> {
    Ok(WriteOptions {
        durability: durability_of(durability)?,
        owner: Owner(owner),
    })
}
