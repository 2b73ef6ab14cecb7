//! The engine of QuireDB: an embedded document database in one file of 4 KB pages.
//!
//! Layers, each importing only what stands before it: `error limits` - `format` - `storage` - `wal pager` -
//! `heap index` - `query` - `collection` - `transaction` - `database`.
#![forbid(unsafe_code)]

pub mod bugs;
pub mod error;
pub mod format;
pub mod heap;
pub mod index;
pub mod limits;
pub mod pager;
pub mod query;
pub mod storage;
pub mod wal;

pub use error::{Error, ErrorKind, Result};
pub use quire_frames::{PAGE_BYTES, PageNumber};
