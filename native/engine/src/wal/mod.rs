//! Room: wal.
