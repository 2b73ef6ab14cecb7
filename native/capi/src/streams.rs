//! Change streams: what is committed, told to whoever waits for it.
//!
//! A reader waits on a condition of its own stream, which the commit that brings more, or the close, sets. Promises: no
//! wake is lost; a stream that is closed lets its reader go at once.
//! Leaves to others: what is told (the engine's watch/; docs/CHANGES.md).

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use quire_engine::command;
use quire_engine::format::encode::write_text;
use quire_engine::store::waiting::Waiting;
use quire_engine::watch::{Stream, Waker};
use quire_engine::{Error, ErrorKind, Result};

use crate::buffer::{QuireBuffer, Reply};
use crate::cursors::limits;
use crate::database::{OpenDatabase, database_of};
use crate::door::{bytes, door, needed, put, refuse};
use crate::handles::{self, Entry, Kind};

/// A change stream that a handle stands for.
pub struct OpenStream {
    /// The database that it ends with.
    database: Arc<OpenDatabase>,
    stream: Mutex<Stream>,
    bell: Arc<Bell>,
}

/// Wakes the reader of one stream.
#[derive(Default)]
struct Bell {
    state: Waiting<BellState>,
}

#[derive(Default)]
struct BellState {
    is_rung: bool,
    is_closed: bool,
}

impl Bell {
    fn ring(&self, is_closed: bool) {
        self.state.change(|state| {
            state.is_rung = true;
            state.is_closed |= is_closed;
        });
    }

    /// Errors: CLOSED.
    fn check_open(&self) -> Result<()> {
        if self.state.lock().is_closed {
            return Err(closed());
        }
        Ok(())
    }

    /// Waits until the bell rings, or for `deadline`; whether it rang. Errors: CLOSED.
    fn wait(&self, deadline: Option<Instant>) -> Result<bool> {
        let mut state = self.state.wait_while(deadline, |state| !state.is_rung);
        if state.is_closed {
            return Err(closed());
        }
        Ok(std::mem::take(&mut state.is_rung))
    }
}

#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the change stream was closed")
}

impl OpenStream {
    /// Lets the reader go: it gets CLOSED.
    pub fn close(&self) {
        self.bell.ring(true);
    }

    fn enter(&self) -> Result<parking_lot::MutexGuard<'_, Stream>> {
        self.stream.try_lock().ok_or_else(|| {
            Error::new(
                ErrorKind::Busy,
                "another thread reads this change stream; one call at a time",
            )
        })
    }

    /// Reads events, and waits for the first one until `deadline`, for ever where there is none. How many there are,
    /// and whether the stream is over. Errors: those of the stream; CLOSED, BUSY.
    fn next(
        &self,
        out: &mut Vec<u8>,
        events_max: usize,
        bytes_max: usize,
        deadline: Option<Instant>,
    ) -> Result<(usize, bool)> {
        let mut stream = self.enter()?;
        let bell = self.bell.clone();
        let waker: Waker = Arc::new(move || bell.ring(false));
        loop {
            // A reader that is far behind does not come to the wait below for long.
            self.bell.check_open()?;
            let progress = stream.next_batch(out, events_max, bytes_max)?;
            if progress.count > 0 || progress.is_ended {
                return Ok((progress.count, progress.is_ended));
            }
            let is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if is_late && !progress.has_more {
                return Ok((0, false));
            }
            if progress.has_more || !stream.arm(&waker) {
                continue;
            }
            self.bell.wait(deadline)?;
        }
    }
}

fn stream_of(handle: u64) -> Result<Arc<OpenStream>> {
    handles::find(handle, &[Kind::Stream], "a change stream", |entry| match entry {
        Entry::Stream(open) => Some(open),
        _ => None,
    })
}

fn close(handle: u64) -> Result<()> {
    if let Some(Entry::Stream(open)) = handles::remove_open(handle)? {
        open.database.forget(handle);
        open.close();
    }
    Ok(())
}

/// Opens a stream of what is committed from now on: {op: "watch", collection, filter, resumeAfter, startAfter,
/// fullDocument, matching, durable, outlives} (docs/CHANGES.md). Close it with quire_watch_close.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_watch(
    database: u64,
    request: *const u8,
    request_length: usize,
    stream: *mut u64,
) -> i32 {
    door(|| {
        needed(stream, "stream")?;
        // SAFETY: the caller's promise (quire.h); so in all calls of this file.
        let request = unsafe { bytes(request, request_length, "request")? };
        let open = database_of(database)?;
        let opened = OpenStream {
            stream: Mutex::new(command::open_stream(&open.database, request)?),
            database: open.clone(),
            bell: Arc::default(),
        };
        let handle = open.keep(Entry::Stream(Arc::new(opened)))?;
        // SAFETY: as above.
        unsafe { put(stream, handle) };
        Ok(())
    })
}

/// Reads the next events, one map each, back to back; waits at most `timeout_ms` for the first (-1: for ever, 0: not).
/// `count` 0: none in time. Limits as in quire_cursor_next; the event that ends a stream comes with the one before it,
/// and closes the stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_watch_next(
    stream: u64,
    events_max: u64,
    bytes_max: usize,
    timeout_ms: i64,
    events: *mut QuireBuffer,
    count: *mut u64,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_watch`.
        let mut reply = unsafe { Reply::take(events)? };
        needed(count, "count")?;
        let deadline = deadline(timeout_ms)?;
        let (events_max, bytes_max) = limits(events_max, bytes_max);
        let (read, is_over) = stream_of(stream)?.next(&mut reply.bytes, events_max, bytes_max, deadline)?;
        if is_over {
            close(stream)?;
        }
        // SAFETY: as above.
        unsafe { put(count, read as u64) };
        reply.keep();
        Ok(())
    })
}

/// When a wait of `timeout_ms` is over; `None` for never. Errors: INVALID_ARGUMENT.
fn deadline(timeout_ms: i64) -> Result<Option<Instant>> {
    match timeout_ms {
        -1 => Ok(None),
        0.. => Ok(Instant::now().checked_add(Duration::from_millis(timeout_ms.unsigned_abs()))),
        _ => Err(refuse(format!(
            "timeout_ms is {timeout_ms}; it is at least 0, or -1 to wait for ever"
        ))),
    }
}

/// The resume token behind everything that was read, also what the filter left out, for a later resumeAfter: a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_watch_token(stream: u64, token: *mut QuireBuffer) -> i32 {
    door(|| {
        // SAFETY: as in `quire_watch`.
        let mut reply = unsafe { Reply::take(token)? };
        let text = stream_of(stream)?.enter()?.token().to_string();
        write_text(text.as_bytes(), &mut reply.bytes);
        reply.keep();
        Ok(())
    })
}

/// Closes a change stream. A thread that waits in quire_watch_next gets CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn quire_watch_close(stream: u64) -> i32 {
    door(|| {
        handles::check_kind(stream, &[Kind::Stream], "a change stream")?;
        close(stream)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{quire_close, quire_create_collection, quire_open};
    use std::ptr;

    #[test]
    fn stream_that_is_closed_lets_its_reader_go_whatever_there_is_to_read() {
        let (mut database, mut stream) = (0, 0);
        let request = b"\x81\xa2op\xa5watch";
        // SAFETY: pointers are of live values with their lengths.
        let open = unsafe {
            assert_eq!(
                quire_open(c":memory:".as_ptr(), 8, ptr::null(), 0, &mut database),
                0
            );
            assert_eq!(
                quire_watch(database, request.as_ptr(), request.len(), &mut stream),
                0
            );
            let made = quire_create_collection(database, c"a".as_ptr(), 1, ptr::null(), 0);
            assert_eq!(made, 0);
            stream_of(stream).unwrap()
        };
        assert_eq!(quire_watch_close(stream), 0);
        let error = open.next(&mut Vec::new(), 1, 1, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert_eq!(quire_close(database), 0);
    }
}
