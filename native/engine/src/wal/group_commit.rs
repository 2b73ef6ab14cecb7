//! Waiting for the disk: one sync serves every commit that was written before it began.
//!
//! Whoever waits first leads: it takes note of the last commit written, syncs, and wakes the others. Whoever
//! comes meanwhile waits for the sync under way and, where that began too early, leads or follows the next.
//!
//! Promises: nobody is told "durable" unless syncs of all files that hold its commit and the ones before
//! succeeded after they were written. A failed sync poisons the log and wakes everybody with `POISONED`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::bugs::{Bug, planted};
use crate::error::{Error, ErrorKind, Result};
use crate::format::page::Sequence;
use crate::storage::StorageFile;
use crate::wal::Durability;
use crate::wal::log::Log;

/// Whether somebody leads.
#[derive(Default)]
pub(super) struct SyncTurn {
    is_taken: bool,
}

/// What one sync covers.
struct Target {
    sequence: Sequence,
    /// Files to sync, the older first.
    older: Option<Arc<dyn StorageFile>>,
    live: Option<Arc<dyn StorageFile>>,
    /// The generation that `live` holds.
    generation: u64,
    /// Length of `live`.
    capacity_bytes: u64,
    /// Whether `live` was known to have that length durably.
    is_length_known: bool,
}

impl Log {
    /// Waits until the commit `sequence` is as durable as asked.
    ///
    /// Errors: `POISONED` after a failed sync or write; `DISK_FULL` where frames of `lazy` commits before it
    /// cannot be written; `INVALID_ARGUMENT` for a commit that was not appended.
    pub fn wait(&self, sequence: Sequence, durability: Durability) -> Result<()> {
        if durability != Durability::Disk || planted(Bug::NoLogSync) {
            return Ok(());
        }
        if sequence > self.last_sequence() {
            let message = format!(
                "commit {} was not appended; the last is {}",
                sequence.0,
                self.last_sequence().0
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let mut turn = self.turn.lock();
        loop {
            // First, because after a failure even what an earlier sync covered must not be acknowledged late.
            self.poison.check()?;
            if self.synced_sequence() >= sequence {
                return Ok(());
            }
            if turn.is_taken {
                self.turn_ended.wait(&mut turn);
                continue;
            }
            turn.is_taken = true;
            drop(turn);
            let led = self.lead();
            turn = self.turn.lock();
            turn.is_taken = false;
            self.turn_ended.notify_all();
            led?;
        }
    }

    /// Waits until every commit that was appended before the call is on disk.
    ///
    /// Errors: as `wait`.
    pub fn sync(&self) -> Result<()> {
        self.poison.check()?;
        self.wait(self.last_sequence(), Durability::Disk)
    }

    /// Syncs what was written until now.
    fn lead(&self) -> Result<()> {
        let target = self.target()?;
        let synced = sync_files(&target);
        let synced = if planted(Bug::RetrySync) {
            synced.or_else(|_| sync_files(&target))
        } else {
            synced
        };
        synced.map_err(|error| self.poison.set(&error))?;
        if target.older.is_some() || !target.is_length_known {
            self.note_files(&target);
        }
        self.synced.fetch_max(target.sequence.0, Ordering::AcqRel);
        Ok(())
    }

    /// Notes what the files have durably, unless the log was switched meanwhile.
    fn note_files(&self, target: &Target) {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        let Some(live) = inner
            .live
            .as_mut()
            .filter(|live| live.head.generation == target.generation)
        else {
            return;
        };
        live.durable_bytes = live.durable_bytes.max(target.capacity_bytes);
        if let Some(older) = &mut inner.older {
            older.is_synced = true;
        }
    }

    fn target(&self) -> Result<Target> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        self.flush_locked(inner)?;
        let live = inner.live.as_ref();
        let older = inner.older.as_ref().filter(|older| !older.is_synced);
        Ok(Target {
            sequence: inner.last,
            older: older.map(|older| Arc::clone(&older.generation.file)),
            live: live.map(|live| Arc::clone(&live.file)),
            generation: live.map_or(0, |live| live.head.generation),
            capacity_bytes: live.map_or(0, |live| live.capacity_bytes),
            is_length_known: live.is_none_or(|live| live.durable_bytes == live.capacity_bytes),
        })
    }
}

fn sync_files(target: &Target) -> Result<()> {
    for file in [&target.older, &target.live].into_iter().flatten() {
        file.sync_data()?;
    }
    Ok(())
}
