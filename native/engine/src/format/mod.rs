//! Bytes to values and back: every on-disk string of bytes and the MessagePack dialect of documents.
//!
//! Promises: pure functions over slices; nothing here opens a file, and nothing panics on any input.
//! docs/FORMAT.md draws what these files read and write.

pub mod page;
