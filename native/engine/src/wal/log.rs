//! Appending to the log, switching its files, and giving old generations up.
//!
//! Promises: under one mutex a commit gets its number, its place and its frame; nothing is allocated per
//! commit. A commit that failed has no number, and its frame is unreadable. Frames of `lazy` commits wait in
//! the buffer, in order before whatever is written next. The mutex is held for a write, never for a sync of frames.
//! Leaves to others: waiting for the disk (group_commit.rs), the files (generation.rs).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};

use crate::bugs::{Bug, planted};
use crate::error::{Error, ErrorKind, Result};
use crate::format::log_frame::{FRAME_HEAD_BYTES, FRAMES_AT, Known, LogHead, frame_bytes};
use crate::format::page::{FileId, Sequence};
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::storage::Storage;
use crate::wal::generation::{BeginFailure, Begun, Generation};
use crate::wal::group_commit::SyncTurn;
use crate::wal::poison::Poison;
use crate::wal::{Durability, LogOptions, SLOTS, leftover, log_path};

/// Writes the number of a generation to the data file's header and returns the header's epoch.
type Announce = Box<dyn Fn(u64) -> Result<u64> + Send + Sync>;

/// The log of one open database.
pub struct Log {
    storage: Arc<dyn Storage>,
    base: PathBuf,
    file_id: FileId,
    options: LogOptions,
    pub(super) inner: Mutex<Inner>,
    pub(super) poison: Poison,
    /// Number of the last commit; written under `inner`.
    last: AtomicU64,
    /// Commits up to this one are durable; only grows.
    pub(super) synced: AtomicU64,
    /// Names the first generation in the data file's header; see `announced_by`.
    announce: Option<Announce>,
    pub(super) turn: Mutex<SyncTurn>,
    pub(super) turn_ended: Condvar,
}

/// What the log's mutex guards.
pub(super) struct Inner {
    /// The generation that takes commits; none before the first commit.
    pub(super) live: Option<Generation>,
    /// The generation before it, or an older one that was given up.
    pub(super) older: Option<Older>,
    /// Frames not written yet; those up to `end` are complete.
    buffer: Vec<u8>,
    /// Place of the buffer's first byte in the live file.
    pub(super) buffer_at: u64,
    /// Where the next frame begins in the live file.
    pub(super) end: u64,
    /// Number of the last commit.
    pub(super) last: Sequence,
    /// Epoch of the newest data file header that is durable.
    pub(super) epoch: u64,
    /// Whether the data file's header names the live generation or one before it.
    pub(super) is_announced: bool,
    /// The last commit that an attest record in the live generation vouches for.
    pub(super) attested: Sequence,
}

/// The generation before the live one.
pub(super) struct Older {
    pub(super) generation: Generation,
    /// End of its frames.
    pub(super) end: u64,
    /// Whether its frames are durable.
    pub(super) is_synced: bool,
    /// Whether the data file has its commits, so that its file is free.
    pub(super) is_retired: bool,
}

impl Log {
    /// The log of the database at `base_path`, whose data file durably holds all commits up to `last` under
    /// a header of `epoch`. Log files that are still there hold nothing that is needed any more: recovery was run and
    /// its commits were written to the data file. No file is touched before the first commit.
    pub fn create(
        storage: Arc<dyn Storage>,
        base_path: &Path,
        file_id: FileId,
        last: Sequence,
        epoch: u64,
        options: LogOptions,
    ) -> Log {
        Log {
            storage,
            base: base_path.to_path_buf(),
            file_id,
            options,
            inner: Mutex::new(Inner {
                live: None,
                older: None,
                buffer: Vec::new(),
                buffer_at: FRAMES_AT,
                end: FRAMES_AT,
                last,
                epoch,
                is_announced: false,
                attested: Sequence(0),
            }),
            poison: Poison::default(),
            last: AtomicU64::new(last.0),
            synced: AtomicU64::new(last.0),
            announce: None,
            turn: Mutex::new(SyncTurn::default()),
            turn_ended: Condvar::new(),
        }
    }

    /// Appends a commit whose payload `write_payload` adds to the buffer it is given, and returns its number.
    ///
    /// On return the commit survives the process, or with `Lazy` only once it is flushed; for the disk the
    /// caller then calls `wait`.
    /// Errors: `TRANSACTION_TOO_LARGE`; `DISK_FULL`, after which the log is as before; `IO`, after which it
    /// is poisoned; `POISONED`. After an error the commit never happened.
    pub fn append(
        &self,
        durability: Durability,
        write_payload: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Sequence> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        self.poison.check()?;
        if inner.live.is_none() {
            self.begin_first(inner)?;
        }
        if !inner.is_announced {
            self.announce_live(inner)?;
        }
        let sequence = inner.last.next();
        let synced = Sequence(self.synced.load(Ordering::Acquire));
        let appended = inner
            .encode(sequence, synced, &self.options, write_payload)
            .and_then(|end| {
                if durability != Durability::Lazy || inner.buffer.len() >= self.options.buffer_bytes {
                    inner.write_buffer(&self.options)?;
                }
                Ok(end)
            });
        match appended {
            Ok(end) => {
                inner.end = end;
                inner.last = sequence;
                self.last.store(sequence.0, Ordering::Release);
                Ok(sequence)
            }
            Err(error) => Err(self.take_back(inner, error)),
        }
    }

    /// Has `announce` write to the data file's header, before the first commit, that the log must be there: it gets
    /// the number of the live generation, which is durable, and returns the epoch of the durable header that names it.
    pub fn announced_by(self, announce: impl Fn(u64) -> Result<u64> + Send + Sync + 'static) -> Log {
        Log {
            announce: Some(Box::new(announce)),
            ..self
        }
    }

    fn announce_live(&self, inner: &mut Inner) -> Result<()> {
        if let (Some(announce), Some(live)) = (&self.announce, &inner.live) {
            inner.epoch = announce(live.head.generation).map_err(|error| match error.kind() {
                ErrorKind::DiskFull => error,
                _ => self.poison.set(&error),
            })?;
        }
        inner.is_announced = true;
        Ok(())
    }

    /// Makes the frame that failed with `error` unreadable and forgets it; returns the error to report.
    fn take_back(&self, inner: &mut Inner, error: Error) -> Error {
        inner.forget_incomplete();
        if !matches!(error.kind(), ErrorKind::DiskFull | ErrorKind::Io) {
            return error;
        }
        // Any part of the frame may have been written, even all of it.
        let erased = inner.erase_frame_at_end();
        if let Err(second) = &erased {
            self.poison.set(second);
        } else if error.kind() == ErrorKind::Io {
            self.poison.set(&error);
        }
        error
    }

    /// Writes the frames of `lazy` commits to the operating system.
    ///
    /// Errors: `DISK_FULL`, after which they are still in the buffer; `IO` and `POISONED`.
    pub fn flush(&self) -> Result<()> {
        self.poison.check()?;
        self.flush_locked(&mut self.inner.lock())
    }

    /// Writes the buffer; a disk that fails poisons the log.
    pub(super) fn flush_locked(&self, inner: &mut Inner) -> Result<()> {
        inner.forget_incomplete();
        inner
            .write_buffer(&self.options)
            .map_err(|error| match error.kind() {
                ErrorKind::Io => self.poison.set(&error),
                _ => error,
            })
    }

    /// Zeroes more of the live file when less than a quarter of it is left, in pieces between which commits
    /// run on, so that they need not wait for it. For the janitor.
    pub fn reserve(&self) -> Result<()> {
        loop {
            let mut inner = self.inner.lock();
            self.poison.check()?;
            let end = inner.end;
            let Some(live) = &mut inner.live else {
                return Ok(());
            };
            let wanted = (live.capacity_bytes / 4).min(self.options.step_bytes_max);
            if live.capacity_bytes.saturating_sub(end) >= wanted {
                return Ok(());
            }
            live.grow_by_a_piece()?;
        }
    }

    /// Removes the log files at a clean close: the data file has every commit. The directory is synced.
    pub fn remove(&self) -> Result<()> {
        let mut inner = self.inner.lock();
        self.poison.check()?;
        inner.live = None;
        inner.older = None;
        inner.buffer.clear();
        leftover::remove_all(&*self.storage, &self.base)
    }

    /// Number of the last commit that was appended.
    pub fn last_sequence(&self) -> Sequence {
        Sequence(self.last.load(Ordering::Acquire))
    }

    /// Commits up to this one are known to be durable.
    pub fn synced_sequence(&self) -> Sequence {
        Sequence(self.synced.load(Ordering::Acquire))
    }

    /// Bytes of frames in generations that recovery would read.
    pub fn bytes(&self) -> u64 {
        let inner = self.inner.lock();
        let older = inner
            .older
            .as_ref()
            .filter(|older| !older.is_retired)
            .map_or(0, |older| older.end - FRAMES_AT);
        older + inner.end - FRAMES_AT
    }

    /// Refuses with `POISONED` once the log failed.
    pub fn check_usable(&self) -> Result<()> {
        self.poison.check()
    }

    /// Begins the first generation of this run, beside one of an earlier run.
    fn begin_first(&self, inner: &mut Inner) -> Result<()> {
        let empty = |old: &LogHead| self.next_head(old.generation, Some(old.salt), inner);
        let kept = leftover::keep_one(&*self.storage, &self.base, inner.last, empty)
            .map_err(|failure| self.refuse(failure))?;
        let slot = kept
            .generation
            .as_ref()
            .map_or(0, |generation| (generation.slot + 1) % SLOTS);
        let head = self.next_head(
            kept.latest + 1,
            kept.generation.as_ref().map(|kept| kept.head.salt),
            inner,
        )?;
        inner.live = Some(
            self.create_file(slot, head)
                .map_err(|failure| self.refuse(failure))?,
        );
        inner.older = kept.generation.map(|generation| Older {
            generation,
            end: FRAMES_AT,
            is_synced: true,
            is_retired: true,
        });
        (inner.buffer_at, inner.end) = (FRAMES_AT, FRAMES_AT);
        Ok(())
    }

    pub(super) fn create_file(&self, slot: usize, head: LogHead) -> Begun<Generation> {
        Generation::create(
            &*self.storage,
            log_path(&self.base, slot),
            slot,
            head,
            self.options.first_bytes,
        )
    }

    pub(super) fn refuse(&self, failure: BeginFailure) -> Error {
        if failure.is_poisonous {
            self.poison.set(&failure.error)
        } else {
            failure.error
        }
    }

    /// The head of the generation that follows commit `inner.last`.
    pub(super) fn next_head(&self, generation: u64, old_salt: Option<u64>, inner: &Inner) -> Result<LogHead> {
        let mut salt = [0; 8];
        self.storage.random(&mut salt)?;
        let salt = match old_salt {
            Some(old_salt) if planted(Bug::NoSalt) => old_salt,
            _ => u64::from_le_bytes(salt),
        };
        Ok(LogHead {
            file_id: self.file_id,
            generation,
            salt,
            start: inner.last.next(),
            epoch: inner.epoch,
            // Its file knows.
            durable_bytes: 0,
        })
    }
}

impl Inner {
    /// Adds the frame of a commit to the buffer and makes room for it in the file; returns its end.
    fn encode(
        &mut self,
        sequence: Sequence,
        synced: Sequence,
        options: &LogOptions,
        write_payload: impl FnOnce(&mut Vec<u8>),
    ) -> Result<u64> {
        self.forget_incomplete();
        let start = self.buffer.len();
        self.buffer.resize(start + FRAME_HEAD_BYTES, 0);
        write_payload(&mut self.buffer);
        let frame_end = self.buffer.len();
        let payload_bytes = frame_end
            .checked_sub(start + FRAME_HEAD_BYTES)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a commit took bytes out of the log's buffer"))?;
        let most = options.transaction_bytes_max.min(TRANSACTION_BYTES_MAX);
        if payload_bytes > most {
            let message = format!(
                "the transaction has {payload_bytes} bytes of changes, but one commit holds at most {most}; split it"
            );
            return Err(Error::new(ErrorKind::TransactionTooLarge, message));
        }
        let Some(live) = &mut self.live else {
            return Err(Error::new(ErrorKind::Internal, "the log has no file"));
        };
        let known = Known {
            synced,
            durable_bytes: live.durable_bytes,
        };
        live.seal
            .seal(&mut self.buffer[start..frame_end], self.end, sequence, known);
        self.buffer.resize(start + frame_bytes(payload_bytes), 0);
        let end = self.end + frame_bytes(payload_bytes) as u64;
        live.make_room(end, options.step_bytes_max)?;
        Ok(end)
    }

    /// Takes a frame that failed, or that a panic in the caller's code left half done, out of the buffer.
    fn forget_incomplete(&mut self) {
        self.buffer.truncate((self.end - self.buffer_at) as usize);
    }

    /// Writes the buffer to the live file and empties it.
    fn write_buffer(&mut self, options: &LogOptions) -> Result<()> {
        let Some(live) = &self.live else {
            return Ok(());
        };
        if self.buffer.is_empty() {
            return Ok(());
        }
        if options.is_mapped {
            // Frames lie below the capacity, whose bytes were zeroed before.
            live.file.overwrite_at(self.buffer_at, &self.buffer)?;
        } else {
            live.file.write_at(self.buffer_at, &self.buffer)?;
        }
        self.buffer_at += self.buffer.len() as u64;
        self.buffer.clear();
        if self.buffer.capacity() > 4 * options.buffer_bytes {
            // One huge transaction must not hold its memory for ever.
            self.buffer.shrink_to(options.buffer_bytes);
        }
        Ok(())
    }

    /// Overwrites the head of the frame where the next one begins, where there may be one.
    fn erase_frame_at_end(&self) -> Result<()> {
        match &self.live {
            Some(live) if self.end < live.capacity_bytes => {
                let count = (live.capacity_bytes - self.end).min(FRAME_HEAD_BYTES as u64) as usize;
                live.file.write_at(self.end, &[0; FRAME_HEAD_BYTES][..count])
            }
            _ => Ok(()),
        }
    }
}

const _: () = assert!(TRANSACTION_BYTES_MAX < u32::MAX as usize - FRAME_HEAD_BYTES);
