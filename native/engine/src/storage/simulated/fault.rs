//! Faults that a simulated disk is told to have, and the calls it counts them by.
//!
//! Promises: a fault strikes at the call of its number or at the first later one that it can strike.
//! Leaves to others: what a struck call does to the files (disk.rs).

use std::path::{Path, PathBuf};

/// Kind of an I/O call. Each is counted; lengths and lookups of names are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// `Storage::open`.
    Open,
    /// `StorageFile::read_at`.
    Read,
    /// `StorageFile::write_at`.
    Write,
    /// `StorageFile::set_len`.
    SetLen,
    /// `StorageFile::sync_data`.
    Sync,
    /// `Storage::rename`.
    Rename,
    /// `Storage::remove`.
    Remove,
    /// `Storage::sync_directory`.
    SyncDirectory,
}

/// One I/O call, as the trace tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number: 1 for the storage's first.
    pub number: u64,
    /// What it was.
    pub kind: CallKind,
    /// The file; of a rename the new name.
    pub path: PathBuf,
    /// Byte offset, or the length asked for, where the call has one.
    pub offset: u64,
    /// Bytes read or written.
    pub length: u64,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Any call fails with EIO and does nothing; a sync fails as `SyncError` that keeps the content.
    AnyError,
    /// A read fails with EIO.
    ReadError,
    /// A write fails with EIO and writes nothing.
    WriteError,
    /// A write writes some leading sectors and fails with EIO.
    ShortWrite,
    /// A write does all its work and fails with EIO.
    WriteErrorAfterAll,
    /// A write or a change of length fails for want of space and does nothing.
    NoSpace,
    /// A sync fails; what was not durable is dropped, but for parts that reached the disk. Readers keep
    /// seeing it (ext4, XFS), or where `reverts` is set no longer (Btrfs).
    SyncError {
        /// Whether readers see the content of the disk from now on.
        reverts: bool,
    },
    /// A write that says it succeeded never reaches the file.
    LostWrite,
    /// A write reaches another place of the file, `bytes` further on.
    Misdirected {
        /// Distance to the right place, in bytes.
        bytes: u64,
    },
}

impl Fault {
    fn strikes(self, kind: CallKind) -> bool {
        match self {
            Fault::AnyError => true,
            Fault::ReadError => kind == CallKind::Read,
            Fault::NoSpace => matches!(kind, CallKind::Write | CallKind::SetLen),
            Fault::SyncError { .. } => kind == CallKind::Sync,
            Fault::WriteError
            | Fault::ShortWrite
            | Fault::WriteErrorAfterAll
            | Fault::LostWrite
            | Fault::Misdirected { .. } => kind == CallKind::Write,
        }
    }
}

/// A fault that is waiting for its call.
#[derive(Clone, Debug)]
struct Planned {
    fault: Fault,
    from_call: u64,
    is_lasting: bool,
    /// Only calls on this file, where one is named.
    path: Option<PathBuf>,
}

/// The faults that are waiting.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Planned>);

impl Faults {
    /// Adds `fault` for the first call it can strike from number `from_call` on, or for all of them.
    pub(super) fn add(&mut self, fault: Fault, from_call: u64, is_lasting: bool, path: Option<&Path>) {
        self.0.push(Planned {
            fault,
            from_call,
            is_lasting,
            path: path.map(Path::to_path_buf),
        });
    }

    /// Forgets all faults.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that strikes this call, used up unless it lasts.
    pub(super) fn take(&mut self, number: u64, kind: CallKind, path: &Path) -> Option<Fault> {
        let index = self.0.iter().position(|planned| {
            number >= planned.from_call
                && planned.fault.strikes(kind)
                && planned.path.as_deref().is_none_or(|wanted| wanted == path)
        })?;
        let fault = self.0[index].fault;
        if !self.0[index].is_lasting {
            self.0.remove(index);
        }
        Some(fault)
    }
}
