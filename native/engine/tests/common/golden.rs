//! The files of tests/golden, in memory so that they stay as they are, and how databases are opened on them.

use std::path::{Path, PathBuf};

use quire_engine::OpenOptions;
use quire_engine::storage::{MemoryStorage, OpenMode, Storage};

/// What a database's files are named by after its own name.
pub const SUFFIXES: [&str; 4] = ["", "-log0", "-log1", "-journal"];

/// Where the files are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// No thread of the engine's own, so that what is written is the same each time.
pub fn options() -> OpenOptions {
    OpenOptions {
        background: false,
        log_bytes_min: 8 << 10,
        ..OpenOptions::default()
    }
}

/// The golden database `name`, in memory so that it stays as it is.
pub fn storage_of(name: &str) -> MemoryStorage {
    let storage = MemoryStorage::new();
    for suffix in SUFFIXES {
        let name = format!("{name}{suffix}");
        if let Ok(bytes) = std::fs::read(folder().join(&name)) {
            let file = storage.open(name.as_ref(), OpenMode::CreateNew).unwrap();
            file.write_at(0, &bytes).unwrap();
        }
    }
    storage
}
