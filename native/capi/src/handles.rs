//! The table of handles: numbers that programs keep in place of pointers.
//!
//! A handle is, from its lowest bit: the number of a slot (20 bits), the slot's generation (32), what kind of thing it
//! stands for (4), and how many times the process was forked when it was made (8). Promises: a handle names one thing
//! for ever, because a slot's generation rises with every use; whatever number is asked for, the answer is the thing
//! or an error. Finding costs one uncontended read lock of the slot; slots do not share cache lines. A child made by
//! fork has a table of its own: locks of the parent's may be held by threads that the child does not have.
//! Leaves to others: what entries are (the files of their calls).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::{Mutex, RwLock};
use quire_engine::{Error, ErrorKind, Result};

use crate::cursors::OpenCursor;
use crate::database::OpenDatabase;
use crate::documents::Session;
use crate::nanodb::OneDatabase;
use crate::streams::OpenStream;
use crate::transactions::OpenTransaction;

use std::sync::Arc;

/// What a handle stands for. Numbers are bits of handles, so those of one process only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An open database.
    Database = 1,
    /// A collection of a database.
    Collection = 2,
    /// An open transaction.
    Transaction = 3,
    /// A collection as a transaction sees it.
    Part = 4,
    /// An open cursor.
    Cursor = 5,
    /// An open change stream.
    Stream = 6,
}

/// The thing itself.
pub enum Entry {
    /// An open database.
    Database(Arc<OpenDatabase>),
    /// A collection of a database, or as a transaction sees it.
    Session(Session),
    /// An open transaction.
    Transaction(Arc<OpenTransaction>),
    /// An open cursor.
    Cursor(Arc<OpenCursor>),
    /// An open change stream.
    Stream(Arc<OpenStream>),
}

impl Entry {
    fn kind(&self) -> Kind {
        match self {
            Entry::Database(_) => Kind::Database,
            Entry::Session(Session::Collection { .. }) => Kind::Collection,
            Entry::Session(Session::Part { .. }) => Kind::Part,
            Entry::Transaction(_) => Kind::Transaction,
            Entry::Cursor(_) => Kind::Cursor,
            Entry::Stream(_) => Kind::Stream,
        }
    }
}

const SLOT_BITS: u32 = 20;
const GENERATION_AT: u32 = SLOT_BITS;
const KIND_AT: u32 = 52;
const FORKS_AT: u32 = 56;
/// Handles that one process may have at a time.
const SLOTS_MAX: u32 = 1 << SLOT_BITS;
/// Slots that are made at a time.
const CHUNK_SLOTS: usize = 1024;
/// Forks on the way to a process that may still make handles.
const FORKS_MAX: u32 = 255;

/// One place. The alignment keeps threads that use different handles off each other's cache lines.
#[repr(align(64))]
#[derive(Default)]
struct Slot(RwLock<Content>);

#[derive(Default)]
struct Content {
    /// Of the entry that is here; of the next one while there is none.
    generation: u32,
    entry: Option<Entry>,
}

/// The handles of one process.
struct Table {
    chunks: Box<[OnceLock<Box<[Slot]>>]>,
    free: Mutex<Free>,
    /// NanoDB's calls have no handle.
    nanodb: Mutex<OneDatabase>,
    /// That of the child whose calls these are, when this is the parent's.
    child: OnceLock<Box<Table>>,
}

#[derive(Default)]
struct Free {
    /// Slots that were used before.
    slots: Vec<u32>,
    /// The first slot that never was used.
    next: u32,
}

static FIRST: OnceLock<Box<Table>> = OnceLock::new();
/// How many forks lie between this process and the one that loaded the library.
static FORKS: AtomicU32 = AtomicU32::new(0);

impl Table {
    fn new() -> Box<Table> {
        let count = SLOTS_MAX as usize / CHUNK_SLOTS;
        Box::new(Table {
            chunks: (0..count).map(|_| OnceLock::new()).collect(),
            free: Mutex::default(),
            nanodb: Mutex::default(),
            child: OnceLock::new(),
        })
    }

    /// The table of this process.
    #[inline]
    fn own(forks: u32) -> &'static Table {
        let mut table = FIRST.get_or_init(|| {
            watch_forks();
            Table::new()
        });
        for _ in 0..forks {
            table = table.child.get_or_init(Table::new);
        }
        table
    }

    /// The slot `number`; `None` when it was never used.
    #[inline]
    fn slot(&self, number: usize) -> Option<&Slot> {
        self.chunks
            .get(number / CHUNK_SLOTS)?
            .get()?
            .get(number % CHUNK_SLOTS)
    }

    /// A slot for a new entry. `None` when every one is taken.
    fn allocate(&self) -> Option<(u32, &Slot)> {
        let mut free = self.free.lock();
        let number = match free.slots.pop() {
            Some(number) => number,
            None if free.next < SLOTS_MAX => {
                free.next += 1;
                free.next - 1
            }
            None => return None,
        };
        drop(free);
        let chunk = self.chunks.get(number as usize / CHUNK_SLOTS)?;
        chunk.get_or_init(|| (0..CHUNK_SLOTS).map(|_| Slot::default()).collect());
        Some((number, self.slot(number as usize)?))
    }
}

/// The database of NanoDB's calls in this process; a child made by fork has none at first.
pub fn nanodb() -> &'static Mutex<OneDatabase> {
    &Table::own(FORKS.load(Ordering::Relaxed)).nanodb
}

/// Keeps `entry` and gives its handle.
///
/// Errors: `LIMIT_EXCEEDED` when too many are open.
pub fn insert(entry: Entry) -> Result<u64> {
    let forks = FORKS.load(Ordering::Relaxed);
    let slot = if forks <= FORKS_MAX {
        Table::own(forks).allocate()
    } else {
        None
    };
    let Some((number, slot)) = slot else {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            "more than a million handles are open, or the process was forked off 255 times over; close what is done",
        ));
    };
    let kind = entry.kind() as u64;
    let mut content = slot.0.write();
    content.entry = Some(entry);
    Ok(u64::from(forks) << FORKS_AT
        | kind << KIND_AT
        | u64::from(content.generation) << GENERATION_AT
        | u64::from(number))
}

/// Calls `read` with the entry of `handle`, which cannot be closed meanwhile: for what is short, and for taking a
/// reference to what the entry holds.
///
/// Errors: `CLOSED`, `TRANSACTION_ENDED`, `FORKED`, `INVALID_ARGUMENT`, and those of `read`.
#[inline]
pub fn with<R>(handle: u64, read: impl FnOnce(&Entry) -> Result<R>) -> Result<R> {
    let forks = FORKS.load(Ordering::Relaxed);
    if handle >> FORKS_AT == u64::from(forks)
        && let Some(slot) = Table::own(forks).slot(slot_of(handle))
    {
        let content = slot.0.read();
        if content.generation == generation_of(handle)
            && let Some(entry) = &content.entry
            && entry.kind() as u64 == kind_of(handle)
        {
            return read(entry);
        }
    }
    Err(refusal(handle))
}

/// What `pick` finds in the entry of `handle`, which is of one of `kinds`; messages call that `wanted`.
///
/// Errors: as [`with`].
#[inline]
pub fn find<T: Clone>(
    handle: u64,
    kinds: &[Kind],
    wanted: &str,
    pick: impl FnOnce(&Entry) -> Option<&T>,
) -> Result<T> {
    check_kind(handle, kinds, wanted)?;
    with(handle, |entry| {
        pick(entry).cloned().ok_or_else(|| not_wanted(handle, wanted))
    })
}

/// Takes the entry of `handle` out: from then on the handle is closed.
///
/// Errors: as [`with`].
pub fn remove(handle: u64) -> Result<Entry> {
    let forks = FORKS.load(Ordering::Relaxed);
    if handle >> FORKS_AT == u64::from(forks)
        && let table = Table::own(forks)
        && let Some(slot) = table.slot(slot_of(handle))
    {
        let mut content = slot.0.write();
        let is_it = content.generation == generation_of(handle)
            && content
                .entry
                .as_ref()
                .is_some_and(|entry| entry.kind() as u64 == kind_of(handle));
        if is_it && let Some(entry) = content.entry.take() {
            // A slot whose generations are used up is never used again.
            if let Some(generation) = content.generation.checked_add(1) {
                content.generation = generation;
                table.free.lock().slots.push(slot_of(handle) as u32);
            }
            return Ok(entry);
        }
    }
    Err(refusal(handle))
}

/// As [`remove`], for calls by which things are closed: `None` where it is closed already.
///
/// Errors: `FORKED`, `INVALID_ARGUMENT`.
pub fn remove_open(handle: u64) -> Result<Option<Entry>> {
    match remove(handle) {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if matches!(error.kind(), ErrorKind::Closed | ErrorKind::TransactionEnded) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses a handle that is not of one of these kinds, whether it is open or not.
///
/// Errors: `INVALID_ARGUMENT`.
#[inline]
pub fn check_kind(handle: u64, kinds: &[Kind], wanted: &str) -> Result<()> {
    let kind = kind_of(handle);
    if kinds.iter().any(|known| *known as u64 == kind) {
        Ok(())
    } else {
        Err(not_wanted(handle, wanted))
    }
}

/// The error of a handle of the wrong kind.
#[cold]
pub fn not_wanted(handle: u64, wanted: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("the handle {handle:#x} is not {wanted}"),
    )
}

/// Why `handle` has no entry.
#[cold]
fn refusal(handle: u64) -> Error {
    let forks = u64::from(FORKS.load(Ordering::Relaxed));
    if handle >> FORKS_AT < forks && (1..=Kind::Stream as u64).contains(&kind_of(handle)) {
        return Error::new(
            ErrorKind::Forked,
            "the handle was made before this process was forked off; open the database in the child itself",
        );
    }
    let table = Table::own(forks as u32);
    let was_made = handle >> FORKS_AT == forks
        && table
            .slot(slot_of(handle))
            .is_some_and(|slot| generation_of(handle) < slot.0.read().generation);
    let kind = kind_of(handle);
    if !was_made || !(1..=Kind::Stream as u64).contains(&kind) {
        return Error::new(
            ErrorKind::InvalidArgument,
            format!("{handle:#x} never was a handle"),
        );
    }
    if kind == Kind::Transaction as u64 || kind == Kind::Part as u64 {
        return Error::new(
            ErrorKind::TransactionEnded,
            "the transaction was already committed or rolled back",
        );
    }
    Error::new(
        ErrorKind::Closed,
        "the database, collection, cursor or change stream was closed before this call",
    )
}

fn slot_of(handle: u64) -> usize {
    (handle & u64::from(SLOTS_MAX - 1)) as usize
}

fn generation_of(handle: u64) -> u32 {
    (handle >> GENERATION_AT) as u32
}

fn kind_of(handle: u64) -> u64 {
    handle >> KIND_AT & 0xf
}

/// Has forks counted, once.
#[cfg(unix)]
fn watch_forks() {
    extern "C" fn count_fork() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the function only adds to an atomic number, which is allowed in the child of a process with threads; it
    // lives as long as the library, and the C library forgets it when the library is unloaded.
    unsafe {
        // When there is no memory for it, forks go unseen; nothing else depends on it.
        let _out_of_memory = libc::pthread_atfork(None, None, Some(count_fork));
    }
}

/// Has forks counted, where there are none.
#[cfg(not(unix))]
fn watch_forks() {}

#[cfg(test)]
mod tests;
