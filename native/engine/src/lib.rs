//! The engine of QuireDB: an embedded document database in one file of 4 KB pages.
//!
//! Layers, each importing only what stands before it: `error limits` - `format` - `storage` - `wal pager` -
//! `heap index` - `query` - `collection` - `transaction` - `database` - `command`.
#![forbid(unsafe_code)]

pub mod backup;
pub mod bugs;
pub mod check;
pub mod collection;
pub mod command;
pub mod compact;
pub mod database;
pub mod dump;
pub mod error;
pub mod format;
pub mod heap;
pub mod index;
pub mod limits;
pub mod pager;
pub mod query;
pub mod salvage;
pub mod stats;
pub mod storage;
pub mod store;
pub mod transaction;
pub mod wal;
pub mod watch;

pub use backup::BackupReport;
pub use collection::IdMode;
pub use collection::lease::Owner;
pub use command::{AnyCursor, Target};
pub use compact::CompactReport;
pub use database::{Collection, Database, Found, MEMORY_PATH, OpenOptions, WriteOptions};
pub use dump::{DumpReport, DumpedDocument, dump, dump_on};
pub use error::{Error, ErrorKind, Result};
pub use format::id::IdBytes;
pub use format::index_definition::{IndexDefinition, IndexKey};
pub use query::{Filter, Pipeline, Projection, Update};
pub use quire_frames::{PAGE_BYTES, PageNumber};
pub use salvage::salvage;
pub use stats::IndexInfo;
pub use transaction::aggregate::Aggregation;
pub use transaction::cursor::{Cursor, FindOptions};
pub use transaction::{Transaction, TransactionOptions, UpdateOutcome, UpdateRequest};
pub use wal::Durability;
pub use watch::{Progress, Resume, ResumeToken, Stream, WatchOptions};
