//! The log: every commit since the last checkpoint, one frame each, in two files that take turns.
//!
//! A generation is one use of a log file, from its head to the next use. The live generation takes the
//! commits. At a checkpoint the log is switched: the next generation begins in the other file and the old one
//! is kept until the header that covers it is durable; then it is retired and its file waits for its next turn.
//!
//! Promises: commits are numbered without a gap and recovered in that order; what `wait(.., Disk)` acknowledged
//! survives a power cut; what `append(Process, ..)` returned survives the process; after a failed sync nothing
//! is acknowledged any more. Recovery never writes, and reports damage instead of dropping durable commits.
//! Leaves to others: the bytes (format/log_frame.rs), the payloads and when to checkpoint (database.rs).

mod generation;
mod group_commit;
mod history;
mod leftover;
mod log;
mod missing;
mod options;
mod poison;
mod recover;
mod salvage;
mod switch;
mod window;

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::format::log_frame::{LOG_HEAD_BYTES, LogHead, LogHeadState};
use crate::storage::{OpenMode, Storage, StorageFile, sibling};

pub use history::History;
pub use log::Log;
pub use missing::refuse_missing;
pub use options::LogOptions;
pub use recover::{Recovered, recover};
pub use salvage::{find_file_id, salvage};

/// When a commit is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When it survives the death of the process: it was given to the operating system.
    #[default]
    Process,
    /// When it survives a power cut: it was synced.
    Disk,
    /// At once: it is written with later commits or at the next flush.
    Lazy,
}

/// Number of log files.
const SLOTS: usize = 2;

/// Path of the log file `slot` of the database at `base`.
fn log_path(base: &Path, slot: usize) -> PathBuf {
    sibling(base, if slot == 0 { "-log0" } else { "-log1" })
}

/// Whether the database at `base` has a log file.
///
/// Errors: `IO`.
pub fn exists(storage: &dyn Storage, base: &Path) -> Result<bool> {
    for slot in 0..SLOTS {
        if storage.exists(&log_path(base, slot))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes what the log files of the database at `base` show durable, before recovery decides by it.
///
/// A process that was killed may have left bytes in the system's cache only. A power cut could bring back what they
/// cover: a frame that was erased because its commit had failed.
/// Errors: `CANNOT_OPEN`, `IO`.
pub fn settle(storage: &dyn Storage, base: &Path) -> Result<()> {
    for slot in 0..SLOTS {
        let path = log_path(base, slot);
        if storage.exists(&path)? {
            storage.open(&path, OpenMode::ReadWrite)?.sync_data()?;
        }
    }
    Ok(())
}

/// The head of a log file; a file too short for one has zeros there.
fn read_head(file: &dyn StorageFile) -> Result<LogHeadState> {
    let mut bytes = [0; LOG_HEAD_BYTES];
    file.read_at(0, &mut bytes)?;
    Ok(LogHead::decode(&bytes))
}

#[cfg(test)]
mod tests;
