//! Files that many trials share: bytes that nobody copies, with one flipped bit or a shorter length laid over them, and
//! a note of what was read.
//!
//! Promises: what is read is the image with the damage of that moment; damage can be moved while a database has the
//! files open. Nothing can be written. One thread at a time uses an image; other threads have their own.
//! Leaves to others: where the damage goes and what must come of it (exhaustive.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use quire_engine::storage::{LockMode, MemoryStorage, OpenMode, Storage, StorageFile, StorageLock};
use quire_engine::{Error, ErrorKind, Result};

use crate::fixture::Files;

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A flipped bit.
    Flip { at: usize, bit: u8 },
    /// Only so many bytes are left.
    Cut { length: usize },
}

/// Shared files. Clones share damage and notes as well.
#[derive(Clone)]
pub struct Image(Arc<Shared>);

struct Shared {
    files: BTreeMap<PathBuf, Arc<Vec<u8>>>,
    state: Mutex<State>,
    /// Gives locks that are its own, so that trials do not meet each other.
    locks: MemoryStorage,
}

#[derive(Default)]
struct State {
    damage: Option<(PathBuf, Damage)>,
    /// Blocks that were read, by file; `None` while nobody wants to know.
    blocks_read: Option<BTreeMap<PathBuf, BTreeSet<usize>>>,
}

/// Bytes of the blocks in which reads are noted.
pub const BLOCK_BYTES: usize = 64;

impl Image {
    pub fn new(files: &Files) -> Image {
        let files = files
            .iter()
            .map(|(name, bytes)| (PathBuf::from(name), Arc::new(bytes.clone())));
        Image(Arc::new(Shared {
            files: files.collect(),
            state: Mutex::default(),
            locks: MemoryStorage::new(),
        }))
    }

    /// The same bytes, with damage and notes of its own: none yet.
    pub fn fork(&self) -> Image {
        Image(Arc::new(Shared {
            files: self.0.files.clone(),
            state: Mutex::default(),
            locks: MemoryStorage::new(),
        }))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.files.contains_key(Path::new(name))
    }

    pub fn length(&self, name: &str) -> usize {
        self.0.files[Path::new(name)].len()
    }

    /// Puts `damage` into the file `name`, in the place of the one before.
    pub fn damage(&self, name: &str, damage: Damage) {
        self.0.state.lock().unwrap().damage = Some((PathBuf::from(name), damage));
    }

    /// The blocks of `name` that were read since this was asked last; the first time none.
    pub fn take_blocks_read(&self, name: &str) -> BTreeSet<usize> {
        let mut state = self.0.state.lock().unwrap();
        let blocks = state.blocks_read.get_or_insert_default();
        blocks.remove(Path::new(name)).unwrap_or_default()
    }
}

fn refuse<T>(action: &str) -> Result<T> {
    Err(Error::new(
        ErrorKind::ReadOnly,
        format!("an image was asked to {action}"),
    ))
}

impl Storage for Image {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn StorageFile>> {
        let Some(bytes) = self.0.files.get(path).filter(|_| mode == OpenMode::Read) else {
            return refuse(&format!("open {} as {mode:?}", path.display()));
        };
        Ok(Arc::new(ImageFile {
            bytes: Arc::clone(bytes),
            path: path.to_path_buf(),
            image: self.clone(),
        }))
    }

    fn rename(&self, _from: &Path, _to: &Path) -> Result<()> {
        refuse("rename")
    }

    fn remove(&self, _path: &Path) -> Result<()> {
        refuse("remove")
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        Ok(self.0.files.contains_key(path))
    }

    fn sync_directory(&self, _path: &Path) -> Result<()> {
        refuse("sync a directory")
    }

    fn lock(&self, path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>> {
        self.0.locks.lock(path, mode)
    }

    fn random(&self, out: &mut [u8]) -> Result<()> {
        self.0.locks.random(out)
    }
}

struct ImageFile {
    bytes: Arc<Vec<u8>>,
    path: PathBuf,
    image: Image,
}

impl ImageFile {
    /// How many bytes are left, and the bit that is flipped, if they are of this file.
    fn damage(&self) -> (usize, Option<(usize, u8)>) {
        match &self.image.0.state.lock().unwrap().damage {
            Some((path, Damage::Flip { at, bit })) if *path == self.path => {
                (self.bytes.len(), Some((*at, *bit)))
            }
            Some((path, Damage::Cut { length })) if *path == self.path => (*length, None),
            _ => (self.bytes.len(), None),
        }
    }

    fn note(&self, start: usize, end: usize) {
        if let Some(blocks) = &mut self.image.0.state.lock().unwrap().blocks_read {
            let blocks = blocks.entry(self.path.clone()).or_default();
            blocks.extend(start / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES));
        }
    }
}

impl StorageFile for ImageFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize> {
        let (length, flip) = self.damage();
        let start = (offset as usize).min(length);
        let end = (start + out.len()).min(length);
        out[..end - start].copy_from_slice(&self.bytes[start..end]);
        if let Some((at, bit)) = flip.filter(|(at, _)| (start..end).contains(at)) {
            out[at - start] ^= 1 << bit;
        }
        self.note(start, end);
        Ok(end - start)
    }

    fn write_at(&self, _offset: u64, _bytes: &[u8]) -> Result<()> {
        refuse("write")
    }

    fn set_len(&self, _len: u64) -> Result<()> {
        refuse("set a length")
    }

    fn len(&self) -> Result<u64> {
        Ok(self.damage().0 as u64)
    }

    fn sync_data(&self) -> Result<()> {
        refuse("sync")
    }
}
