//! The header slots of an open data file: what they say, and writing them.
//!
//! Promises: slots are written one after the other, never both at once, so that one is good at any time; a header
//! that names a log generation is written only when that generation is durable, so a log that is missing was lost.
//! Leaves to others: choosing between slots (recovery.rs), the pages that a header refers to (checkpoint.rs).

use std::sync::Arc;

use parking_lot::Mutex;
use quire_frames::PAGE_BYTES;

use crate::bugs::{Bug, planted};
use crate::error::Result;
use crate::format::header::{Header, log_mark};
use crate::storage::StorageFile;

/// Both slots of one data file.
pub struct HeaderSlots {
    file: Arc<dyn StorageFile>,
    /// The header on disk, or the one that a failed write may have left there.
    current: Mutex<Header>,
}

impl HeaderSlots {
    /// The slots of `file`, which hold `current`.
    pub fn new(file: Arc<dyn StorageFile>, current: Header) -> HeaderSlots {
        HeaderSlots {
            file,
            current: Mutex::new(current),
        }
    }

    /// The header on disk.
    pub fn current(&self) -> Header {
        *self.current.lock()
    }

    /// Notes that `header` is on disk.
    pub(super) fn set_current(&self, header: Header) {
        *self.current.lock() = header;
    }

    /// Says in the header that the database is not closed and that the log `generation`, which is durable, must be
    /// there; returns the header's epoch. Called before the first commit, so while no checkpoint is under way.
    ///
    /// Errors: `IO`, after which what is on disk is unknown; `DISK_FULL` where the file system cannot overwrite, after
    /// which it may be called again.
    pub fn announce_log(&self, generation: u64) -> Result<u64> {
        let mut current = self.current.lock();
        let header = Header {
            epoch: current.epoch + 1,
            clean: false,
            log_mark: log_mark(generation),
            ..*current
        };
        // Noted before it is written: a write that failed may have been done all the same, and the close must then
        // write a header that comes after it.
        *current = header;
        self.write(&header, header.epoch)?;
        self.file.sync_data()?;
        self.write(&header, header.epoch + 1)?;
        Ok(header.epoch)
    }

    /// Writes `header` to the slot of `epoch`.
    pub(super) fn write(&self, header: &Header, epoch: u64) -> Result<()> {
        let slot = if planted(Bug::OneHeaderSlot) { 0 } else { epoch % 2 };
        self.file.write_at(slot * PAGE_BYTES as u64, &header.encode())
    }
}
