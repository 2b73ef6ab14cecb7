//! What the addon keeps for one JavaScript environment (the main thread or one worker): the table of handles, the
//! shared buffers, and the last error.
//!
//! Promises: everything here is touched on its JavaScript thread only; when the environment ends (a worker is
//! terminated, the process exits) its handles are closed without running JavaScript, and open transactions are
//! rolled back. Leaves to others: what calls do (session.rs and the doors), the handles' numbers
//! (handles.rs), the buffers (buffers.rs).

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use napi_sys as sys;
use parking_lot::Mutex;
use quire_engine::watch::Stream;
use quire_engine::{AnyCursor, Database, Durability, Error, ErrorKind, Result, Transaction};

use crate::buffers::Buffers;
use crate::changes::Wake;
use crate::handles::HandleTable;
use crate::session::Session;
use crate::tasks::Tasks;
use crate::values::Env;

/// The next environment's owner number; 0 means nobody.
static NEXT_OWNER: AtomicU64 = AtomicU64::new(1);

/// What a handle stands for, and the database handle that it ends with.
pub struct Entry {
    /// Handle of the database that this entry belongs to; 0 for a database.
    pub database: u64,
    /// The thing itself.
    pub kind: EntryKind,
}

/// The kinds of things that handles stand for.
pub enum EntryKind {
    /// An open database.
    Database(Database),
    /// A collection, by itself or inside a transaction.
    Session(Session),
    /// An open transaction.
    Transaction(OpenTransaction),
    /// An open cursor.
    Cursor(Arc<Mutex<AnyCursor>>),
    /// An open change stream.
    Stream(Box<Mutex<Stream>>),
}

/// A transaction and how it is committed.
pub struct OpenTransaction {
    /// The transaction, shared with the collections inside it and with a commit on a pool thread.
    pub transaction: Arc<Mutex<Transaction>>,
    /// When the commit returns.
    pub durability: Durability,
}

/// The state of one JavaScript environment.
pub struct Environment {
    /// What is open.
    pub handles: Handles,
    /// The bytes that both sides see.
    pub buffers: Buffers,
    /// The calls that run on pool threads.
    pub tasks: Tasks,
    /// Results on their way into the response buffer.
    pub scratch: Vec<u8>,
    /// A first argument in MessagePack, kept for the call that follows.
    pub kept: Vec<u8>,
    /// Wakes the change streams; made for the first one.
    pub wake: Option<Arc<Wake>>,
    /// Number of this environment: a transaction that it holds never makes its own other calls wait.
    pub owner: u64,
    last_error: Option<Error>,
}

impl Environment {
    /// Makes the state of `env` and ties it to the environment's life. `None` when Node refuses.
    pub fn install(env: Env<'_>) -> Option<*mut Environment> {
        let environment = Box::into_raw(Box::new(Environment {
            handles: Handles::new(),
            buffers: Buffers::new(),
            tasks: Tasks::new(),
            scratch: Vec::new(),
            kept: Vec::new(),
            wake: None,
            owner: NEXT_OWNER.fetch_add(1, Ordering::Relaxed),
            last_error: None,
        }));
        let teardown = Box::into_raw(Box::new(Teardown {
            env: env.raw(),
            environment,
        }));
        // SAFETY: env is live; both boxes live until `tear_down`, which Node calls once, before env ends.
        let is_tied = unsafe {
            sys::napi_set_instance_data(env.raw(), environment.cast(), None, ptr::null_mut())
                == sys::Status::napi_ok
                && sys::napi_add_env_cleanup_hook(env.raw(), Some(tear_down), teardown.cast())
                    == sys::Status::napi_ok
        };
        if is_tied {
            return Some(environment);
        }
        // SAFETY: Node did not take the pointers, or (instance data alone) never reads them without a door.
        unsafe {
            sys::napi_set_instance_data(env.raw(), ptr::null_mut(), None, ptr::null_mut());
            drop(Box::from_raw(teardown));
            drop(Box::from_raw(environment));
        }
        None
    }

    /// The state of `env`; `None` once it was torn down.
    ///
    /// # Safety
    /// No other reference to the state is in use: callers are callbacks of Node that do not run JavaScript.
    pub unsafe fn of<'call>(env: Env<'call>) -> Option<&'call mut Environment> {
        let mut data = ptr::null_mut();
        // SAFETY: env is of this call.
        let status = unsafe { sys::napi_get_instance_data(env.raw(), &mut data) };
        if status != sys::Status::napi_ok {
            return None;
        }
        // SAFETY: the data is null or the box of `install`, which lives until `tear_down` sets null.
        unsafe { data.cast::<Environment>().as_mut() }
    }

    /// Keeps `error` for `lastError` and gives the number that a door returns for it.
    pub fn fail(&mut self, error: Error) -> f64 {
        let number = -f64::from(error.kind() as u16);
        self.last_error = Some(error);
        number
    }

    /// Takes the last error.
    pub fn take_error(&mut self) -> Option<Error> {
        self.last_error.take()
    }

    /// Keeps `kind`, which ends with the database of handle `database`, and gives its handle.
    ///
    /// Errors: LIMIT_EXCEEDED when too many are open.
    pub fn keep(&mut self, database: u64, kind: EntryKind) -> Result<u64> {
        self.handles.insert(Entry { database, kind }).ok_or_else(|| {
            Error::new(
                ErrorKind::LimitExceeded,
                "more than a million handles are open in this thread; close cursors and databases that are done",
            )
        })
    }

    /// Keeps an open database and gives its handle. Errors: LIMIT_EXCEEDED.
    pub fn keep_database(&mut self, database: Database) -> Result<u64> {
        // What depends on a database is found by this number; 0 is no handle, so a database depends on none.
        self.keep(0, EntryKind::Database(database))
    }

    /// Closes the database of `handle` and everything that was opened from it. Errors: those of the engine's close.
    pub fn close_database(&mut self, handle: u64) -> Result<()> {
        self.take_database(handle)
            .map_or(Ok(()), |database| database.close())
    }

    /// Takes out the database of `handle`, and closes everything that was opened from it.
    pub fn take_database(&mut self, handle: u64) -> Option<Database> {
        let database = self.handles.database(handle).ok()?.clone();
        for dependent in self.handles.handles_where(|entry| entry.database == handle) {
            let entry = self.handles.remove(dependent);
            if let (Some(EntryKind::Stream(_)), Some(wake)) = (entry.map(|entry| entry.kind), &self.wake) {
                // Whoever waits for it learns that it is closed.
                wake.call(dependent);
            }
        }
        drop(self.handles.remove(handle));
        Some(database)
    }

    /// Closes every database of this environment; failures have nobody left to hear them.
    pub fn close_all(&mut self) {
        for handle in self
            .handles
            .handles_where(|entry| matches!(entry.kind, EntryKind::Database(_)))
        {
            // The engine has written what it acknowledged: the log is replayed when the file is opened again.
            let _closed_or_replayed_later = self.close_database(handle);
        }
    }
}

/// What the cleanup hook needs.
struct Teardown {
    env: sys::napi_env,
    environment: *mut Environment,
}

/// Ends an environment: JavaScript no longer runs in it.
unsafe extern "C" fn tear_down(data: *mut c_void) {
    // SAFETY: the pointers are those of `install`, and Node calls this hook once.
    let (env, mut environment) = unsafe {
        let teardown = Box::from_raw(data.cast::<Teardown>());
        sys::napi_set_instance_data(teardown.env, ptr::null_mut(), None, ptr::null_mut());
        (teardown.env, Box::from_raw(teardown.environment))
    };
    // A panic must not cross into Node; what it left behind is replayed from the log.
    let _ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        environment.close_all();
        environment.buffers.release(env);
    }));
}

/// The handles of one environment.
pub type Handles = HandleTable<Entry>;

impl Handles {
    /// The entry of `handle`. Errors: CLOSED when it is stale.
    #[inline]
    pub fn entry(&self, handle: u64) -> Result<&Entry> {
        self.get(handle).ok_or_else(|| stale(handle))
    }

    /// The database of `handle`. Errors: CLOSED.
    pub fn database(&self, handle: u64) -> Result<&Database> {
        match &self.entry(handle)?.kind {
            EntryKind::Database(database) => Ok(database),
            _ => Err(stale(handle)),
        }
    }

    /// The collection of `handle`. Errors: CLOSED.
    #[inline]
    pub fn session(&self, handle: u64) -> Result<&Session> {
        match &self.entry(handle)?.kind {
            EntryKind::Session(session) => Ok(session),
            _ => Err(stale(handle)),
        }
    }

    /// The transaction of `handle`. Errors: CLOSED.
    pub fn transaction(&self, handle: u64) -> Result<&OpenTransaction> {
        match &self.entry(handle)?.kind {
            EntryKind::Transaction(transaction) => Ok(transaction),
            _ => Err(stale(handle)),
        }
    }

    /// The change stream of `handle`. Errors: CLOSED.
    pub fn stream(&self, handle: u64) -> Result<&Mutex<Stream>> {
        match &self.entry(handle)?.kind {
            EntryKind::Stream(stream) => Ok(stream),
            _ => Err(stale(handle)),
        }
    }

    /// The cursor of `handle`. Errors: CLOSED.
    pub fn cursor(&self, handle: u64) -> Result<&Arc<Mutex<AnyCursor>>> {
        match &self.entry(handle)?.kind {
            EntryKind::Cursor(cursor) => Ok(cursor),
            _ => Err(stale(handle)),
        }
    }
}

/// The number that JavaScript puts in the place of a collection's handle once its transaction has ended.
const ENDED: u64 = 0;

/// The error of a stale handle.
#[cold]
fn stale(handle: u64) -> Error {
    if handle == ENDED {
        Error::new(
            ErrorKind::TransactionEnded,
            "the transaction was already committed or rolled back",
        )
    } else {
        Error::new(
            ErrorKind::Closed,
            "the database, collection, cursor or transaction was closed before this call",
        )
    }
}
