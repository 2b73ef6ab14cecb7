//! A collection written anew: the same documents and index entries in fresh pages, without the room that deletes left.
//!
//! Promises: the old body is only read; the new one holds the same documents under the same number, and equal
//! trees. When it cannot be made, its pages are given back.
//! Leaves to others: when nobody may change the collection, and putting the new body in the old one's place
//! (store/rebuild.rs).

use std::collections::VecDeque;
use std::ops::{Bound, ControlFlow};

use crate::collection::Body;
use crate::collection::secondary::SecondaryIndex;
use crate::error::{Error, Result};
use crate::format::heap_map::MAP_ENTRIES;
use crate::format::intake::document_id;
use crate::format::page::PAGE_BODY_BYTES;
use crate::format::slotted::{FREE_BYTES_MAX, SLOT_BYTES};
use crate::heap::{HeapPart, HeapScan, Resume, ScanStep};
use crate::index::ordered::{OrderedIndex, OrderedScan};
use crate::index::primary::{IndexPart, PrimaryIndex};
use crate::pager::allocator::Run;
use crate::pager::{PageWriter, Pager};

/// Bytes of documents that are copied out of the old pages before they are put into new ones.
const BATCH_BYTES: usize = 1 << 20;

/// The pages that a collection takes.
#[derive(Debug, Default)]
pub struct Extent {
    /// All of them, in the order in which they were met; neighbours are joined.
    pub runs: Vec<Run>,
    /// How many there are.
    pub pages_count: u64,
    /// How many a new collection of the same documents would take, about. Trees count as they are: their pages
    /// are joined when they are less than a third full.
    pub ideal_pages: u64,
    /// The page behind the last.
    pub end: u32,
}

impl Extent {
    fn note(&mut self, run: Run) {
        self.pages_count += u64::from(run.count);
        self.end = self.end.max(run.end());
        match self.runs.last_mut() {
            Some(last) if last.end() == run.first => last.count += run.count,
            _ => self.runs.push(run),
        }
    }
}

impl Body {
    /// The pages of the collection. Reads its maps and indexes, and the pages that hold stubs.
    ///
    /// Errors: `CORRUPTED`, `IO`.
    pub fn extent(&self, pager: &Pager) -> Result<Extent> {
        let mut extent = Extent::default();
        let (mut runs_count, mut run_pages) = (0, 0);
        let one = |page: quire_frames::PageNumber| Run {
            first: page.get(),
            count: 1,
        };
        self.heap.pages(pager, |part| match part {
            HeapPart::Map(page) | HeapPart::Page(page) => extent.note(one(page)),
            HeapPart::Run { first, pages_count } => {
                runs_count += 1;
                run_pages += u64::from(pages_count);
                extent.note(Run {
                    first: first.get(),
                    count: pages_count,
                });
            }
        })?;
        self.index.pages(pager, |part| match part {
            IndexPart::Directory(page) | IndexPart::Bucket(page) => extent.note(one(page)),
        })?;
        for index in &self.indexes {
            index.tree.pages(pager, |page| extent.note(one(page)))?;
        }
        extent.ideal_pages = self.ideal_pages(runs_count, run_pages);
        Ok(extent)
    }

    /// See `Extent::ideal_pages`; `runs_count` documents take `run_pages` pages of their own.
    fn ideal_pages(&self, runs_count: u64, run_pages: u64) -> u64 {
        // A run's last page is half full on average.
        let run_bytes =
            (run_pages * PAGE_BODY_BYTES as u64).saturating_sub(runs_count * PAGE_BODY_BYTES as u64 / 2);
        let inline_bytes = self.documents_bytes.saturating_sub(run_bytes);
        let inline_count = self.documents_count.saturating_sub(runs_count);
        let mean = inline_bytes.checked_div(inline_count).unwrap_or(0) + SLOT_BYTES as u64;
        let documents_a_page = (FREE_BYTES_MAX as u64 / mean).max(1);
        let tree_pages: u64 = self
            .indexes
            .iter()
            .map(|index| u64::from(index.tree.root().pages_count))
            .sum();
        let heap_pages = inline_count.div_ceil(documents_a_page);
        heap_pages
            + heap_pages.div_ceil(MAP_ENTRIES as u64).max(1)
            + run_pages
            + PrimaryIndex::pages_for(self.documents_count)
            + tree_pages
    }

    /// The same collection in new pages.
    ///
    /// Errors: `CORRUPTED`, `IO` of the old pages: the new ones were given back. `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`.
    pub fn rebuilt(&self, writer: &PageWriter<'_>) -> Result<Body> {
        let mut new = Body::create(writer, self.id, self.ids)?;
        new.next_integer = self.next_integer;
        let copied = self
            .copy_documents(writer, &mut new)
            .and_then(|()| self.copy_indexes(writer, &mut new));
        match copied {
            Ok(()) => Ok(new),
            Err(error) => {
                new.release(writer);
                Err(error)
            }
        }
    }

    fn copy_documents(&self, writer: &PageWriter<'_>, new: &mut Body) -> Result<()> {
        let pager = writer.pager();
        let mut scan = HeapScan::new(self.heap.root(), None);
        // Documents back to back and where each ends: while a page is latched nothing may be written.
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        loop {
            let step = scan.next_page(pager, |_, document| {
                bytes.extend_from_slice(document);
                ends.push(bytes.len());
                match bytes.len() < BATCH_BYTES {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(Resume::After),
                }
            })?;
            if bytes.len() >= BATCH_BYTES || step == ScanStep::End {
                let mut at = 0;
                for end in ends.drain(..) {
                    let document = bytes.get(at..end).unwrap_or_default();
                    let hash = Body::hash_id(pager, document_id(document)?);
                    let place = new.heap.insert(writer, document)?;
                    new.index.insert(writer, hash, place)?;
                    new.documents_count += 1;
                    new.documents_bytes += document.len() as u64;
                    at = end;
                }
                bytes.clear();
            }
            if step == ScanStep::End {
                return Ok(());
            }
        }
    }

    fn copy_indexes(&self, writer: &PageWriter<'_>, new: &mut Body) -> Result<()> {
        for old in &self.indexes {
            let mut entries = TreeEntries::new(writer.pager(), &old.tree);
            let mut tree = OrderedIndex::create(writer, self.id)?;
            let loaded = tree.bulk_load(writer, entries.by_ref().map(Ok));
            // What was loaded is a whole tree even where the old one ended with an error, so it can be given back.
            new.indexes.push(SecondaryIndex {
                rules: old.rules.clone(),
                tree,
                arrays: old.arrays,
                born: old.born,
            });
            loaded?;
            if let Some(error) = entries.failure {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// The entries of a tree, in order, until one cannot be read.
struct TreeEntries<'a> {
    pager: &'a Pager,
    scan: OrderedScan,
    /// Entries of the leaf that was read last.
    waiting: VecDeque<Vec<u8>>,
    is_over: bool,
    /// Why the entries ended early.
    failure: Option<Error>,
}

impl<'a> TreeEntries<'a> {
    fn new(pager: &'a Pager, tree: &OrderedIndex) -> TreeEntries<'a> {
        TreeEntries {
            pager,
            scan: OrderedScan::new(tree.root(), Bound::Unbounded, Bound::Unbounded, false, None),
            waiting: VecDeque::new(),
            is_over: false,
            failure: None,
        }
    }
}

impl Iterator for TreeEntries<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        while self.waiting.is_empty() && !self.is_over {
            let waiting = &mut self.waiting;
            let read = self.scan.next(self.pager, |entry| {
                waiting.push_back(entry.to_vec());
                ControlFlow::Continue(())
            });
            match read {
                Ok(has_more) => self.is_over = !has_more,
                Err(error) => {
                    self.is_over = true;
                    self.failure = Some(error);
                }
            }
        }
        self.waiting.pop_front()
    }
}
