//! Databases as programs see them: handles that are opened, shared and closed.
//!
//! Promises: handles are cheap to clone and safe in any thread; a closed one refuses every call with CLOSED; the
//! last one to close writes everything to the data file and lets other processes in.
//! Leaves to others: opening (open.rs), sharing (registry.rs), collections (collection.rs).

mod aggregate;
mod collection;
mod janitor;
mod open;
mod registry;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::backup::BackupReport;
use crate::collection::lease::Owner;
use crate::collection::{IdMode, check_name};
use crate::compact::CompactReport;
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::value::Timestamp;
use crate::stats::{CollectionInfo, Stats};
use crate::storage::{FileStorage, Storage};
use crate::store::{Store, present};
use crate::transaction::{Transaction, TransactionOptions};
use crate::wal::Durability;
use crate::watch::{Stream, WatchOptions};
use registry::Share;

pub use collection::{Collection, Found, WriteOptions};
pub use open::OpenOptions;

/// The path that stands for a database without a file.
pub const MEMORY_PATH: &str = ":memory:";

/// An open database.
#[derive(Clone)]
pub struct Database {
    handle: Arc<Handle>,
}

/// One opening of a database; its clones and its collections share it.
pub(crate) struct Handle {
    share: Share,
    is_closed: AtomicBool,
    durability: Durability,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.is_closed.swap(true, Ordering::AcqRel) {
            // Whoever drops a database without closing it does not ask for the error; the log keeps the commits.
            let _ = self.share.leave();
        }
    }
}

impl Handle {
    /// The store, for reading.
    #[inline]
    pub(crate) fn readable(&self) -> Result<&Arc<Store>> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the database was closed"));
        }
        self.share.store.check_readable()?;
        Ok(&self.share.store)
    }

    /// The store, for writing.
    #[inline]
    pub(crate) fn writable(&self) -> Result<&Arc<Store>> {
        let store = self.readable()?;
        store.check_writable()?;
        Ok(store)
    }

    /// The level of a commit that may name one.
    #[inline]
    pub(crate) fn durability(&self, options: &WriteOptions) -> Durability {
        options.durability.unwrap_or(self.durability)
    }
}

impl Database {
    /// Opens the database at `path`, or makes it; `:memory:` is one without a file.
    ///
    /// Errors: `INVALID_ARGUMENT`, `LOCKED`, `CANNOT_OPEN`, `NOT_A_DATABASE`, `UNSUPPORTED_FORMAT`, `CORRUPTED`,
    /// `DISK_FULL`, `IO`.
    pub fn open(path: &str, options: &OpenOptions) -> Result<Database> {
        options.check()?;
        if path.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("the path is empty; give the path of a file, or {MEMORY_PATH} for none"),
            ));
        }
        let share = if path == MEMORY_PATH {
            Share::private(open::open_memory(options)?, None)?
        } else {
            let path = Path::new(path);
            let storage: Arc<dyn Storage> = Arc::new(FileStorage::new());
            Share::join(path, || {
                open::open_file(storage, path, options).map(|(store, lock)| (store, Some(lock)))
            })?
        };
        Database::of(share, options)
    }

    /// Opens the database at `path` of `storage`, which nobody else shares.
    pub fn open_on(storage: Arc<dyn Storage>, path: &Path, options: &OpenOptions) -> Result<Database> {
        options.check()?;
        let (store, lock) = open::open_file(storage, path, options)?;
        Database::of(Share::private(store, Some(lock))?, options)
    }

    fn of(share: Share, options: &OpenOptions) -> Result<Database> {
        let handle = Handle {
            share,
            is_closed: AtomicBool::new(false),
            durability: options.durability,
        };
        if handle.share.store.settings.read_only && !options.read_only {
            return Err(Error::new(
                ErrorKind::ReadOnly,
                "the database is open read-only in this process; close that handle before opening it for writing",
            ));
        }
        Ok(Database {
            handle: Arc::new(handle),
        })
    }

    /// The collection of this name; the first write makes it.
    ///
    /// Errors: `INVALID_NAME`, `CLOSED`.
    pub fn collection(&self, name: &str) -> Result<Collection> {
        check_name(name)?;
        let state = self.handle.readable()?.collection(name);
        Ok(Collection::new(self.handle.clone(), state))
    }

    /// Makes an empty collection whose ids are made by `ids`.
    ///
    /// Errors: `COLLECTION_EXISTS`, `INVALID_NAME`, and as any commit.
    pub fn create_collection(&self, name: &str, ids: IdMode, options: &WriteOptions) -> Result<()> {
        check_name(name)?;
        let store = self.handle.writable()?;
        let mut transaction =
            Transaction::begin_single(store.clone(), store.collection(name), options.owner)?;
        transaction.create_collection(name, ids)?;
        transaction.commit(self.handle.durability(options))
    }

    /// Removes a collection with all its documents; whether there was one.
    ///
    /// Errors: `BUSY`, and as any commit.
    pub fn drop_collection(&self, name: &str, options: &WriteOptions) -> Result<bool> {
        check_name(name)?;
        let store = self.handle.writable()?;
        let state = store.collection(name);
        let lease = collection::HeldLease::take(store, &state, options.owner)?;
        let result = store.drop_collection(&state, self.handle.durability(options));
        drop(lease);
        result
    }

    /// Gives a collection another name.
    ///
    /// Errors: `COLLECTION_NOT_FOUND`, `COLLECTION_EXISTS`, `INVALID_NAME`, `BUSY`, and as any commit.
    pub fn rename_collection(&self, from: &str, to: &str, options: &WriteOptions) -> Result<()> {
        check_name(from)?;
        check_name(to)?;
        let store = self.handle.writable()?;
        if from == to {
            return Err(Error::new(
                ErrorKind::CollectionExists,
                format!("collection {from} has this name already"),
            ));
        }
        let (source, target) = (store.collection(from), store.collection(to));
        let (first, second) = if from < to {
            (&source, &target)
        } else {
            (&target, &source)
        };
        let _first = collection::HeldLease::take(store, first, options.owner)?;
        let _second = collection::HeldLease::take(store, second, options.owner)?;
        store.rename_collection(&source, &target, self.handle.durability(options))
    }

    /// Every collection, in the order of names.
    pub fn collections(&self) -> Result<Vec<CollectionInfo>> {
        Ok(self.handle.readable()?.collection_infos())
    }

    /// Begins a transaction.
    ///
    /// Errors: `BUSY`, `CLOSED`, `POISONED`.
    pub fn begin(&self, options: &TransactionOptions) -> Result<Transaction> {
        for name in &options.collections {
            check_name(name)?;
        }
        Transaction::begin(self.handle.readable()?.clone(), options)
    }

    /// Begins a transaction in the name of `owner` that takes no lease at its start.
    pub fn begin_as(&self, owner: Owner) -> Result<Transaction> {
        self.begin(&TransactionOptions {
            collections: Vec::new(),
            owner,
        })
    }

    /// A stream of what is committed from now on, in one collection or in all; see `watch`.
    ///
    /// Errors: `INVALID_NAME`, `INVALID_ARGUMENT`, `HISTORY_LOST`, `CLOSED`.
    pub fn watch(&self, options: WatchOptions) -> Result<Stream> {
        if let Some(name) = &options.collection {
            check_name(name)?;
        }
        Stream::open(self.handle.readable()?.clone(), options)
    }

    /// Waits until everything committed so far is on disk.
    ///
    /// Errors: `POISONED`, `IO`, `CLOSED`.
    pub fn sync(&self) -> Result<()> {
        self.handle.readable()?.sync()
    }

    /// Writes everything to the data file and gives the log's space back.
    ///
    /// Errors: `DISK_FULL`, `POISONED`, `IO`, `CLOSED`, `READ_ONLY`.
    pub fn checkpoint(&self) -> Result<()> {
        self.handle.writable()?.checkpoint()
    }

    /// As `checkpoint`; `between` runs while the checkpoint is under way. For tests of what commits may do then.
    #[cfg(any(test, feature = "simulation"))]
    pub fn checkpoint_with(&self, between: impl FnOnce()) -> Result<()> {
        self.handle.writable()?.checkpoint_with(false, between)
    }

    /// Deletes the documents that have expired by a TTL index, as the janitor does from time to time; how many there
    /// were.
    ///
    /// Errors: `BUSY`, and as any commit.
    pub fn expire_documents(&self) -> Result<u64> {
        self.expire_documents_at(present())
    }

    /// As `expire_documents`, as if it were `now`.
    pub fn expire_documents_at(&self, now: Timestamp) -> Result<u64> {
        let store = self.handle.writable()?;
        store.expire(now, store.settings.lock_wait, self.handle.durability)
    }

    /// Counts and sizes.
    pub fn stats(&self) -> Result<Stats> {
        Ok(self.handle.readable()?.stats())
    }

    /// Compares everything with everything; see `check`.
    pub fn check(&self) -> Result<crate::check::CheckReport> {
        crate::check::check(self.handle.readable()?)
    }

    /// Copies everything committed so far to a new database at `path`, while others read and write; see `backup`.
    /// The work is done by the calling thread.
    ///
    /// Errors: `INVALID_ARGUMENT` when `path` is empty, `:memory:`, or names a file that is there already; `LOCKED`,
    /// `CANNOT_OPEN`, `DISK_FULL`, `IO`; `SNAPSHOT_TOO_OLD`; `CORRUPTED`; `CLOSED`, `POISONED`.
    pub fn backup(&self, path: &str) -> Result<BackupReport> {
        let store = self.handle.readable()?;
        if path.is_empty() || path == MEMORY_PATH {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a backup needs the path of a new file, not {path:?}"),
            ));
        }
        crate::backup::backup(store, Path::new(path))
    }

    /// Takes the room out of the file that deletes and updates left, while others read and write; see `compact`.
    /// The work is done by the calling thread.
    ///
    /// Errors: `READ_ONLY`, `CORRUPTED`, `DISK_FULL`, `IO`, `OUT_OF_MEMORY`, `CLOSED`, `POISONED`.
    pub fn compact(&self) -> Result<CompactReport> {
        crate::compact::compact(self.handle.writable()?)
    }

    /// Puts every collection into new pages and makes a checkpoint, whether that is worth it or not. For tests of what
    /// a rebuild leaves as it was.
    #[cfg(any(test, feature = "simulation"))]
    pub fn move_collections(&self, room: crate::store::Room) -> Result<()> {
        crate::compact::move_collections(self.handle.writable()?, room)
    }

    /// A new automatic id.
    pub fn new_id(&self) -> Result<IdBytes> {
        Ok(self.handle.readable()?.ulids.next_id())
    }

    /// The level of commits that name none.
    pub fn durability(&self) -> Durability {
        self.handle.durability
    }

    /// Whether `close` was called on this handle.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed.load(Ordering::Acquire)
    }

    /// Closes this handle, its clones and its collections. Closing twice is allowed.
    ///
    /// Errors: those of the last checkpoint, when this was the last handle; the database is closed all the same.
    pub fn close(&self) -> Result<()> {
        if self.handle.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.handle.share.leave()
    }
}
