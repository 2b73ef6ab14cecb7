//! One generation of the log in its file: beginning it, room for frames, and its records.
//!
//! Promises: frames are written only below `capacity_bytes`, where the file has blocks that were zeroed
//! before, so that syncing a commit has no metadata to write. A new file is whole and synced, head
//! first, before it gets a frame, so a log file with frames but without a head is damaged and never torn.
//! Leaves to others: which generation is live (log.rs).

use std::path::PathBuf;
use std::sync::Arc;

use crate::bugs::{Bug, planted};
use crate::error::{Error, ErrorKind, Result};
use crate::format::log_frame::{ATTEST_AT, Attest, FRAMES_AT, FrameSeal, LogHead, LogHeadState};
use crate::storage::{OpenMode, Storage, StorageFile};
use crate::wal::read_head;

/// Bytes zeroed by one write.
const ZERO_BYTES: usize = 256 << 10;

static ZEROS: [u8; ZERO_BYTES] = [0; ZERO_BYTES];

/// A log file and the generation in it.
pub(super) struct Generation {
    pub(super) file: Arc<dyn StorageFile>,
    pub(super) head: LogHead,
    pub(super) seal: FrameSeal,
    /// Which of the two files this is.
    pub(super) slot: usize,
    /// End of the zeroed part of the file.
    pub(super) capacity_bytes: u64,
    /// Length that the file durably has.
    pub(super) durable_bytes: u64,
}

/// Why a generation did not begin.
pub(super) struct BeginFailure {
    pub(super) error: Error,
    /// Whether the disk may hold the new head all the same, or lost what it should hold.
    pub(super) is_poisonous: bool,
}

/// Result of beginning a generation.
pub(super) type Begun<T> = std::result::Result<T, BeginFailure>;

impl BeginFailure {
    /// A failure after which the log is as it was.
    pub(super) fn harmless(error: Error) -> BeginFailure {
        BeginFailure {
            error,
            is_poisonous: false,
        }
    }

    /// A failure after which what is on disk is unknown.
    pub(super) fn poisonous(error: Error) -> BeginFailure {
        BeginFailure {
            error,
            is_poisonous: true,
        }
    }
}

impl Generation {
    /// Begins the generation `head` in a new file at `path` of `first_bytes` zeros, durably.
    ///
    /// No sync of the directory is left for later: a name without it would lose synced frames.
    pub(super) fn create(
        storage: &dyn Storage,
        path: PathBuf,
        slot: usize,
        head: LogHead,
        first_bytes: u64,
    ) -> Begun<Generation> {
        // A creation that failed may have left a file of zeros.
        storage.remove(&path).map_err(BeginFailure::harmless)?;
        let file = storage
            .open(&path, OpenMode::CreateNew)
            .map_err(BeginFailure::harmless)?;
        let mut generation = Generation {
            file,
            head,
            seal: FrameSeal::new(&head),
            slot,
            capacity_bytes: 0,
            durable_bytes: 0,
        };
        if let Err(error) = generation.grow(first_bytes.max(FRAMES_AT)) {
            // A file of zeros is an empty log, so it does no harm where it cannot be removed.
            let _ = storage.remove(&path);
            return Err(BeginFailure::harmless(error));
        }
        // Before the head, so that a head in a shorter file means that the file was cut short.
        generation.file.sync_data().map_err(BeginFailure::poisonous)?;
        generation.durable_bytes = generation.capacity_bytes;
        generation.head.durable_bytes = generation.durable_bytes;
        if let Err(error) = generation.write_head() {
            // The head may be there all the same. Commits that the generation before goes on taking would not
            // count behind it, so its name has to go for good.
            let is_gone = storage
                .remove(&path)
                .and_then(|()| storage.sync_directory(&path))
                .is_ok();
            return Err(BeginFailure {
                error,
                is_poisonous: !is_gone,
            });
        }
        generation.file.sync_data().map_err(BeginFailure::poisonous)?;
        if !planted(Bug::NoDirectorySync) {
            storage.sync_directory(&path).map_err(BeginFailure::poisonous)?;
        }
        Ok(generation)
    }

    /// The empty generation `head` in the file of an earlier run, whose commits the data file has. The caller syncs it.
    ///
    /// What the system shows of the file may not be on disk, and may never get there, if a sync failed in that
    /// run. So only the length that the head vouches for counts.
    pub(super) fn retired(file: Arc<dyn StorageFile>, slot: usize, head: LogHead) -> Result<Generation> {
        let seal = FrameSeal::new(&head);
        let durable_bytes = head.durable_bytes;
        let generation = Generation {
            file,
            head,
            seal,
            slot,
            capacity_bytes: durable_bytes,
            durable_bytes,
        };
        generation.write_head()?;
        Ok(generation)
    }

    /// Begins the generation `head` in the file of this one, which nobody needs any more.
    ///
    /// Nothing is synced: until the first sync of the new generation the old head may come back, and
    /// with it an old generation whose commits the data file has.
    pub(super) fn begin_again(&mut self, head: LogHead) -> Begun<()> {
        let head = LogHead {
            durable_bytes: self.durable_bytes,
            ..head
        };
        let begun = Generation {
            file: Arc::clone(&self.file),
            head,
            seal: FrameSeal::new(&head),
            slot: self.slot,
            capacity_bytes: self.capacity_bytes,
            durable_bytes: self.durable_bytes,
        };
        if let Err(error) = begun.write_head() {
            // Harmless only where the new head is certainly not there: behind it, commits that the
            // generation before goes on taking would not count.
            let is_old =
                matches!(read_head(&*self.file), Ok(LogHeadState::Good(found)) if found == self.head);
            return Err(if is_old {
                BeginFailure::harmless(error)
            } else {
                BeginFailure::poisonous(error)
            });
        }
        *self = begun;
        Ok(())
    }

    fn write_head(&self) -> Result<()> {
        self.file.write_at(0, &self.head.encode())
    }

    /// Writes what is known to be durable.
    pub(super) fn write_attest(&self, attest: Attest) -> Result<()> {
        self.file.write_at(ATTEST_AT, &attest.encode(&self.head))
    }

    /// Makes room for frames up to byte `end`, by steps that double the file up to `step_bytes_max`.
    ///
    /// Errors: `DISK_FULL`, when not even the room asked for is there; the file keeps its length.
    pub(super) fn make_room(&mut self, end: u64, step_bytes_max: u64) -> Result<()> {
        if end <= self.capacity_bytes {
            return Ok(());
        }
        let step = self.capacity_bytes.min(step_bytes_max);
        match self.grow(end.max(self.capacity_bytes + step)) {
            // A nearly full disk may still have room for this commit.
            Err(error) if error.kind() == ErrorKind::DiskFull => self.grow(end),
            other => other,
        }
    }

    /// Zeroes the file from its capacity to `end`, or gives the room back.
    fn grow(&mut self, end: u64) -> Result<()> {
        let mut at = self.capacity_bytes;
        while at < end {
            let count = (end - at).min(ZERO_BYTES as u64);
            if let Err(error) = self.file.write_at(at, &ZEROS[..count as usize]) {
                // Failing to shorten the file costs room on the disk and nothing else.
                let _ = self.file.set_len(self.capacity_bytes);
                return Err(error);
            }
            at += count;
        }
        self.capacity_bytes = end;
        Ok(())
    }

    /// Zeroes one more piece of at most `ZERO_BYTES`.
    pub(super) fn grow_by_a_piece(&mut self) -> Result<()> {
        self.grow(self.capacity_bytes + ZERO_BYTES as u64)
    }
}
