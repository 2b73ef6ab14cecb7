//! The only door to the disk: the traits that everything above reads and writes through.
//!
//! Promises: no other room opens a file. A write is whole or an error; a sync that returned `Ok` covers
//! every write that returned before it began; a lock vanishes with its process. Every failure is an engine
//! error that names the path. A missing file, a directory and a refused permission are `CANNOT_OPEN` at
//! open; a full disk is `DISK_FULL`; all else is `IO`.
//! Leaves to others: real files (file.rs, file_lock.rs), files in memory (memory.rs), the disk that
//! crashes, tears and fails from a seed (simulated/), and a second open of one path in the same process
//! (the registry of database.rs; the lock here refuses it as well).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

mod file;
mod file_lock;
mod lock_table;
mod mapped;
mod memory;
#[cfg(any(test, feature = "simulation"))]
pub mod simulated;
#[cfg(test)]
pub(crate) mod test_directory;

pub use file::FileStorage;
pub use memory::MemoryStorage;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// For reading; the file must exist.
    Read,
    /// For reading and writing; the file must exist.
    ReadWrite,
    /// For reading and writing; the file must not exist and is created empty.
    CreateNew,
    /// For reading and writing; created empty where it is absent.
    CreateOrOpen,
}

/// Who may hold the lock of a database at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// One writer and nobody else.
    Exclusive,
    /// Any number of readers and no writer.
    Shared,
}

/// A place that holds files: a file system, memory, or a simulated disk.
pub trait Storage: Send + Sync {
    /// Opens the file at `path`. Its name is durable only after `sync_directory`.
    ///
    /// Errors: `CANNOT_OPEN` absent (or present, for `CreateNew`), not a regular file, not permitted;
    /// `DISK_FULL`; `IO`.
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn StorageFile>>;

    /// Gives the file `from` the name `to`, replacing a file of that name in one step. Durable only after
    /// `sync_directory`.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Removes the name `path`; a name that is not there is removed already. Open files stay usable.
    fn remove(&self, path: &Path) -> Result<()>;

    /// Whether a file of this name is there.
    fn exists(&self, path: &Path) -> Result<bool>;

    /// Makes creations, renames and removals in the directory of the file `path` durable.
    fn sync_directory(&self, path: &Path) -> Result<()>;

    /// Takes the lock of the database at `path`, or refuses at once; it is held until dropped.
    ///
    /// `Shared` on media where no lock file can be made returns a lock that excludes nobody.
    /// Errors: `LOCKED` naming the holder where it is known; `CANNOT_OPEN`; `IO`.
    fn lock(&self, path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>>;

    /// Fills `out` with unpredictable bytes, for file ids, salts and keys. A simulated disk derives them
    /// from its seed.
    fn random(&self, out: &mut [u8]) -> Result<()>;
}

/// One open file. Calls from several threads are allowed; overlapping writes must be excluded above.
pub trait StorageFile: Send + Sync {
    /// The path it was opened by, for messages.
    fn path(&self) -> &Path;

    /// Reads into `out` from byte `offset`. Returns fewer bytes than `out` holds only where the file ends.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize>;

    /// Writes all of `bytes` at byte `offset`, growing the file where needed, or fails; after a failure any
    /// part may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()>;

    /// As `write_at`, for few bytes where the file has bytes that were written before; a file of the operating
    /// system may take them through memory that it shares with the file, which spares the call. Only one thread at a
    /// time overwrites a file.
    fn overwrite_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.write_at(offset, bytes)
    }

    /// Sets the file's length; new bytes are zero.
    fn set_len(&self, len: u64) -> Result<()>;

    /// The file's length in bytes.
    fn len(&self) -> Result<u64>;

    /// Makes content and length durable. After a failure what is on disk is unknown, and a second call
    /// that succeeds proves nothing.
    fn sync_data(&self) -> Result<()>;

    /// Whether the file has no bytes.
    fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `out` from byte `offset`.
    ///
    /// Errors: `CORRUPTED` when the file ends before, as only a truncated file does; `IO`.
    fn read_exact_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let read = self.read_at(offset, out)?;
        if read == out.len() {
            return Ok(());
        }
        let message = format!(
            "{} ends at byte {}, but {} bytes at {offset} were to be read: the file was cut short; restore a backup",
            self.path().display(),
            offset + read as u64,
            out.len(),
        );
        Err(Error::new(ErrorKind::Corrupted, message))
    }
}

/// The lock of a database; dropping it lets the next one in.
pub trait StorageLock: Send + Sync {}

/// The path of a file that belongs to the database at `path`: the same name with `suffix` added.
pub fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
