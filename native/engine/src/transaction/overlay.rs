//! What a transaction has written to one collection and not yet committed.
//!
//! Promises: one entry an id, the last write counts; entries keep the order in which ids were first written, so
//! that scans and the log are the same on every run.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::collection::Write;
use crate::format::id::IdBytes;

/// Documents by canonical id; `None` is a removed one.
#[derive(Clone, Default)]
pub struct Overlay {
    entries: Arc<IndexMap<IdBytes, Option<Arc<[u8]>>>>,
    /// Whether the committed documents are all removed.
    pub is_cleared: bool,
    /// Bytes of ids and documents written.
    pub bytes: usize,
}

impl Overlay {
    /// The uncommitted state of `id`: `None` when it was not written.
    pub fn get(&self, id: &[u8]) -> Option<Option<&Arc<[u8]>>> {
        match self.entries.get(id) {
            Some(entry) => Some(entry.as_ref()),
            None if self.is_cleared => Some(None),
            None => None,
        }
    }

    /// Notes a write.
    pub fn set(&mut self, id: IdBytes, document: Option<Arc<[u8]>>) {
        self.bytes += id.len() + document.as_ref().map_or(0, |document| document.len());
        let id_bytes = id.len();
        if let Some(before) = Arc::make_mut(&mut self.entries).insert(id, document) {
            self.bytes -= id_bytes + before.map_or(0, |document| document.len());
        }
    }

    /// Takes the insertion of `id` back; `was_deleted`: it had been removed before by this transaction.
    pub fn undo_insert(&mut self, id: &IdBytes, was_deleted: bool) {
        if was_deleted {
            self.set(id.clone(), None);
        } else if let Some(Some(document)) = Arc::make_mut(&mut self.entries).swap_remove(id) {
            self.bytes -= id.len() + document.len();
        }
    }

    /// Whether this transaction removed `id` itself, rather than by clearing.
    pub fn is_deleted(&self, id: &[u8]) -> bool {
        matches!(self.entries.get(id), Some(None))
    }

    /// Removes every document, written or committed.
    pub fn clear(&mut self) {
        self.entries = Arc::default();
        self.bytes = 0;
        self.is_cleared = true;
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.is_cleared
    }

    /// Entries so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Entry `index`, in the order of first writes.
    pub fn entry(&self, index: usize) -> Option<(&IdBytes, Option<&Arc<[u8]>>)> {
        self.entries
            .get_index(index)
            .map(|(id, document)| (id, document.as_ref()))
    }

    /// Whether `id` was written, so that its committed document no longer counts.
    pub fn hides(&self, id: &[u8]) -> bool {
        self.is_cleared || self.entries.contains_key(id)
    }

    /// The writes that commit this overlay.
    pub fn writes(&self) -> Vec<Write<'_>> {
        self.entries
            .iter()
            .map(|(id, document)| match document {
                Some(document) => Write::Put(id, document),
                None => Write::Delete(id),
            })
            .collect()
    }
}
