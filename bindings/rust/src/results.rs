//! What writes give back, in the shapes of MongoDB's driver.
//!
//! Promises: fields are the engine's replies by their names. Leaves to others: what counts (the engine).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::decode::{Decoder, decode, decode_next};
use crate::error::{BulkFailure, Error, Result, WriteError};
use crate::id::Id;
use quire_engine::ErrorKind;
use quire_engine::format::record::NO_STRUCTURES;

/// Result of `insert_one`.
#[derive(Clone, Debug, PartialEq)]
pub struct InsertOneResult {
    /// The document's id, given or made.
    pub inserted_id: Id,
}

/// Result of `insert_many`.
#[derive(Clone, Debug)]
pub struct InsertManyResult {
    /// How many documents were inserted.
    pub inserted_count: u64,
    /// Ids back to back, decoded when they are asked for.
    pub(crate) ids: Vec<u8>,
}

impl InsertManyResult {
    /// The ids, given or made, in the order of the documents.
    pub fn inserted_ids(&self) -> Result<Vec<Id>> {
        let mut decoder = Decoder::new(&self.ids, &NO_STRUCTURES);
        let mut ids = Vec::new();
        while !decoder.is_at_end() {
            ids.push(decode_next(&mut decoder)?);
        }
        Ok(ids)
    }
}

/// Result of updates and replacements.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateResult {
    /// Documents that matched.
    pub matched_count: u64,
    /// Documents that are different now.
    pub modified_count: u64,
    /// The id of the document that an upsert inserted.
    pub upserted_id: Option<Id>,
}

/// Result of `delete_one` and `delete_many`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteResult {
    /// Documents that were deleted.
    pub deleted_count: u64,
}

/// What many writes did.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkWriteResult {
    /// Documents that were inserted.
    pub inserted_count: u64,
    /// Documents that updates matched.
    pub matched_count: u64,
    /// Documents that updates changed.
    pub modified_count: u64,
    /// Documents that were deleted.
    pub deleted_count: u64,
    /// Documents that upserts inserted.
    pub upserted_count: u64,
    /// The ids of inserted documents, by the place of their operation.
    pub inserted_ids: BTreeMap<usize, Id>,
    /// The ids of upserted documents, by the place of their operation.
    pub upserted_ids: BTreeMap<usize, Id>,
}

/// The failures in the engine's reply to many writes.
#[derive(Deserialize)]
struct Failures {
    #[serde(rename = "writeErrors")]
    list: Vec<FailedWrite>,
}

#[derive(Deserialize)]
struct FailedWrite {
    index: usize,
    code: String,
    message: String,
}

/// What the engine's reply says was done. Errors: that of the first write that failed, with all of them.
pub(crate) fn bulk_result(reply: &[u8]) -> Result<BulkWriteResult> {
    let result: BulkWriteResult = decode(reply)?;
    let failures: Failures = decode(reply)?;
    if failures.list.is_empty() {
        return Ok(result);
    }
    let write_errors = failures.list.into_iter().map(|failed| WriteError {
        index: failed.index,
        kind: kind_of(&failed.code),
        message: failed.message,
    });
    Err(Error::of_bulk(BulkFailure {
        write_errors: write_errors.collect(),
        result,
    }))
}

/// The kind of a code.
fn kind_of(code: &str) -> ErrorKind {
    let known = ErrorKind::ALL.iter().find(|kind| kind.code() == code);
    known.copied().unwrap_or(ErrorKind::Internal)
}
