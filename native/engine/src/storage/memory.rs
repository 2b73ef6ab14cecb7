//! Files in memory, for `:memory:` databases, tests and tools.
//!
//! Promises: behaves as a file system whose every write is durable at once: removed and renamed files stay
//! readable through open handles, locks exclude as the real ones do. Nothing is shared between two
//! storages; clones are the same storage.
//! Leaves to others: crashes and faults (simulated/).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::storage::file::{open_error, system_random};
use crate::storage::{LockMode, OpenMode, Storage, StorageFile, StorageLock};

/// A file system in memory. Clones share their files.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, Arc<RwLock<Vec<u8>>>>,
    writers: BTreeSet<PathBuf>,
    /// Count of readers that hold the lock of each path.
    readers: BTreeMap<PathBuf, usize>,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> MemoryStorage {
        MemoryStorage::default()
    }
}

impl Storage for MemoryStorage {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn StorageFile>> {
        let mut state = self.state.lock();
        let content = match (state.files.get(path), mode) {
            (Some(_), OpenMode::CreateNew) => {
                return Err(open_error(path, &io::ErrorKind::AlreadyExists.into()));
            }
            (Some(content), _) => Arc::clone(content),
            (None, OpenMode::Read | OpenMode::ReadWrite) => {
                return Err(open_error(path, &io::ErrorKind::NotFound.into()));
            }
            (None, _) => Arc::clone(state.files.entry(path.to_path_buf()).or_default()),
        };
        Ok(Arc::new(MemoryFile {
            content,
            path: path.to_path_buf(),
            is_writable: mode != OpenMode::Read,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.state.lock();
        let Some(content) = state.files.remove(from) else {
            return Err(Error::io("rename", from, &io::ErrorKind::NotFound.into()));
        };
        state.files.insert(to.to_path_buf(), content);
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.state.lock().files.remove(path);
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        Ok(self.state.lock().files.contains_key(path))
    }

    fn sync_directory(&self, _path: &Path) -> Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>> {
        let mut state = self.state.lock();
        let has_writer = state.writers.contains(path);
        let has_readers = state.readers.contains_key(path);
        if has_writer || (has_readers && mode == LockMode::Exclusive) {
            let message = format!(
                "{} is open in this process already; close it there first",
                path.display()
            );
            return Err(Error::new(ErrorKind::Locked, message));
        }
        match mode {
            LockMode::Exclusive => drop(state.writers.insert(path.to_path_buf())),
            LockMode::Shared => *state.readers.entry(path.to_path_buf()).or_default() += 1,
        }
        Ok(Box::new(MemoryLock {
            state: Arc::clone(&self.state),
            path: path.to_path_buf(),
            mode,
        }))
    }

    fn random(&self, out: &mut [u8]) -> Result<()> {
        system_random(out)
    }
}

struct MemoryFile {
    content: Arc<RwLock<Vec<u8>>>,
    path: PathBuf,
    is_writable: bool,
}

impl MemoryFile {
    fn refuse_unless_writable(&self, action: &str) -> Result<()> {
        if self.is_writable {
            return Ok(());
        }
        Err(Error::io(
            action,
            &self.path,
            &io::ErrorKind::PermissionDenied.into(),
        ))
    }
}

impl StorageFile for MemoryFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize> {
        Ok(read_slice(&self.content.read(), offset, out))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.refuse_unless_writable("write")?;
        let mut content = self.content.write();
        let end = offset.checked_add(bytes.len() as u64).unwrap_or(u64::MAX);
        if end > content.len() as u64 {
            grow(&mut content, end).map_err(|source| Error::io("write", &self.path, &source))?;
        }
        let start = offset as usize;
        content[start..start + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.refuse_unless_writable("set the length of")?;
        let mut content = self.content.write();
        if len <= content.len() as u64 {
            content.truncate(len as usize);
            content.shrink_to_fit();
            return Ok(());
        }
        grow(&mut content, len).map_err(|source| Error::io("set the length of", &self.path, &source))
    }

    fn len(&self) -> Result<u64> {
        Ok(self.content.read().len() as u64)
    }

    fn sync_data(&self) -> Result<()> {
        Ok(())
    }
}

/// Copies what `content` has from `offset` on into `out`; returns the bytes copied.
pub(super) fn read_slice(content: &[u8], offset: u64, out: &mut [u8]) -> usize {
    let Some(rest) = usize::try_from(offset)
        .ok()
        .and_then(|start| content.get(start..))
    else {
        return 0;
    };
    let count = rest.len().min(out.len());
    out[..count].copy_from_slice(&rest[..count]);
    count
}

/// Lengthens `content` to `len` bytes with zeros, or fails where memory ends.
fn grow(content: &mut Vec<u8>, len: u64) -> io::Result<()> {
    let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    content
        .try_reserve(len - content.len())
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    content.resize(len, 0);
    Ok(())
}

struct MemoryLock {
    state: Arc<Mutex<State>>,
    path: PathBuf,
    mode: LockMode,
}

impl StorageLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        if self.mode == LockMode::Exclusive {
            state.writers.remove(&self.path);
            return;
        }
        if let Some(count) = state.readers.get_mut(&self.path) {
            *count -= 1;
            if *count == 0 {
                state.readers.remove(&self.path);
            }
        }
    }
}

#[cfg(test)]
mod tests;
