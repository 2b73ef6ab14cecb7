//! A disk that crashes, tears, reorders and fails, all from a seed.
//!
//! A test runs a program on it, lets the power go at one of the counted calls, and goes on with any of the states
//! that the disk may be in afterwards:
//!
//! ```
//! use quire_engine::storage::{OpenMode, Storage};
//! use quire_engine::storage::simulated::{CrashPolicy, SimulatedStorage, Survival};
//!
//! let disk = SimulatedStorage::new(1);
//! disk.crash_at(3);
//! let file = disk.open("a".as_ref(), OpenMode::CreateNew).unwrap(); // call 1
//! disk.sync_directory("a".as_ref()).unwrap(); // call 2
//! assert!(file.write_at(0, b"lost or not").is_err()); // call 3 may reach the disk or not
//! let after = disk.crash(CrashPolicy { survival: Survival::Nothing, sector_bytes: 512 }, 7);
//! assert_eq!(after.content("a".as_ref()), Some(Vec::new()));
//! ```
//! Promises: the same calls with the same seeds give the same results, from one thread; from several it is safe.
//! Leaves to others: the state (disk.rs), what survives (crash.rs), the faults (fault.rs).

mod crash;
mod disk;
mod fault;
mod random;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::storage::file::open_error;
use crate::storage::lock_table::LockTable;
use crate::storage::{LockMode, OpenMode, Storage, StorageFile, StorageLock};

pub use crash::{CrashPolicy, Survival};
pub use fault::{Call, CallKind, Fault};
pub use random::Random;

use disk::{Disk, DiskFile};

/// A simulated disk. Clones are the same disk.
#[derive(Clone)]
pub struct SimulatedStorage {
    disk: Arc<Mutex<Disk>>,
    locks: LockTable,
}

impl SimulatedStorage {
    /// An empty disk. `seed` decides the entropy it hands out and which parts of failed calls reach it.
    pub fn new(seed: u64) -> SimulatedStorage {
        SimulatedStorage::with_disk(Disk::new(seed))
    }

    fn with_disk(disk: Disk) -> SimulatedStorage {
        SimulatedStorage {
            disk: Arc::new(Mutex::new(disk)),
            locks: LockTable::default(),
        }
    }

    /// Count of I/O calls so far.
    pub fn calls(&self) -> u64 {
        self.disk.lock().calls
    }

    /// Lets the power go in call number `call`. That call may reach the disk; it and all later ones fail.
    pub fn crash_at(&self, call: u64) {
        self.disk.lock().crash_at = Some(call);
    }

    /// Whether the power has gone.
    pub fn is_crashed(&self) -> bool {
        self.disk.lock().is_crashed
    }

    /// A disk with what survives if the power goes now, or went in the call of `crash_at`. This disk stays as
    /// it is, so that one crash gives many states.
    pub fn crash(&self, policy: CrashPolicy, seed: u64) -> SimulatedStorage {
        SimulatedStorage::with_disk(crash::crash(&self.disk.lock(), policy, seed))
    }

    /// A disk with all that was written, as a process finds it whose predecessor was killed. What is pending stays
    /// so, and the same program can be killed again or lose its power.
    pub fn kill(&self, seed: u64) -> SimulatedStorage {
        let disk = self.disk.lock();
        let mut after = Disk::new(seed);
        after.files.clone_from(&disk.files);
        after.live_names.clone_from(&disk.live_names);
        after.durable_names.clone_from(&disk.durable_names);
        after.pending_names.clone_from(&disk.pending_names);
        after.space_bytes = disk.space_bytes;
        SimulatedStorage::with_disk(after)
    }

    /// Lets `fault` strike the first call it can from number `from_call` on, on the file `path` where one is
    /// given; every such call where it `is_lasting`.
    pub fn inject(&self, fault: Fault, from_call: u64, is_lasting: bool, path: Option<&Path>) {
        self.disk.lock().faults.add(fault, from_call, is_lasting, path);
    }

    /// Takes back every fault that has not struck yet or is lasting.
    pub fn heal(&self) {
        self.disk.lock().faults.clear();
    }

    /// Limits the bytes that all files together may have; `None` is no limit.
    pub fn set_space(&self, bytes: Option<u64>) {
        self.disk.lock().space_bytes = bytes;
    }

    /// Starts a trace of the calls, or forgets it.
    pub fn set_tracing(&self, is_on: bool) {
        self.disk.lock().trace = is_on.then(Vec::new);
    }

    /// The calls since tracing was started.
    pub fn trace(&self) -> Vec<Call> {
        self.disk.lock().trace.clone().unwrap_or_default()
    }

    /// Paths of all files, in order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.disk.lock().live_names.keys().cloned().collect()
    }

    /// The content of a file, as programs see it.
    pub fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let disk = self.disk.lock();
        disk.live_names
            .get(path)
            .map(|file| disk.files[*file].live.clone())
    }

    /// Gives the file `path` this content, durably, as damage at rest or another program would.
    pub fn set_content(&self, path: &Path, content: &[u8]) {
        let mut disk = self.disk.lock();
        let replaced = DiskFile {
            live: content.to_vec(),
            durable: content.to_vec(),
            pending: Vec::new(),
        };
        if let Some(file) = disk.live_names.get(path).copied() {
            disk.files[file] = replaced;
            return;
        }
        let file = disk.files.len();
        disk.files.push(replaced);
        disk.live_names.insert(path.to_path_buf(), file);
        disk.durable_names.insert(path.to_path_buf(), file);
    }

    /// Flips bit `bit` of the byte at `offset` of the file `path`, as rot at rest does. Returns whether the file
    /// has that byte.
    pub fn flip_bit(&self, path: &Path, offset: u64, bit: u8) -> bool {
        let mut disk = self.disk.lock();
        let Some(file) = disk.live_names.get(path).copied() else {
            return false;
        };
        let file = &mut disk.files[file];
        let mut has_byte = false;
        for content in [&mut file.live, &mut file.durable] {
            if let Some(byte) = content.get_mut(offset as usize) {
                *byte ^= 1 << (bit % 8);
                has_byte = true;
            }
        }
        has_byte
    }
}

impl Storage for SimulatedStorage {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn StorageFile>> {
        let file = self
            .disk
            .lock()
            .open(path, mode)
            .map_err(|source| open_error(path, &source))?;
        Ok(Arc::new(SimulatedFile {
            disk: Arc::clone(&self.disk),
            file,
            path: path.to_path_buf(),
            is_writable: mode != OpenMode::Read,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.disk
            .lock()
            .rename(from, to)
            .map_err(|source| Error::io("rename", from, &source))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.disk
            .lock()
            .remove(path)
            .map_err(|source| Error::io("remove", path, &source))
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        Ok(self.disk.lock().live_names.contains_key(path))
    }

    fn sync_directory(&self, path: &Path) -> Result<()> {
        self.disk
            .lock()
            .sync_directory(path)
            .map_err(|source| Error::io("sync the directory of", path, &source))
    }

    fn lock(&self, path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>> {
        self.locks.lock(path, mode)
    }

    fn random(&self, out: &mut [u8]) -> Result<()> {
        self.disk.lock().entropy.fill(out);
        Ok(())
    }
}

struct SimulatedFile {
    disk: Arc<Mutex<Disk>>,
    file: usize,
    path: PathBuf,
    is_writable: bool,
}

impl SimulatedFile {
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

impl StorageFile for SimulatedFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize> {
        let read = self.disk.lock().read(self.file, &self.path, offset, out);
        read.map_err(|source| Error::io("read", &self.path, &source))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.refuse_unless_writable("write")?;
        let written = self.disk.lock().write(self.file, &self.path, offset, bytes);
        written.map_err(|source| Error::io("write", &self.path, &source))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.refuse_unless_writable("set the length of")?;
        let set = self.disk.lock().set_len(self.file, &self.path, len);
        set.map_err(|source| Error::io("set the length of", &self.path, &source))
    }

    fn len(&self) -> Result<u64> {
        Ok(self.disk.lock().files[self.file].live.len() as u64)
    }

    fn sync_data(&self) -> Result<()> {
        let synced = self.disk.lock().sync(self.file, &self.path);
        synced.map_err(|source| Error::io("sync", &self.path, &source))
    }
}

#[cfg(test)]
mod tests;
