//! The command that opens a change stream.
//!
//! Shape: `{ op: 'watch', collection?, filter?, resumeAfter?, startAfter?, fullDocument?, matching?, durable?,
//! outlives? }`; see `WatchOptions`. Promises: as every command: what is not known is refused by name.
//! Leaves to others: reading the stream (watch/).

use std::sync::Arc;

use crate::command::arguments::{Arguments, refuse};
use crate::database::Database;
use crate::error::Result;
use crate::query::Filter;
use crate::watch::{Resume, Stream, WatchOptions};

pub(super) const FIELDS: &[&str] = &[
    "collection",
    "filter",
    "resumeAfter",
    "startAfter",
    "fullDocument",
    "matching",
    "durable",
    "outlives",
];

/// Opens the change stream that `request` asks for.
///
/// Errors: `INVALID_ARGUMENT`, `INVALID_NAME`, `INVALID_FILTER`, `HISTORY_LOST`, `CLOSED`.
pub fn open_stream(database: &Database, request: &[u8]) -> Result<Stream> {
    let arguments = Arguments::parse(request)?;
    if arguments.op() != "watch" {
        return Err(super::unknown_op(arguments.op()));
    }
    arguments.only(FIELDS)?;
    let matching = arguments.bytes("matching").map(Filter::compile).transpose()?;
    database.watch(WatchOptions {
        collection: arguments.text("collection")?.map(Box::from),
        filter: arguments.filter()?,
        resume: resume(&arguments)?,
        full_document: arguments.truth("fullDocument")?,
        matching: matching.map(Arc::new),
        durable_only: arguments.truth("durable")?,
        outlives_collection: arguments.truth("outlives")?,
    })
}

fn resume(arguments: &Arguments<'_>) -> Result<Option<Resume>> {
    match (arguments.text("resumeAfter")?, arguments.text("startAfter")?) {
        (None, None) => Ok(None),
        (Some(token), None) => Ok(Some(Resume::After(token.parse()?))),
        (None, Some(token)) => Ok(Some(Resume::Start(token.parse()?))),
        (Some(_), Some(_)) => Err(refuse("watch takes resumeAfter or startAfter, not both")),
    }
}
