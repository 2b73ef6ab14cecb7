//! What reading keeps for the next read, one of it in each thread: a buffer, and the key lists of records.
//!
//! A document is copied out of the engine's page and decoded with no lock held, because a type's `Deserialize` is the
//! caller's code. Promises: a read of a document that fits the buffer allocates nothing of its own; key lists are
//! fetched anew when a record is met that they do not have. Why not one for all threads: two atomic counts cost as
//! much as finding a small document.
//! Leaves to others: reading (native/engine/src/database/collection.rs), decoding (decode.rs).

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use quire_engine::format::record::Structures;
use serde::Deserialize;

use crate::decode::Decoder;
use crate::error::{Error, Result};
use quire_engine::ErrorKind;

/// First size of the buffer.
const BUFFER_BYTES: usize = 4096;
/// Larger buffers are given back after a read.
const BUFFER_KEPT_BYTES: usize = 1 << 20;
/// Collections whose key lists are kept.
const KEPT_MAX: usize = 16;
/// A collection may be renamed while it is read; then its documents have other key lists.
const TRIES_MAX: usize = 100;

thread_local! {
    static ROOM: Cell<Option<Box<Room>>> = const { Cell::new(None) };
}

/// A document as it is stored, for reading without a copy of its texts; see [`crate::Collection::get_with`].
pub struct Stored<'a> {
    bytes: &'a [u8],
    structures: &'a Structures,
    /// Whether a record was met whose key list is not in `structures`.
    met_unknown_structure: Cell<bool>,
}

impl<'a> Stored<'a> {
    fn new(bytes: &'a [u8], structures: &'a Structures) -> Stored<'a> {
        Stored {
            bytes,
            structures,
            met_unknown_structure: Cell::new(false),
        }
    }

    /// The document as a type, whose texts and bytes may be parts of it: `&str` fields.
    ///
    /// Errors: INVALID_DOCUMENT when it does not fit, CORRUPTED.
    #[inline]
    pub fn read<T: Deserialize<'a>>(&self) -> Result<T> {
        let mut decoder = Decoder::new(self.bytes, self.structures);
        let result = T::deserialize(&mut decoder);
        if decoder.met_unknown_structure {
            self.met_unknown_structure.set(true);
        }
        result
    }
}

/// What one thread keeps.
#[derive(Default)]
pub(crate) struct Room {
    pub(crate) buffer: Vec<u8>,
    /// Key lists by their identity.
    kept: Vec<(u64, Arc<Structures>)>,
}

/// The key lists of a collection and their identity, as they are now.
pub(crate) type Fetched = Result<(Arc<Structures>, u64)>;

/// Runs `read` with the thread's room. A type that reads in its `Deserialize` finds an empty one.
#[inline]
pub(crate) fn with_room<R>(read: impl FnOnce(&mut Room) -> R) -> R {
    let mut room = ROOM.take().unwrap_or_default();
    let result = read(&mut room);
    if room.buffer.capacity() > BUFFER_KEPT_BYTES {
        room.buffer = Vec::new();
    }
    ROOM.set(Some(room));
    result
}

impl Room {
    /// Room for a document of `bytes`.
    #[inline]
    pub(crate) fn at_least(&mut self, bytes: usize) -> &mut [u8] {
        if self.buffer.len() < bytes.max(BUFFER_BYTES) {
            self.buffer.resize(bytes.max(BUFFER_BYTES), 0);
        }
        &mut self.buffer
    }

    /// What `visit` makes of the document in `place` of the buffer; None when its key lists are not there
    /// any more, and it has to be read again.
    #[inline]
    pub(crate) fn visit<R>(
        &mut self,
        place: Range<usize>,
        identity: u64,
        fetch: impl Fn() -> Fetched,
        visit: &mut impl FnMut(&Stored<'_>) -> Result<R>,
    ) -> Result<Option<R>> {
        let bytes = self.buffer.get(place).unwrap_or_default();
        if let Some((_, structures)) = self.kept.iter().find(|(kept, _)| *kept == identity) {
            let stored = Stored::new(bytes, structures);
            let result = visit(&stored);
            if !stored.met_unknown_structure.get() {
                return result.map(Some);
            }
        }
        let (structures, current) = fetch()?;
        if current != identity {
            return Ok(None);
        }
        let result = visit(&Stored::new(bytes, &structures));
        self.keep(identity, structures);
        result.map(Some)
    }

    fn keep(&mut self, identity: u64, structures: Arc<Structures>) {
        self.kept.retain(|(kept, _)| *kept != identity);
        if self.kept.len() >= KEPT_MAX {
            self.kept.remove(0);
        }
        self.kept.push((identity, structures));
    }
}

/// Reads until a document comes with key lists that are there: `read` gives None when it has to be read again.
#[inline]
pub(crate) fn until_read<R>(mut read: impl FnMut() -> Result<Option<R>>) -> Result<R> {
    for _ in 0..TRIES_MAX {
        if let Some(result) = read()? {
            return Ok(result);
        }
    }
    Err(Error::new(
        ErrorKind::Conflict,
        "the collection was renamed each time it was read; read again",
    ))
}
