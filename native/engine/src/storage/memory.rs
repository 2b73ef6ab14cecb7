//! Files in memory, for `:memory:` databases, tests and tools.
//!
//! Promises: behaves as a file system whose every write is durable at once: removed and renamed files stay
//! readable through open handles, locks exclude as the real ones do. Nothing is shared between two
//! storages; clones are the same storage.
//! Leaves to others: crashes and faults (simulated/).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::error::{Error, Result};
use crate::storage::file::{open_error, system_random};
use crate::storage::lock_table::LockTable;
use crate::storage::{LockMode, OpenMode, Storage, StorageFile, StorageLock};

/// A file system in memory. Clones share their files.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    files: Arc<Mutex<BTreeMap<PathBuf, Content>>>,
    locks: LockTable,
}

type Content = Arc<RwLock<Vec<u8>>>;

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> MemoryStorage {
        MemoryStorage::default()
    }
}

impl Storage for MemoryStorage {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn StorageFile>> {
        let mut files = self.files.lock();
        let content = match (files.get(path), mode) {
            (Some(_), OpenMode::CreateNew) => {
                return Err(open_error(path, &io::ErrorKind::AlreadyExists.into()));
            }
            (Some(content), _) => Arc::clone(content),
            (None, OpenMode::Read | OpenMode::ReadWrite) => {
                return Err(open_error(path, &io::ErrorKind::NotFound.into()));
            }
            (None, _) => Arc::clone(files.entry(path.to_path_buf()).or_default()),
        };
        Ok(Arc::new(MemoryFile {
            content,
            path: path.to_path_buf(),
            is_writable: mode != OpenMode::Read,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut files = self.files.lock();
        let Some(content) = files.remove(from) else {
            return Err(Error::io("rename", from, &io::ErrorKind::NotFound.into()));
        };
        files.insert(to.to_path_buf(), content);
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.files.lock().remove(path);
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        Ok(self.files.lock().contains_key(path))
    }

    fn sync_directory(&self, _path: &Path) -> Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>> {
        self.locks.lock(path, mode)
    }

    fn random(&self, out: &mut [u8]) -> Result<()> {
        system_random(out)
    }
}

struct MemoryFile {
    content: Content,
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
        let end = offset.saturating_add(bytes.len() as u64);
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

#[cfg(test)]
mod tests;
