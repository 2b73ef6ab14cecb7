//! The doors of commands: requests and replies in MessagePack, for everything that is no hot call.
//!
//! A command is asked of a collection, by itself or inside a transaction, or of a database. Promises: a request is
//! copied before a pool thread works on it; a reply is in the response buffer or waits as overflow.
//! Leaves to others: what commands mean (the engine), cursors once they are open (calls.rs, tasks.rs).

use std::sync::Arc;

use napi_sys as sys;
use parking_lot::Mutex;
use quire_engine::command::{self, AnyCursor, Target};
use quire_engine::{Database, Result, WriteOptions};

use crate::buffers::status;
use crate::calls::respond_with_batch;
use crate::door::{Call, enter, enter_giving};
use crate::environment::{EntryKind, Environment, Handles};
use crate::session::{Session, enter as enter_transaction, write_options};
use crate::tasks::{CursorKept, Finished, NO_OWNER, queue, read_batch};

/// The durability of commits that name none, as `write_options` takes it.
const OWN_DURABILITY: i64 = 0;

/// What commands are asked of.
#[derive(Clone)]
enum Asked {
    Session(Session),
    Database(Database),
}

impl Asked {
    /// What `handle` stands for. Errors: CLOSED.
    fn of(handles: &Handles, handle: u64) -> Result<Asked> {
        match &handles.entry(handle)?.kind {
            EntryKind::Database(database) => Ok(Asked::Database(database.clone())),
            _ => Ok(Asked::Session(handles.session(handle)?.clone())),
        }
    }

    /// Calls `ask` with the target. Errors: those of `ask`; BUSY when another thread is inside the transaction.
    fn with_target<R>(
        &self,
        write: WriteOptions,
        ask: impl FnOnce(&mut Target<'_>) -> Result<R>,
    ) -> Result<R> {
        match self {
            Asked::Session(Session::Collection { collection }) => {
                ask(&mut Target::Collection(collection, write))
            }
            Asked::Session(Session::Transaction { transaction, name }) => ask(&mut Target::Transaction(
                &mut *enter_transaction(transaction)?,
                name,
            )),
            Asked::Database(database) => ask(&mut Target::Database(database, write)),
        }
    }

    fn run(&self, write: WriteOptions, request: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        self.with_target(write, |target| command::run(target, request, reply))
    }

    fn open_cursor(&self, write: WriteOptions, request: &[u8]) -> Result<AnyCursor> {
        self.with_target(write, |target| command::open_cursor(target, request))
    }
}

/// `command(handle, start, end, durability)`: bytes of the reply, which is the response.
pub unsafe extern "C" fn command(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node calls this as a function that `exports` made.
    unsafe { enter(env, info, run_command) }
}

fn run_command(call: &mut Call<'_>) -> Result<f64> {
    let (handle, start, end) = (call.handle(0), call.count(1)?, call.count(2)?);
    let write = write_options(call.integer(3)?, call.environment.owner)?;
    let Environment {
        handles,
        buffers,
        scratch,
        ..
    } = &mut *call.environment;
    scratch.clear();
    Asked::of(handles, handle)?.run(write, buffers.request(start, end)?, scratch)?;
    let length = scratch.len();
    buffers.respond(scratch);
    Ok(length as f64)
}

/// `commandAsync(handle, start, end, durability)`: as `command`; the bytes are the reply.
pub unsafe extern "C" fn command_async(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `command`.
    unsafe {
        enter_giving(env, info, |call| {
            let (handle, start, end) = (call.handle(0), call.count(1)?, call.count(2)?);
            let write = write_options(call.integer(3)?, NO_OWNER)?;
            let request = call.environment.buffers.request(start, end)?.to_vec();
            let asked = Asked::of(&call.environment.handles, handle)?;
            queue(call, move || {
                let mut finished = Finished::default();
                asked.run(write, &request, &mut finished.bytes)?;
                Ok(finished)
            })
        })
    }
}

/// `openCursor(handle, start, end, documentsMax, bytesMax)`: documents of the first batch, which is the response, as
/// an array; the status has the cursor, or 0 when it is not needed any more.
pub unsafe extern "C" fn open_cursor(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `command`.
    unsafe { enter(env, info, open_and_read) }
}

fn open_and_read(call: &mut Call<'_>) -> Result<f64> {
    let (handle, start, end) = (call.handle(0), call.count(1)?, call.count(2)?);
    let (documents_max, bytes_max) = (call.count(3)?, call.count(4)?);
    // A pipeline may write, at the database's own durability.
    let write = write_options(OWN_DURABILITY, call.environment.owner)?;
    let Environment { handles, buffers, .. } = &mut *call.environment;
    let database = database_of(handles, handle)?;
    let request = buffers.request(start, end)?;
    let mut cursor = Asked::of(handles, handle)?.open_cursor(write, request)?;
    let count = respond_with_batch(call.environment, &mut cursor, documents_max, bytes_max)?;
    let kept = if is_forgettable(&cursor, count) {
        0
    } else {
        call.environment
            .keep(database, EntryKind::Cursor(Arc::new(Mutex::new(cursor))))?
    };
    call.environment.buffers.set_status(status::CURSOR, kept as f64);
    Ok(count as f64)
}

/// Whether nothing is left to ask a cursor that gave `count` documents: the structures of a pipeline's results, which
/// may be of another collection than the handle's, are known by their cursor alone.
fn is_forgettable(cursor: &AnyCursor, count: usize) -> bool {
    match cursor {
        AnyCursor::Find(cursor) => cursor.is_over(),
        AnyCursor::Aggregate(_) => count == 0,
    }
}

/// `openCursorAsync(handle, start, end, documentsMax, bytesMax)`: as `openCursor`.
pub unsafe extern "C" fn open_cursor_async(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: as `command`.
    unsafe {
        enter_giving(env, info, |call| {
            let (handle, start, end) = (call.handle(0), call.count(1)?, call.count(2)?);
            let (documents_max, bytes_max) = (call.count(3)?, call.count(4)?);
            let request = call.environment.buffers.request(start, end)?.to_vec();
            let database = database_of(&call.environment.handles, handle)?;
            let asked = Asked::of(&call.environment.handles, handle)?;
            queue(call, move || {
                let write = write_options(OWN_DURABILITY, NO_OWNER)?;
                let mut cursor = asked.open_cursor(write, &request)?;
                let mut finished = read_batch(&mut cursor, documents_max, bytes_max)?;
                if !is_forgettable(&cursor, finished.outcome.count as usize) {
                    finished.cursor = CursorKept::New(database, cursor);
                }
                Ok(finished)
            })
        })
    }
}

/// The database with which a cursor that `handle` gives ends. Errors: CLOSED.
fn database_of(handles: &Handles, handle: u64) -> Result<u64> {
    let entry = handles.entry(handle)?;
    Ok(match entry.kind {
        EntryKind::Database(_) => handle,
        _ => entry.database,
    })
}
