//! A collection's documents in slotted pages.
//!
//! A new document goes to the fill page, the one that the last insert used; when that has no room, a page with
//! room is taken from the free-space lists (space.rs), or a new page. A document that no page can hold lies in
//! a run of overflow pages, and its slot holds a stub. An emptied page is given back, but for the fill page.
//!
//! Promises: a place stays valid until its document is deleted or `update` returns another; a failed search for
//! room never fails an insert; a page that cannot be read when room is searched is left aside for `check` to
//! name. No two page guards are held at once.
//! Leaves to others: ids (index/primary), what a document is (query), who writes when: every `&mut self` call
//! is made under the collection's exclusive lock, inside one commit. Bytes: format/slotted.rs, format/heap_map.rs.

mod map;
mod read;
mod scan;
mod space;
mod verify;
mod walk;

#[cfg(test)]
mod concurrency_tests;
#[cfg(test)]
mod speed_tests;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};

use quire_frames::{PageBytes, PageNumber};

pub use crate::format::place::{Place, SlotNumber};
pub use read::{prefetch_document, prefetch_record, prefetch_slot, read_document};
pub use scan::{HeapScan, Resume, ScanStep};
pub use verify::HeapEvent;
pub use walk::HeapPart;

use crate::error::{Error, ErrorKind, Result};
use crate::format::fields::damaged;
use crate::format::heap_map::{self, Info};
use crate::format::page::{CollectionId, PageKind};
use crate::format::slotted::{self, RECORD_BYTES_MAX, SLOT_BYTES, Stub};
use crate::pager::{PageWriter, Pager, blob};
use space::{Space, Standing};

/// Bytes of a line of the processor's cache, for hints.
const LINE_BYTES: usize = 64;
/// Pages with room tried for one insert before a new page is taken.
const CANDIDATES_MAX: usize = 4;

/// What the catalog keeps of a heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapRoot {
    /// The collection; every page of the heap carries it.
    pub owner: CollectionId,
    /// First page of the map; it never changes.
    pub first_map: PageNumber,
    /// Last page of the map.
    pub last_map: PageNumber,
    /// The page that inserts go to.
    pub fill: Option<PageNumber>,
    /// Heap pages, without map and overflow pages.
    pub pages_count: u32,
}

/// The documents of one collection.
pub struct Heap {
    root: HeapRoot,
    space: Space,
    /// Whether the map's last page was found good, or made, since the heap was opened.
    is_growable: AtomicBool,
}

/// What a change of a page may ask of the map.
struct PageState {
    used_slots: usize,
    info: Info,
    class: u8,
    map_page: PageNumber,
    map_index: u16,
}

impl Heap {
    /// A new heap without documents: one map page.
    ///
    /// Errors: `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`.
    pub fn create(writer: &PageWriter<'_>, owner: CollectionId) -> Result<Heap> {
        let (first_map, mut map) = writer.allocate(PageKind::HeapMap, owner)?;
        heap_map::initialize(&mut map, 0);
        let root = HeapRoot {
            owner,
            first_map,
            last_map: first_map,
            fill: None,
            pages_count: 0,
        };
        Ok(Heap::open(root))
    }

    /// The heap of `root`; no page is read.
    pub fn open(root: HeapRoot) -> Heap {
        Heap {
            root,
            space: Space::unread(root.first_map),
            is_growable: AtomicBool::new(false),
        }
    }

    /// Fails where the heap could not take a further page: asked before a commit is logged, because a document
    /// that finds no room afterwards could neither be stored nor forgotten. Reads a page at the first call only.
    ///
    /// Errors: `CORRUPTED`, `IO`: the map's last page cannot be read.
    #[inline]
    pub fn expect_growable(&self, pager: &Pager) -> Result<()> {
        if self.is_growable.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.read_last_map(pager)?;
        self.is_growable.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// What the catalog keeps.
    pub fn root(&self) -> HeapRoot {
        self.root
    }

    /// Adds a document of 1 byte to 4 GiB.
    ///
    /// Errors: `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`; the map's last page cannot be read.
    pub fn insert(&mut self, writer: &PageWriter<'_>, document: &[u8]) -> Result<Place> {
        if document.len() <= RECORD_BYTES_MAX {
            return self.insert_record(writer, document, false);
        }
        let stub = self.write_run(writer, document)?;
        self.insert_record(writer, &stub.encode(), true)
    }

    /// Replaces the document at `place` and returns where it is now.
    ///
    /// Errors: as `insert`; `CORRUPTED` or `IO` when the page at `place` cannot be read.
    pub fn update(&mut self, writer: &PageWriter<'_>, place: Place, document: &[u8]) -> Result<Place> {
        let run = match document.len() > RECORD_BYTES_MAX {
            true => Some(self.write_run(writer, document)?.encode()),
            false => None,
        };
        let record = run.as_ref().map_or(document, |stub| stub.as_slice());
        let (old_run, is_replaced) = {
            let mut page = writer.change(place.page)?;
            slotted::expect(&page, self.root.owner).map_err(damaged(place.page))?;
            let old_run = stub_at(&page, place)?;
            let is_replaced = slotted::replace(&mut page, place.slot, record, run.is_some());
            (old_run, is_replaced.map_err(damaged(place.page))?)
        };
        let moved_to = if is_replaced {
            self.settle(writer, place.page, run.is_some())?;
            place
        } else {
            let moved_to = self.insert_record(writer, record, run.is_some())?;
            self.remove_record(writer, place)?;
            moved_to
        };
        if let Some(stub) = old_run {
            self.free_run(writer, stub);
        }
        Ok(moved_to)
    }

    /// Deletes the document at `place`.
    ///
    /// Errors: `CORRUPTED` or `IO` when its page cannot be read, or holds no document there.
    pub fn delete(&mut self, writer: &PageWriter<'_>, place: Place) -> Result<()> {
        if let Some(stub) = self.remove_record(writer, place)? {
            self.free_run(writer, stub);
        }
        Ok(())
    }

    fn insert_record(&mut self, writer: &PageWriter<'_>, record: &[u8], is_stub: bool) -> Result<Place> {
        if let Some(fill) = self.root.fill {
            if let Ok(Some(place)) = self.try_insert(writer, fill, record, is_stub) {
                return self.inserted(writer, place, is_stub);
            }
            self.retire_fill(writer);
        }
        for _ in 0..CANDIDATES_MAX {
            let Some(position) = self.space.with_room(writer.pager(), record.len() + SLOT_BYTES) else {
                break;
            };
            self.space
                .set(position.ordinal, position.index, Standing::Class(0));
            if let Ok(page) = self.adopt(writer, position)
                && let Ok(Some(place)) = self.try_insert(writer, page, record, is_stub)
            {
                return self.inserted(writer, place, is_stub);
            }
            self.retire_fill(writer);
        }
        let page = self.add_page(writer)?;
        self.root.fill = Some(page);
        match self.try_insert(writer, page, record, is_stub)? {
            Some(place) => self.inserted(writer, place, is_stub),
            None => Err(Error::new(
                ErrorKind::Internal,
                format!("a record of {} bytes does not fit an empty page", record.len()),
            )),
        }
    }

    fn inserted(&mut self, writer: &PageWriter<'_>, place: Place, is_stub: bool) -> Result<Place> {
        if is_stub {
            self.settle(writer, place.page, true)?;
        }
        Ok(place)
    }

    fn try_insert(
        &self,
        writer: &PageWriter<'_>,
        number: PageNumber,
        record: &[u8],
        is_stub: bool,
    ) -> Result<Option<Place>> {
        let mut page = writer.change(number)?;
        slotted::expect(&page, self.root.owner).map_err(damaged(number))?;
        let slot = slotted::insert(&mut page, record, is_stub).map_err(damaged(number))?;
        Ok(slot.map(|slot| Place::new(number, slot)))
    }

    /// Takes the record out and returns its stub, if it was one.
    fn remove_record(&mut self, writer: &PageWriter<'_>, place: Place) -> Result<Option<Stub>> {
        let old_run = {
            let mut page = writer.change(place.page)?;
            slotted::expect(&page, self.root.owner).map_err(damaged(place.page))?;
            let old_run = stub_at(&page, place)?;
            slotted::remove(&mut page, place.slot).map_err(damaged(place.page))?;
            old_run
        };
        self.settle(writer, place.page, false)?;
        Ok(old_run)
    }

    /// Brings the map up to date with a page, and gives the page back when it is empty.
    fn settle(&mut self, writer: &PageWriter<'_>, number: PageNumber, adds_stub: bool) -> Result<()> {
        let is_fill = self.root.fill == Some(number);
        let state = self.state(writer, number)?;
        if state.used_slots == 0 && !is_fill {
            return self.drop_page(writer, number, &state);
        }
        let class = if is_fill { 0 } else { state.class };
        let info = Info {
            class,
            has_stubs: state.info.has_stubs || adds_stub,
        };
        if info == state.info {
            return Ok(());
        }
        // A map page that cannot be read costs room, not the commit: its class is a hint, and without its flag for
        // stubs the runs of this page stay unused when the collection is dropped. `check` names the map page.
        let _ = self.record_info(writer, number, &state, info);
        Ok(())
    }

    fn state(&self, writer: &PageWriter<'_>, number: PageNumber) -> Result<PageState> {
        let page = writer.read(number)?;
        slotted::expect(&page, self.root.owner).map_err(damaged(number))?;
        let (map_page, map_index) = slotted::map_entry(&page);
        Ok(PageState {
            used_slots: slotted::used_slots(&page).map_err(damaged(number))?,
            info: Info::from_byte(slotted::info(&page)),
            class: heap_map::class_of(slotted::insertable_bytes(&page).map_err(damaged(number))?),
            map_page,
            map_index,
        })
    }

    /// Lists the fill page by its room, so that later inserts find it again.
    fn retire_fill(&mut self, writer: &PageWriter<'_>) {
        if let Some(fill) = self.root.fill.take() {
            // A page that cannot be read stays out of the lists: `check` names it, inserts go elsewhere.
            let _ = self.settle(writer, fill, false);
        }
    }

    fn write_run(&self, writer: &PageWriter<'_>, document: &[u8]) -> Result<Stub> {
        let length = u32::try_from(document.len()).map_err(|_| {
            Error::new(
                ErrorKind::DocumentTooLarge,
                "a document of 4 GiB or more cannot be stored",
            )
        })?;
        let first = blob::write_blob(writer, PageKind::Overflow, self.root.owner, document)?;
        Ok(Stub { first, length })
    }

    /// Gives an overflow run back, unless its pages are not what the stub says: then `check` reports them.
    fn free_run(&self, writer: &PageWriter<'_>, stub: Stub) {
        if walk::is_whole_run(writer.pager(), self.root.owner, stub) {
            blob::free_blob(writer, stub.first, stub.length);
        }
    }
}

/// The stub of the record at `place`, which must be there.
fn stub_at(page: &PageBytes, place: Place) -> Result<Option<Stub>> {
    let record = slotted::record(page, place.slot)
        .and_then(|record| record.ok_or("a slot that holds a document is free"))
        .map_err(damaged(place.page))?;
    match record.is_stub {
        true => Stub::decode(record.bytes).map(Some).map_err(damaged(place.page)),
        false => Ok(None),
    }
}
