//! What the commands that give cursors open: one type for all of them, so that bindings keep one kind of handle.
//!
//! Promises: batches are documents back to back, in stored form of the structures that the cursor names.
//! Leaves to others: what the documents are (transaction/cursor.rs, aggregate.rs).

use std::sync::Arc;

use crate::error::Result;
use crate::format::record::Structures;
use crate::transaction::aggregate::Aggregation;
use crate::transaction::cursor::Cursor;

/// An open cursor, whatever it reads.
pub enum AnyCursor {
    /// Documents of a collection.
    Find(Box<Cursor>),
    /// Results of a pipeline.
    Aggregate(Box<Aggregation>),
}

impl AnyCursor {
    /// Appends the next documents to `out`, back to back, and returns how many: at most `documents_max`, and no
    /// further one once `out` has `bytes_max` bytes. 0 is the end.
    ///
    /// Errors: `SNAPSHOT_TOO_OLD`, `CORRUPTED`, `IO`, and those of a pipeline's stages.
    pub fn next_batch(&mut self, out: &mut Vec<u8>, documents_max: usize, bytes_max: usize) -> Result<usize> {
        match self {
            AnyCursor::Find(cursor) => cursor.next_batch(out, documents_max, bytes_max),
            AnyCursor::Aggregate(aggregation) => aggregation.next_batch(out, documents_max, bytes_max),
        }
    }

    /// True when no document follows; one that could still follow may turn out not to.
    pub fn is_over(&self) -> bool {
        match self {
            AnyCursor::Find(cursor) => cursor.is_over(),
            AnyCursor::Aggregate(aggregation) => aggregation.is_over(),
        }
    }

    /// The key lists that the documents' records use.
    pub fn structures(&self) -> Arc<Structures> {
        match self {
            AnyCursor::Find(cursor) => cursor.structures(),
            AnyCursor::Aggregate(aggregation) => aggregation.structures(),
        }
    }

    /// Changes when numbers of `structures` mean something else; see `Content`.
    pub fn structures_identity(&self) -> u64 {
        match self {
            AnyCursor::Find(cursor) => cursor.structures_identity(),
            AnyCursor::Aggregate(aggregation) => aggregation.structures_identity(),
        }
    }
}
