//! Log files of an earlier run, whose commits the data file has by now.
//!
//! Promises: until a new generation is durable one of them stays, so that a database that was not closed always has
//! a log file: one without is damaged (database/open.rs). What goes is gone for good before a new commit is made.
//! Leaves to others: reading them (recover.rs).

use std::cmp::Reverse;
use std::path::Path;

use crate::error::Result;
use crate::format::log_frame::{LogHead, LogHeadState};
use crate::format::page::Sequence;
use crate::storage::{OpenMode, Storage};
use crate::wal::generation::{BeginFailure, Begun, Generation};
use crate::wal::{SLOTS, log_path, read_head};

/// A log file that is there.
struct Leftover {
    slot: usize,
    /// Its generation, where it has a good head.
    head: Option<LogHead>,
}

/// What is left of an earlier run.
pub(super) struct Kept {
    /// The one that was kept, for its next turn.
    pub(super) generation: Option<Generation>,
    /// Number of the latest generation that was there; 0 for none.
    pub(super) latest: u64,
}

/// Removes all log files but one, durably; the data file has the commits up to `last`.
///
/// The one that stays is the latest that begins no later than the next commit. A later one is of commits that
/// recovery dropped, and would make no sense by itself. The one that stays gets the head that `empty` makes of its
/// own, behind which none of its frames counts: some may be of commits that recovery dropped, and they would come
/// back with the old head if that did after the file's next turn.
/// Fails with some of them still there; unless a sync failed, the call can be made again.
pub(super) fn keep_one(
    storage: &dyn Storage,
    base: &Path,
    last: Sequence,
    empty: impl FnOnce(&LogHead) -> Result<LogHead>,
) -> Begun<Kept> {
    let mut left = find(storage, base).map_err(BeginFailure::harmless)?;
    let heads = left.iter().filter_map(|file| file.head);
    let latest = heads.map(|head| head.generation).max().unwrap_or(0);
    let mut kept = None;
    if let Some(index) = left
        .iter()
        .position(|file| file.head.is_some_and(|head| head.start <= last.next()))
        && let Leftover {
            slot,
            head: Some(head),
        } = left.remove(index)
    {
        let path = log_path(base, slot);
        let opened = storage.open(&path, OpenMode::ReadWrite);
        let generation = opened.and_then(|file| {
            let durable_bytes = head.durable_bytes;
            let head = LogHead {
                durable_bytes,
                ..empty(&head)?
            };
            Generation::retired(file, slot, head)
        });
        let generation = generation.map_err(BeginFailure::harmless)?;
        // Head and name may be in the system's memory only, if their process was killed before it had synced them.
        generation.file.sync_data().map_err(BeginFailure::poisonous)?;
        storage.sync_directory(&path).map_err(BeginFailure::poisonous)?;
        kept = Some(generation);
    }
    remove(storage, base, &left).map_err(BeginFailure::harmless)?;
    Ok(Kept {
        generation: kept,
        latest,
    })
}

/// Removes all log files, durably: the database is being closed with everything in the data file.
///
/// Errors: `IO`, `CANNOT_OPEN`; then some may still be there, which is harmless.
pub(super) fn remove_all(storage: &dyn Storage, base: &Path) -> Result<()> {
    let left = find(storage, base)?;
    remove(storage, base, &left)
}

/// The log files that are there: those without a good head first, then from the latest generation back.
fn find(storage: &dyn Storage, base: &Path) -> Result<Vec<Leftover>> {
    let mut left = Vec::with_capacity(SLOTS);
    for slot in 0..SLOTS {
        let path = log_path(base, slot);
        if storage.exists(&path)? {
            let head = match read_head(&*storage.open(&path, OpenMode::Read)?)? {
                LogHeadState::Good(head) => Some(head),
                _ => None,
            };
            left.push(Leftover { slot, head });
        }
    }
    left.sort_by_key(|file| Reverse(file.head.map_or(u64::MAX, |head| head.generation)));
    Ok(left)
}

fn remove(storage: &dyn Storage, base: &Path, files: &[Leftover]) -> Result<()> {
    for file in files {
        let path = log_path(base, file.slot);
        storage.remove(&path)?;
        storage.sync_directory(&path)?;
    }
    Ok(())
}
