//! The calls of a collection's documents: the hot ones.
//!
//! A collection is one of a database, where each call is a transaction of its own, or one that an open transaction
//! sees. Promises: a point read writes the document from the page straight into the caller's buffer, records resolved,
//! and allocates nothing once that is large enough.
//! Leaves to others: all else that can be asked of a collection (commands.rs), what calls mean (the engine).

use std::sync::Arc;

use quire_engine::format::id::canonical;
use quire_engine::format::plain::write_plain;
use quire_engine::{Collection, Filter, IdBytes, Result, Transaction, Update};

use crate::buffer::{QuireBuffer, Reply};
use crate::database::OpenDatabase;
use crate::door::{bytes, door, needed, put, write_options};
use crate::handles::{self, Entry, Kind};
use crate::transactions::OpenTransaction;

/// A collection that calls are asked of.
#[derive(Clone)]
pub enum Session {
    /// Of a database.
    Collection {
        /// The database that the handle ends with.
        database: Arc<OpenDatabase>,
        /// The collection.
        collection: Collection,
    },
    /// As an open transaction sees it.
    Part {
        /// The transaction.
        transaction: Arc<OpenTransaction>,
        /// The collection's name.
        name: Arc<str>,
    },
}

impl Session {
    /// The session of `handle`, for calls that may take long. Errors: as `handles::with`.
    pub fn of(handle: u64) -> Result<Session> {
        check_session(handle)?;
        handles::with(handle, |entry| session_in(handle, entry).cloned())
    }

    /// The database that the handle ends with.
    pub fn database(&self) -> &Arc<OpenDatabase> {
        match self {
            Session::Collection { database, .. } => database,
            Session::Part { transaction, .. } => &transaction.database,
        }
    }

    /// Forgets the handle, which was closed.
    pub fn forget(&self, handle: u64) {
        self.database().forget(handle);
        if let Session::Part { transaction, .. } = self {
            transaction.forget(handle);
        }
    }

    /// Calls `alone` with the collection, or `inside` with the transaction.
    ///
    /// Errors: theirs; BUSY when another thread is inside the transaction.
    fn run<R>(
        &self,
        alone: impl FnOnce(&Collection) -> Result<R>,
        inside: impl FnOnce(&mut Transaction, &str) -> Result<R>,
    ) -> Result<R> {
        match self {
            Session::Collection { collection, .. } => alone(collection),
            Session::Part { transaction, name } => inside(&mut *transaction.enter()?, name),
        }
    }
}

#[inline]
fn check_session(handle: u64) -> Result<()> {
    handles::check_kind(handle, &[Kind::Collection, Kind::Part], "a collection")
}

#[inline]
fn session_in(handle: u64, entry: &Entry) -> Result<&Session> {
    match entry {
        Entry::Session(session) => Ok(session),
        _ => Err(handles::not_wanted(handle, "a collection")),
    }
}

/// Adds a document, given an _id where it has none. `id` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_insert(
    collection: u64,
    document: *const u8,
    document_length: usize,
    durability: i32,
    id: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: the caller's promise (quire.h); so in all calls of this file.
        let (reply, document) = unsafe { reply_and_input(id, document, document_length, "document")? };
        let made = insert_into(collection, document, durability)?;
        if let Some(mut reply) = reply {
            reply.bytes.extend_from_slice(&made);
            reply.keep();
        }
        Ok(())
    })
}

/// Adds a document of plain MessagePack to the collection of `handle`. Errors: those of the engine.
pub(crate) fn insert_into(handle: u64, document: &[u8], durability: i32) -> Result<IdBytes> {
    let write = write_options(durability)?;
    Session::of(handle)?.run(
        |collection| collection.insert(document, &write),
        |transaction, name| transaction.insert(name, document),
    )
}

/// Adds documents that stand back to back, all or none. `ids` gets their ids back to back. `ids`, `count` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_insert_many(
    collection: u64,
    documents: *const u8,
    documents_length: usize,
    durability: i32,
    ids: *mut QuireBuffer,
    count: *mut u64,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_insert`.
        let (mut reply, documents) =
            unsafe { reply_and_input(ids, documents, documents_length, "documents")? };
        let write = write_options(durability)?;
        let mut unwanted = Vec::new();
        let made = match reply.as_mut() {
            Some(reply) => &mut *reply.bytes,
            None => &mut unwanted,
        };
        let session = Session::of(collection)?;
        let inserted = match &session {
            Session::Collection { collection, .. } => collection.insert_many(documents, made, &write)?,
            Session::Part { transaction, name } => transaction.enter()?.insert_many(name, documents, made)?,
        };
        if let Some(reply) = reply {
            reply.keep();
        }
        // SAFETY: as above.
        unsafe { put(count, inserted as u64) };
        Ok(())
    })
}

/// Reads one document by its id. Where there is none, `found` is false and the buffer's length 0. `found` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_get(
    collection: u64,
    id: *const u8,
    id_length: usize,
    document: *mut QuireBuffer,
    found: *mut bool,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_insert`.
        let mut reply = unsafe { Reply::take(document)? };
        // SAFETY: as in `quire_insert`.
        let id = unsafe { reply.input(id, id_length, "id")? };
        let is_found = get_into(collection, id, &mut reply.bytes)?;
        // SAFETY: as above.
        unsafe { put(found, is_found) };
        reply.keep();
        Ok(())
    })
}

/// Appends the document of an id, both in plain MessagePack; whether there is one. Errors: those of the engine.
#[inline]
pub(crate) fn get_into(handle: u64, id: &[u8], out: &mut Vec<u8>) -> Result<bool> {
    let held;
    let id = match canonical(id) {
        Some(id) => id,
        None => {
            held = IdBytes::from_message_pack(id)?;
            &held
        }
    };
    check_session(handle)?;
    handles::with(handle, |entry| match session_in(handle, entry)? {
        Session::Collection { collection, .. } => collection.get_plain(id, out),
        Session::Part { transaction, name } => get_inside(&mut *transaction.enter()?, name, id, out),
    })
}

/// Appends document `id` as `transaction` sees it, in plain MessagePack; whether there is one.
pub(crate) fn get_inside(
    transaction: &mut Transaction,
    name: &str,
    id: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool> {
    let mut stored = Vec::new();
    if !transaction.get(name, id, &mut stored)? {
        return Ok(false);
    }
    let (structures, _) = transaction.structures(name)?;
    write_plain(&stored, &structures, out)?;
    Ok(true)
}

/// Whether there is a document of this id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_has(
    collection: u64,
    id: *const u8,
    id_length: usize,
    found: *mut bool,
) -> i32 {
    door(|| {
        needed(found, "found")?;
        // SAFETY: as in `quire_insert`.
        let id = IdBytes::from_message_pack(unsafe { bytes(id, id_length, "id")? })?;
        check_session(collection)?;
        let is_found = handles::with(collection, |entry| {
            session_in(collection, entry)?.run(
                |collection| collection.has(&id),
                |transaction, name| transaction.has(name, &id),
            )
        })?;
        // SAFETY: as above.
        unsafe { put(found, is_found) };
        Ok(())
    })
}

/// Adds a document, or puts it in the place of the one with its _id. `replaced` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_put(
    collection: u64,
    document: *const u8,
    document_length: usize,
    durability: i32,
    replaced: *mut bool,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_insert`.
        let document = unsafe { bytes(document, document_length, "document")? };
        let write = write_options(durability)?;
        let is_replaced = Session::of(collection)?.run(
            |collection| collection.put(document, &write),
            |transaction, name| transaction.put(name, document),
        )?;
        // SAFETY: as above.
        unsafe { put(replaced, is_replaced) };
        Ok(())
    })
}

/// Puts a document in the place of the one with this id, where there is one. `found` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_replace(
    collection: u64,
    id: *const u8,
    id_length: usize,
    document: *const u8,
    document_length: usize,
    durability: i32,
    found: *mut bool,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_insert`.
        let (id, document) = unsafe {
            (
                IdBytes::from_message_pack(bytes(id, id_length, "id")?)?,
                bytes(document, document_length, "document")?,
            )
        };
        let write = write_options(durability)?;
        let is_found = Session::of(collection)?.run(
            |collection| collection.replace(&id, document, &write),
            |transaction, name| transaction.replace(name, &id, document),
        )?;
        // SAFETY: as above.
        unsafe { put(found, is_found) };
        Ok(())
    })
}

/// Updates the document with this id: `update` as in {"$inc": {"age": 1}}. `found` and `modified` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_update(
    collection: u64,
    id: *const u8,
    id_length: usize,
    update: *const u8,
    update_length: usize,
    durability: i32,
    found: *mut bool,
    modified: *mut bool,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_insert`.
        let (id, update) = unsafe {
            (
                IdBytes::from_message_pack(bytes(id, id_length, "id")?)?,
                Update::compile(bytes(update, update_length, "update")?)?,
            )
        };
        let write = write_options(durability)?;
        let outcome = Session::of(collection)?.run(
            |collection| collection.update(&id, &update, &write),
            |transaction, name| transaction.update(name, &id, &update),
        )?;
        // SAFETY: as above.
        unsafe {
            put(found, outcome.matched_count > 0);
            put(modified, outcome.modified_count > 0);
        }
        Ok(())
    })
}

/// Removes the document with this id, where there is one. `found` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_delete(
    collection: u64,
    id: *const u8,
    id_length: usize,
    durability: i32,
    found: *mut bool,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_insert`.
        let id = IdBytes::from_message_pack(unsafe { bytes(id, id_length, "id")? })?;
        let write = write_options(durability)?;
        let is_found = Session::of(collection)?.run(
            |collection| collection.delete(&id, &write),
            |transaction, name| transaction.delete(name, &id),
        )?;
        // SAFETY: as above.
        unsafe { put(found, is_found) };
        Ok(())
    })
}

/// Removes every document. `deleted` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_clear(collection: u64, durability: i32, deleted: *mut u64) -> i32 {
    door(|| {
        let write = write_options(durability)?;
        let count = Session::of(collection)?.run(
            |collection| collection.clear(&write),
            |transaction, name| transaction.clear(name),
        )?;
        // SAFETY: as in `quire_insert`.
        unsafe { put(deleted, count) };
        Ok(())
    })
}

/// How many documents match a filter; all of them, at no cost, without one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_count(
    collection: u64,
    filter: *const u8,
    filter_length: usize,
    count: *mut u64,
) -> i32 {
    door(|| {
        needed(count, "count")?;
        // SAFETY: as in `quire_insert`.
        let filter = unsafe { bytes(filter, filter_length, "filter")? };
        let filter = match filter {
            [] => None,
            given => Some(Filter::compile(given)?).filter(|filter| !filter.is_empty()),
        };
        let filter = filter.map(Arc::new);
        let counted = Session::of(collection)?.run(
            |collection| collection.count(filter.clone()),
            |transaction, name| transaction.count(name, filter.clone()),
        )?;
        // SAFETY: as above.
        unsafe { put(count, counted) };
        Ok(())
    })
}

/// The memory of a buffer that may be missing, and an argument that must not lie in it. Errors: INVALID_ARGUMENT.
///
/// # Safety
/// As for [`Reply::take`] and [`bytes`].
pub(crate) unsafe fn reply_and_input<'a>(
    buffer: *mut QuireBuffer,
    pointer: *const u8,
    length: usize,
    name: &str,
) -> Result<(Option<Reply<'a>>, &'a [u8])> {
    // SAFETY: the caller's promise.
    unsafe {
        if buffer.is_null() {
            return Ok((None, bytes(pointer, length, name)?));
        }
        let reply = Reply::take(buffer)?;
        let input = reply.input(pointer, length, name)?;
        Ok((Some(reply), input))
    }
}
