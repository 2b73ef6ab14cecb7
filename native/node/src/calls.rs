//! The doors of a collection's verbs and of cursors: the hot calls.
//!
//! Arguments are those of `Addon` in src/native.ts. Promises: a point read allocates nothing here; a response is in
//! the response buffer or, when it is larger, waits as overflow. Leaves to others: what verbs do (session.rs), the
//! calls that run on pool threads (tasks.rs).

use std::sync::Arc;

use napi_sys as sys;
use parking_lot::Mutex;
use quire_engine::{AnyCursor, Error, ErrorKind, Result};

use crate::buffers::status;
use crate::door::{Call, Given, enter, enter_giving};
use crate::environment::{EntryKind, Environment};
use crate::session::{
    Outcome, Request, Session, Verb, begin_array, end_array, enter as enter_transaction, write_options,
};
use crate::values::Value;

/// Limits above this mean that there is none: the largest whole number that a float64 holds exactly.
const NO_LIMIT: i64 = (1 << 53) - 1;

/// `get(collection, id)`: bytes of the document, 0 when there is none.
pub unsafe extern "C" fn get(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node calls this as a function that `exports` made.
    unsafe { enter(env, info, get_document) }
}

fn get_document(call: &mut Call<'_>) -> Result<f64> {
    let (handle, id) = (call.handle(0), call.id(1)?);
    let Environment {
        handles,
        buffers,
        scratch,
        owner,
        ..
    } = &mut *call.environment;
    let session = handles.session(handle)?;
    if let Session::Collection { collection } = session {
        let response = buffers.response();
        match collection.get_into(&id, response)? {
            None => return Ok(0.0),
            Some(found) if found.length <= response.len() => {
                buffers.set_status(status::STRUCTURES, found.structures_identity as f64);
                buffers.describe_response(found.length);
                return Ok(found.length as f64);
            }
            Some(_) => {}
        }
    }
    // A document that is large, or of a transaction, goes through the scratch bytes.
    let (id, write) = (id.into_id()?, write_options(0, *owner)?);
    let request = Request {
        verb: Verb::Get,
        id: Some(&id),
        filter: &[],
        body: &[],
        write,
    };
    scratch.clear();
    let outcome = session.run(&request, scratch)?;
    let length = scratch.len();
    respond(call.environment, outcome);
    Ok(length as f64)
}

/// `has(collection, id)`: 1 or 0.
pub unsafe extern "C" fn has(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe {
        enter(env, info, |call| {
            let (handle, id) = (call.handle(0), call.id(1)?);
            match call.environment.handles.session(handle)? {
                Session::Collection { collection } => Ok(f64::from(collection.has(&id)?)),
                Session::Transaction { transaction, name } => {
                    Ok(f64::from(enter_transaction(transaction)?.has(name, &id)?))
                }
            }
        })
    }
}

/// `insert(collection, start, end, durability)`: bytes of the id, which is the response.
pub unsafe extern "C" fn insert(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe { enter(env, info, insert_document) }
}

fn insert_document(call: &mut Call<'_>) -> Result<f64> {
    let (handle, start, end) = (call.handle(0), call.count(1)?, call.count(2)?);
    let write = write_options(call.integer(3)?, call.environment.owner)?;
    let Environment { handles, buffers, .. } = &mut *call.environment;
    let body = buffers.request(start, end)?;
    let id = match handles.session(handle)? {
        Session::Collection { collection } => collection.insert(body, &write)?,
        Session::Transaction { transaction, name } => enter_transaction(transaction)?.insert(name, body)?,
    };
    if let Some(part) = buffers.response().get_mut(..id.len()) {
        part.copy_from_slice(&id);
    }
    Ok(id.len() as f64)
}

/// `delete(collection, id, durability)`: 1 or 0.
pub unsafe extern "C" fn delete(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe {
        enter(env, info, |call| {
            let (handle, id) = (call.handle(0), call.id(1)?.into_id()?);
            let write = write_options(call.integer(2)?, call.environment.owner)?;
            match call.environment.handles.session(handle)? {
                Session::Collection { collection } => Ok(f64::from(collection.delete(&id, &write)?)),
                Session::Transaction { transaction, name } => {
                    Ok(f64::from(enter_transaction(transaction)?.delete(name, &id)?))
                }
            }
        })
    }
}

/// `call(verb, collection, start, end, durability, id?)`: the verb's count; the filter of a verb that also has a
/// body was kept by `keep`.
pub unsafe extern "C" fn call(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe { enter(env, info, call_verb) }
}

fn call_verb(call: &mut Call<'_>) -> Result<f64> {
    let arguments = VerbArguments::read(call)?;
    let Environment {
        handles,
        buffers,
        scratch,
        kept,
        owner,
        ..
    } = &mut *call.environment;
    let filter = std::mem::take(kept);
    let request = Request {
        verb: arguments.verb,
        id: arguments.id.as_ref(),
        filter: &filter,
        body: buffers.request(arguments.start, arguments.end)?,
        write: write_options(arguments.durability, *owner)?,
    };
    scratch.clear();
    let outcome = handles.session(arguments.handle)?.run(&request, scratch)?;
    respond(call.environment, outcome);
    Ok(outcome.count as f64)
}

/// Puts the scratch bytes and the outcome where JavaScript finds them.
fn respond(environment: &mut Environment, outcome: Outcome) {
    let Environment { buffers, scratch, .. } = environment;
    buffers.set_status(status::MODIFIED, outcome.modified as f64);
    buffers.set_status(status::STRUCTURES, outcome.structures_identity as f64);
    buffers.respond(scratch);
}

/// The arguments of `call` and `callAsync`.
pub struct VerbArguments {
    /// What is asked.
    pub verb: Verb,
    /// The collection.
    pub handle: u64,
    /// Where the request begins.
    pub start: usize,
    /// Where the request ends.
    pub end: usize,
    /// Number of the commit's durability.
    pub durability: i64,
    /// The id, for verbs by id.
    pub id: Option<quire_engine::IdBytes>,
}

impl VerbArguments {
    /// Reads them. Errors: INVALID_ARGUMENT, INVALID_ID.
    pub fn read(call: &Call<'_>) -> Result<VerbArguments> {
        Ok(VerbArguments {
            verb: Verb::from_number(call.integer(0)?)?,
            handle: call.handle(1),
            start: call.count(2)?,
            end: call.count(3)?,
            durability: call.integer(4)?,
            id: call.optional_id(5)?,
        })
    }
}

/// `find(collection, start, end, skip, limit, documentsMax, bytesMax)`: documents of the first batch, which is the
/// response, as an array; the status has the cursor when there is more.
pub unsafe extern "C" fn find(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe { enter(env, info, find_documents) }
}

fn find_documents(call: &mut Call<'_>) -> Result<f64> {
    let arguments = FindArguments::read(call)?;
    let Environment { handles, buffers, .. } = &mut *call.environment;
    let filter = buffers.request(arguments.start, arguments.end)?;
    let database = handles.entry(arguments.handle)?.database;
    let mut cursor = handles
        .session(arguments.handle)?
        .find(filter, arguments.skip, arguments.limit)?;
    let count = respond_with_batch(
        call.environment,
        &mut cursor,
        arguments.documents_max,
        arguments.bytes_max,
    )?;
    let handle = if cursor.is_over() {
        0
    } else {
        call.environment
            .keep(database, EntryKind::Cursor(Arc::new(Mutex::new(cursor))))?
    };
    call.environment.buffers.set_status(status::CURSOR, handle as f64);
    Ok(count as f64)
}

/// The arguments of `find` and `findAsync`.
pub struct FindArguments {
    /// The collection.
    pub handle: u64,
    /// Where the filter begins.
    pub start: usize,
    /// Where the filter ends.
    pub end: usize,
    /// Matching documents passed over.
    pub skip: u64,
    /// Most documents.
    pub limit: Option<u64>,
    /// Most documents of a batch.
    pub documents_max: usize,
    /// Bytes that end a batch.
    pub bytes_max: usize,
}

impl FindArguments {
    /// Reads them. Errors: INVALID_ARGUMENT.
    pub fn read(call: &Call<'_>) -> Result<FindArguments> {
        let limit = call.integer(4)?;
        Ok(FindArguments {
            handle: call.handle(0),
            start: call.count(1)?,
            end: call.count(2)?,
            skip: call.count(3)? as u64,
            limit: (limit < NO_LIMIT).then_some(limit.max(0) as u64),
            documents_max: call.count(5)?,
            bytes_max: call.count(6)?,
        })
    }
}

/// `next(cursor, documentsMax, bytesMax)`: documents of the batch; 0 at the end. After the last one the status has no
/// cursor.
pub unsafe extern "C" fn next(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe { enter(env, info, next_documents) }
}

fn next_documents(call: &mut Call<'_>) -> Result<f64> {
    let (handle, documents_max, bytes_max) = (call.handle(0), call.count(1)?, call.count(2)?);
    let cursor = call.environment.handles.cursor(handle)?.clone();
    let mut cursor = cursor.try_lock().ok_or_else(cursor_in_use)?;
    let count = respond_with_batch(call.environment, &mut cursor, documents_max, bytes_max)?;
    call.environment
        .buffers
        .set_status(status::CURSOR, if cursor.is_over() { 0.0 } else { handle as f64 });
    Ok(count as f64)
}

/// Puts a batch into the response; gives how many documents it has. Errors: those of the cursor.
pub fn respond_with_batch(
    environment: &mut Environment,
    cursor: &mut AnyCursor,
    documents_max: usize,
    bytes_max: usize,
) -> Result<usize> {
    let Environment { buffers, scratch, .. } = environment;
    begin_array(scratch);
    let count = cursor.next_batch(scratch, documents_max, bytes_max)?;
    end_array(scratch, count);
    buffers.set_status(status::STRUCTURES, cursor.structures_identity() as f64);
    buffers.respond(scratch);
    Ok(count)
}

/// `closeCursor(cursor)`: also one that is closed already.
pub unsafe extern "C" fn close_cursor(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe {
        enter(env, info, |call| {
            let handle = call.handle(0);
            if call.environment.handles.cursor(handle).is_ok() {
                drop(call.environment.handles.remove(handle));
            }
            Ok(0.0)
        })
    }
}

/// `structures(handle, from)`: the key lists of a collection or cursor from number `from` on; the status has their
/// identity.
pub unsafe extern "C" fn structures(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe {
        enter_giving(env, info, |call| {
            let (handle, from) = (call.handle(0), call.count(1)?);
            let (structures, identity) = match &call.environment.handles.entry(handle)?.kind {
                EntryKind::Session(session) => session.structures()?,
                EntryKind::Cursor(cursor) => {
                    let cursor = cursor.try_lock().ok_or_else(cursor_in_use)?;
                    (cursor.structures(), cursor.structures_identity())
                }
                _ => {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        "only collections and cursors have structures",
                    ));
                }
            };
            let env = call.env;
            let lists: Option<Vec<Value<'_>>> = (from..structures.count())
                .filter_map(|number| structures.get(number))
                .map(|structure| {
                    let keys: Option<Vec<Value<'_>>> = (0..structure.keys_count())
                        .map(|index| structure.key(index).and_then(|key| env.text(key)))
                        .collect();
                    keys.and_then(|keys| env.array(&keys))
                })
                .collect();
            call.environment
                .buffers
                .set_status(status::STRUCTURES, identity as f64);
            Ok(Given::Value(lists.and_then(|lists| env.array(&lists))))
        })
    }
}

/// `keep(start, end)`: keeps a filter for the next call, which has a body as well.
pub unsafe extern "C" fn keep(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe {
        enter(env, info, |call| {
            call.environment.kept = call
                .environment
                .buffers
                .request(call.count(0)?, call.count(1)?)?
                .to_vec();
            Ok(0.0)
        })
    }
}

/// `takeOverflow(into)`: copies the response that did not fit, and lets it go.
pub unsafe extern "C" fn take_overflow(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `get`.
    unsafe {
        enter(env, info, |call| {
            let overflow = call.environment.buffers.take_overflow();
            let into = call
                .env
                .read_bytes(call.argument(0))
                .filter(|into| into.count == overflow.len());
            let into =
                into.ok_or_else(|| Error::new(ErrorKind::Internal, "the overflow has another length"))?;
            // SAFETY: the array is an argument of this call and as long as the bytes.
            std::ptr::copy_nonoverlapping(overflow.as_ptr(), into.start, overflow.len());
            Ok(overflow.len() as f64)
        })
    }
}

/// The error of a cursor that two calls want at once.
#[cold]
pub fn cursor_in_use() -> Error {
    Error::new(
        ErrorKind::Busy,
        "another call of this cursor is under way; wait for its promise first",
    )
}
