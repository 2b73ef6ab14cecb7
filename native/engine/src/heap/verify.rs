//! The heap's part of `check`: every map entry, page, slot and overflow run.
//!
//! Promises: each page is reported once as this heap's, so that the checker can count references to every page
//! of the file; damage is reported and the rest is looked at all the same.
//! Leaves to others: whether documents are well formed and indexed (check, index/primary).

use quire_frames::{PageBytes, PageNumber};

use super::read::gather;
use super::{Heap, Place};
use crate::error::{Error, Result};
use crate::format::fields::{Checked, damaged};
use crate::format::heap_map::{self, Info};
use crate::format::page::{self, Sequence};
use crate::format::slotted::{self, Stub};
use crate::pager::{Pager, blob};

/// What the check meets.
#[derive(Debug)]
pub enum HeapEvent<'page> {
    /// A page of the map.
    MapPage(PageNumber),
    /// A page of documents.
    HeapPage(PageNumber),
    /// The run of one large document.
    OverflowRun {
        /// First page.
        first: PageNumber,
        /// Number of pages.
        pages_count: u32,
    },
    /// A document; its page may be latched, so the visitor must not write.
    Document {
        /// Where it is.
        place: Place,
        /// Its bytes, in stored form.
        bytes: &'page [u8],
    },
    /// Something that should not be.
    Damage(Error),
}

impl Heap {
    /// Reports every page and document as of `at`, or of the current state, and all damage.
    pub fn verify(&self, pager: &Pager, at: Option<Sequence>, mut visit: impl FnMut(HeapEvent<'_>)) {
        let mut map_page = Some(self.root.first_map);
        let mut ordinal = 0;
        let mut pages_count = 0u32;
        while let Some(number) = map_page {
            let entries = match read_map(pager, number, ordinal, at) {
                Ok(Some((entries, next))) => {
                    map_page = next;
                    entries
                }
                Ok(None) => break,
                Err(error) => {
                    visit(HeapEvent::Damage(error));
                    return;
                }
            };
            visit(HeapEvent::MapPage(number));
            for (index, page, info) in entries {
                pages_count += 1;
                visit(HeapEvent::HeapPage(page));
                if let Err(error) = self.verify_page(pager, at, page, (number, index), info, &mut visit) {
                    visit(HeapEvent::Damage(error));
                }
            }
            ordinal += 1;
            if map_page.is_none() && at.is_none() && number != self.root.last_map {
                visit(HeapEvent::Damage(damaged(number)(
                    "the heap map ends before its last page",
                )));
            }
        }
        if at.is_none() && pages_count != self.root.pages_count {
            let what = "the heap's page count does not match its map";
            visit(HeapEvent::Damage(damaged(self.root.first_map)(what)));
        }
    }

    fn verify_page(
        &self,
        pager: &Pager,
        at: Option<Sequence>,
        number: PageNumber,
        entry: (PageNumber, u16),
        info: Info,
        visit: &mut impl FnMut(HeapEvent<'_>),
    ) -> Result<()> {
        let mut stubs = Vec::new();
        {
            let page = pager
                .view(number, at)?
                .ok_or("the heap map names a page that did not exist yet")
                .map_err(damaged(number))?;
            slotted::expect(&page, self.root.owner).map_err(damaged(number))?;
            check_page(&page, entry, info).map_err(damaged(number))?;
            for found in slotted::records(&page, 0).map_err(damaged(number))? {
                let (slot, record) = found.map_err(damaged(number))?;
                let place = Place::new(number, slot);
                match record.is_stub {
                    true => stubs.push((place, Stub::decode(record.bytes).map_err(damaged(number))?)),
                    false => visit(HeapEvent::Document {
                        place,
                        bytes: record.bytes,
                    }),
                }
            }
        }
        let mut scratch = Vec::new();
        for (place, stub) in stubs {
            visit(HeapEvent::OverflowRun {
                first: stub.first,
                pages_count: blob::pages_count(stub.length),
            });
            match gather(pager, self.root.owner, stub, at, &mut scratch) {
                Ok(()) => visit(HeapEvent::Document {
                    place,
                    bytes: &scratch,
                }),
                Err(error) => visit(HeapEvent::Damage(error)),
            }
        }
        Ok(())
    }
}

type MapEntries = Vec<(u16, PageNumber, Info)>;

/// The used entries of map page `number` and the next one's number; `None` where it did not exist at `at`.
fn read_map(
    pager: &Pager,
    number: PageNumber,
    ordinal: u32,
    at: Option<Sequence>,
) -> Result<Option<(MapEntries, Option<PageNumber>)>> {
    let Some(map) = pager.view(number, at)? else {
        return Ok(None);
    };
    let read = || -> Checked<MapEntries> {
        heap_map::expect_ordinal(&map, ordinal)?;
        heap_map::check(&map)?;
        let mut entries = Vec::new();
        let mut index = 0;
        while let Some((found, page, info)) = heap_map::next_entry(&map, index)? {
            entries.push((found as u16, page, info));
            index = found + 1;
        }
        Ok(entries)
    };
    Ok(Some((read().map_err(damaged(number))?, heap_map::next(&map))))
}

fn check_page(page: &PageBytes, entry: (PageNumber, u16), info: Info) -> Checked<()> {
    slotted::check(page)?;
    if slotted::map_entry(page) != entry {
        return Err("a heap page does not name the map entry that names it");
    }
    if Info::from_byte(slotted::info(page)) != info || page::part(page) != 0 {
        return Err("a heap page and its map entry disagree on its room");
    }
    for found in slotted::records(page, 0)? {
        if found?.1.is_stub && !info.has_stubs {
            return Err("a heap page has an overflow stub that its map entry does not tell of");
        }
    }
    Ok(())
}
