//! Opening a database, and what can be done with it as a whole.
//!
//! Promises: one file has one engine in a process, however often it is opened; the last handle to close writes
//! everything to the file and lets other processes in. Leaves to others: documents (collection.rs), transactions
//! (transaction.rs), changes (watch.rs).

use serde::Serialize;

use crate::collection::Collection;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::options::OpenOptions;
use crate::request::{open_cursor, request};
use crate::scope::{Scope, write_options};
use crate::value::Document;
use quire_engine::check::CheckReport;
use quire_engine::stats::{CollectionInfo, Stats};
use quire_engine::{BackupReport, CompactReport, DumpReport, IdMode, MEMORY_PATH, Target};

/// An open database. It is cheap to clone and may be used by any thread. Errors of every call: CLOSED; of every write
/// also READ_ONLY.
///
/// Dropping the last clone closes it as well, but only `close` tells what went wrong.
#[derive(Clone)]
pub struct Database {
    pub(crate) engine: quire_engine::Database,
}

impl Database {
    /// Opens the database at `path`, or makes it; `:memory:` is one without a file.
    ///
    /// Errors: INVALID_ARGUMENT, LOCKED when another process has it open, CANNOT_OPEN, NOT_A_DATABASE,
    /// UNSUPPORTED_FORMAT, CORRUPTED, DISK_FULL, IO, OUT_OF_MEMORY.
    pub fn open(path: impl AsRef<std::path::Path>) -> Result<Database> {
        Database::open_with(path, OpenOptions::new())
    }

    /// As `open`, with options.
    pub fn open_with(path: impl AsRef<std::path::Path>, options: OpenOptions) -> Result<Database> {
        let engine = quire_engine::Database::open(text_of(path.as_ref())?, &options.engine)?;
        Ok(Database { engine })
    }

    /// A new database without a file.
    pub fn in_memory() -> Result<Database> {
        Database::open(MEMORY_PATH)
    }

    /// The collection of this name, as documents of type `T`; its first write makes it.
    ///
    /// Errors: INVALID_NAME when the name is empty, longer than 255 bytes, or has control characters.
    pub fn collection<T>(&self, name: &str) -> Result<Collection<T>> {
        Ok(Collection::new(Scope::Alone {
            database: self.engine.clone(),
            collection: self.engine.collection(name)?,
            durability: None,
        }))
    }

    /// Makes an empty collection; needed only for other ids than ULIDs.
    ///
    /// Errors: COLLECTION_EXISTS, INVALID_NAME.
    pub fn create_collection(&self, name: &str, ids: IdMode) -> Result<()> {
        Ok(self.engine.create_collection(name, ids, &write_options(None))?)
    }

    /// Deletes a collection and all its documents; whether there was one. Errors: BUSY, INVALID_NAME.
    pub fn drop_collection(&self, name: &str) -> Result<bool> {
        Ok(self.engine.drop_collection(name, &write_options(None))?)
    }

    /// Gives a collection another name.
    ///
    /// Errors: COLLECTION_NOT_FOUND, COLLECTION_EXISTS, INVALID_NAME, BUSY.
    pub fn rename_collection(&self, from: &str, to: &str) -> Result<()> {
        Ok(self.engine.rename_collection(from, to, &write_options(None))?)
    }

    /// The collections, in the order of their names.
    pub fn list_collections(&self) -> Result<Vec<CollectionInfo>> {
        Ok(self.engine.collections()?)
    }

    /// The results of a pipeline that begins with `$documents`.
    ///
    /// Errors: INVALID_ARGUMENT for another pipeline; as [`Collection::aggregate`].
    pub fn aggregate(&self, pipeline: impl Serialize) -> Result<Cursor<Document>> {
        let asked = request("aggregate").with("pipeline", &pipeline);
        let mut target = Target::Database(&self.engine, write_options(None));
        open_cursor(&mut target, &asked).map(Cursor::new)
    }

    /// Deletes the documents that an index with `expire_after` lets go, as happens by itself from time to time; how
    /// many there were. Errors: BUSY.
    pub fn expire_documents(&self) -> Result<u64> {
        Ok(self.engine.expire_documents()?)
    }

    /// Waits until everything committed before is on disk. Errors: IO, POISONED.
    pub fn sync(&self) -> Result<()> {
        Ok(self.engine.sync()?)
    }

    /// Writes everything to the data file and gives the log's space back. It happens by itself as the log grows.
    ///
    /// Errors: DISK_FULL, IO, POISONED.
    pub fn checkpoint(&self) -> Result<()> {
        Ok(self.engine.checkpoint()?)
    }

    /// Counts and sizes.
    pub fn stats(&self) -> Result<Stats> {
        Ok(self.engine.stats()?)
    }

    /// Reads everything and compares it with everything else. What is wrong is in the report.
    pub fn check(&self) -> Result<CheckReport> {
        Ok(self.engine.check()?)
    }

    /// Copies the database as it is now to a new file, while others read and write. The copy is a database of its own.
    ///
    /// Errors: INVALID_ARGUMENT when there is a file at `path`, LOCKED, CANNOT_OPEN, DISK_FULL, SNAPSHOT_TOO_OLD when too
    /// much was changed meanwhile.
    pub fn backup(&self, path: impl AsRef<std::path::Path>) -> Result<BackupReport> {
        Ok(self.engine.backup(text_of(path.as_ref())?)?)
    }

    /// Takes the room out of the file that deletes and updates left, while others read and write.
    ///
    /// Errors: READ_ONLY, CORRUPTED, DISK_FULL, IO, POISONED.
    pub fn compact(&self) -> Result<CompactReport> {
        Ok(self.engine.compact()?)
    }

    /// Closes this handle, its clones and its collections: open transactions are rolled back, cursors end. Closing twice
    /// is allowed.
    ///
    /// Errors: those of the last checkpoint; the database is closed all the same, and its log has everything.
    pub fn close(&self) -> Result<()> {
        Ok(self.engine.close()?)
    }

    /// Whether `close` was called.
    pub fn is_closed(&self) -> bool {
        self.engine.is_closed()
    }
}

impl<T> Collection<T> {
    /// The database that the collection is of. Errors: INVALID_ARGUMENT inside a transaction.
    fn database(&self, what: &str) -> Result<&quire_engine::Database> {
        match &self.scope {
            Scope::Alone { database, .. } => Ok(database),
            Scope::Inside { .. } => Err(Error::new(
                quire_engine::ErrorKind::InvalidArgument,
                format!("{what} is asked of a collection itself, outside of transactions"),
            )),
        }
    }

    /// Deletes the collection and all its documents; whether there was one. Errors: BUSY.
    pub fn drop_collection(&self) -> Result<bool> {
        let database = self.database("drop_collection")?;
        Ok(database.drop_collection(&self.name(), &write_options(None))?)
    }

    /// Gives the collection another name; this handle keeps standing for the old one.
    ///
    /// Errors: COLLECTION_NOT_FOUND, COLLECTION_EXISTS, INVALID_NAME, BUSY.
    pub fn rename(&self, to: &str) -> Result<()> {
        let database = self.database("rename")?;
        Ok(database.rename_collection(&self.name(), to, &write_options(None))?)
    }

    pub(crate) fn watched(&self) -> Result<&quire_engine::Database> {
        self.database("watch")
    }
}

/// Copies every document that can still be read of a damaged database to a new one; the damaged files are only read.
///
/// Errors: INVALID_ARGUMENT when there is a file at `to`, LOCKED while `from` is open, CANNOT_OPEN, NOT_A_DATABASE,
/// UNSUPPORTED_FORMAT, DISK_FULL, IO.
pub fn salvage(from: impl AsRef<std::path::Path>, to: impl AsRef<std::path::Path>) -> Result<DumpReport> {
    Ok(quire_engine::salvage(
        text_of(from.as_ref())?,
        text_of(to.as_ref())?,
    )?)
}

fn text_of(path: &std::path::Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::new(
            quire_engine::ErrorKind::InvalidArgument,
            format!("the path {} is not UTF-8", path.display()),
        )
    })
}
