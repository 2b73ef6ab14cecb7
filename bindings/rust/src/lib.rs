//! QuireDB: an embedded document database. One file, MongoDB's language, typed documents.
//!
//! What follows is the README; its program runs as a test.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod collection;
mod cursor;
mod database;
mod date;
mod decode;
mod decode_parts;
mod encode;
mod encode_parts;
mod error;
mod find;
mod get_many;
mod id;
mod indexes;
mod macros;
mod options;
mod request;
mod results;
mod room;
mod scope;
mod transaction;
mod value;
mod watch;
mod writes;

pub use collection::Collection;
pub use cursor::Cursor;
pub use database::{Database, salvage};
pub use date::DateTime;
pub use error::{BulkFailure, Error, Result, WriteError};
pub use find::Find;
pub use id::{AsId, Id};
pub use indexes::{IndexInfo, IndexModel};
pub use options::{
    DeleteOptions, FindOneAndOptions, OpenOptions, ReplaceOptions, ReturnDocument, TransactionOptions,
    UpdateOptions,
};
pub use quire_engine::check::CheckReport;
pub use quire_engine::stats::{CollectionInfo, Stats};
pub use quire_engine::{BackupReport, CompactReport, DumpReport, Durability, ErrorKind, IdMode};
pub use results::{BulkWriteResult, DeleteResult, InsertManyResult, InsertOneResult, UpdateResult};
pub use room::Stored;
pub use transaction::Transaction;
pub use value::{Document, Value};
pub use watch::{
    ChangeEvent, ChangeStream, Commit, DocumentKey, Namespace, OperationType, UpdateDescription, Watch,
};
pub use writes::WriteModel;
