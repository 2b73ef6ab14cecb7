//! The doors of databases and transactions, and of the shared buffers: the calls that are not hot.
//!
//! Arguments are those of `Addon` in src/native.ts. Promises: what a database opened ends with it.
//! Leaves to others: calls that wait for a disk (tasks.rs), verbs (calls.rs).

use std::sync::Arc;

use napi_sys as sys;
use parking_lot::Mutex;
use quire_engine::collection::check_name;
use quire_engine::stats::{CollectionInfo, Stats};
use quire_engine::{
    Database, Durability, Error, ErrorKind, IdMode, OpenOptions, Owner, Result, TransactionOptions,
};

use crate::door::{Call, Given, enter, enter_giving};
use crate::environment::{EntryKind, OpenTransaction};
use crate::session::{Session, durability_of, enter as enter_transaction, write_options};
use crate::values::{Env, Value};

/// Bits of `open`'s flags, as in src/options.ts.
const FLAG_READ_ONLY: i64 = 1;
const FLAG_NO_CREATE: i64 = 2;
const FLAG_WRITE_LOG: i64 = 4;

/// Declares doors that give a number: name, what they do with the call.
macro_rules! doors {
    ($($(#[$meaning:meta])* $name:ident => $body:expr;)*) => {
        $($(#[$meaning])* pub unsafe extern "C" fn $name(
            env: sys::napi_env,
            info: sys::napi_callback_info,
        ) -> sys::napi_value {
            // SAFETY: Node calls this as a function that `exports` made.
            unsafe { enter(env, info, $body) }
        })*
    };
}

doors! {
    /// `pinRequest(buffer)`
    pin_request => |call| call.environment.buffers.pin_request(call.env, call.argument(0)).map(|()| 0.0);
    /// `pinResponse(buffer)`
    pin_response => |call| call.environment.buffers.pin_response(call.env, call.argument(0)).map(|()| 0.0);
    /// `pinStatus(words)`
    pin_status => |call| call.environment.buffers.pin_status(call.env, call.argument(0)).map(|()| 0.0);
    /// `open(path, durability, syncIntervalMs, cacheBytes, flags, documentBytesMax, lockWaitMs, checkpointLogBytes,
    /// watchBytes)`:
    /// the handle; a negative number stands for the engine's default.
    open => open_database;
    /// `closeDatabase(database)`: also one that is closed already.
    close_database => |call| {
        let handle = call.handle(0);
        call.environment.close_database(handle).map(|()| 0.0)
    };
    /// `closeAll()`: what this environment has open.
    close_all => |call| {
        call.environment.close_all();
        Ok(0.0)
    };
    /// `collection(database, name)`: the handle.
    collection => |call| {
        let handle = call.handle(0);
        let database = call.environment.handles.database(handle)?.clone();
        let collection = database.collection(&call.text(1)?)?;
        call.environment.keep(handle, EntryKind::Session(Session::Collection { collection })).map(number)
    };
    /// `createCollection(database, name, ids)`
    create_collection => |call| {
        let ids = if call.integer(2)? == 0 { IdMode::Ulid } else { IdMode::Integer };
        let write = write_options(0, call.environment.owner)?;
        let database = call.environment.handles.database(call.handle(0))?;
        database.create_collection(&call.text(1)?, ids, &write).map(|()| 0.0)
    };
    /// `dropCollection(database, name)`: 1 when there was one.
    drop_collection => |call| {
        let write = write_options(0, call.environment.owner)?;
        let database = call.environment.handles.database(call.handle(0))?;
        database.drop_collection(&call.text(1)?, &write).map(f64::from)
    };
    /// `renameCollection(database, from, to)`
    rename_collection => |call| {
        let write = write_options(0, call.environment.owner)?;
        let database = call.environment.handles.database(call.handle(0))?;
        database.rename_collection(&call.text(1)?, &call.text(2)?, &write).map(|()| 0.0)
    };
    /// `begin(database, names, durability)`: the handle of a transaction.
    begin => begin_transaction;
    /// `transactionCollection(transaction, name)`: the handle of a collection inside it.
    transaction_collection => |call| {
        let handle = call.handle(0);
        let entry = call.environment.handles.entry(handle)?;
        let database = entry.database;
        let transaction = call.environment.handles.transaction(handle)?.transaction.clone();
        let name = call.text(1)?;
        check_name(&name)?;
        let session = Session::Transaction { transaction, name: name.into() };
        call.environment.keep(database, EntryKind::Session(session)).map(number)
    };
    /// `commit(transaction, defersSync)`: 1 when a sync has to follow, because the transaction's durability is `disk`
    /// and the caller wants to wait for the disk elsewhere. The collections are free for others in any case.
    commit => |call| {
        let (handle, defers_sync) = (call.handle(0), call.integer(1)? != 0);
        let open = call.environment.handles.transaction(handle)?;
        let must_sync = defers_sync && open.durability == Durability::Disk;
        let durability = if must_sync { Durability::Process } else { open.durability };
        let result = enter_transaction(&open.transaction)?.commit(durability);
        drop(call.environment.handles.remove(handle));
        result.map(|()| f64::from(must_sync))
    };
    /// `rollback(transaction)`
    rollback => |call| {
        let handle = call.handle(0);
        let open = call.environment.handles.transaction(handle)?;
        let result = enter_transaction(&open.transaction)?.rollback();
        drop(call.environment.handles.remove(handle));
        result.map(|()| 0.0)
    };
    /// `closeCollection(collection)`: gives the handle of a collection back.
    close_collection => |call| {
        let handle = call.handle(0);
        if call.environment.handles.session(handle).is_ok() {
            drop(call.environment.handles.remove(handle));
        }
        Ok(0.0)
    };
}

/// A handle as JavaScript's number; the table makes none above 2^53.
pub fn number(handle: u64) -> f64 {
    handle as f64
}

fn open_database(call: &mut Call<'_>) -> Result<f64> {
    let path = call.text(0)?;
    let defaults = OpenOptions::default();
    let flags = call.integer(4)?;
    let options = OpenOptions {
        durability: durability_of(call.integer(1)?)?.unwrap_or(Durability::Process),
        sync_interval_ms: given(call, 2)?.unwrap_or(defaults.sync_interval_ms),
        cache_bytes: given(call, 3)?.unwrap_or(defaults.cache_bytes),
        read_only: flags & FLAG_READ_ONLY != 0,
        create: flags & FLAG_NO_CREATE == 0,
        map_log: flags & FLAG_WRITE_LOG == 0,
        document_bytes_max: given(call, 5)?.unwrap_or(defaults.document_bytes_max),
        lock_wait_ms: given(call, 6)?.unwrap_or(defaults.lock_wait_ms),
        checkpoint_log_bytes: given(call, 7)?.unwrap_or(defaults.checkpoint_log_bytes),
        watch_bytes: given(call, 8)?.unwrap_or(defaults.watch_bytes),
        ttl_interval_ms: given(call, 9)?.unwrap_or(defaults.ttl_interval_ms),
        ..defaults
    };
    let database = Database::open(&path, &options)?;
    call.environment.keep_database(database).map(number)
}

/// A number that was given; `None` for a negative one, which stands for the default. Errors: INVALID_ARGUMENT.
fn given<T: TryFrom<i64>>(call: &Call<'_>, index: usize) -> Result<Option<T>> {
    let value = call.integer(index)?;
    if value < 0 {
        return Ok(None);
    }
    T::try_from(value).map(Some).map_err(|_| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("{value} is too large for argument {index} of open"),
        )
    })
}

fn begin_transaction(call: &mut Call<'_>) -> Result<f64> {
    let handle = call.handle(0);
    let collections = call.env.read_texts(call.argument(1)).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            "an array of collection names was expected",
        )
    })?;
    let database = call.environment.handles.database(handle)?;
    let durability = durability_of(call.integer(2)?)?.unwrap_or_else(|| database.durability());
    let transaction = database.begin(&TransactionOptions {
        collections,
        owner: Owner(call.environment.owner),
    })?;
    let open = OpenTransaction {
        transaction: Arc::new(Mutex::new(transaction)),
        durability,
    };
    call.environment
        .keep(handle, EntryKind::Transaction(open))
        .map(number)
}

/// `lastError()`: the error of the call that failed last, as an object.
pub unsafe extern "C" fn last_error(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as the doors above.
    unsafe {
        enter_giving(env, info, |call| {
            let error = call.environment.take_error();
            let error = error.unwrap_or_else(|| Error::new(ErrorKind::Internal, "there was no error"));
            Ok(Given::Value(error_object(call.env, &error)))
        })
    }
}

/// An error as src/native.ts reads it.
pub fn error_object<'call>(env: Env<'call>, error: &Error) -> Option<Value<'call>> {
    let page = error.page().map_or(-1.0, |page| f64::from(page.get()));
    env.object(&[
        ("kind", env.number(f64::from(error.kind() as u16))),
        ("message", env.text(error.message())),
        ("page", env.number(page)),
    ])
}

/// `collections(database)`: an array of objects.
pub unsafe extern "C" fn collections(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as the doors above.
    unsafe {
        enter_giving(env, info, |call| {
            let infos = call.environment.handles.database(call.handle(0))?.collections()?;
            Ok(Given::Value(info_objects(call.env, &infos)))
        })
    }
}

/// `stats(database)`: an object.
pub unsafe extern "C" fn stats(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as the doors above.
    unsafe {
        enter_giving(env, info, |call| {
            let stats = call.environment.handles.database(call.handle(0))?.stats()?;
            Ok(Given::Value(stats_object(call.env, &stats)))
        })
    }
}

fn info_objects<'call>(env: Env<'call>, infos: &[CollectionInfo]) -> Option<Value<'call>> {
    let objects: Option<Vec<_>> = infos.iter().map(|info| info_object(env, info)).collect();
    env.array(&objects?)
}

fn info_object<'call>(env: Env<'call>, info: &CollectionInfo) -> Option<Value<'call>> {
    let ids = match info.ids {
        IdMode::Ulid => "ulid",
        IdMode::Integer => "integer",
    };
    env.object(&[
        ("name", env.text(&info.name)),
        ("ids", env.text(ids)),
        ("documentsCount", env.number(info.documents_count as f64)),
        ("documentsBytes", env.number(info.documents_bytes as f64)),
        ("pagesCount", env.number(info.heap_pages as f64)),
        ("indexBytes", env.number(info.index_bytes as f64)),
        ("structuresCount", env.number(info.structures_count as f64)),
        ("falseVisitsCount", env.number(info.false_visits_count as f64)),
    ])
}

fn stats_object<'call>(env: Env<'call>, stats: &Stats) -> Option<Value<'call>> {
    env.object(&[
        ("collections", info_objects(env, &stats.collections)),
        ("pagesCount", env.number(stats.pages_count as f64)),
        ("freePagesCount", env.number(stats.free_pages as f64)),
        ("cacheBytes", env.number(stats.cache_bytes as f64)),
        ("dirtyBytes", env.number(stats.dirty_bytes as f64)),
        ("versionBytes", env.number(stats.version_bytes as f64)),
        ("logBytes", env.number(stats.log_bytes as f64)),
        ("sequence", env.number(stats.sequence as f64)),
        ("commitsCount", env.number(stats.commits_count as f64)),
        ("checkpointsCount", env.number(stats.checkpoints_count as f64)),
        ("pageLoadsCount", env.number(stats.page_loads_count as f64)),
    ])
}
