//! Counts and sizes of an open database.
//!
//! Promises: cheap to ask; each number says in its docstring what it counts and from when.

use std::sync::Arc;

use quire_frames::PAGE_BYTES;

use crate::error::Error;
use crate::format::id_mode::IdMode;
use crate::format::index_definition::IndexDefinition;
use crate::format::page::CollectionId;

/// One collection.
#[derive(Clone, Debug)]
pub struct CollectionInfo {
    /// The name.
    pub name: Arc<str>,
    /// The number, which pages carry.
    pub id: CollectionId,
    /// How ids are made.
    pub ids: IdMode,
    /// Documents.
    pub documents_count: u64,
    /// Bytes of the documents in stored form.
    pub documents_bytes: u64,
    /// Pages of documents, without large documents' own runs.
    pub heap_pages: u64,
    /// Bytes of the id index when all of it is in memory.
    pub index_bytes: u64,
    /// Record structures.
    pub structures_count: usize,
    /// Lookups of an id that visited a document of another id, since the database was opened.
    pub false_visits_count: u64,
    /// The ordered indexes, in the order in which they were made.
    pub indexes: Vec<IndexInfo>,
}

impl CollectionInfo {
    /// The index on `_id`, as if it were an ordered one.
    pub fn id_index(&self) -> IndexInfo {
        IndexInfo {
            definition: IndexDefinition::of_id(),
            entries_count: self.documents_count,
            pages_count: self.index_bytes / PAGE_BYTES as u64,
            arrays: 0,
        }
    }
}

/// One ordered index.
#[derive(Clone, Debug)]
pub struct IndexInfo {
    /// What it is.
    pub definition: IndexDefinition,
    /// Entries.
    pub entries_count: u64,
    /// Pages of its tree.
    pub pages_count: u64,
    /// Fields, the first one the lowest bit, that led through an array in some document.
    pub arrays: u32,
}

/// A database.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Every collection, in the order of names.
    pub collections: Vec<CollectionInfo>,
    /// Pages of the data file, as the next checkpoint will leave it.
    pub pages_count: u64,
    /// Of these, pages that are free.
    pub free_pages: u64,
    /// Bytes of page memory in use.
    pub cache_bytes: u64,
    /// Bytes of pages changed since they were last written to the data file.
    pub dirty_bytes: u64,
    /// Bytes of page versions kept for snapshots.
    pub version_bytes: u64,
    /// Bytes of log that a recovery would read.
    pub log_bytes: u64,
    /// Number of the last commit since the file was made.
    pub sequence: u64,
    /// Commits since the database was opened.
    pub commits_count: u64,
    /// Checkpoints since the database was opened.
    pub checkpoints_count: u64,
    /// Pages read from the data file since the database was opened.
    pub page_loads_count: u64,
    /// Why the last checkpoint failed, until one succeeds; meanwhile the log grows.
    pub checkpoint_failure: Option<Error>,
}
