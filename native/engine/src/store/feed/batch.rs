//! What one commit changed, as change streams keep it.
//!
//! Promises: documents are in stored form, as they were when the commit was made, with the structures that their
//! records use; all bytes of a commit lie in one piece of memory. Nothing here is worked out that a reader can work
//! out as well: which fields an update changed is asked for by those who want to know.
//! Leaves to others: where the changes come from (commit.rs, definition.rs, replay.rs, watch/history.rs), what is told
//! of them (watch/event.rs).

use std::sync::Arc;

use smallvec::SmallVec;

use crate::format::page::Sequence;
use crate::format::record::Structures;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A document that was not there.
    Insert,
    /// Another document in the place of one, made by operators: both are kept.
    Update,
    /// Nothing: an update left the document as it was. It has a number all the same, as it has in the log.
    Unchanged,
    /// Another document in the place of one.
    Replace,
    /// A document less.
    Delete,
    /// No document more.
    Clear,
    /// No collection more.
    Drop,
    /// Another name.
    Rename,
}

/// The collection of a change.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its name at the time.
    pub name: Arc<str>,
    /// Structures of the records in its documents.
    pub structures: Arc<Structures>,
}

/// One change, seen without copying it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// What happened.
    pub kind: ChangeKind,
    /// Where.
    pub collection: &'a Described,
    /// Canonical id of the document; empty where none is meant.
    pub id: &'a [u8],
    /// The document before an update.
    pub before: &'a [u8],
    /// The new document of an insert, update or replacement; the new name of a renamed collection.
    pub after: &'a [u8],
}

/// The changes of one commit.
#[derive(Debug)]
pub struct Batch {
    sequence: Sequence,
    changes: Vec<Packed>,
    collections: SmallVec<[Described; 1]>,
    bytes: Vec<u8>,
    is_lost: bool,
}

/// A change whose id, document before and document after lie one behind the other.
#[derive(Clone, Copy, Debug)]
struct Packed {
    kind: ChangeKind,
    collection: u32,
    start: usize,
    id_bytes: u32,
    before_bytes: u32,
    after_bytes: u32,
}

/// The changes of a commit that has no number yet.
#[derive(Debug, Default)]
pub struct Draft {
    changes: Vec<Packed>,
    collections: SmallVec<[Described; 1]>,
    bytes: Vec<u8>,
}

impl Draft {
    /// The changes that follow are changes of this collection.
    pub fn enter(&mut self, name: &Arc<str>, structures: Arc<Structures>) {
        let is_known = self
            .collections
            .last()
            .is_some_and(|last| Arc::ptr_eq(&last.name, name) && Arc::ptr_eq(&last.structures, &structures));
        if !is_known {
            self.collections.push(Described {
                name: name.clone(),
                structures,
            });
        }
    }

    /// The collection entered last.
    pub fn collection(&self) -> Option<&Described> {
        self.collections.last()
    }

    /// Adds a change of the collection entered last; see `Recorded`.
    pub fn add(&mut self, kind: ChangeKind, id: &[u8], before: &[u8], after: &[u8]) {
        self.changes.push(Packed {
            kind,
            collection: self.collections.len().saturating_sub(1) as u32,
            start: self.bytes.len(),
            id_bytes: id.len() as u32,
            before_bytes: before.len() as u32,
            after_bytes: after.len() as u32,
        });
        for part in [id, before, after] {
            self.bytes.extend_from_slice(part);
        }
    }

    /// The changes as those of commit `sequence`.
    pub fn finish(self, sequence: Sequence) -> Batch {
        Batch {
            sequence,
            changes: self.changes,
            collections: self.collections,
            bytes: self.bytes,
            is_lost: false,
        }
    }
}

impl Batch {
    /// A commit of which nothing is told.
    pub fn empty(sequence: Sequence) -> Batch {
        Draft::default().finish(sequence)
    }

    /// A commit whose changes could not be kept.
    pub fn lost(sequence: Sequence) -> Batch {
        Batch {
            is_lost: true,
            ..Batch::empty(sequence)
        }
    }

    /// Number of the commit.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether there were changes that could not be kept.
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Change `index`, in the order in which they were made.
    pub fn get(&self, index: usize) -> Option<Recorded<'_>> {
        let packed = self.changes.get(index)?;
        let (id, rest) = self
            .bytes
            .get(packed.start..)?
            .split_at_checked(packed.id_bytes as usize)?;
        let (before, rest) = rest.split_at_checked(packed.before_bytes as usize)?;
        Some(Recorded {
            kind: packed.kind,
            collection: self.collections.get(packed.collection as usize)?,
            id,
            before,
            after: rest.get(..packed.after_bytes as usize)?,
        })
    }

    /// Memory that the batch takes, in bytes.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Batch>()
            + self.bytes.capacity()
            + self.changes.capacity() * size_of::<Packed>()
            + self.collections.len() * size_of::<Described>()
    }
}
