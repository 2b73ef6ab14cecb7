//! A look at every page, for what no readable page refers to: heap pages whose map is damaged, old catalogs.
//!
//! Promises: made only when it is needed; free pages are left out where the free list is readable. Memory is 16
//! bytes for each heap page found.
//! Leaves to others: which of several copies of a document counts (documents.rs).

use std::collections::BTreeMap;

use quire_frames::PageNumber;

use crate::dump::DumpReport;
use crate::dump::source::Source;
use crate::error::Result;
use crate::format::header::{BlobPlace, HEADER_PAGES};
use crate::format::page::{self, CollectionId, PageKind, Sequence};
use crate::pager::Pager;
use crate::pager::allocator::{Allocator, Run};
use crate::pager::blob::{self, BlobKey};
use crate::pager::free_list::decode_runs;

/// A run of pages that holds a catalog, or held one.
#[derive(Clone, Copy, Debug)]
pub(super) struct CatalogRun {
    /// Commit that wrote it.
    pub(super) stamp: Sequence,
    /// First page.
    pub(super) first: PageNumber,
    /// Pages.
    pub(super) pages_count: u32,
}

/// What the sweep found.
#[derive(Default)]
struct Found {
    heap: BTreeMap<CollectionId, Vec<(Sequence, PageNumber)>>,
    catalogs: Vec<CatalogRun>,
}

/// Every page of a file, looked at when first asked for.
pub(super) struct Sweep<'a> {
    source: &'a Source,
    found: Option<Found>,
}

impl<'a> Sweep<'a> {
    /// A sweep of `source`.
    pub(super) fn new(source: &'a Source) -> Sweep<'a> {
        Sweep { source, found: None }
    }

    /// Catalogs, the latest first.
    pub(super) fn catalogs(&mut self, report: &mut DumpReport) -> Vec<CatalogRun> {
        let mut catalogs = self.found(report).catalogs.clone();
        catalogs.sort_by_key(|run| std::cmp::Reverse(run.stamp));
        catalogs
    }

    /// Collections that have heap pages.
    pub(super) fn owners(&mut self, report: &mut DumpReport) -> Vec<CollectionId> {
        self.found(report).heap.keys().copied().collect()
    }

    /// Heap pages of `owner`, the one changed last first.
    pub(super) fn take_heap(&mut self, owner: CollectionId, report: &mut DumpReport) -> Vec<PageNumber> {
        let mut pages = self.found(report).heap.remove(&owner).unwrap_or_default();
        pages.sort_unstable_by_key(|(stamp, _)| std::cmp::Reverse(*stamp));
        pages.into_iter().map(|(_, page)| page).collect()
    }

    fn found(&mut self, report: &mut DumpReport) -> &mut Found {
        let source = self.source;
        self.found.get_or_insert_with(|| look(source, report))
    }
}

fn look(source: &Source, report: &mut DumpReport) -> Found {
    let free = free_runs(source).unwrap_or_else(|error| {
        report.note(error);
        Vec::new()
    });
    let mut found = Found::default();
    for number in HEADER_PAGES..source.page_count {
        let after = free.partition_point(|run| run.first <= number);
        let is_free = after > 0 && number < free[after - 1].end();
        let number = PageNumber::new(number);
        match source.pager.read(number) {
            Ok(page) => match page::kind(&page) {
                Some(PageKind::Heap) if !is_free => {
                    let pages = found.heap.entry(page::owner(&page)).or_default();
                    pages.push((page::stamp(&page), number));
                }
                // A catalog of before lies in pages that are free now.
                Some(PageKind::Catalog) => found.note_catalog(number, page::part(&page), page::stamp(&page)),
                _ => {}
            },
            Err(error) => {
                if !is_free {
                    report.note(error);
                }
            }
        }
    }
    found
}

impl Found {
    fn note_catalog(&mut self, number: PageNumber, part: u32, stamp: Sequence) {
        if part == 0 {
            self.catalogs.push(CatalogRun {
                stamp,
                first: number,
                pages_count: 1,
            });
        } else if let Some(run) = self.catalogs.last_mut()
            && run.stamp == stamp
            && run.pages_count == part
            && run.first.get() + part == number.get()
        {
            run.pages_count += 1;
        }
    }
}

/// The free list; none where the header that names it is lost.
fn free_runs(source: &Source) -> Result<Vec<Run>> {
    let place = source
        .header
        .map_or(BlobPlace::default(), |header| header.free_list);
    let runs = decode_runs(&read_list(&source.pager, place)?);
    Allocator::new(source.page_count, HEADER_PAGES, &runs)?;
    Ok(runs)
}

fn read_list(pager: &Pager, place: BlobPlace) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let key = BlobKey {
        kind: PageKind::FreeList,
        owner: CollectionId::NONE,
    };
    let first = PageNumber::new(place.first_page);
    blob::read_blob(pager, first, place.length_bytes, key, None, &mut bytes)?;
    Ok(bytes)
}
