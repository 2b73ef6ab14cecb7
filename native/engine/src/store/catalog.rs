//! The catalog: what the data file keeps of every collection.
//!
//! Promises: reading it costs time in proportion to the number of collections and structures, not of documents;
//! every byte is doubted.
//! Source: docs/FORMAT.md, "Catalog".

use std::sync::Arc;

use quire_frames::PageNumber;

use crate::collection::{Body, Content, IdMode, check_name};
use crate::error::{Error, ErrorKind, Result};
use crate::format::page::CollectionId;
use crate::format::record::Structure;
use crate::format::{read_u16, read_u32, read_u64};
use crate::heap::{Heap, HeapRoot};
use crate::index::primary::{IndexRoot, PrimaryIndex};
use crate::store::Store;

/// Layout of the catalog's entries.
const VERSION: u8 = 1;
/// Bytes of an entry's fixed part.
const ENTRY_BYTES: usize = 68;

impl Store {
    /// The catalog's bytes. The caller holds the gate exclusively. Without collections there is none.
    pub(super) fn encode_catalog(&self) -> Result<Vec<u8>> {
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

    /// Takes the collections over that the catalog lists.
    ///
    /// Errors: `CORRUPTED`, `UNSUPPORTED_FORMAT`.
    pub fn decode_catalog(&self, bytes: &[u8]) -> Result<()> {
        let Some((version, rest)) = bytes.split_first() else {
            return Ok(());
        };
        if *version != VERSION {
            return Err(Error::new(
                ErrorKind::UnsupportedFormat,
                format!("the catalog has version {version}; this release reads {VERSION}"),
            ));
        }
        let mut reader = Reader { rest };
        while !reader.rest.is_empty() {
            self.decode_entry(&mut reader)?;
        }
        Ok(())
    }

    fn decode_entry(&self, reader: &mut Reader<'_>) -> Result<()> {
        let fixed = reader.take(ENTRY_BYTES)?;
        let id = CollectionId(read_u32(fixed, 0));
        let name = reader.take(usize::from(read_u16(fixed, 6)))?;
        let name = std::str::from_utf8(name).map_err(|_| malformed("a name is not UTF-8"))?;
        check_name(name).map_err(|error| malformed(error.message()))?;
        let state = self.collection(name);
        let mut content = state.content.write();
        if content.body.is_some() {
            return Err(malformed("two collections have one name"));
        }
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
        content.body = Some(Body {
            id,
            ids: IdMode::from_byte(fixed[4])?,
            heap: Heap::open(heap),
            index: PrimaryIndex::open(index),
            documents_count: read_u64(fixed, 8),
            documents_bytes: read_u64(fixed, 16),
            next_integer: read_u64(fixed, 24) as i64,
        });
        let count = read_u16(reader.take(2)?, 0);
        for number in 0..usize::from(count) {
            let (structure, rest) = Structure::decode(reader.rest)?;
            reader.rest = rest;
            content.structures.restore(number, structure)?;
        }
        content.structures_logged = usize::from(count);
        Ok(())
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
}

/// The rest of the catalog.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| malformed("an entry reaches past its end"))?;
        self.rest = rest;
        Ok(taken)
    }
}

fn malformed(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!("the catalog cannot be read: {what}; restore a backup or salvage the documents with `dump`"),
    )
}
