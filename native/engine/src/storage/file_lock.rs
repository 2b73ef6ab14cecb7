//! The lock file of a database on a file system: `<path>-lock`.
//!
//! Promises: the lock is the operating system's (flock, LockFileEx) on an open file, so it vanishes with
//! its process and a second open in the same process is refused too. The holder's process id is in the
//! file, for the message. The last holder removes the file; whoever locks one that was removed
//! meanwhile sees that the path names another file and starts again. A child made by fork holds a copy
//! of the descriptor: it neither unlocks nor removes, as the process id tells it that the lock is not its own.
//! Leaves to others: which opens need a lock (database.rs).

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::file::{open_error, open_high};
use crate::storage::{LockMode, StorageLock, sibling};

/// Longest text that is read from a lock file.
const HOLDER_BYTES_MAX: u64 = 64;
/// Attempts against holders that remove the file between open and lock.
const ATTEMPTS_MAX: u32 = 100;
/// Word before the process id when the holder reads only.
const READER_WORD: &str = "reader";

/// Takes the lock of the database at `path`. See `Storage::lock`.
pub(super) fn lock(path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>> {
    let lock_path = sibling(path, "-lock");
    for _ in 0..ATTEMPTS_MAX {
        let Some(file) = open_lock_file(&lock_path, mode)? else {
            return Ok(Box::new(NoLock));
        };
        try_lock(&file, path, mode)?;
        if names_file(&lock_path, &file).map_err(|source| Error::io("look up", &lock_path, &source))? {
            write_holder(&file, mode);
            return Ok(Box::new(FileLock {
                file,
                path: lock_path,
                process_id: process::id(),
            }));
        }
    }
    Err(locked(path, "by processes that open and close it all the time"))
}

/// Opens or creates the lock file. A reader who may not write here opens the one that is there, or gets none.
fn open_lock_file(lock_path: &Path, mode: LockMode) -> Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    match open_high(&options, lock_path) {
        Ok(file) => return Ok(Some(file)),
        Err(source) if mode == LockMode::Shared && is_unwritable(&source) => {}
        Err(source) => return Err(open_error(lock_path, &source)),
    }
    match open_high(OpenOptions::new().read(true), lock_path) {
        Ok(file) => Ok(Some(file)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(open_error(lock_path, &source)),
    }
}

/// Whether the lock file cannot be made here, as on read-only media.
fn is_unwritable(source: &io::Error) -> bool {
    matches!(
        source.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn try_lock(file: &File, path: &Path, mode: LockMode) -> Result<()> {
    loop {
        let tried = match mode {
            LockMode::Exclusive => file.try_lock(),
            LockMode::Shared => file.try_lock_shared(),
        };
        match tried {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => return Err(locked(path, &holder(file))),
            Err(TryLockError::Error(source)) if source.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(source)) => return Err(Error::io("lock", path, &source)),
        }
    }
}

fn locked(path: &Path, holder: &str) -> Error {
    let message = format!("{} is held {holder}; close it there first", path.display());
    Error::new(ErrorKind::Locked, message)
}

/// Who holds the lock, by what the lock file says; the text is untrusted and may be missing.
fn holder(mut file: &File) -> String {
    let mut text = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(HOLDER_BYTES_MAX).read_to_string(&mut text));
    let mut words = text.split_ascii_whitespace();
    let first = if read.is_ok() { words.next() } else { None };
    let is_reader = first == Some(READER_WORD);
    let number = if is_reader { words.next() } else { first };
    match number.and_then(|word| word.parse::<u32>().ok()) {
        Some(id) if is_reader => format!("by reading processes, {id} the latest of them"),
        Some(id) => format!("by process {id}"),
        None => "by another process".to_owned(),
    }
}

/// Writes who holds the lock. The text only helps a message, so a full disk does not fail the lock.
fn write_holder(mut file: &File, mode: LockMode) {
    let text = match mode {
        LockMode::Exclusive => format!("{}\n", process::id()),
        LockMode::Shared => format!("{READER_WORD} {}\n", process::id()),
    };
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(text.as_bytes()));
}

/// Whether `path` still names the file that is open as `file`.
#[cfg(unix)]
fn names_file(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok(named.dev() == opened.dev() && named.ino() == opened.ino()),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(source),
    }
}

/// On Windows the lock file is never removed, so the path names it always.
#[cfg(not(unix))]
fn names_file(_path: &Path, _file: &File) -> io::Result<bool> {
    Ok(true)
}

/// A held lock.
struct FileLock {
    file: File,
    path: PathBuf,
    process_id: u32,
}

impl StorageLock for FileLock {}

impl Drop for FileLock {
    /// Removes the file when nobody else holds it; closing the descriptor unlocks.
    fn drop(&mut self) {
        if !cfg!(unix) || process::id() != self.process_id {
            return;
        }
        // A reader becomes the only holder or is not the last; a writer is the only holder already.
        let is_last = self.file.try_lock().is_ok();
        if is_last && names_file(&self.path, &self.file).unwrap_or(false) {
            // A file that stays behind is taken over by the next lock, so a refusal does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A reader's lock on media where no lock file can be made.
struct NoLock;

impl StorageLock for NoLock {}

#[cfg(all(test, unix))]
mod tests;
