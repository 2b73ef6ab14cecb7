//! A collection: its documents, its id index, its record structures, and the locks that guard them.
//!
//! A `CollectionState` stands for a name. It lives as long as anybody holds it, also while no collection of
//! the name exists; dropping the collection empties it, the next write fills it again.
//!
//! Promises: the lock `content` is held for one read, one batch or one commit, never across a call back to the
//! user; only the holder of the lease changes the collection, so what it read stays true until it commits.
//! Leaves to others: logging and the order of commits (store/commit.rs), transactions (transaction/).

mod apply;
pub mod find_many;
pub mod index_build;
pub mod index_changes;
pub mod lease;
mod rebuild;
pub mod secondary;
pub mod unique;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use quire_frames::PAGE_BYTES;

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::hash_canonical;
use crate::format::intake::starts_with_id;
use crate::format::page::{CollectionId, Sequence};
use crate::format::place::Place;
use crate::format::record::StructureRegistry;
use crate::heap::{Heap, prefetch_document, read_document};
use crate::index::primary::PrimaryIndex;
use crate::limits::NAME_BYTES_MAX;
use crate::pager::{PageWriter, Pager};
use crate::stats::CollectionInfo;
use lease::Lease;
use secondary::SecondaryIndex;

pub use crate::format::id_mode::IdMode;
pub use apply::{Planned, Write, duplicate, integer_of};
pub use rebuild::Extent;

/// What a name stands for; shared by every handle on it.
pub struct CollectionState {
    /// Who may change the collection.
    pub lease: Lease,
    /// The collection lock: shared for reads, exclusive while a commit is applied.
    pub content: RwLock<Content>,
}

/// What the collection lock guards.
pub struct Content {
    /// The name, for messages and the catalog.
    pub name: Arc<str>,
    /// The collection of this name, where one exists.
    pub body: Option<Body>,
    /// What `body` was in other pages, for snapshots of before it was rebuilt; the oldest first.
    past: Vec<PastBody>,
    /// The record structures. They outlive a drop, so that numbers which readers know keep their meaning.
    pub structures: Arc<StructureRegistry>,
    /// Changes when `structures` is another registry; readers that keep key lists compare it.
    pub structures_identity: u64,
    /// Structures that the log or the data file has already.
    pub structures_logged: usize,
    /// Last commit that changed the collection.
    pub last_sequence: Sequence,
    /// Commit that made the body.
    pub born: Sequence,
    /// Last commit that ended a body: by clearing, dropping or renaming.
    pub died: Sequence,
}

/// A collection as snapshots before commit `until` read it.
struct PastBody {
    until: Sequence,
    body: Body,
}

/// What a snapshot finds under a name.
pub enum AsOf<'a> {
    /// The collection.
    Body(&'a Body),
    /// Nothing: it did not exist yet.
    Nothing,
}

/// Documents and id index of a collection that exists.
pub struct Body {
    /// Number of the collection; owner of its pages.
    pub id: CollectionId,
    /// How ids are made.
    pub ids: IdMode,
    /// The documents.
    pub heap: Heap,
    /// From id to place.
    pub index: PrimaryIndex,
    /// The ordered indexes, in the order in which they were made.
    pub indexes: Vec<SecondaryIndex>,
    /// Documents.
    pub documents_count: u64,
    /// Bytes of the documents in stored form.
    pub documents_bytes: u64,
    /// The next id in integer mode.
    pub next_integer: i64,
}

static NEXT_IDENTITY: AtomicU64 = AtomicU64::new(1);

impl CollectionState {
    /// The state of a name of which no collection exists.
    pub fn unborn(name: &str) -> CollectionState {
        CollectionState {
            lease: Lease::default(),
            content: RwLock::new(Content::unborn(name)),
        }
    }

    /// The name, for messages.
    pub fn name(&self) -> Arc<str> {
        self.content.read().name.clone()
    }
}

impl Content {
    fn unborn(name: &str) -> Content {
        Content {
            name: name.into(),
            body: None,
            past: Vec::new(),
            structures: Arc::new(StructureRegistry::new()),
            structures_identity: next_identity(),
            structures_logged: 0,
            last_sequence: Sequence(0),
            born: Sequence(0),
            died: Sequence(0),
        }
    }

    /// What a snapshot at `sequence` finds, or what is there now for `None`.
    ///
    /// Errors: `CONFLICT` when the collection that the snapshot would see was cleared, dropped or renamed since:
    /// its id index is gone.
    pub fn as_of(&self, sequence: Option<Sequence>) -> Result<AsOf<'_>> {
        if sequence.is_some_and(|sequence| self.died > sequence) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "collection {} was cleared, dropped or renamed after the transaction began; run it again",
                    self.name
                ),
            ));
        }
        match self.body_at(sequence) {
            Some(body) if sequence.is_none_or(|sequence| self.born <= sequence) => Ok(AsOf::Body(body)),
            _ => Ok(AsOf::Nothing),
        }
    }

    /// The body whose pages a snapshot at `sequence` reads, which sees this collection; the present one for `None`.
    pub fn body_at(&self, sequence: Option<Sequence>) -> Option<&Body> {
        let mut past = self.past.iter();
        let seen = past.find(|past| sequence.is_some_and(|sequence| sequence < past.until));
        seen.map(|past| &past.body).or(self.body.as_ref())
    }

    /// Takes `new`, which holds the same documents, for the body from commit `sequence` on; the one before stays for
    /// the snapshots that are there, of which `oldest` is the oldest.
    pub fn exchange_body(&mut self, new: Body, sequence: Sequence, oldest: Option<Sequence>) {
        self.forget_past(oldest);
        let before = self.body.replace(new);
        if oldest.is_some() {
            self.past.extend(before.map(|body| PastBody {
                until: sequence,
                body,
            }));
        }
    }

    /// Whether there are bodies of before.
    pub fn has_past(&self) -> bool {
        !self.past.is_empty()
    }

    /// Lets bodies go that no snapshot reads, where `oldest` is the oldest.
    pub fn forget_past(&mut self, oldest: Option<Sequence>) {
        self.past
            .retain(|past| oldest.is_some_and(|oldest| oldest < past.until));
    }

    /// Makes the collection of this name.
    pub fn create(&mut self, writer: &PageWriter<'_>, id: CollectionId, ids: IdMode) -> Result<()> {
        self.body = Some(Body::create(writer, id, ids)?);
        self.born = writer.sequence();
        Ok(())
    }

    /// Removes every document; the collection, its number and its indexes stay.
    pub fn clear(&mut self, writer: &PageWriter<'_>) -> Result<()> {
        if let Some(body) = self.body.take() {
            let (id, ids, next_integer) = (body.id, body.ids, body.next_integer);
            let rules: Vec<_> = body.indexes.iter().map(|index| index.rules.clone()).collect();
            body.release(writer);
            self.died = writer.sequence();
            self.create(writer, id, ids)?;
            if let Some(body) = &mut self.body {
                body.next_integer = next_integer;
                for rules in rules {
                    body.indexes.push(SecondaryIndex::create(writer, id, rules)?);
                }
            }
        }
        Ok(())
    }

    /// Ends the collection.
    pub fn end(&mut self, writer: &PageWriter<'_>) {
        if let Some(body) = self.body.take() {
            body.release(writer);
        }
        self.died = writer.sequence();
        self.last_sequence = writer.sequence();
        self.structures_logged = 0;
    }

    /// Counts and sizes, where a collection of this name exists.
    pub fn info(&self) -> Option<CollectionInfo> {
        let body = self.body.as_ref()?;
        Some(CollectionInfo {
            name: self.name.clone(),
            id: body.id,
            ids: body.ids,
            documents_count: body.documents_count,
            documents_bytes: body.documents_bytes,
            heap_pages: body.heap.root().pages_count.into(),
            index_bytes: u64::from(body.index.root().buckets_count) * PAGE_BYTES as u64
                + body.index.resident_bytes() as u64,
            structures_count: self.structures.count(),
            false_visits_count: body.index.false_candidates_count(),
            indexes: body.indexes.iter().map(SecondaryIndex::info).collect(),
        })
    }

    /// Moves the collection of this name to `to`, under whose name none exists.
    pub fn move_to(&mut self, to: &mut Content, sequence: Sequence) {
        to.body = self.body.take();
        to.structures = std::mem::take(&mut self.structures);
        to.structures_logged = std::mem::take(&mut self.structures_logged);
        to.structures_identity = next_identity();
        self.structures_identity = next_identity();
        (to.last_sequence, to.born) = (sequence, sequence);
        (self.last_sequence, self.died) = (sequence, sequence);
    }
}

/// Identities are unique in the process, so that no two registries are ever taken for each other.
fn next_identity() -> u64 {
    NEXT_IDENTITY.fetch_add(1, Ordering::Relaxed)
}

impl Body {
    /// A new, empty collection.
    pub fn create(writer: &PageWriter<'_>, id: CollectionId, ids: IdMode) -> Result<Body> {
        Ok(Body {
            id,
            ids,
            heap: Heap::create(writer, id)?,
            index: PrimaryIndex::create(writer, id)?,
            indexes: Vec::new(),
            documents_count: 0,
            documents_bytes: 0,
            next_integer: 1,
        })
    }

    /// Mean bytes of a document in stored form; 0 when there is none.
    #[inline]
    pub fn mean_bytes(&self) -> usize {
        let mean = self.documents_bytes.checked_div(self.documents_count);
        mean.unwrap_or(0) as usize
    }

    /// Hash of a canonical id in this file's index.
    #[inline]
    pub fn hash_id(pager: &Pager, id: &[u8]) -> u64 {
        hash_canonical(id, &pager.file_hash_key())
    }

    /// Finds document `id` as of `sequence` (`None`: now) and hands it to `visit`.
    ///
    /// Errors: `CORRUPTED`, `IO`.
    #[inline]
    pub fn find<R>(
        &self,
        pager: &Pager,
        id: &[u8],
        sequence: Option<Sequence>,
        scratch: &mut Vec<u8>,
        visit: impl FnMut(Place, &[u8]) -> R,
    ) -> Result<Option<R>> {
        self.find_hashed(pager, id, Body::hash_id(pager, id), sequence, scratch, visit)
    }

    /// As `find`, for an id whose hash is known.
    #[inline]
    pub fn find_hashed<R>(
        &self,
        pager: &Pager,
        id: &[u8],
        hash: u64,
        sequence: Option<Sequence>,
        scratch: &mut Vec<u8>,
        mut visit: impl FnMut(Place, &[u8]) -> R,
    ) -> Result<Option<R>> {
        let mut found = None;
        let mean_bytes = self.mean_bytes();
        self.index.lookup(pager, hash, sequence, |place| {
            prefetch_document(pager, place, mean_bytes);
            let visited = read_document(pager, place, sequence, scratch, |document| {
                starts_with_id(document, id).then(|| visit(place, document))
            })?;
            found = visited.flatten();
            Ok(found.is_some())
        })?;
        Ok(found)
    }

    /// Gives every page back that can be found. A damaged collection can be dropped as well: the pages that its
    /// damage hides stay unused, `check` names them.
    pub fn release(&self, writer: &PageWriter<'_>) {
        let _ = self.heap.release(writer);
        let _ = self.index.release(writer);
        for index in &self.indexes {
            let _ = index.tree.release(writer);
        }
    }
}

/// Refuses names that cannot be kept.
///
/// Errors: `INVALID_NAME`.
pub fn check_name(name: &str) -> Result<()> {
    let problem = if name.is_empty() {
        "is empty".to_owned()
    } else if name.len() > NAME_BYTES_MAX {
        format!("has {} bytes; at most {NAME_BYTES_MAX} are allowed", name.len())
    } else if let Some(control) = name.chars().find(|character| character.is_control()) {
        format!("has the control character {:?}", control)
    } else {
        return Ok(());
    };
    let shown: String = name.chars().take(40).collect();
    Err(Error::new(
        ErrorKind::InvalidName,
        format!("collection name {shown:?} {problem}"),
    ))
}
