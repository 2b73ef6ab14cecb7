//! All documents of a heap, in the order of its map.
//!
//! Promises: a scan sees the heap as of one commit, or as it is; it can stop after any document and go on
//! later from there; inline documents are lent straight out of their page. Its position is a map page, an
//! entry and a slot, so it costs no memory in proportion to the heap. Every map page carries its ordinal and
//! every heap page its entry, so damaged links end in an error, never in a circle.
//! Leaves to others: holding the collection's lock for each call when it reads the current state.

use std::ops::ControlFlow;

use quire_frames::{PageBytes, PageNumber};

use super::read::gather;
use super::{HeapRoot, Place};
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
        let Some((map_page, number)) = self.find_page(pager)? else {
            return Ok(ScanStep::End);
        };
        loop {
            let end = {
                let page = pager
                    .view(number, self.at)?
                    .ok_or("the heap map names a page that did not exist yet")
                    .map_err(damaged(number))?;
                self.visit_records(&page, number, map_page, &mut visit)
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

    /// The map page and heap page that the scan stands at.
    fn find_page(&mut self, pager: &Pager) -> Result<Option<(PageNumber, PageNumber)>> {
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
                return Ok(Some((map_page, page)));
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
        number: PageNumber,
        map_page: PageNumber,
        visit: &mut impl FnMut(Place, &[u8]) -> ControlFlow<Resume>,
    ) -> Checked<PageEnd> {
        slotted::expect(page, self.owner)?;
        if slotted::map_entry(page) != (map_page, self.index as u16) {
            return Err("a heap page does not name the map entry that names it");
        }
        for found in slotted::records(page, self.slot)? {
            let (slot, record) = found?;
            if record.is_stub {
                return Ok(PageEnd::Stub(slot, Stub::decode(record.bytes)?));
            }
            if self
                .pass_document(slot, visit(Place::new(number, slot), record.bytes))
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
