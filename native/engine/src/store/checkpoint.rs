//! When the store makes a checkpoint, and the part of it that stops commits for a moment.
//!
//! Promises: commits wait only for the capture, which copies lists and not pages; a checkpoint that failed for
//! want of space leaves the database usable, and the log keeps what it could not write.
//! Leaves to others: the steps on disk (pager/checkpoint.rs).

use std::sync::atomic::Ordering;

use quire_frames::PAGE_BYTES;

use crate::bugs::{Bug, planted};
use crate::error::{Error, Result};
use crate::pager::Pager;
use crate::pager::allocator::Run;
use crate::pager::checkpoint::{Capture, Checkpointer};
use crate::store::Store;

/// A log of this share of the data file is worth a checkpoint.
const LOG_SHARE_OF_FILE: u64 = 16;
/// How many times the asked-for log a large file may make it: what is in it has to be done again after a crash.
const LOG_FACTOR_MAX: u64 = 4;

/// What is known of the file besides the collections, while commits are held.
pub struct Held<'a> {
    checkpointer: Option<&'a Checkpointer>,
    own_runs: Vec<Run>,
}

impl Held<'_> {
    /// Pages of the catalog and the free list.
    pub fn own_runs(&self) -> &[Run] {
        &self.own_runs
    }

    /// Compares pages on disk with their checksums; see `Checkpointer::verify_pages`.
    pub fn verify_pages(&self, pager: &Pager, report: impl FnMut(Error)) {
        if let Some(checkpointer) = self.checkpointer {
            checkpointer.verify_pages(pager, report);
        }
    }
}

impl Store {
    /// Writes every change up to now to the data file and gives the log's space back.
    ///
    /// Errors: `DISK_FULL`: the database stays usable. `IO`, `POISONED`.
    pub fn checkpoint(&self) -> Result<()> {
        self.checkpoint_with(false, || ())
    }

    /// As `checkpoint`; `between` runs after the capture, while commits are let in again.
    pub fn checkpoint_with(&self, clean: bool, between: impl FnOnce()) -> Result<()> {
        let mut guard = self.checkpointer.lock();
        let Some(checkpointer) = guard.as_mut() else {
            return Ok(());
        };
        self.check_writable()?;
        let Some(capture) = self.capture(checkpointer, clean)? else {
            return Ok(());
        };
        between();
        // A header that says "closed" names no log.
        if !clean && let Err(error) = self.settle_log() {
            checkpointer.abandon(&self.pager, capture);
            return Err(error);
        }
        let epoch = capture.epoch();
        if planted(Bug::LogRetiredBeforeHeaderSync) {
            self.retire_log(epoch)?;
        }
        match checkpointer.write(&self.pager, capture, clean) {
            Ok(()) => {
                self.checkpoints_count.fetch_add(1, Ordering::Relaxed);
                self.retire_log(epoch)
            }
            Err(failure) if failure.is_poisoned => Err(self.refuse_writes(failure.error)),
            Err(failure) => Err(failure.error),
        }
    }

    /// Writes everything to the data file for the last time and removes the other files. `begin_close` came before.
    ///
    /// Errors: as `checkpoint`; `POISONED` also when a failure came that nobody was told of, as of the janitor.
    pub fn close(&self) -> Result<()> {
        if self.settings.read_only || self.log.is_none() {
            return Ok(());
        }
        self.check_writable()?;
        self.checkpoint_with(true, || ())?;
        if let Some(log) = &self.log {
            log.remove()?;
        }
        match self.checkpointer.lock().as_mut() {
            Some(checkpointer) => checkpointer.remove_journal(),
            None => Ok(()),
        }
    }

    /// Runs `look` while no commit and no checkpoint runs.
    pub fn with_commits_held<R>(&self, look: impl FnOnce(Held<'_>) -> R) -> R {
        let checkpointer = self.checkpointer.lock();
        let _gate = self.gate.write();
        look(Held {
            checkpointer: checkpointer.as_ref(),
            own_runs: self.own_runs.lock().clone(),
        })
    }

    /// Makes a checkpoint for which nobody waits. After a failure the next one waits until the log has grown.
    pub(super) fn checkpoint_in_background(&self) {
        if self.rebuilding.is_locked() {
            // Waiting for it would keep syncs and commits waiting too; the next round comes soon.
            return;
        }
        let failure = self.checkpoint().err();
        let wait_bytes = if failure.is_some() {
            self.log_bytes() + self.settings.checkpoint_log_bytes / 4
        } else {
            0
        };
        self.checkpoint_not_before_bytes
            .store(wait_bytes, Ordering::Relaxed);
        *self.checkpoint_failure.lock() = failure;
    }

    /// Whether the log or the changed pages have grown so far that a checkpoint pays.
    pub(super) fn checkpoint_is_due(&self) -> bool {
        let log_bytes = self.log_bytes();
        let is_grown =
            log_bytes >= self.checkpoint_log_bytes() || self.pager.can_clean(self.settings.cache_bytes / 2);
        is_grown && log_bytes >= self.checkpoint_not_before_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of log that are worth a checkpoint. Ids and keys are spread over their indexes: a checkpoint writes most of
    /// an index's pages anew, twice, however few entries came. So the larger the file, the rarer it is made (measured,
    /// 10 million inserts in random order: the disk wrote 3.6 bytes for each of the documents', 4.2 at a fixed 64 MiB).
    fn checkpoint_log_bytes(&self) -> u64 {
        let asked = self.settings.checkpoint_log_bytes;
        let file_bytes = u64::from(self.pager.page_counts().0) * PAGE_BYTES as u64;
        (file_bytes / LOG_SHARE_OF_FILE).clamp(asked, asked.saturating_mul(LOG_FACTOR_MAX))
    }

    /// Makes the committing thread write a checkpoint itself when changed pages fill the whole cache: they
    /// cannot be given back before they are written.
    pub(super) fn hold_back_when_memory_is_short(&self) {
        if self.pager.can_clean(self.settings.cache_bytes) && self.checkpoint_is_due() {
            self.checkpoint_in_background();
        }
    }

    /// Takes the state of one moment; `None` when the data file has it already.
    fn capture(&self, checkpointer: &mut Checkpointer, clean: bool) -> Result<Option<Capture>> {
        let _gate = self.gate.write();
        // Asked again: the commit that this waited for may have failed half way, and its half must not get to the disk.
        self.check_writable()?;
        let sequence = self.last_sequence();
        let durable = checkpointer.durable();
        if sequence == durable.sequence && (!clean || durable.clean) {
            return Ok(None);
        }
        self.forget_past_bodies();
        let next_collection = self.next_collection.load(Ordering::Relaxed);
        let captured = checkpointer.capture(&self.pager, sequence, self.encode_catalog()?, next_collection);
        // Also a capture that failed may have moved the catalog.
        *self.own_runs.lock() = checkpointer.own_runs();
        let mut capture = captured?;
        if let Some(log) = &self.log {
            // The switch is refused while the other log is still needed; then the log just goes on.
            let generation = log.live_generation();
            if let Err(error) = log.switch() {
                checkpointer.abandon(&self.pager, capture);
                return Err(match log.check_usable() {
                    Ok(()) => error,
                    Err(_) => self.refuse_writes(error),
                });
            }
            capture.name_log(log.live_generation());
            if log.live_generation() != generation {
                self.begin_chapter(log.live_generation());
                self.feed.forget_recovered();
            }
        }
        Ok(Some(capture))
    }

    /// Makes the log that the coming header names durable, and lets the log before it say so.
    fn settle_log(&self) -> Result<()> {
        match &self.log {
            Some(log) => log.settle_switch().map_err(|error| match log.check_usable() {
                Ok(()) => error,
                Err(_) => self.refuse_writes(error),
            }),
            None => Ok(()),
        }
    }

    fn retire_log(&self, epoch: u64) -> Result<()> {
        match &self.log {
            Some(log) => {
                log.retire(epoch).map_err(|error| self.refuse_writes(error))?;
                self.note_synced();
                Ok(())
            }
            None => Ok(()),
        }
    }
}
