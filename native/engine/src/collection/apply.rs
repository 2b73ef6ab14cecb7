//! Writes to one collection: planned while nothing is changed, then applied.
//!
//! Promises: planning does everything that can fail for a reason of the user's or the disk's: it finds each
//! document, so its pages are loaded and compared; applying only changes pages in memory.
//! Leaves to others: what the writes of a commit must be (distinct ids, store/commit.rs).

use crate::collection::index_changes::IndexPlanner;
use crate::collection::{Body, IdMode};
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::place::Place;
use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Value};
use crate::pager::{PageWriter, Pager};

/// One write of a commit; ids are canonical, documents in stored form.
#[derive(Clone, Copy, Debug)]
pub enum Write<'a> {
    /// A document that must not be there yet.
    Insert(&'a [u8], &'a [u8]),
    /// A document, whether one with its id is there or not.
    Put(&'a [u8], &'a [u8]),
    /// What an update made of the document that is there; written like `Put`, told apart for change streams.
    Update(&'a [u8], &'a [u8]),
    /// No document of this id.
    Delete(&'a [u8]),
}

/// A write and what it will meet.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    /// Canonical id.
    pub id: &'a [u8],
    /// The new document; `None` removes it.
    pub document: Option<&'a [u8]>,
    /// Where the document is now and how many bytes it has.
    pub current: Option<(Place, usize)>,
    /// Whether an update made the new document from the current one.
    pub is_update: bool,
    hash: u64,
}

impl<'a> Planned<'a> {
    /// A write that meets no documents at all.
    pub fn in_empty(pager: &Pager, write: Write<'a>) -> Planned<'a> {
        let (id, document, _) = write.parts();
        Planned {
            id,
            document,
            current: None,
            is_update: false,
            hash: Body::hash_id(pager, id),
        }
    }
}

impl<'a> Write<'a> {
    /// Id, new document, and whether the id must be new.
    fn parts(self) -> (&'a [u8], Option<&'a [u8]>, bool) {
        match self {
            Write::Insert(id, document) => (id, Some(document), true),
            Write::Put(id, document) | Write::Update(id, document) => (id, Some(document), false),
            Write::Delete(id) => (id, None, false),
        }
    }
}

impl Body {
    /// Hints that `write` will be planned soon.
    #[inline]
    pub fn foresee(&self, pager: &Pager, write: Write<'_>) {
        let (id, ..) = write.parts();
        self.index.prefetch(pager, Body::hash_id(pager, id));
    }

    /// Finds what `write` will meet, and tells the planner of the indexes, where there are any.
    ///
    /// Errors: `DUPLICATE_ID`, `CORRUPTED`, `IO`; those of the planner.
    pub fn plan<'a>(
        &self,
        pager: &Pager,
        write: Write<'a>,
        scratch: &mut Vec<u8>,
        mut indexes: Option<&mut IndexPlanner<'_>>,
    ) -> Result<Planned<'a>> {
        let (id, document, must_be_new) = write.parts();
        let hash = Body::hash_id(pager, id);
        let mut noted = Ok(());
        let current = self.find_hashed(pager, id, hash, None, scratch, |place, current| {
            if let Some(indexes) = &mut indexes
                && !must_be_new
            {
                noted = indexes.note(id, Some(current), document);
            }
            (place, current.len())
        })?;
        noted?;
        if must_be_new && current.is_some() {
            return Err(duplicate(id));
        }
        if let Some(indexes) = indexes
            && current.is_none()
        {
            indexes.note(id, None, document)?;
        }
        if document.is_some() {
            self.heap.expect_growable(pager)?;
        }
        Ok(Planned {
            id,
            document,
            current,
            is_update: matches!(write, Write::Update(..)),
            hash,
        })
    }

    /// Does a planned write. The counts come from the catalog: where damage made them wrong they must not overflow,
    /// and `check` tells. A failure leaves the collection half changed: the caller poisons the database.
    pub fn apply(&mut self, writer: &PageWriter<'_>, planned: &Planned<'_>) -> Result<()> {
        match (planned.current, planned.document) {
            (None, Some(document)) => {
                let place = self.heap.insert(writer, document)?;
                self.index.insert(writer, planned.hash, place)?;
                self.documents_count = self.documents_count.saturating_add(1);
                self.documents_bytes = self.documents_bytes.saturating_add(document.len() as u64);
                self.note_integer(planned.id);
            }
            (Some((place, bytes)), Some(document)) => {
                let moved = self.heap.update(writer, place, document)?;
                if moved != place {
                    self.index.replace(writer, planned.hash, place, moved)?;
                }
                let grown = self.documents_bytes.saturating_add(document.len() as u64);
                self.documents_bytes = grown.saturating_sub(bytes as u64);
            }
            (Some((place, bytes)), None) => {
                self.heap.delete(writer, place)?;
                self.index.remove(writer, planned.hash, place)?;
                self.documents_count = self.documents_count.saturating_sub(1);
                self.documents_bytes = self.documents_bytes.saturating_sub(bytes as u64);
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Keeps the next integer id above every integer id that was used.
    fn note_integer(&mut self, id: &[u8]) {
        if self.ids == IdMode::Integer
            && let Some(number) = integer_of(id)
            && number >= self.next_integer
        {
            self.next_integer = number.saturating_add(1);
        }
    }
}

/// The integer that a canonical id is.
pub fn integer_of(id: &[u8]) -> Option<i64> {
    match Cursor::new(id, &NO_STRUCTURES).value() {
        Ok(Value::Int(number)) => Some(number),
        _ => None,
    }
}

/// The error of a second document with the id `id`.
pub fn duplicate(id: &[u8]) -> Error {
    let shown =
        IdBytes::from_canonical(id).map_or_else(|_| "of unknown form".to_owned(), |id| id.to_string());
    Error::new(
        ErrorKind::DuplicateId,
        format!("a document with _id {shown} is already in the collection"),
    )
}
