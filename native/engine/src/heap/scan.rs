//! All documents of a heap, in the order of its map.
//!
//! Promises: a scan sees the heap as of one commit, or as it is; it can stop after any document and go on
//! later from there; inline documents are lent straight out of their page. Its position is a map page, an
//! entry and a slot, so it costs no memory in proportion to the heap. Every map page carries its ordinal and
//! every heap page its entry, so damaged links end in an error, never in a circle.
//! Leaves to others: holding the collection's lock for each call when it reads the current state.

use std::ops::ControlFlow;

use quire_frames::{Hint, PAGE_BYTES, PageBytes, PageNumber};

use super::read::gather;
use super::{HeapRoot, LINE_BYTES, Place};
use crate::error::Result;
use crate::format::fields::{Checked, damaged};
use crate::format::heap_map;
use crate::format::page::{CollectionId, Sequence};
use crate::format::place::SlotNumber;
use crate::format::slotted::{self, Stub};
use crate::pager::Pager;

/// Where a scan that was stopped goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Behind the document that stopped it.
    After,
    /// At that document again.
    Here,
}

/// How far one call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanStep {
    /// To the end of a page; there may be more.
    Page,
    /// To a document whose visitor stopped.
    Stopped,
    /// To the end of the heap.
    End,
}

/// A scan's position.
pub struct HeapScan {
    owner: CollectionId,
    at: Option<Sequence>,
    map_page: Option<PageNumber>,
    ordinal: u32,
    index: usize,
    slot: usize,
    scratch: Vec<u8>,
}

/// Where a scan stands.
#[derive(Clone, Copy)]
struct FoundPage {
    map_page: PageNumber,
    page: PageNumber,
    /// The page that follows, as far as the same map page tells.
    next: Option<PageNumber>,
}

/// Lines of the next page that are fetched for each document of this one: as many documents are in both, about.
const LINES_EACH: usize = 3;

/// Has the processor fetch the next page while documents of this one are looked at: it does not look beyond a page
/// by itself. Lines are fetched in the order in which they will be read.
struct Ahead<'a> {
    hint: Option<Hint<'a>>,
    /// Where the lines begin that are not fetched yet, from the end on.
    left: usize,
}

impl<'a> Ahead<'a> {
    #[inline]
    fn new(pager: &'a Pager, next: Option<PageNumber>) -> Ahead<'a> {
        let hint = next.and_then(|next| pager.hint(next));
        if let Some(hint) = hint {
            hint.prefetch(0);
            hint.prefetch(LINE_BYTES);
        }
        Ahead {
            hint,
            left: PAGE_BYTES,
        }
    }

    #[inline]
    fn fetch_some(&mut self) {
        let Some(hint) = self.hint else { return };
        for _ in 0..LINES_EACH {
            self.left = self.left.saturating_sub(LINE_BYTES);
            hint.prefetch(self.left);
        }
    }
}

/// How the visit of one page ended.
enum PageEnd {
    Done,
    Stopped,
    /// At a stub, whose document is read while no page is latched.
    Stub(SlotNumber, Stub),
}

impl HeapScan {
    /// A scan of the heap of `root` as of `at`, or of its current state.
    pub fn new(root: HeapRoot, at: Option<Sequence>) -> HeapScan {
        let map_page = Some(root.first_map);
        HeapScan {
            owner: root.owner,
            at,
            map_page,
            ordinal: 0,
            index: 0,
            slot: 0,
            scratch: Vec::new(),
        }
    }

    /// Hands the documents of the next page, or what is left of it, to `visit`.
    ///
    /// `visit` runs while the page is latched: it must not write.
    ///
    /// Errors: `CORRUPTED` naming the page, `IO`, `OUT_OF_MEMORY`; the scan stays at the page.
    pub fn next_page(
        &mut self,
        pager: &Pager,
        mut visit: impl FnMut(Place, &[u8]) -> ControlFlow<Resume>,
    ) -> Result<ScanStep> {
        let Some(found) = self.find_page(pager)? else {
            return Ok(ScanStep::End);
        };
        let number = found.page;
        loop {
            let end = {
                let page = pager
                    .view(number, self.at)?
                    .ok_or("the heap map names a page that did not exist yet")
                    .map_err(damaged(number))?;
                self.visit_records(&page, found, &mut Ahead::new(pager, found.next), &mut visit)
                    .map_err(damaged(number))?
            };
            match end {
                PageEnd::Done => {
                    self.pass_page();
                    return Ok(ScanStep::Page);
                }
                PageEnd::Stopped => return Ok(ScanStep::Stopped),
                PageEnd::Stub(slot, stub) => {
                    gather(pager, self.owner, stub, self.at, &mut self.scratch)?;
                    let flow = visit(Place::new(number, slot), &self.scratch);
                    if self.pass_document(slot, flow).is_break() {
                        return Ok(ScanStep::Stopped);
                    }
                }
            }
        }
    }

    /// Skips what is left of the page that the scan stands at, which could not be read.
    pub fn pass_page(&mut self) {
        self.index += 1;
        self.slot = 0;
    }

    /// Where the scan stands.
    fn find_page(&mut self, pager: &Pager) -> Result<Option<FoundPage>> {
        while let Some(map_page) = self.map_page {
            let Some(map) = pager.view(map_page, self.at)? else {
                break;
            };
            heap_map::expect_ordinal(&map, self.ordinal).map_err(damaged(map_page))?;
            if let Some((index, page, _)) =
                heap_map::next_entry(&map, self.index).map_err(damaged(map_page))?
            {
                if index != self.index {
                    (self.index, self.slot) = (index, 0);
                }
                let next = heap_map::next_entry(&map, index + 1).map_err(damaged(map_page))?;
                return Ok(Some(FoundPage {
                    map_page,
                    page,
                    next: next.map(|(_, next, _)| next),
                }));
            }
            self.map_page = heap_map::next(&map);
            self.ordinal = self.ordinal.wrapping_add(1);
            (self.index, self.slot) = (0, 0);
        }
        self.map_page = None;
        Ok(None)
    }

    #[inline]
    fn visit_records(
        &mut self,
        page: &PageBytes,
        at: FoundPage,
        ahead: &mut Ahead<'_>,
        visit: &mut impl FnMut(Place, &[u8]) -> ControlFlow<Resume>,
    ) -> Checked<PageEnd> {
        slotted::expect(page, self.owner)?;
        if slotted::map_entry(page) != (at.map_page, self.index as u16) {
            return Err("a heap page does not name the map entry that names it");
        }
        for found in slotted::records(page, self.slot)? {
            let (slot, record) = found?;
            ahead.fetch_some();
            if record.is_stub {
                return Ok(PageEnd::Stub(slot, Stub::decode(record.bytes)?));
            }
            if self
                .pass_document(slot, visit(Place::new(at.page, slot), record.bytes))
                .is_break()
            {
                return Ok(PageEnd::Stopped);
            }
        }
        Ok(PageEnd::Done)
    }

    #[inline]
    fn pass_document(&mut self, slot: SlotNumber, flow: ControlFlow<Resume>) -> ControlFlow<()> {
        self.slot = slot.index() + usize::from(flow != ControlFlow::Break(Resume::Here));
        match flow {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(_) => ControlFlow::Break(()),
        }
    }
}
