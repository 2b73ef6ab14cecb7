//! Cursors: the documents that a query gives, one after the other.
//!
//! A cursor sees the moment at which it was opened, however long it runs. Promises: documents are fetched in batches;
//! what it holds is given back when it is dropped. Leaves to others: what the documents are (the engine).

use std::marker::PhantomData;
use std::sync::Arc;

use quire_engine::AnyCursor;
use quire_engine::format::record::Structures;
use serde::de::DeserializeOwned;

use crate::decode::{Decoder, decode_next};
use crate::error::Result;

/// Documents of the first batch: a loop that is left early has not read much.
const FIRST_BATCH: usize = 64;
/// Most documents of a batch.
const BATCH_MAX: usize = 4096;
/// Bytes after which a batch ends.
const BATCH_BYTES: usize = 256 << 10;

/// The documents of a query, as an iterator of results. After an error it is over.
pub struct Cursor<T> {
    cursor: Option<AnyCursor>,
    structures: Arc<Structures>,
    batch: Vec<u8>,
    at: usize,
    batch_max: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Cursor<T> {
    pub(crate) fn new(cursor: AnyCursor) -> Cursor<T> {
        Cursor {
            structures: cursor.structures(),
            cursor: Some(cursor),
            batch: Vec::new(),
            at: 0,
            batch_max: FIRST_BATCH,
            kind: PhantomData,
        }
    }

    /// The same documents, read as another type.
    pub fn with_type<U: DeserializeOwned>(self) -> Cursor<U> {
        Cursor {
            cursor: self.cursor,
            structures: self.structures,
            batch: self.batch,
            at: self.at,
            batch_max: self.batch_max,
            kind: PhantomData,
        }
    }

    /// All documents that are left.
    ///
    /// Errors: SNAPSHOT_TOO_OLD, CORRUPTED, IO, INVALID_DOCUMENT for one that does not fit `T`, and those of a
    /// pipeline's stages.
    pub fn all(mut self) -> Result<Vec<T>> {
        self.batch_max = BATCH_MAX;
        self.collect()
    }

    /// The next document. Errors: as `all`.
    pub fn try_next(&mut self) -> Result<Option<T>> {
        if self.at >= self.batch.len() && !self.fetch()? {
            return Ok(None);
        }
        let rest = self.batch.get(self.at..).unwrap_or_default();
        let mut decoder = Decoder::new(rest, &self.structures);
        let document = decode_next(&mut decoder)?;
        self.at += decoder.at;
        Ok(Some(document))
    }

    /// Gives up the documents that are left, and the moment that the cursor sees.
    pub fn close(&mut self) {
        self.cursor = None;
        self.at = self.batch.len();
    }

    /// Fetches the next batch; false at the end.
    fn fetch(&mut self) -> Result<bool> {
        let Some(cursor) = &mut self.cursor else {
            return Ok(false);
        };
        self.batch.clear();
        self.at = 0;
        let count = cursor.next_batch(&mut self.batch, self.batch_max, BATCH_BYTES)?;
        self.structures = cursor.structures();
        if count == 0 || cursor.is_over() {
            self.cursor = None;
        }
        self.batch_max = (self.batch_max * 4).min(BATCH_MAX);
        Ok(count > 0)
    }
}

impl<T: DeserializeOwned> Iterator for Cursor<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let next = self.try_next();
        if next.is_err() {
            self.close();
        }
        next.transpose()
    }
}
