//! Cursors: opening them by a command, and reading them in batches.
//!
//! Promises: a cursor sees the documents as they were when it was opened; between batches it holds no lock. Documents
//! come out plain. Leaves to others: what is found (the engine).

use std::sync::Arc;

use parking_lot::Mutex;
use quire_engine::format::plain::write_plain;
use quire_engine::{AnyCursor, Error, ErrorKind, Result};

use crate::buffer::{QuireBuffer, Reply};
use crate::commands::open_cursor;
use crate::database::OpenDatabase;
use crate::door::{bytes, door, needed, put};
use crate::handles::{self, Entry, Kind};

/// Bytes that end a batch when the caller names none.
const BATCH_BYTES: usize = 1 << 20;

/// A cursor that a handle stands for.
pub struct OpenCursor {
    /// The database that it ends with.
    pub database: Arc<OpenDatabase>,
    reader: Mutex<Reader>,
}

/// A cursor, and room for a batch of documents as they are stored.
pub struct Reader {
    cursor: AnyCursor,
    stored: Vec<u8>,
}

/// The limits of a batch as they are given: 0 stands for no count, and for 1 MiB.
pub fn limits(count_max: u64, bytes_max: usize) -> (usize, usize) {
    let count_max = match usize::try_from(count_max) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(count) => count,
    };
    (count_max, if bytes_max == 0 { BATCH_BYTES } else { bytes_max })
}

impl Reader {
    /// A reader of `cursor`.
    pub fn new(cursor: AnyCursor) -> Reader {
        Reader {
            cursor,
            stored: Vec::new(),
        }
    }

    /// Appends the next documents in plain MessagePack, and gives how many there are: 0 at the end. At most
    /// `documents_max`, and no further one behind `bytes_max` bytes of stored form; 0 stands for no limit, and for 1 MiB.
    ///
    /// Errors: those of the cursor.
    pub fn next_batch(&mut self, out: &mut Vec<u8>, documents_max: u64, bytes_max: usize) -> Result<usize> {
        let (documents_max, bytes_max) = limits(documents_max, bytes_max);
        self.stored.clear();
        let count = self
            .cursor
            .next_batch(&mut self.stored, documents_max, bytes_max)?;
        // Documents may use structures that were made since the batch before.
        let structures = self.cursor.structures();
        let mut rest = self.stored.as_slice();
        for _ in 0..count {
            let taken = write_plain(rest, &structures, out)?;
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(count)
    }
}

/// Opens a cursor on what a command finds: {op: "find", filter, projection, sort, skip, limit, hint} of a collection, or
/// {op: "aggregate", pipeline} of a collection or a database. Close it with quire_cursor_close, or read it to its end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_find(
    target: u64,
    request: *const u8,
    request_length: usize,
    cursor: *mut u64,
) -> i32 {
    door(|| {
        needed(cursor, "cursor")?;
        // SAFETY: the caller's promise (quire.h); so in all calls of this file.
        let request = unsafe { bytes(request, request_length, "request")? };
        let (database, found) = open_cursor(target, request)?;
        let open = OpenCursor {
            database: database.clone(),
            reader: Mutex::new(Reader::new(found)),
        };
        let handle = database.keep(Entry::Cursor(Arc::new(open)))?;
        // SAFETY: as above.
        unsafe { put(cursor, handle) };
        Ok(())
    })
}

/// Reads the next documents, back to back: at most `documents_max` (0: no limit), and none more once there are about
/// `bytes_max` bytes (0: 1 MiB). `count` 0 is the end, and closes the cursor; so does a failure, but for QUIRE_BUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_cursor_next(
    cursor: u64,
    documents_max: u64,
    bytes_max: usize,
    documents: *mut QuireBuffer,
    count: *mut u64,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_find`.
        let mut reply = unsafe { Reply::take(documents)? };
        needed(count, "count")?;
        let open = cursor_of(cursor)?;
        let mut reader = open.reader.try_lock().ok_or_else(|| {
            Error::new(
                ErrorKind::Busy,
                "another thread reads this cursor; one call at a time",
            )
        })?;
        let result = reader.next_batch(&mut reply.bytes, documents_max, bytes_max);
        drop(reader);
        // A cursor that failed has no next batch: asked again, it must not look like one that came to its end.
        if !matches!(result, Ok(1..)) {
            close(cursor)?;
        }
        let read = result?;
        // SAFETY: as above.
        unsafe { put(count, read as u64) };
        reply.keep();
        Ok(())
    })
}

/// Closes a cursor.
#[unsafe(no_mangle)]
pub extern "C" fn quire_cursor_close(cursor: u64) -> i32 {
    door(|| {
        handles::check_kind(cursor, &[Kind::Cursor], "a cursor")?;
        close(cursor)
    })
}

fn cursor_of(handle: u64) -> Result<Arc<OpenCursor>> {
    handles::find(handle, &[Kind::Cursor], "a cursor", |entry| match entry {
        Entry::Cursor(open) => Some(open),
        _ => None,
    })
}

fn close(handle: u64) -> Result<()> {
    if let Some(Entry::Cursor(open)) = handles::remove_open(handle)? {
        open.database.forget(handle);
    }
    Ok(())
}
