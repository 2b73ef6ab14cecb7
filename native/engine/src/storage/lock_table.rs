//! Locks of storages that live inside one process.
//!
//! Promises: excludes exactly as the lock file of a file system does (file_lock.rs).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::{LockMode, StorageLock};

/// Who holds which path.
#[derive(Clone, Default)]
pub(super) struct LockTable {
    holders: Arc<Mutex<BTreeMap<PathBuf, Holders>>>,
}

enum Holders {
    Writer,
    /// Their count, which is not 0.
    Readers(usize),
}

impl LockTable {
    /// Takes the lock of `path`, or refuses with `LOCKED`.
    pub(super) fn lock(&self, path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>> {
        let mut holders = self.holders.lock();
        match (holders.get_mut(path), mode) {
            (None, LockMode::Exclusive) => drop(holders.insert(path.to_path_buf(), Holders::Writer)),
            (None, LockMode::Shared) => drop(holders.insert(path.to_path_buf(), Holders::Readers(1))),
            (Some(Holders::Readers(count)), LockMode::Shared) => *count += 1,
            (Some(_), _) => {
                let message = format!(
                    "{} is open in this process already; close it there first",
                    path.display()
                );
                return Err(Error::new(ErrorKind::Locked, message));
            }
        }
        Ok(Box::new(TableLock {
            table: self.clone(),
            path: path.to_path_buf(),
        }))
    }
}

struct TableLock {
    table: LockTable,
    path: PathBuf,
}

impl StorageLock for TableLock {}

impl Drop for TableLock {
    fn drop(&mut self) {
        let mut holders = self.table.holders.lock();
        match holders.get_mut(&self.path) {
            Some(Holders::Readers(count)) if *count > 1 => *count -= 1,
            _ => drop(holders.remove(&self.path)),
        }
    }
}
