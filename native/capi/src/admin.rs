//! What a database tells about itself, and its upkeep: figures, syncing, checking, saving.
//!
//! Shape: replies are maps with the names of docs/ABI.md. Leaves to others: their bytes (the engine's
//! command/describe.rs).

use std::ffi::c_char;

use quire_engine::command::describe::{
    write_backup, write_check, write_collections, write_compact, write_salvage, write_stats,
};

use crate::buffer::{QuireBuffer, Reply};
use crate::database::database_of;
use crate::door::{door, put, text};

/// Every collection: an array of {name, ids, documentsCount, documentsBytes, pagesCount, indexBytes, ...}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_collections(database: u64, reply: *mut QuireBuffer) -> i32 {
    door(|| {
        // SAFETY: the caller's promise (quire.h); so in all calls of this file.
        let mut reply = unsafe { Reply::take(reply)? };
        write_collections(&database_of(database)?.database.collections()?, &mut reply.bytes);
        reply.keep();
        Ok(())
    })
}

/// Counts and sizes: {collections, pagesCount, cacheBytes, logBytes, commitsCount, ...}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_stats(database: u64, reply: *mut QuireBuffer) -> i32 {
    door(|| {
        // SAFETY: as in `quire_collections`.
        let mut reply = unsafe { Reply::take(reply)? };
        write_stats(&database_of(database)?.database.stats()?, &mut reply.bytes);
        reply.keep();
        Ok(())
    })
}

/// Waits until everything committed so far is on disk.
#[unsafe(no_mangle)]
pub extern "C" fn quire_sync(database: u64) -> i32 {
    door(|| database_of(database)?.database.sync())
}

/// Writes everything to the data file and gives the log's space back.
#[unsafe(no_mangle)]
pub extern "C" fn quire_checkpoint(database: u64) -> i32 {
    door(|| database_of(database)?.database.checkpoint())
}

/// Compares all that the database says of itself: {isClean, pagesCount, documentsCount, problemsCount, problems}.
/// Damage is in the report and is no failure of the call. Commits wait meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_check(database: u64, report: *mut QuireBuffer) -> i32 {
    door(|| {
        // SAFETY: as in `quire_collections`.
        let mut reply = unsafe { Reply::take(report)? };
        write_check(&database_of(database)?.database.check()?, &mut reply.bytes);
        reply.keep();
        Ok(())
    })
}

/// Copies everything committed so far to a new database at `path`, while others read and write: {pagesCount,
/// bytes, collectionsCount, documentsCount, sequence}. This thread does the work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_backup(
    database: u64,
    path: *const c_char,
    path_length: usize,
    report: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_collections`.
        let mut reply = unsafe { Reply::take(report)? };
        // SAFETY: as above; the path is copied before anything is written.
        let path = unsafe { text(path, path_length, "path")?.to_owned() };
        write_backup(&database_of(database)?.database.backup(&path)?, &mut reply.bytes);
        reply.keep();
        Ok(())
    })
}

/// Takes the room out of the file that deletes and updates left, while others read and write: {bytesBefore, bytesAfter,
/// moved, left}, the last two being names of collections. This thread does the work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_compact(database: u64, report: *mut QuireBuffer) -> i32 {
    door(|| {
        // SAFETY: as in `quire_collections`.
        let mut reply = unsafe { Reply::take(report)? };
        write_compact(&database_of(database)?.database.compact()?, &mut reply.bytes);
        reply.keep();
        Ok(())
    })
}

/// Copies every document that can be read from a damaged database, which is not open, to a new one: {documentsCount,
/// problemsCount, problems}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_salvage(
    from: *const c_char,
    from_length: usize,
    to: *const c_char,
    to_length: usize,
    report: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_collections`.
        let mut reply = unsafe { Reply::take(report)? };
        // SAFETY: as above; paths are copied before anything is written.
        let (from, to) = unsafe {
            (
                text(from, from_length, "from")?.to_owned(),
                text(to, to_length, "to")?.to_owned(),
            )
        };
        write_salvage(&quire_engine::salvage(&from, &to)?, &mut reply.bytes);
        reply.keep();
        Ok(())
    })
}

/// Deletes the documents that have expired by an index with expireAfterSeconds, as the library does from time to time.
/// `deleted` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_expire(database: u64, deleted: *mut u64) -> i32 {
    door(|| {
        let count = database_of(database)?.database.expire_documents()?;
        // SAFETY: as in `quire_collections`.
        unsafe { put(deleted, count) };
        Ok(())
    })
}
