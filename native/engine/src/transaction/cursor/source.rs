//! Running a plan: the committed documents that it reads, one after the other.
//!
//! Promises: documents that the transaction has written itself are left out; of a plan that may meet a document
//! several times each comes once; nothing is held between calls.
//! Leaves to others: the plan (planning.rs), which documents are taken (taker.rs).

use std::ops::ControlFlow;

use hashbrown::HashSet;

use crate::error::Result;
use crate::format::fields::damaged;
use crate::format::id::IdBytes;
use crate::format::intake::document_id;
use crate::heap::{HeapScan, Resume, ScanStep};
use crate::pager::Pager;
use crate::transaction::cursor::covering::Covering;
use crate::transaction::cursor::entries::Entries;
use crate::transaction::cursor::lookup::{IdQueue, Lookup, TOGETHER_MAX};
use crate::transaction::cursor::taker::Taker;
use crate::transaction::overlay::Overlay;

/// Ids that are looked up together at first; four times as many each time after.
const TOGETHER_FIRST: usize = 16;

/// One source of documents.
pub(super) enum Part {
    /// Every page of the collection.
    Scan(HeapScan),
    /// Documents that were looked up at the start; the next one last.
    Found(Vec<Vec<u8>>),
    /// Ids of documents; the next one last.
    Ids(Vec<IdBytes>),
    /// The ids that an index names.
    Entries(Entries),
}

/// The documents of a plan.
pub(super) struct Source {
    /// The next one last.
    parts: Vec<Part>,
    /// Every document of the parts matches.
    is_exact: bool,
    lookup: Option<Lookup>,
    /// Ids that were read and not looked up yet.
    queue: IdQueue,
    /// Ids that came, where one may come again.
    seen: Option<HashSet<IdBytes>>,
    /// What entries tell without their documents.
    covering: Option<Covering>,
    /// How many ids are read before they are looked up.
    together: usize,
    /// How many of the ids that were not read yet are wanted at most.
    wanted: u64,
    /// Entries of indexes that were read.
    pub keys_count: u64,
}

impl Source {
    /// No documents.
    pub fn nothing() -> Source {
        Source::new(Vec::new(), None, false, false)
    }

    /// The documents of `parts`, in order.
    pub fn new(mut parts: Vec<Part>, lookup: Option<Lookup>, is_exact: bool, may_repeat: bool) -> Source {
        parts.reverse();
        Source {
            parts,
            is_exact,
            lookup,
            queue: IdQueue::new(),
            seen: may_repeat.then(HashSet::new),
            covering: None,
            together: TOGETHER_FIRST,
            wanted: u64::MAX,
            keys_count: 0,
        }
    }

    /// Answers from entries where `covering` can.
    pub fn answer(mut self, covering: Option<Covering>) -> Source {
        self.covering = covering;
        self
    }

    /// Reads no more ids ahead than `wanted` documents need, where every one of them matches.
    pub fn expect(mut self, wanted: Option<u64>) -> Source {
        if self.is_exact
            && let Some(wanted) = wanted
        {
            self.wanted = wanted;
            self.together =
                usize::try_from(wanted).map_or(TOGETHER_MAX, |wanted| wanted.clamp(1, TOGETHER_MAX));
        }
        self
    }

    /// Offers the documents that `overlay` does not hide to `taker`, until it breaks.
    ///
    /// Errors: `CORRUPTED`, `IO`, `OUT_OF_MEMORY`, and those of `taker`.
    pub fn run(
        &mut self,
        pager: &Pager,
        overlay: Option<&Overlay>,
        taker: &mut Taker<'_, '_>,
    ) -> Result<ControlFlow<()>> {
        loop {
            let flow = self.look_up(pager, taker)?;
            if flow.is_break() {
                return Ok(flow);
            }
            match self.parts.last_mut() {
                None => return Ok(ControlFlow::Continue(())),
                Some(Part::Scan(scan)) => {
                    if scan_pages(pager, scan, overlay, taker)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    self.parts.pop();
                }
                Some(Part::Found(documents)) => {
                    while let Some(document) = documents.pop() {
                        if offer_visible(&document, overlay, taker, self.is_exact)?.is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                    self.parts.pop();
                }
                Some(Part::Entries(_)) if self.covering.is_some() => {
                    let (flow, has_more) = self.offer_entries(pager, overlay, taker)?;
                    if flow.is_break() {
                        return Ok(flow);
                    }
                    if !has_more {
                        self.parts.pop();
                    }
                }
                Some(Part::Ids(_) | Part::Entries(_)) => {
                    if !self.fill_queue(pager, overlay)? {
                        self.parts.pop();
                    }
                }
            }
        }
    }

    /// How many entries there are, each of a document that matches: the documents are not read.
    ///
    /// Errors: as `run`.
    pub fn count_entries(&mut self, pager: &Pager, most: u64) -> Result<u64> {
        let mut count = 0;
        while count < most
            && let Some(part) = self.parts.last_mut()
        {
            if let Part::Entries(entries) = part {
                let (seen, keys_count) = (&mut self.seen, &mut self.keys_count);
                let mut failure = None;
                entries.visit(pager, |_, id| {
                    *keys_count += 1;
                    match is_new(seen, id) {
                        Ok(is_new) => count += u64::from(is_new),
                        Err(error) => failure = Some(error),
                    }
                    if count >= most || failure.is_some() {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })?;
                if let Some(error) = failure {
                    return Err(error);
                }
            }
            if count < most {
                self.parts.pop();
            }
        }
        Ok(count)
    }

    /// Offers the documents of all ids that wait.
    fn look_up(&mut self, pager: &Pager, taker: &mut Taker<'_, '_>) -> Result<ControlFlow<()>> {
        let is_exact = self.is_exact;
        while self.queue.len() > 0
            && let Some(lookup) = &mut self.lookup
        {
            let flow = lookup.read(pager, &mut self.queue, |document| taker.offer(document, is_exact))?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Offers what the next entries of the part at hand tell, and queues the ids of those that do not tell all.
    /// Whether the part has more comes second.
    fn offer_entries(
        &mut self,
        pager: &Pager,
        overlay: Option<&Overlay>,
        taker: &mut Taker<'_, '_>,
    ) -> Result<(ControlFlow<()>, bool)> {
        let queued_max =
            usize::try_from(self.wanted).map_or(self.together, |left| left.clamp(1, self.together));
        let (Some(Part::Entries(entries)), Some(covering)) = (self.parts.last_mut(), &mut self.covering)
        else {
            return Ok((ControlFlow::Continue(()), false));
        };
        let (queue, seen, page) = (&mut self.queue, &mut self.seen, entries.page());
        let (keys_count, wanted) = (&mut self.keys_count, &mut self.wanted);
        let mut offer = |keys: &[u8], id: &[u8]| -> Result<(ControlFlow<()>, bool)> {
            let goes_on = (ControlFlow::Continue(()), false);
            if overlay.is_some_and(|overlay| overlay.hides(id)) || !is_new(seen, id)? {
                return Ok(goes_on);
            }
            *wanted = wanted.saturating_sub(1);
            // What waits in the queue comes first, so the others wait behind it.
            if queue.len() == 0
                && let Some(document) = covering.document(keys, id).map_err(damaged(page))?
            {
                return Ok((taker.take(document)?, false));
            }
            queue.push(id);
            Ok((ControlFlow::Continue(()), queue.len() >= queued_max))
        };
        let mut offered = Ok(ControlFlow::Continue(()));
        let has_more = entries.visit(pager, |keys, id| {
            *keys_count += 1;
            let (flow, is_full) = match offer(keys, id) {
                Ok(step) => step,
                Err(error) => {
                    offered = Err(error);
                    return ControlFlow::Break(());
                }
            };
            offered = Ok(flow);
            if is_full { ControlFlow::Break(()) } else { flow }
        })?;
        if self.queue.len() > 0 {
            self.together = (self.together * 4).min(TOGETHER_MAX);
        }
        Ok((offered?, has_more))
    }

    /// Reads the next ids of the part at hand; false when it has no more.
    fn fill_queue(&mut self, pager: &Pager, overlay: Option<&Overlay>) -> Result<bool> {
        // One at least: an id without a document does not count.
        let wanted = usize::try_from(self.wanted).map_or(self.together, |left| left.clamp(1, self.together));
        self.together = (self.together * 4).min(TOGETHER_MAX);
        self.wanted = self.wanted.saturating_sub(wanted as u64);
        let (queue, seen) = (&mut self.queue, &mut self.seen);
        let mut add = |id: &[u8]| -> Result<ControlFlow<()>> {
            if !overlay.is_some_and(|overlay| overlay.hides(id)) && is_new(seen, id)? {
                queue.push(id);
            }
            Ok(if queue.len() >= wanted {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        };
        match self.parts.last_mut() {
            Some(Part::Ids(ids)) => {
                while let Some(id) = ids.pop() {
                    if add(&id)?.is_break() {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Some(Part::Entries(entries)) => {
                let (mut failure, keys_count) = (None, &mut self.keys_count);
                let goes_on = entries.visit(pager, |_, id| {
                    *keys_count += 1;
                    add(id).unwrap_or_else(|error| {
                        failure = Some(error);
                        ControlFlow::Break(())
                    })
                })?;
                failure.map_or(Ok(goes_on), Err)
            }
            _ => Ok(false),
        }
    }
}

/// Whether the document of `id` did not come yet.
fn is_new(seen: &mut Option<HashSet<IdBytes>>, id: &[u8]) -> Result<bool> {
    match seen {
        Some(seen) => Ok(!seen.contains(id) && seen.insert(IdBytes::from_canonical(id)?)),
        None => Ok(true),
    }
}

fn offer_visible(
    document: &[u8],
    overlay: Option<&Overlay>,
    taker: &mut Taker<'_, '_>,
    is_exact: bool,
) -> Result<ControlFlow<()>> {
    if let Some(overlay) = overlay
        && overlay.hides(document_id(document)?)
    {
        return Ok(ControlFlow::Continue(()));
    }
    taker.offer(document, is_exact)
}

/// Offers every document of the collection.
fn scan_pages(
    pager: &Pager,
    scan: &mut HeapScan,
    overlay: Option<&Overlay>,
    taker: &mut Taker<'_, '_>,
) -> Result<ControlFlow<()>> {
    let mut failure = None;
    loop {
        let mut is_over = false;
        let step = scan.next_page(pager, |_, document| {
            match offer_visible(document, overlay, taker, false) {
                Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
                Ok(ControlFlow::Break(())) => {
                    is_over = true;
                    ControlFlow::Break(Resume::After)
                }
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(Resume::Here)
                }
            }
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        if is_over {
            return Ok(ControlFlow::Break(()));
        }
        if step == ScanStep::End {
            return Ok(ControlFlow::Continue(()));
        }
    }
}
