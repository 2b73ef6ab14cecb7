//! Cursors: the documents of one moment, handed out in batches.
//!
//! Promises: a cursor sees its collection as it was when it was opened, with the writes of its own transaction,
//! however long it runs; no lock is held between batches, and none that writers wait for within one.
//! Leaves to others: which documents match (query/filter.rs), pages and places (heap/).

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::collection::{AsOf, CollectionState};
use crate::error::Result;
use crate::format::intake::document_id;
use crate::format::page::Sequence;
use crate::format::record::{StructureRegistry, Structures};
use crate::heap::{HeapScan, Resume, ScanStep};
use crate::pager::snapshot::Snapshot;
use crate::query::{Filter, Matcher};
use crate::store::Store;
use crate::transaction::overlay::Overlay;

/// Which documents a cursor hands out.
#[derive(Clone, Default)]
pub struct FindOptions {
    /// The filter; `None` is every document.
    pub filter: Option<Arc<Filter>>,
    /// Matching documents passed over first.
    pub skip: u64,
    /// Most documents handed out; `None` is all.
    pub limit: Option<u64>,
}

/// Where a cursor's committed documents come from.
enum Source {
    /// Every page of the collection.
    Scan(HeapScan),
    /// Documents that were looked up by id at the start.
    Found(Vec<Vec<u8>>),
    /// No more.
    Done,
}

/// A running query.
pub struct Cursor {
    store: Arc<Store>,
    source: Source,
    snapshot: Option<Snapshot>,
    registry: Arc<StructureRegistry>,
    structures_identity: u64,
    filter: Option<Arc<Filter>>,
    overlay: Option<Overlay>,
    overlay_at: usize,
    skip: u64,
    left: u64,
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.end();
    }
}

impl Cursor {
    /// Opens a cursor on `state` as of `at` (`None`: now), over the writes in `overlay`.
    pub(crate) fn open(
        store: &Arc<Store>,
        state: &CollectionState,
        at: Option<Sequence>,
        overlay: Option<Overlay>,
        options: FindOptions,
    ) -> Result<Cursor> {
        let content = state.content.read();
        let mut cursor = Cursor {
            store: store.clone(),
            source: Source::Done,
            snapshot: None,
            registry: content.structures.clone(),
            structures_identity: content.structures_identity,
            filter: options.filter,
            overlay: overlay.filter(|overlay| !overlay.is_empty()),
            overlay_at: 0,
            skip: options.skip,
            left: options.limit.unwrap_or(u64::MAX),
        };
        let is_hidden = cursor.overlay.as_ref().is_some_and(|overlay| overlay.is_cleared);
        if let AsOf::Body(body) = content.as_of(at)?
            && !is_hidden
        {
            let ids = cursor.filter.as_ref().and_then(|filter| filter.ids());
            if let Some(ids) = ids {
                let (mut found, mut scratch) = (Vec::new(), Vec::new());
                for id in ids {
                    let document = body.find(&store.pager, id, at, &mut scratch, |_, document| {
                        document.to_vec()
                    })?;
                    found.extend(document);
                }
                found.reverse();
                cursor.source = Source::Found(found);
            } else {
                let sequence = at.unwrap_or_else(|| store.last_sequence());
                cursor.snapshot = Some(store.pager.open_snapshot(sequence, false));
                cursor.source = Source::Scan(HeapScan::new(body.heap.root(), Some(sequence)));
            }
        }
        Ok(cursor)
    }

    /// Appends the next matching documents to `out`, in stored form, back to back, and returns how many: at most
    /// `documents_max`, and no further one once `out` has `bytes_max` bytes. 0 is the end.
    ///
    /// Errors: `SNAPSHOT_TOO_OLD`, `CORRUPTED`, `IO`.
    pub fn next_batch(&mut self, out: &mut Vec<u8>, documents_max: usize, bytes_max: usize) -> Result<usize> {
        let result = self.fill(documents_max, &mut |document| {
            out.extend_from_slice(document);
            out.len() >= bytes_max
        });
        if !matches!(result, Ok(count) if count > 0) {
            self.end();
        }
        result
    }

    /// Hands every remaining document to `visit`.
    pub(crate) fn for_each(&mut self, mut visit: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut failure = None;
        self.fill(usize::MAX, &mut |document| {
            failure = visit(document).err();
            failure.is_some()
        })?;
        self.end();
        failure.map_or(Ok(()), Err)
    }

    /// Hands the next documents to `visit`, at most `documents_max`, until it breaks. False when none are left.
    ///
    /// Errors: as `next_batch`, and those of `visit`.
    pub(crate) fn visit(
        &mut self,
        documents_max: usize,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<bool> {
        let mut failure = None;
        let mut is_stopped = false;
        let count = self.fill(documents_max, &mut |document| {
            match visit(document) {
                Ok(flow) => is_stopped = flow.is_break(),
                Err(error) => failure = Some(error),
            }
            is_stopped || failure.is_some()
        })?;
        if let Some(error) = failure {
            self.end();
            return Err(error);
        }
        let has_more = is_stopped || count == documents_max;
        if !has_more {
            self.end();
        }
        Ok(has_more)
    }

    /// How many documents remain.
    pub(crate) fn count(&mut self) -> Result<u64> {
        let count = self.fill(usize::MAX, &mut |_| false)? as u64;
        self.end();
        Ok(count)
    }

    /// The key lists that the documents' records use.
    pub fn structures(&self) -> Arc<Structures> {
        self.registry.snapshot()
    }

    /// Changes when numbers of `structures` mean something else; see `Content`.
    pub fn structures_identity(&self) -> u64 {
        self.structures_identity
    }

    /// Lets the snapshot go before the cursor is dropped.
    pub fn end(&mut self) {
        self.source = Source::Done;
        self.left = 0;
        if let Some(snapshot) = self.snapshot.take() {
            self.store.pager.close_snapshot(&snapshot);
        }
    }

    /// Hands documents to `visit` until it says true, or there were `documents_max`.
    fn fill(&mut self, documents_max: usize, visit: &mut dyn FnMut(&[u8]) -> bool) -> Result<usize> {
        self.store.check_readable()?;
        let structures = self.registry.snapshot();
        let mut taker = Taker {
            matcher: self
                .filter
                .as_deref()
                .map(|filter| Matcher::new(filter, &structures)),
            skip: &mut self.skip,
            left: &mut self.left,
            taken_count: 0,
            documents_max,
            visit,
        };
        if *taker.left == 0 || documents_max == 0 {
            return Ok(0);
        }
        let flow = take_committed(&self.store, &mut self.source, self.overlay.as_ref(), &mut taker);
        // A snapshot that was given up may show as any error, or as missing documents: its own error comes first.
        if let Some(snapshot) = &self.snapshot {
            snapshot.check()?;
        }
        let flow = flow?;
        if flow.is_continue()
            && let Some(overlay) = &self.overlay
        {
            while let Some((_, document)) = overlay.entry(self.overlay_at) {
                self.overlay_at += 1;
                if let Some(document) = document
                    && taker.offer(document)?.is_break()
                {
                    break;
                }
            }
        }
        Ok(taker.taken_count)
    }
}

/// Decides about one document after the other.
struct Taker<'a> {
    matcher: Option<Matcher<'a>>,
    skip: &'a mut u64,
    left: &'a mut u64,
    taken_count: usize,
    documents_max: usize,
    visit: &'a mut dyn FnMut(&[u8]) -> bool,
}

impl Taker<'_> {
    #[inline]
    fn offer(&mut self, document: &[u8]) -> Result<ControlFlow<()>> {
        if let Some(matcher) = &mut self.matcher
            && !matcher.matches(document)?
        {
            return Ok(ControlFlow::Continue(()));
        }
        if *self.skip > 0 {
            *self.skip -= 1;
            return Ok(ControlFlow::Continue(()));
        }
        *self.left -= 1;
        self.taken_count += 1;
        let is_full = (self.visit)(document);
        let is_over = is_full || *self.left == 0 || self.taken_count == self.documents_max;
        Ok(if is_over {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

/// Offers the committed documents that `overlay` does not hide.
fn take_committed(
    store: &Store,
    source: &mut Source,
    overlay: Option<&Overlay>,
    taker: &mut Taker<'_>,
) -> Result<ControlFlow<()>> {
    let mut offer = |document: &[u8]| -> Result<ControlFlow<()>> {
        if let Some(overlay) = overlay
            && overlay.hides(document_id(document)?)
        {
            return Ok(ControlFlow::Continue(()));
        }
        taker.offer(document)
    };
    match source {
        Source::Scan(scan) => {
            let mut failure = None;
            loop {
                let mut is_over = false;
                let step = scan.next_page(&store.pager, |_, document| match offer(document) {
                    Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
                    Ok(ControlFlow::Break(())) => {
                        is_over = true;
                        ControlFlow::Break(Resume::After)
                    }
                    Err(error) => {
                        failure = Some(error);
                        ControlFlow::Break(Resume::Here)
                    }
                })?;
                if let Some(error) = failure {
                    return Err(error);
                }
                if is_over {
                    return Ok(ControlFlow::Break(()));
                }
                if step == ScanStep::End {
                    *source = Source::Done;
                    return Ok(ControlFlow::Continue(()));
                }
            }
        }
        Source::Found(documents) => {
            while let Some(document) = documents.pop() {
                if offer(&document)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            *source = Source::Done;
            Ok(ControlFlow::Continue(()))
        }
        Source::Done => Ok(ControlFlow::Continue(())),
    }
}
