//! Databases and their collections: opening, closing, making, renaming.
//!
//! Promises: what was opened from a database ends with it: its cursors and change streams are closed, its transactions
//! rolled back. Leaves to others: the documents (documents.rs), figures and upkeep (admin.rs).

use std::collections::HashSet;
use std::ffi::c_char;
use std::sync::Arc;

use parking_lot::Mutex;
use quire_engine::command::options::{collection_options, open_options};
use quire_engine::{Database, Error, ErrorKind, Result};

use crate::documents::Session;
use crate::door::{bytes, door, needed, put, text, write_options};
use crate::handles::{self, Entry, Kind};

/// A database that a handle stands for.
pub struct OpenDatabase {
    /// The engine's handle.
    pub database: Database,
    /// The handles that end with it; `None` once it was closed.
    dependents: Mutex<Option<HashSet<u64>>>,
}

impl OpenDatabase {
    /// Keeps `entry`, which ends with this database, and gives its handle.
    ///
    /// Errors: `CLOSED`, `LIMIT_EXCEEDED`.
    pub fn keep(&self, entry: Entry) -> Result<u64> {
        let mut dependents = self.dependents.lock();
        let Some(dependents) = dependents.as_mut() else {
            return Err(Error::new(ErrorKind::Closed, "the database was closed"));
        };
        let handle = handles::insert(entry)?;
        dependents.insert(handle);
        Ok(handle)
    }

    /// Forgets a handle that was closed.
    pub fn forget(&self, handle: u64) {
        if let Some(dependents) = self.dependents.lock().as_mut() {
            dependents.remove(&handle);
        }
    }

    /// Closes everything that was opened from this database.
    fn end_dependents(&self) {
        let dependents = self.dependents.lock().take();
        for handle in dependents.into_iter().flatten() {
            // What is closed by its own call at this moment has nothing more to end.
            if let Ok(Entry::Stream(stream)) = handles::remove(handle) {
                stream.close();
            }
        }
    }
}

/// The database of `handle`. Errors: as `handles::with`.
pub fn database_of(handle: u64) -> Result<Arc<OpenDatabase>> {
    handles::find(handle, &[Kind::Database], "a database", |entry| match entry {
        Entry::Database(open) => Some(open),
        _ => None,
    })
}

/// Opens the database at `path`, or makes it; ":memory:" is one without a file. `options` is a map (docs/ABI.md):
/// durability, syncInterval, cacheSize, readOnly, create, documentBytesMax, lockWait, log, checkpointLogSize, watchSize,
/// ttlInterval. Further opens of one file in this process share it. Close the handle with quire_close.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_open(
    path: *const c_char,
    path_length: usize,
    options: *const u8,
    options_length: usize,
    database: *mut u64,
) -> i32 {
    door(|| {
        needed(database, "database")?;
        // SAFETY: the caller's promise (quire.h); so in all calls of this file.
        let (path, options) = unsafe {
            (
                text(path, path_length, "path")?,
                bytes(options, options_length, "options")?,
            )
        };
        let open = OpenDatabase {
            database: Database::open(path, &open_options(options)?)?,
            dependents: Mutex::new(Some(HashSet::new())),
        };
        let handle = handles::insert(Entry::Database(Arc::new(open)))?;
        // SAFETY: as above.
        unsafe { put(database, handle) };
        Ok(())
    })
}

/// Closes a database and everything that was opened from it; open transactions are rolled back. The last handle on a
/// file writes what its log holds. The handle is closed also where this fails. Calls under way get CLOSED or end.
#[unsafe(no_mangle)]
pub extern "C" fn quire_close(database: u64) -> i32 {
    door(|| {
        handles::check_kind(database, &[Kind::Database], "a database")?;
        let Some(Entry::Database(open)) = handles::remove_open(database)? else {
            return Ok(());
        };
        open.end_dependents();
        open.database.close()
    })
}

/// A collection, by name; its first write makes it. Close the handle with quire_collection_close.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_collection(
    database: u64,
    name: *const c_char,
    name_length: usize,
    collection: *mut u64,
) -> i32 {
    door(|| {
        needed(collection, "collection")?;
        // SAFETY: as in `quire_open`.
        let name = unsafe { text(name, name_length, "name")? };
        let open = database_of(database)?;
        let session = Session::Collection {
            collection: open.database.collection(name)?,
            database: open.clone(),
        };
        let handle = open.keep(Entry::Session(session))?;
        // SAFETY: as above.
        unsafe { put(collection, handle) };
        Ok(())
    })
}

/// Gives the handle of a collection back, of a database or of a transaction. The collection stays.
#[unsafe(no_mangle)]
pub extern "C" fn quire_collection_close(collection: u64) -> i32 {
    door(|| {
        handles::check_kind(collection, &[Kind::Collection, Kind::Part], "a collection")?;
        if let Some(Entry::Session(session)) = handles::remove_open(collection)? {
            session.forget(collection);
        }
        Ok(())
    })
}

/// Makes an empty collection; options: {ids: "ulid" | "integer"}, how documents without _id get one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_create_collection(
    database: u64,
    name: *const c_char,
    name_length: usize,
    options: *const u8,
    options_length: usize,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_open`.
        let (name, options) = unsafe {
            (
                text(name, name_length, "name")?,
                bytes(options, options_length, "options")?,
            )
        };
        let ids = collection_options(options)?;
        let open = database_of(database)?;
        open.database.create_collection(name, ids, &write_options(0)?)
    })
}

/// Removes a collection with its documents and indexes. `existed` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_drop_collection(
    database: u64,
    name: *const c_char,
    name_length: usize,
    existed: *mut bool,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_open`.
        let name = unsafe { text(name, name_length, "name")? };
        let is_dropped = database_of(database)?
            .database
            .drop_collection(name, &write_options(0)?)?;
        // SAFETY: as above.
        unsafe { put(existed, is_dropped) };
        Ok(())
    })
}

/// Gives a collection another name, which no collection has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_rename_collection(
    database: u64,
    from: *const c_char,
    from_length: usize,
    to: *const c_char,
    to_length: usize,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_open`.
        let (from, to) = unsafe { (text(from, from_length, "from")?, text(to, to_length, "to")?) };
        let open = database_of(database)?;
        open.database.rename_collection(from, to, &write_options(0)?)
    })
}
