//! The collections of a damaged file: their numbers, names, record structures and heaps.
//!
//! Rules. The catalog is read page by page from whichever of its two copies is good. What is missing then comes
//! from catalogs of before that still lie in free pages: collections never change their numbers, nor structures
//! theirs, but heaps do, so an old catalog gives names and structures only.
//! Leaves to others: what the log adds (overlay.rs).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use quire_frames::PageNumber;

use crate::dump::DumpReport;
use crate::dump::overlay::Overlay;
use crate::dump::source::Source;
use crate::dump::sweep::{CatalogRun, Sweep};
use crate::error::Result;
use crate::format::header::{BlobPlace, HEADER_PAGES, Header};
use crate::format::index_definition::IndexDefinition;
use crate::format::page::{CollectionId, PAGE_BODY_BYTES, PAGE_HEAD_BYTES, PageKind};
use crate::format::record::StructureRegistry;
use crate::heap::HeapRoot;
use crate::pager::Pager;
use crate::pager::blob::{self, BlobKey};
use crate::store::CatalogEntries;

const CATALOG: BlobKey = BlobKey {
    kind: PageKind::Catalog,
    owner: CollectionId::NONE,
};

/// What is known of a collection.
#[derive(Default)]
pub(super) struct Collection {
    pub(super) name: String,
    pub(super) structures: StructureRegistry,
    /// The heap as the current catalog has it.
    pub(super) heap: Option<HeapRoot>,
    /// The ordered indexes, as the current catalog and the log have them.
    pub(super) indexes: Vec<IndexDefinition>,
}

/// Every collection that is known.
#[derive(Default)]
pub(super) struct Collections {
    pub(super) by_id: BTreeMap<CollectionId, Collection>,
    /// Whether the current catalog was read whole, so that pages of other collections are leftovers.
    is_complete: bool,
}

/// Reads the collections of `source`.
pub(super) fn read(source: &Source, sweep: &mut Sweep<'_>, report: &mut DumpReport) -> Collections {
    let mut collections = Collections::default();
    match &source.header {
        Some(header) => collections.read_current(&source.pager, header, report),
        None => collections.read_newest(&source.pager, sweep, report),
    }
    if !collections.is_complete {
        for run in sweep.catalogs(report) {
            let _ = collections.add(&run_bytes(&source.pager, run), false);
        }
    }
    collections
}

impl Collections {
    /// The collection of this number, made where it is not known.
    pub(super) fn entry(&mut self, id: CollectionId) -> &mut Collection {
        self.by_id.entry(id).or_insert_with(|| Collection {
            name: format!("collection-{}", id.0),
            ..Collection::default()
        })
    }

    /// Adds the collections that only pages and log tell of.
    pub(super) fn name_unlisted(
        &mut self,
        sweep: &mut Sweep<'_>,
        overlay: &Overlay,
        report: &mut DumpReport,
    ) {
        for id in overlay.owners() {
            self.entry(id);
        }
        if !self.is_complete {
            for id in sweep.owners(report) {
                self.entry(id);
            }
        }
    }

    /// Reads the catalog that the header names.
    fn read_current(&mut self, pager: &Pager, header: &Header, report: &mut DumpReport) {
        let mut bytes = Vec::new();
        let copies = [header.catalog.first_page, header.catalog_mirror];
        let is_whole = read_copies(pager, copies, header.catalog, &mut bytes, report);
        let added = self.add(&bytes, true);
        self.is_complete = is_whole && added.is_ok();
        // A catalog that breaks off where its pages do is no second problem.
        if let (true, Err(error)) = (is_whole, added) {
            report.note(error);
        }
    }

    /// Reads the newest catalog of a file without a header. Two equal copies are taken for the current catalog.
    fn read_newest(&mut self, pager: &Pager, sweep: &mut Sweep<'_>, report: &mut DumpReport) {
        let catalogs = sweep.catalogs(report);
        if let [one, other, ..] = catalogs[..]
            && one.stamp == other.stamp
            && run_bytes(pager, one) == run_bytes(pager, other)
        {
            self.is_complete = self.add(&run_bytes(pager, one), true).is_ok();
        }
    }

    /// Adds what a catalog lists and is not known yet. Errors: `CORRUPTED`; entries before it were added.
    fn add(&mut self, bytes: &[u8], is_current: bool) -> Result<()> {
        let mut entries = CatalogEntries::new(bytes)?;
        while !entries.is_at_blank()
            && let Some(found) = entries.take_next()?
        {
            if let Entry::Vacant(vacant) = self.by_id.entry(found.heap.owner) {
                let collection = vacant.insert(Collection {
                    name: found.name.to_owned(),
                    structures: StructureRegistry::new(),
                    heap: is_current.then_some(found.heap),
                    indexes: Vec::new(),
                });
                for (number, structure) in found.structures.into_iter().enumerate() {
                    collection.structures.restore(number, structure)?;
                }
                for index in found.indexes.iter().filter(|_| is_current) {
                    collection
                        .indexes
                        .push(IndexDefinition::decode(index.definition)?);
                }
            }
        }
        Ok(())
    }
}

/// Appends the catalog to `out`, each page from the first copy that is good; stops where none is.
fn read_copies(
    pager: &Pager,
    copies: [u32; 2],
    place: BlobPlace,
    out: &mut Vec<u8>,
    report: &mut DumpReport,
) -> bool {
    let mut left = place.length_bytes as usize;
    for part in 0..blob::pages_count(place.length_bytes) {
        let mut good = None;
        for first in copies.into_iter().filter(|first| *first >= HEADER_PAGES) {
            match blob::read_part(pager, PageNumber::new(first), part, CATALOG, None) {
                Ok(page) => {
                    good = Some(page);
                    break;
                }
                Err(error) => report.note(error),
            }
        }
        let Some(page) = good else {
            return false;
        };
        let count = left.min(PAGE_BODY_BYTES);
        out.extend_from_slice(&page[PAGE_HEAD_BYTES..PAGE_HEAD_BYTES + count]);
        left -= count;
    }
    true
}

/// The bytes of a run found by the sweep, with the zeros behind its end.
fn run_bytes(pager: &Pager, run: CatalogRun) -> Vec<u8> {
    let mut bytes = Vec::new();
    let length = run.pages_count * PAGE_BODY_BYTES as u32;
    // A page that was good a moment ago and is not now ends the catalog, as any damage does.
    let _ = blob::read_blob(pager, run.first, length, CATALOG, None, &mut bytes);
    bytes
}
