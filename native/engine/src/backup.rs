//! The backup: the database as of one commit in a new file, while others read and write.
//!
//! The pages of one snapshot are copied (pager/copy.rs) to a file beside the target, which gets its name when it is
//! whole and synced. The copy is a database of its own, with an identity of its own, as if it had been closed.
//!
//! Promises: it holds every commit that was made when the backup was called, and some prefix of those made
//! meanwhile; a crash or a failure leaves no file of the target's name, or the whole copy; the source is only read.
//! Writers wait as for a cursor: while the lists of the moment are taken.
//! Leaves to others: what a moment is (store/moment.rs), giving the file its name (pager/recovery.rs).

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::FileId;
use crate::pager::copy::{CopyIdentity, write_copy};
use crate::pager::journal::JOURNAL_SUFFIX;
use crate::pager::recovery::make_file;
use crate::storage::{LockMode, Storage, sibling};
use crate::store::{Store, present};
use crate::wal;

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// Pages of the new file, free ones and headers included.
    pub pages_count: u64,
    /// Bytes of the new file.
    pub bytes: u64,
    /// Collections.
    pub collections_count: u64,
    /// Documents of all collections.
    pub documents_count: u64,
    /// Number of the last commit in it.
    pub sequence: u64,
}

/// Copies the database of `store` to a new file at `path`.
///
/// Errors: `INVALID_ARGUMENT` when there is a file at `path`, or one of a database that was there; `LOCKED` when
/// another backup is being written there; `CANNOT_OPEN`, `DISK_FULL`, `IO` of the new file; `SNAPSHOT_TOO_OLD` when
/// more pages were changed meanwhile than the budget for their versions holds; `CORRUPTED` when a page of the source
/// is damaged; `CLOSED`, `POISONED`.
pub fn backup(store: &Store, path: &Path) -> Result<BackupReport> {
    let storage = &*store.storage;
    // Asked before the lock for a clear answer about files that are open, and again under it for a true one.
    refuse_leftovers(storage, path)?;
    let _lock = storage.lock(path, LockMode::Exclusive)?;
    refuse_leftovers(storage, path)?;
    let mut file_id = FileId::default();
    storage.random(&mut file_id.0)?;
    let now = present();
    let identity = CopyIdentity {
        file_id,
        created_ms: now.seconds as u64 * 1000 + u64::from(now.nanoseconds / 1_000_000),
    };
    let mut report = BackupReport::default();
    make_file(storage, path, |file| {
        let moment = store.take_moment()?;
        let goes_on = || store.check_open();
        let header = write_copy(&store.pager, &moment.source(), identity, file, goes_on)?;
        report = BackupReport {
            pages_count: header.page_count.into(),
            bytes: file.len()?,
            collections_count: moment.collections_count,
            documents_count: moment.documents_count,
            sequence: header.sequence.0,
        };
        Ok(())
    })?;
    Ok(report)
}

/// Fails where there is a file at `path`, or one that opening the backup would take for its own.
fn refuse_leftovers(storage: &dyn Storage, path: &Path) -> Result<()> {
    let journal = sibling(path, JOURNAL_SUFFIX);
    for (is_there, what) in [
        (storage.exists(path)?, "that file"),
        (wal::exists(storage, path)?, "the log of a database of that name"),
        (
            storage.exists(&journal)?,
            "the journal of a database of that name",
        ),
    ] {
        if is_there {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "cannot write a backup to {}: {what} is there already; give the path of a new file",
                    path.display()
                ),
            ));
        }
    }
    Ok(())
}
