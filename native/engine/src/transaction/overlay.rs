//! What a transaction has written to one collection and not yet committed.
//!
//! Promises: one entry an id, the last write counts; entries keep the order in which ids were first written, so
//! that scans and the log are the same on every run.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::collection::Write;
use crate::format::id::IdBytes;

/// Documents by canonical id.
#[derive(Clone, Default)]
pub struct Overlay {
    entries: Arc<IndexMap<IdBytes, Entry>>,
    /// Whether the committed documents are all removed.
    pub is_cleared: bool,
    /// Bytes of ids and documents written.
    pub bytes: usize,
}

/// What was written under one id.
#[derive(Clone)]
struct Entry {
    /// The document; `None` is a removed one.
    document: Option<Arc<[u8]>>,
    /// Whether nothing but updates made the document from the committed one, for change streams.
    is_update: bool,
}

impl Overlay {
    /// The uncommitted state of `id`: `None` when it was not written.
    pub fn get(&self, id: &[u8]) -> Option<Option<&Arc<[u8]>>> {
        match self.entries.get(id) {
            Some(entry) => Some(entry.document.as_ref()),
            None if self.is_cleared => Some(None),
            None => None,
        }
    }

    /// Notes a write.
    pub fn set(&mut self, id: IdBytes, document: Option<Arc<[u8]>>) {
        self.insert(
            id,
            Entry {
                document,
                is_update: false,
            },
        );
    }

    /// Notes what an update made of the document of `id` as the transaction saw it.
    pub fn set_updated(&mut self, id: IdBytes, document: Arc<[u8]>) {
        let is_update = self.entries.get(&id).is_none_or(|entry| entry.is_update);
        let document = Some(document);
        self.insert(id, Entry { document, is_update });
    }

    fn insert(&mut self, id: IdBytes, entry: Entry) {
        let bytes_of = |entry: &Entry| entry.document.as_ref().map_or(0, |document| document.len());
        self.bytes += id.len() + bytes_of(&entry);
        let id_bytes = id.len();
        if let Some(before) = Arc::make_mut(&mut self.entries).insert(id, entry) {
            self.bytes -= id_bytes + bytes_of(&before);
        }
    }

    /// Takes the insertion of `id` back; `was_deleted`: it had been removed before by this transaction.
    pub fn undo_insert(&mut self, id: &IdBytes, was_deleted: bool) {
        if was_deleted {
            self.set(id.clone(), None);
        } else if let Some(entry) = Arc::make_mut(&mut self.entries).swap_remove(id) {
            self.bytes -= id.len() + entry.document.map_or(0, |document| document.len());
        }
    }

    /// Whether this transaction removed `id` itself, rather than by clearing.
    pub fn is_deleted(&self, id: &[u8]) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.document.is_none())
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
            .map(|(id, entry)| (id, entry.document.as_ref()))
    }

    /// Whether `id` was written, so that its committed document no longer counts.
    pub fn hides(&self, id: &[u8]) -> bool {
        self.is_cleared || self.entries.contains_key(id)
    }

    /// The writes that commit this overlay.
    pub fn writes(&self) -> Vec<Write<'_>> {
        self.entries
            .iter()
            .map(|(id, entry)| match &entry.document {
                Some(document) if entry.is_update => Write::Update(id, document),
                Some(document) => Write::Put(id, document),
                None => Write::Delete(id),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(steps: &[&str]) -> &'static str {
        let mut overlay = Overlay::default();
        let id = IdBytes::from_integer(1);
        for step in steps {
            match *step {
                "put" => overlay.set(id.clone(), Some(b"put".as_slice().into())),
                "update" => overlay.set_updated(id.clone(), b"updated".as_slice().into()),
                _ => overlay.set(id.clone(), None),
            }
        }
        match overlay.writes()[..] {
            [Write::Put(..)] => "put",
            [Write::Update(..)] => "update",
            [Write::Delete(_)] => "delete",
            _ => "other",
        }
    }

    #[test]
    fn only_updates_of_the_committed_document_stay_updates() {
        assert_eq!(written(&["update"]), "update");
        assert_eq!(written(&["update", "update"]), "update");
        assert_eq!(written(&["put", "update"]), "put");
        assert_eq!(written(&["update", "put"]), "put");
        assert_eq!(written(&["delete", "put", "update"]), "put");
        assert_eq!(written(&["update", "delete"]), "delete");
    }
}
