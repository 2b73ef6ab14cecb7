//! Files of the operating system.
//!
//! Promises: positioned reads and writes only, so that threads share a file without a cursor; interrupted
//! calls are repeated; descriptors are closed on exec and are never 0, 1 or 2, so that output printed by a
//! program with closed streams cannot land in a database. A sync is fdatasync, on macOS F_FULLFSYNC (the
//! standard library's `sync_data` is both).
//! Leaves to others: the lock file (file_lock.rs), overwriting through memory (mapped.rs).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::mapped::Overwriter;
use crate::storage::{LockMode, OpenMode, Storage, StorageFile, StorageLock, file_lock};

/// The operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileStorage;

impl FileStorage {
    /// The file system.
    pub fn new() -> FileStorage {
        FileStorage
    }
}

impl Storage for FileStorage {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn StorageFile>> {
        // Asked before opening, because opening a pipe for reading would wait for a writer.
        if let Ok(metadata) = fs::metadata(path)
            && !metadata.is_file()
        {
            let what = if metadata.is_dir() {
                "a directory"
            } else {
                "not a regular file"
            };
            let message = format!(
                "cannot open {}: it is {what}; give the path of a file",
                path.display()
            );
            return Err(Error::new(ErrorKind::CannotOpen, message));
        }
        let mut options = OpenOptions::new();
        match mode {
            OpenMode::Read => options.read(true),
            OpenMode::ReadWrite => options.read(true).write(true),
            OpenMode::CreateNew => options.read(true).write(true).create_new(true),
            OpenMode::CreateOrOpen => options.read(true).write(true).create(true).truncate(false),
        };
        let file = open_high(&options, path).map_err(|source| open_error(path, &source))?;
        Ok(Arc::new(OpenFile {
            file,
            path: path.to_path_buf(),
            overwriter: Overwriter::default(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).map_err(|source| Error::io("rename", from, &source))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", path, &source))
            }
            _ => Ok(()),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        match fs::exists(path) {
            // A path through a file (`file/name`) names nothing.
            Err(source) if source.kind() == io::ErrorKind::NotADirectory => Ok(false),
            answer => answer.map_err(|source| open_error(path, &source)),
        }
    }

    #[cfg(unix)]
    fn sync_directory(&self, path: &Path) -> Result<()> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut options = OpenOptions::new();
        options.read(true);
        let opened = open_high(&options, directory)
            .map_err(|source| Error::io("open the directory", directory, &source))?;
        opened
            .sync_all()
            .map_err(|source| Error::io("sync the directory", directory, &source))
    }

    /// Windows writes names through with the file's own flush and cannot flush a directory.
    #[cfg(not(unix))]
    fn sync_directory(&self, _path: &Path) -> Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path, mode: LockMode) -> Result<Box<dyn StorageLock>> {
        file_lock::lock(path, mode)
    }

    fn random(&self, out: &mut [u8]) -> Result<()> {
        system_random(out)
    }
}

/// Fills `out` from the operating system's random generator.
pub(super) fn system_random(out: &mut [u8]) -> Result<()> {
    getrandom::fill(out).map_err(|source| {
        Error::new(
            ErrorKind::Io,
            format!("cannot read random bytes from the operating system: {source}"),
        )
    })
}

/// The error of opening `path`: what the caller can mend is `CANNOT_OPEN`.
pub(super) fn open_error(path: &Path, source: &io::Error) -> Error {
    use io::ErrorKind as Kind;
    match source.kind() {
        Kind::NotFound
        | Kind::PermissionDenied
        | Kind::AlreadyExists
        | Kind::IsADirectory
        | Kind::NotADirectory
        | Kind::InvalidFilename
        | Kind::InvalidInput
        | Kind::ReadOnlyFilesystem => Error::new(
            ErrorKind::CannotOpen,
            format!("cannot open {}: {source}", path.display()),
        ),
        _ => Error::io("open", path, source),
    }
}

/// Opens a file whose descriptor is above the three standard streams.
#[cfg(unix)]
pub(super) fn open_high(options: &OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::fd::AsRawFd;
    let file = options.open(path)?;
    if file.as_raw_fd() > 2 {
        return Ok(file);
    }
    // `try_clone` is fcntl(F_DUPFD_CLOEXEC, 3): the copy is at 3 or above.
    file.try_clone()
}

/// Opens a file; handles of Windows are not standard streams.
#[cfg(not(unix))]
pub(super) fn open_high(options: &OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

struct OpenFile {
    file: File,
    path: PathBuf,
    overwriter: Overwriter,
}

impl OpenFile {
    fn error(&self, action: &str, source: &io::Error) -> Error {
        Error::io(action, &self.path, source)
    }
}

impl StorageFile for OpenFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            match read_once(&self.file, offset + filled as u64, &mut out[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.error("read", &source)),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        write_whole(&self.file, offset, bytes).map_err(|source| self.error("write", &source))
    }

    fn overwrite_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        if self.overwriter.overwrite(&self.file, offset, bytes) {
            return Ok(());
        }
        self.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        // A window on bytes that go would end the process at its next use.
        self.overwriter.forget();
        self.file
            .set_len(len)
            .map_err(|source| self.error("set the length of", &source))
    }

    fn len(&self) -> Result<u64> {
        let metadata = self
            .file
            .metadata()
            .map_err(|source| self.error("measure", &source))?;
        Ok(metadata.len())
    }

    fn sync_data(&self) -> Result<()> {
        self.file
            .sync_data()
            .map_err(|source| self.error("sync", &source))
    }
}

#[cfg(unix)]
fn read_once(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

#[cfg(unix)]
fn write_whole(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    // Repeats interrupted and short writes.
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_once(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}

#[cfg(windows)]
fn write_whole(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match std::os::windows::fs::FileExt::seek_write(file, &bytes[written..], offset + written as u64) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(source),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
