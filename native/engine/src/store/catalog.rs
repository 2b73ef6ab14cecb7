//! The catalog: what the data file keeps of every collection.
//!
//! Promises: reading it costs time in proportion to the number of collections and structures, not of documents;
//! every byte is doubted.
//! Source: docs/FORMAT.md, "Catalog".

use std::collections::HashSet;
use std::sync::Arc;

use quire_frames::PageNumber;

use crate::collection::secondary::SecondaryIndex;
use crate::collection::{Body, CollectionState, Content, IdMode, check_name};
use crate::error::{Error, ErrorKind, Result};
use crate::format::bucket::BUCKETS_MAX;
use crate::format::page::{CollectionId, Sequence};
use crate::format::record::Structure;
use crate::format::{read_u16, read_u32, read_u64};
use crate::heap::{Heap, HeapRoot};
use crate::index::ordered::OrderedRoot;
use crate::index::primary::{IndexRoot, PrimaryIndex};
use crate::store::Store;

/// Layout of the catalog's entries.
const VERSION: u8 = 2;
/// The layout before there were ordered indexes; still read.
const VERSION_WITHOUT_INDEXES: u8 = 1;
/// Bytes of an entry's fixed part.
const ENTRY_BYTES: usize = 68;
/// Bytes of an index's fixed part.
const INDEX_BYTES: usize = 30;

impl Store {
    /// The catalog's bytes. The caller holds the gate exclusively. Without collections there is none.
    pub(super) fn encode_catalog(&self) -> Result<Vec<u8>> {
        self.forget_unused_names();
        let mut entries = Vec::new();
        for state in self.collections() {
            let content = state.content.read();
            if let Some(body) = &content.body {
                encode_entry(&content, body, &mut entries);
            }
        }
        if !entries.is_empty() {
            entries.insert(0, VERSION);
        }
        Ok(entries)
    }

    /// Lets states go that stand for no collection and that nobody holds: reading names must not cost memory for
    /// ever. While there are snapshots, one of them may have to learn from such a state that its collection ended.
    fn forget_unused_names(&self) {
        if !self.pager.has_snapshots() {
            let is_used = |state: &Arc<CollectionState>| {
                Arc::strong_count(state) > 1 || state.content.read().body.is_some()
            };
            self.collections.write().retain(|_, state| is_used(state));
        }
    }

    /// Takes the collections over that the catalog lists.
    ///
    /// Errors: `CORRUPTED`, `UNSUPPORTED_FORMAT`.
    pub fn decode_catalog(&self, bytes: &[u8]) -> Result<()> {
        let mut entries = CatalogEntries::new(bytes)?;
        let mut ids = HashSet::new();
        while let Some(entry) = entries.take_next()? {
            if !ids.insert(entry.heap.owner) {
                return Err(malformed("two collections have one number"));
            }
            self.restore(entry)?;
        }
        Ok(())
    }

    fn restore(&self, entry: CatalogEntry<'_>) -> Result<()> {
        check_name(entry.name).map_err(|error| malformed(error.message()))?;
        let state = self.collection(entry.name);
        let mut content = state.content.write();
        if content.body.is_some() {
            return Err(malformed("two collections have one name"));
        }
        let indexes = open_indexes(&entry.indexes)?;
        content.body = Some(Body {
            id: entry.heap.owner,
            ids: entry.ids,
            heap: Heap::open(entry.heap),
            index: PrimaryIndex::open(entry.index),
            indexes,
            documents_count: entry.documents_count,
            documents_bytes: entry.documents_bytes,
            next_integer: entry.next_integer,
        });
        content.structures_logged = entry.structures.len();
        for (number, structure) in entry.structures.into_iter().enumerate() {
            content.structures.restore(number, structure)?;
        }
        Ok(())
    }
}

/// One collection as the catalog keeps it.
pub struct CatalogEntry<'a> {
    /// The name; any UTF-8.
    pub name: &'a str,
    /// How ids are made.
    pub ids: IdMode,
    /// The documents, and the collection's number as their owner.
    pub heap: HeapRoot,
    /// The id index.
    pub index: IndexRoot,
    /// Documents.
    pub documents_count: u64,
    /// Bytes of the documents in stored form.
    pub documents_bytes: u64,
    /// The next id in integer mode.
    pub next_integer: i64,
    /// The record structures, by their numbers.
    pub structures: Vec<Structure>,
    /// The ordered indexes.
    pub indexes: Vec<IndexEntry<'a>>,
}

/// One ordered index as the catalog keeps it.
pub struct IndexEntry<'a> {
    /// Its definition, encoded.
    pub definition: &'a [u8],
    /// Its tree.
    pub root: OrderedRoot,
    /// See `SecondaryIndex::arrays`.
    pub arrays: u32,
    /// The commit that made it.
    pub born: Sequence,
}

/// The entries of a catalog, one after the other.
pub struct CatalogEntries<'a> {
    rest: &'a [u8],
    has_indexes: bool,
}

impl<'a> CatalogEntries<'a> {
    /// The entries in `bytes`; none in no bytes.
    ///
    /// Errors: `UNSUPPORTED_FORMAT`.
    pub fn new(bytes: &'a [u8]) -> Result<CatalogEntries<'a>> {
        match bytes.split_first() {
            None => Ok(CatalogEntries {
                rest: &[],
                has_indexes: false,
            }),
            Some((&version @ (VERSION | VERSION_WITHOUT_INDEXES), rest)) => Ok(CatalogEntries {
                rest,
                has_indexes: version == VERSION,
            }),
            Some((version, _)) => Err(Error::new(
                ErrorKind::UnsupportedFormat,
                format!(
                    "the catalog has version {version}; this release reads {VERSION_WITHOUT_INDEXES} to {VERSION}"
                ),
            )),
        }
    }

    /// The next entry; `None` at the end. Nothing follows an error.
    ///
    /// Errors: `CORRUPTED`.
    pub fn take_next(&mut self) -> Result<Option<CatalogEntry<'a>>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let fixed = self.take(ENTRY_BYTES)?;
        let id = CollectionId(read_u32(fixed, 0));
        let name = self.take(usize::from(read_u16(fixed, 6)))?;
        let name = std::str::from_utf8(name).map_err(|_| malformed("a name is not UTF-8"))?;
        let page = |at: usize| PageNumber::new(read_u32(fixed, at));
        let fill = read_u32(fixed, 40);
        let heap = HeapRoot {
            owner: id,
            first_map: page(32),
            last_map: page(36),
            fill: (fill != 0).then(|| PageNumber::new(fill)),
            pages_count: read_u32(fixed, 44),
        };
        let index = IndexRoot {
            owner: id,
            first_directory: page(48),
            last_directory: page(52),
            buckets_count: read_u32(fixed, 56),
            entries_count: read_u64(fixed, 60),
        };
        if id == CollectionId::NONE || !(1..=BUCKETS_MAX).contains(&index.buckets_count) {
            return Err(malformed(
                "a collection has no number, or an id index without buckets",
            ));
        }
        let count = read_u16(self.take(2)?, 0);
        let mut structures = Vec::new();
        for _ in 0..count {
            let (structure, rest) = Structure::decode(self.rest)?;
            self.rest = rest;
            structures.push(structure);
        }
        let indexes = match self.has_indexes {
            true => self.take_indexes(id)?,
            false => Vec::new(),
        };
        Ok(Some(CatalogEntry {
            name,
            ids: IdMode::from_byte(fixed[4])?,
            heap,
            index,
            documents_count: read_u64(fixed, 8),
            documents_bytes: read_u64(fixed, 16),
            next_integer: read_u64(fixed, 24) as i64,
            structures,
            indexes,
        }))
    }

    fn take_indexes(&mut self, owner: CollectionId) -> Result<Vec<IndexEntry<'a>>> {
        let count = read_u16(self.take(2)?, 0);
        let mut indexes = Vec::new();
        for _ in 0..count {
            let fixed = self.take(INDEX_BYTES)?;
            let root = OrderedRoot {
                owner,
                page: PageNumber::new(read_u32(fixed, 0)),
                entries_count: read_u64(fixed, 4),
                pages_count: read_u32(fixed, 12),
            };
            indexes.push(IndexEntry {
                definition: self.take(usize::from(read_u16(fixed, 28)))?,
                root,
                arrays: read_u32(fixed, 16),
                born: Sequence(read_u64(fixed, 20)),
            });
        }
        Ok(indexes)
    }

    /// Whether zeros alone are left, as behind the last entry when whole pages were read.
    pub fn is_at_blank(&self) -> bool {
        self.rest.iter().all(|byte| *byte == 0)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| malformed("an entry reaches past its end"))?;
        self.rest = rest;
        Ok(taken)
    }
}

fn encode_entry(content: &Content, body: &Body, out: &mut Vec<u8>) {
    let heap = body.heap.root();
    out.extend_from_slice(&body.id.0.to_le_bytes());
    out.push(body.ids.to_byte());
    out.push(0);
    out.extend_from_slice(&(content.name.len() as u16).to_le_bytes());
    out.extend_from_slice(&body.documents_count.to_le_bytes());
    out.extend_from_slice(&body.documents_bytes.to_le_bytes());
    out.extend_from_slice(&body.next_integer.to_le_bytes());
    out.extend_from_slice(&heap.first_map.get().to_le_bytes());
    out.extend_from_slice(&heap.last_map.get().to_le_bytes());
    out.extend_from_slice(&heap.fill.map_or(0, PageNumber::get).to_le_bytes());
    out.extend_from_slice(&heap.pages_count.to_le_bytes());
    let index = body.index.root();
    out.extend_from_slice(&index.first_directory.get().to_le_bytes());
    out.extend_from_slice(&index.last_directory.get().to_le_bytes());
    out.extend_from_slice(&index.buckets_count.to_le_bytes());
    out.extend_from_slice(&index.entries_count.to_le_bytes());
    out.extend_from_slice(content.name.as_bytes());
    let structures: Arc<_> = content.structures.snapshot();
    out.extend_from_slice(&(structures.count() as u16).to_le_bytes());
    (0..structures.count())
        .filter_map(|number| structures.get(number))
        .for_each(|structure| structure.encode(out));
    out.extend_from_slice(&(body.indexes.len() as u16).to_le_bytes());
    body.indexes.iter().for_each(|index| encode_index(index, out));
}

/// Definitions are shorter than 64 KiB (limits.rs).
fn encode_index(index: &SecondaryIndex, out: &mut Vec<u8>) {
    let root = index.tree.root();
    let mut definition = Vec::new();
    index.rules.definition.encode(&mut definition);
    out.extend_from_slice(&root.page.get().to_le_bytes());
    out.extend_from_slice(&root.entries_count.to_le_bytes());
    out.extend_from_slice(&root.pages_count.to_le_bytes());
    out.extend_from_slice(&index.arrays.to_le_bytes());
    out.extend_from_slice(&index.born.0.to_le_bytes());
    out.extend_from_slice(&(definition.len() as u16).to_le_bytes());
    out.extend_from_slice(&definition);
}

/// The indexes of a collection.
fn open_indexes(entries: &[IndexEntry<'_>]) -> Result<Vec<SecondaryIndex>> {
    let mut indexes: Vec<SecondaryIndex> = Vec::new();
    for entry in entries {
        let index = SecondaryIndex::open(entry.definition, entry.root, entry.arrays, entry.born)?;
        if indexes.iter().any(|other| other.name() == index.name()) {
            return Err(malformed("two indexes of a collection have one name"));
        }
        indexes.push(index);
    }
    Ok(indexes)
}

fn malformed(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!("the catalog cannot be read: {what}; restore a backup or salvage the documents with `dump`"),
    )
}
