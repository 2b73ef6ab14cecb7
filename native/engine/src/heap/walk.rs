//! Every page of a heap, for giving them back and for listing them.
//!
//! Promises: pages are named once each; heap pages without overflow stubs are not read. A damaged page does
//! not end the walk while the map is readable: what can be named is named, and the damage is returned last.

use quire_frames::PageNumber;

use super::Heap;
use crate::error::Result;
use crate::format::fields::{Checked, damaged};
use crate::format::heap_map::{self, Info};
use crate::format::page::{self, CollectionId, PageKind};
use crate::format::slotted::{self, Stub};
use crate::pager::{PageWriter, Pager, blob};

/// Pages that belong to a heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapPart {
    /// A page of the map.
    Map(PageNumber),
    /// A page of documents.
    Page(PageNumber),
    /// A run that holds one large document.
    Run {
        /// First page.
        first: PageNumber,
        /// Number of pages.
        pages_count: u32,
    },
}

impl Heap {
    /// Names every page of the heap.
    ///
    /// Errors: the first page that could not be read; the others were named all the same, as far as the map is whole.
    pub fn pages(&self, pager: &Pager, mut visit: impl FnMut(HeapPart)) -> Result<()> {
        let mut map_page = Some(self.root.first_map);
        let mut ordinal = 0;
        let mut entries: Vec<(PageNumber, Info)> = Vec::new();
        let mut outcome = Ok(());
        while let Some(number) = map_page {
            entries.clear();
            map_page = {
                let map = pager.read(number)?;
                heap_map::expect_ordinal(&map, ordinal).map_err(damaged(number))?;
                let mut index = 0;
                while let Some(found) = heap_map::next_entry(&map, index).map_err(damaged(number))? {
                    entries.push((found.1, found.2));
                    index = found.0 + 1;
                }
                heap_map::next(&map)
            };
            for (page, info) in &entries {
                if info.has_stubs {
                    outcome = outcome.and(self.runs_of(pager, *page, &mut visit));
                }
                visit(HeapPart::Page(*page));
            }
            visit(HeapPart::Map(number));
            ordinal += 1;
        }
        outcome
    }

    /// Gives every page of the heap back. It must not be used afterwards, but for snapshots of before.
    ///
    /// Errors: as `pages`; every page that was named is free then.
    pub fn release(&self, writer: &PageWriter<'_>) -> Result<()> {
        self.pages(writer.pager(), |part| match part {
            HeapPart::Map(page) | HeapPart::Page(page) => writer.free(page),
            HeapPart::Run { first, pages_count } => writer.free_run(first, pages_count),
        })
    }

    /// Names the overflow runs of one page.
    fn runs_of(&self, pager: &Pager, number: PageNumber, visit: &mut impl FnMut(HeapPart)) -> Result<()> {
        let stubs: Vec<Stub> = {
            let page = pager.read(number)?;
            slotted::expect(&page, self.root.owner).map_err(damaged(number))?;
            slotted::records(&page, 0)
                .and_then(|records| {
                    records
                        .filter(|found| !matches!(found, Ok((_, record)) if !record.is_stub))
                        .map(|found| Stub::decode(found?.1.bytes))
                        .collect::<Checked<Vec<Stub>>>()
                })
                .map_err(damaged(number))?
        };
        for stub in stubs {
            if is_run(pager, self.root.owner, stub) {
                visit(HeapPart::Run {
                    first: stub.first,
                    pages_count: blob::pages_count(stub.length),
                });
            }
        }
        Ok(())
    }
}

/// Whether every page that a stub names is part of a run of this owner, at its place.
pub(super) fn is_whole_run(pager: &Pager, owner: CollectionId, stub: Stub) -> bool {
    (0..blob::pages_count(stub.length)).all(|part| is_part(pager, owner, stub, part))
}

/// Whether the first and last page that a stub names are: enough to tell a run from a stray stub without
/// reading all that a collection holds when it is dropped.
fn is_run(pager: &Pager, owner: CollectionId, stub: Stub) -> bool {
    let last = blob::pages_count(stub.length) - 1;
    is_part(pager, owner, stub, 0) && is_part(pager, owner, stub, last)
}

fn is_part(pager: &Pager, owner: CollectionId, stub: Stub, part: u32) -> bool {
    let Some(number) = stub.first.get().checked_add(part) else {
        return false;
    };
    pager.read(PageNumber::new(number)).is_ok_and(|page| {
        page::kind(&page) == Some(PageKind::Overflow)
            && page::owner(&page) == owner
            && page::part(&page) == part
    })
}
