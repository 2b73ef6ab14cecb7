//! The state of a simulated disk: what programs see, what is durable, and what lies between.
//!
//! Promises: every change goes to the live view and to the list of pending ones; a sync moves what is pending
//! into the durable view, of one file or of the names of one directory. Nothing here depends on time, threads or
//! the order of a hash map.
//! Leaves to others: which pending changes survive a crash (crash.rs), which faults strike (fault.rs).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::storage::OpenMode;
use crate::storage::memory::read_slice;
use crate::storage::simulated::fault::{Call, CallKind, Fault, Faults};
use crate::storage::simulated::random::Random;

/// Bytes that no short write splits.
const SECTOR_BYTES: u64 = 512;

/// A change of a file that is not durable yet.
#[derive(Clone, Debug)]
pub(super) enum FileChange {
    Write { offset: u64, bytes: Vec<u8> },
    SetLen(u64),
}

/// A change of the names that is not durable yet. Files are told by their number, as inodes are.
#[derive(Clone, Debug)]
pub(super) enum NameChange {
    Create { path: PathBuf, file: usize },
    Rename { from: PathBuf, to: PathBuf, file: usize },
    Remove { path: PathBuf },
}

#[derive(Clone, Debug, Default)]
pub(super) struct DiskFile {
    pub(super) live: Vec<u8>,
    pub(super) durable: Vec<u8>,
    pub(super) pending: Vec<FileChange>,
}

/// The disk. A file keeps its number when its name goes, so that open handles stay good.
pub(super) struct Disk {
    pub(super) files: Vec<DiskFile>,
    pub(super) live_names: BTreeMap<PathBuf, usize>,
    pub(super) durable_names: BTreeMap<PathBuf, usize>,
    pub(super) pending_names: Vec<NameChange>,
    pub(super) calls: u64,
    pub(super) trace: Option<Vec<Call>>,
    pub(super) faults: Faults,
    /// Number of the call in which the power goes.
    pub(super) crash_at: Option<u64>,
    pub(super) is_crashed: bool,
    /// Bytes that all files together may have.
    pub(super) space_bytes: Option<u64>,
    /// Entropy that the program is given.
    pub(super) entropy: Random,
    /// Parts of failed writes and syncs that reach the disk.
    chance: Random,
}

/// What a call is to do.
enum Verdict {
    Go,
    /// The power goes in this call; it may still reach the disk.
    Crash,
    Struck(Fault),
}

impl Disk {
    pub(super) fn new(seed: u64) -> Disk {
        Disk {
            files: Vec::new(),
            live_names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            calls: 0,
            trace: None,
            faults: Faults::default(),
            crash_at: None,
            is_crashed: false,
            space_bytes: None,
            entropy: Random::forked(seed, 1),
            chance: Random::forked(seed, 2),
        }
    }

    /// Counts a call and says what happens to it.
    fn begin(&mut self, kind: CallKind, path: &Path, offset: u64, length: u64) -> io::Result<Verdict> {
        if self.is_crashed {
            return Err(power_is_off());
        }
        self.calls += 1;
        if let Some(trace) = &mut self.trace {
            trace.push(Call {
                number: self.calls,
                kind,
                path: path.to_path_buf(),
                offset,
                length,
            });
        }
        if self.crash_at.is_some_and(|at| self.calls >= at) {
            self.is_crashed = true;
            return Ok(Verdict::Crash);
        }
        Ok(self
            .faults
            .take(self.calls, kind, path)
            .map_or(Verdict::Go, Verdict::Struck))
    }

    /// Opens or creates a file; returns its number.
    pub(super) fn open(&mut self, path: &Path, mode: OpenMode) -> io::Result<usize> {
        let verdict = self.begin(CallKind::Open, path, 0, 0)?;
        if let Verdict::Struck(_) = verdict {
            return Err(device_error());
        }
        let file = match (self.live_names.get(path), mode) {
            (Some(_), OpenMode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(file), _) => *file,
            (None, OpenMode::Read | OpenMode::ReadWrite) => return Err(io::ErrorKind::NotFound.into()),
            (None, _) => {
                let file = self.files.len();
                self.files.push(DiskFile::default());
                self.live_names.insert(path.to_path_buf(), file);
                self.pending_names.push(NameChange::Create {
                    path: path.to_path_buf(),
                    file,
                });
                file
            }
        };
        end(&verdict).map(|()| file)
    }

    pub(super) fn read(
        &mut self,
        file: usize,
        path: &Path,
        offset: u64,
        out: &mut [u8],
    ) -> io::Result<usize> {
        match self.begin(CallKind::Read, path, offset, out.len() as u64)? {
            Verdict::Go => Ok(read_slice(&self.files[file].live, offset, out)),
            Verdict::Crash => Err(power_is_off()),
            Verdict::Struck(_) => Err(device_error()),
        }
    }

    pub(super) fn write(&mut self, file: usize, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let verdict = self.begin(CallKind::Write, path, offset, bytes.len() as u64)?;
        let (offset, count, result) = match verdict {
            Verdict::Go | Verdict::Crash => (offset, bytes.len(), end(&verdict)),
            Verdict::Struck(Fault::LostWrite) => (offset, 0, Ok(())),
            Verdict::Struck(Fault::Misdirected { bytes: by }) => (offset + by, bytes.len(), Ok(())),
            Verdict::Struck(Fault::ShortWrite) => (
                offset,
                self.short_count(offset, bytes.len() as u64) as usize,
                Err(device_error()),
            ),
            Verdict::Struck(Fault::WriteErrorAfterAll) => (offset, bytes.len(), Err(device_error())),
            Verdict::Struck(Fault::NoSpace) => (offset, 0, Err(io::ErrorKind::StorageFull.into())),
            Verdict::Struck(_) => (offset, 0, Err(device_error())),
        };
        let room = self.room_at(file, offset);
        if (count as u64) > room {
            self.change(
                file,
                FileChange::Write {
                    offset,
                    bytes: bytes[..room as usize].to_vec(),
                },
            );
            return Err(io::ErrorKind::StorageFull.into());
        }
        if count > 0 {
            self.change(
                file,
                FileChange::Write {
                    offset,
                    bytes: bytes[..count].to_vec(),
                },
            );
        }
        result
    }

    pub(super) fn set_len(&mut self, file: usize, path: &Path, len: u64) -> io::Result<()> {
        let verdict = self.begin(CallKind::SetLen, path, len, 0)?;
        match verdict {
            Verdict::Struck(Fault::NoSpace) => return Err(io::ErrorKind::StorageFull.into()),
            Verdict::Struck(_) => return Err(device_error()),
            Verdict::Go | Verdict::Crash => {}
        }
        if len > self.room_at(file, 0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.change(file, FileChange::SetLen(len));
        end(&verdict)
    }

    pub(super) fn sync(&mut self, file: usize, path: &Path) -> io::Result<()> {
        let verdict = self.begin(CallKind::Sync, path, 0, 0)?;
        let reverts = match verdict {
            // The power may go at any moment of the sync, so what is pending stays pending.
            Verdict::Crash => return Err(power_is_off()),
            Verdict::Go => None,
            Verdict::Struck(Fault::SyncError { reverts }) => Some(reverts),
            Verdict::Struck(_) => Some(false),
        };
        let disk_file = &mut self.files[file];
        for change in disk_file.pending.drain(..) {
            if reverts.is_none() || self.chance.happens(50) {
                change.apply(&mut disk_file.durable);
            }
        }
        match reverts {
            None => Ok(()),
            Some(reverts) => {
                if reverts {
                    disk_file.live.clone_from(&disk_file.durable);
                }
                Err(device_error())
            }
        }
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let verdict = self.begin(CallKind::Rename, to, 0, 0)?;
        if let Verdict::Struck(_) = verdict {
            return Err(device_error());
        }
        let file = self.live_names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.live_names.insert(to.to_path_buf(), file);
        self.pending_names.push(NameChange::Rename {
            from: from.to_path_buf(),
            to: to.to_path_buf(),
            file,
        });
        end(&verdict)
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let verdict = self.begin(CallKind::Remove, path, 0, 0)?;
        if let Verdict::Struck(_) = verdict {
            return Err(device_error());
        }
        if self.live_names.remove(path).is_some() {
            self.pending_names.push(NameChange::Remove {
                path: path.to_path_buf(),
            });
        }
        end(&verdict)
    }

    /// Makes the names in the directory of `path` durable.
    pub(super) fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        match self.begin(CallKind::SyncDirectory, path, 0, 0)? {
            Verdict::Go => {}
            Verdict::Crash => return Err(power_is_off()),
            Verdict::Struck(_) => return Err(device_error()),
        }
        let directory = path.parent();
        let pending = std::mem::take(&mut self.pending_names);
        for change in pending {
            if change.directory() == directory {
                change.apply(&mut self.durable_names);
            } else {
                self.pending_names.push(change);
            }
        }
        Ok(())
    }

    /// Bytes that a short write gets done: it ends between two sectors, as the pages that kernels copy do.
    fn short_count(&mut self, offset: u64, length: u64) -> u64 {
        let end = (offset + self.chance.below(length)) / SECTOR_BYTES * SECTOR_BYTES;
        end.saturating_sub(offset)
    }

    /// Bytes that may be written from `offset` of `file` on before the space is used up.
    fn room_at(&self, file: usize, offset: u64) -> u64 {
        let Some(space) = self.space_bytes else {
            return u64::MAX;
        };
        let len = |file: usize| self.files[file].live.len() as u64;
        let used: u64 = self.live_names.values().map(|file| len(*file)).sum();
        // What the file has already may be overwritten.
        (len(file) + space.saturating_sub(used)).saturating_sub(offset)
    }

    fn change(&mut self, file: usize, change: FileChange) {
        let file = &mut self.files[file];
        change.apply(&mut file.live);
        file.pending.push(change);
    }
}

impl FileChange {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            FileChange::SetLen(len) => content.resize(*len as usize, 0),
            FileChange::Write { offset, bytes } => write_slice(content, *offset, bytes),
        }
    }

    /// End of what the change writes, or the length it sets.
    pub(super) fn end(&self) -> u64 {
        match self {
            FileChange::SetLen(len) => *len,
            FileChange::Write { offset, bytes } => offset + bytes.len() as u64,
        }
    }
}

/// Writes `bytes` at `offset`, with zeros between the old end and there.
pub(super) fn write_slice(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let start = offset as usize;
    let end = start + bytes.len();
    if end > content.len() {
        content.resize(end, 0);
    }
    content[start..end].copy_from_slice(bytes);
}

impl NameChange {
    pub(super) fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            NameChange::Create { path, file } => drop(names.insert(path.clone(), *file)),
            NameChange::Remove { path } => drop(names.remove(path)),
            NameChange::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }

    fn directory(&self) -> Option<&Path> {
        match self {
            NameChange::Create { path, .. } | NameChange::Remove { path } => path.parent(),
            NameChange::Rename { to, .. } => to.parent(),
        }
    }
}

fn end(verdict: &Verdict) -> io::Result<()> {
    if let Verdict::Crash = verdict {
        Err(power_is_off())
    } else {
        Ok(())
    }
}

fn power_is_off() -> io::Error {
    io::Error::other("the simulated disk has lost its power")
}

fn device_error() -> io::Error {
    io::Error::other("simulated device error")
}
