//! From one generation of the log to the next, and what a generation says of others.
//!
//! Order of a switch: the next generation begins in the other file (`switch`), is made durable and named by the one
//! before it (`settle_switch`), then by the data file's header; when that is durable the one before is given up
//! (`retire`). So whatever names a generation is written after it is durable: one that is missing was lost.
//! Leaves to others: appending (log.rs), when to switch (store/checkpoint.rs), what a name is good for (missing.rs).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::bugs::{Bug, planted};
use crate::error::{ErrorKind, Result};
use crate::format::log_frame::{Attest, FRAMES_AT};
use crate::format::page::Sequence;
use crate::wal::SLOTS;
use crate::wal::log::{Inner, Log, Older};

impl Log {
    /// Begins the next generation in the other file. The caller keeps appends out.
    ///
    /// Returns false where the other file still holds a generation that was not retired, because an earlier
    /// checkpoint did not come to its end; the log then goes on in the live file.
    /// Errors: `DISK_FULL`, after which the log goes on in the live file; `IO` and `POISONED`.
    pub fn switch(&self) -> Result<bool> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        self.poison.check()?;
        if inner.older.as_ref().is_some_and(|older| !older.is_retired) {
            return Ok(false);
        }
        let Some(live) = &inner.live else {
            return Ok(true);
        };
        if inner.last < live.head.start {
            // The live generation has no commit yet, so it is as good as a new one.
            return Ok(true);
        }
        let (slot, old_head) = (live.slot, live.head);
        self.flush_locked(inner)?;
        let head = self.next_head(old_head.generation + 1, Some(old_head.salt), inner)?;
        let begun = match inner.older.take() {
            Some(mut older) => match older.generation.begin_again(head) {
                Ok(()) => Ok(older.generation),
                Err(failure) => {
                    inner.older = Some(older);
                    Err(failure)
                }
            },
            None => self.create_file((slot + 1) % SLOTS, head),
        };
        let next = begun.map_err(|failure| self.refuse(failure))?;
        let end = inner.end;
        let is_synced =
            self.synced.load(Ordering::Acquire) >= inner.last.0 || planted(Bug::OlderLogNotSynced);
        inner.older = inner.live.replace(next).map(|generation| Older {
            generation,
            end,
            is_synced,
            is_retired: false,
        });
        (inner.buffer_at, inner.end, inner.attested) = (FRAMES_AT, FRAMES_AT, Sequence(0));
        Ok(true)
    }

    /// Gives the older generation up: the data file has its commits under a durable header of `epoch`.
    ///
    /// Errors: `IO`, after which the log is poisoned; `DISK_FULL` where the file system cannot overwrite.
    pub fn retire(&self, epoch: u64) -> Result<()> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        self.poison.check()?;
        inner.epoch = epoch;
        if let (Some(older), Some(live)) = (&mut inner.older, &inner.live) {
            older.is_retired = true;
            older.is_synced = true;
            self.synced.fetch_max(live.head.start.0 - 1, Ordering::AcqRel);
        }
        self.write_attest(inner)
    }

    /// Writes an attest record where the live generation has commits that none vouches for yet, and syncs it:
    /// from then on not even damage to the last frames goes unnoticed. For idle moments, after `sync`.
    ///
    /// Errors: as `wait` and `retire`.
    pub fn attest(&self) -> Result<()> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        self.poison.check()?;
        let synced = self.synced.load(Ordering::Acquire);
        if inner.live.is_none() || inner.attested.0 >= synced {
            return Ok(());
        }
        self.write_attest(inner)?;
        let file = inner.live.as_ref().map(|live| Arc::clone(&live.file));
        drop(guard);
        file.map_or(Ok(()), |file| file.sync_data())
            .map_err(|error| self.poison.set(&error))
    }

    /// Number of the live generation.
    pub fn live_generation(&self) -> Option<u64> {
        self.inner.lock().live.as_ref().map(|live| live.head.generation)
    }

    /// Makes the head of the live generation durable, so that the data file's header may name it; then the generation
    /// before it says that it had a successor. Called after `switch`; commits go on meanwhile.
    ///
    /// Errors: `IO`, `POISONED`; `DISK_FULL` where the file system cannot overwrite, after which the log goes on.
    pub fn settle_switch(&self) -> Result<()> {
        let inner = self.inner.lock();
        self.poison.check()?;
        let Some(live) = inner.live.as_ref().map(|live| Arc::clone(&live.file)) else {
            return Ok(());
        };
        drop(inner);
        live.sync_data().map_err(|error| self.poison.set(&error))?;
        let inner = self.inner.lock();
        let Some(older) = inner.older.as_ref().filter(|older| !older.is_retired) else {
            return Ok(());
        };
        let attest = Attest {
            epoch: inner.epoch,
            synced: Sequence(self.synced.load(Ordering::Acquire)),
            has_successor: true,
        };
        let written = older.generation.write_attest(attest);
        let older = Arc::clone(&older.generation.file);
        drop(inner);
        written
            .and_then(|()| older.sync_data())
            .map_err(|error| match error.kind() {
                ErrorKind::DiskFull => error,
                _ => self.poison.set(&error),
            })
    }

    fn write_attest(&self, inner: &mut Inner) -> Result<()> {
        let Some(live) = &inner.live else {
            return Ok(());
        };
        let synced = Sequence(self.synced.load(Ordering::Acquire));
        live.write_attest(Attest {
            epoch: inner.epoch,
            synced,
            has_successor: false,
        })
        .map_err(|error| match error.kind() {
            ErrorKind::Io => self.poison.set(&error),
            _ => error,
        })?;
        inner.attested = synced;
        Ok(())
    }
}
