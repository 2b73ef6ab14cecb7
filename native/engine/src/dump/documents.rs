//! Handing the documents out: those of a collection's pages, then those that only the log has.
//!
//! Rules. Where the current catalog and every page of a collection's map are good, the map says which pages count.
//! Else every heap page of the collection counts that is not free; then copies of one document may be met that
//! an older state left behind, and the one in the page that was changed last is the newest.
//! Promises: a damaged page costs the documents in it, a damaged overflow page one document.

use std::collections::HashSet;

use quire_frames::PageNumber;
use siphasher::sip128::SipHasher13;

use crate::dump::collections::Collection;
use crate::dump::overlay::Logged;
use crate::dump::sweep::Sweep;
use crate::dump::{DumpReport, DumpedDocument};
use crate::error::{Error, ErrorKind, Result};
use crate::format::fields::damaged;
use crate::format::heap_map;
use crate::format::intake::document_id;
use crate::format::page::{self, CollectionId, Sequence};
use crate::format::place::{Place, SlotNumber};
use crate::format::plain::write_plain;
use crate::format::record::Structures;
use crate::format::slotted;
use crate::format::value::Malformed;
use crate::heap::{HeapRoot, read_document};
use crate::pager::Pager;

/// The entries of a map page: index and heap page.
type MapEntries = Vec<(u16, PageNumber)>;

/// Writes a dump.
pub(super) struct Writer<'a> {
    pager: &'a Pager,
    report: &'a mut DumpReport,
    visit: &'a mut dyn FnMut(DumpedDocument<'_>) -> Result<()>,
    plain: Vec<u8>,
    scratch: Vec<u8>,
}

/// The collection that is being written.
struct Current<'a> {
    id: CollectionId,
    name: &'a str,
    structures: &'a Structures,
    logged: Logged,
    /// Hashes of the ids met, where copies may be met.
    seen: Option<HashSet<u128>>,
}

/// How a document fared.
enum Fate {
    Done,
    /// Its bytes make no sense.
    Malformed,
    /// It needs a record structure that is lost.
    Unreadable,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        pager: &'a Pager,
        report: &'a mut DumpReport,
        visit: &'a mut dyn FnMut(DumpedDocument<'_>) -> Result<()>,
    ) -> Writer<'a> {
        Writer {
            pager,
            report,
            visit,
            plain: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Writes a collection's documents.
    ///
    /// Errors: those of the visitor.
    pub(super) fn collection(
        &mut self,
        id: CollectionId,
        collection: &Collection,
        logged: Logged,
        sweep: &mut Sweep<'_>,
    ) -> Result<()> {
        if logged.is_dropped {
            return Ok(());
        }
        let structures = collection.structures.snapshot();
        let mut current = Current {
            id,
            name: &collection.name,
            structures: &structures,
            logged,
            seen: None,
        };
        match collection.heap.filter(|root| self.has_whole_map(root)) {
            Some(root) => self.mapped_pages(&root, &mut current)?,
            None => {
                current.seen = Some(HashSet::new());
                for page in sweep.take_heap(id, self.report) {
                    self.page(page, None, &mut current)?;
                }
            }
        }
        let documents = std::mem::take(&mut current.logged).into_documents();
        let mut fates = Fates::default();
        for document in documents {
            fates.count(&self.write(&document, &current)?);
        }
        if let Some(what) = fates.problem(current.name) {
            let what = format!("the log has {what}");
            self.report.note(Error::new(ErrorKind::Corrupted, what));
        }
        Ok(())
    }

    /// Whether every page of the map is good and they name as many heap pages as the catalog says. Notes damage.
    fn has_whole_map(&mut self, root: &HeapRoot) -> bool {
        let mut pages_count = 0;
        let mut next = Some(root.first_map);
        let mut ordinal = 0;
        while let Some(number) = next {
            match self.read_map(root.owner, number, ordinal) {
                Ok((entries, behind)) => {
                    pages_count += entries.len();
                    next = behind;
                    ordinal += 1;
                }
                Err(error) => {
                    self.report.note(error);
                    return false;
                }
            }
        }
        pages_count == root.pages_count as usize
    }

    /// The entries of map page `number` and the page behind it. A page has one ordinal, so a chain ends.
    fn read_map(
        &self,
        owner: CollectionId,
        number: PageNumber,
        ordinal: u32,
    ) -> Result<(MapEntries, Option<PageNumber>)> {
        let map = self.pager.read(number)?;
        if page::owner(&map) != owner {
            return Err(damaged(number)(
                "a heap map page of another collection was expected",
            ));
        }
        heap_map::expect_ordinal(&map, ordinal).map_err(damaged(number))?;
        let mut entries = Vec::new();
        let mut index = 0;
        while let Some(found) = heap_map::next_entry(&map, index).map_err(damaged(number))? {
            entries.push((found.0 as u16, found.1));
            index = found.0 + 1;
        }
        Ok((entries, heap_map::next(&map)))
    }

    fn mapped_pages(&mut self, root: &HeapRoot, current: &mut Current<'_>) -> Result<()> {
        let mut next = Some(root.first_map);
        let mut ordinal = 0;
        while let Some(number) = next {
            let (entries, behind) = match self.read_map(root.owner, number, ordinal) {
                Ok(read) => read,
                // Good a moment ago: the disk is failing.
                Err(error) => {
                    self.report.note(error);
                    return Ok(());
                }
            };
            for (index, page) in entries {
                self.page(page, Some((number, index)), current)?;
            }
            next = behind;
            ordinal += 1;
        }
        Ok(())
    }

    /// Writes the documents of a heap page; `entry` is the map entry that names it.
    fn page(
        &mut self,
        number: PageNumber,
        entry: Option<(PageNumber, u16)>,
        current: &mut Current<'_>,
    ) -> Result<()> {
        let pager = self.pager;
        let mut fates = Fates::default();
        let mut stubs: Vec<SlotNumber> = Vec::new();
        let stamp = {
            let page = match pager.read(number) {
                Ok(page) => page,
                Err(error) => {
                    self.report.note(error);
                    return Ok(());
                }
            };
            let is_named = entry.is_none_or(|entry| slotted::map_entry(&page) == entry);
            if slotted::expect(&page, current.id).is_err() || !is_named {
                let what = "the heap map names it, but it is no heap page of that entry";
                self.report.note(damaged(number)(what));
                return Ok(());
            }
            let stamp = page::stamp(&page);
            let records = slotted::records(&page, 0).into_iter().flatten();
            for found in records {
                match found {
                    Ok((slot, record)) if record.is_stub => stubs.push(slot),
                    Ok((_, record)) => fates.count(&self.offer(record.bytes, stamp, current)?),
                    Err(what) => self.report.note(damaged(number)(what)),
                }
            }
            stamp
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        for slot in stubs {
            match read_document(pager, Place::new(number, slot), None, &mut scratch, |_| ()) {
                Ok(_) => fates.count(&self.offer(&scratch, stamp, current)?),
                Err(error) => self.report.note(error),
            }
        }
        self.scratch = scratch;
        if let Some(what) = fates.problem(current.name) {
            self.report
                .note(Error::corrupted_page(number, format!("it has {what}")));
        }
        Ok(())
    }

    /// Writes a document that a page holds, if it is the current one.
    fn offer(&mut self, stored: &[u8], stamp: Sequence, current: &mut Current<'_>) -> Result<Fate> {
        let Ok(id) = document_id(stored) else {
            return Ok(Fate::Malformed);
        };
        if let Some(seen) = &mut current.seen
            && !seen.insert(SipHasher13::new().hash(id).as_u128())
        {
            return Ok(Fate::Done);
        }
        if current.logged.hides(id, stamp) {
            return Ok(Fate::Done);
        }
        self.write(stored, current)
    }

    fn write(&mut self, stored: &[u8], current: &Current<'_>) -> Result<Fate> {
        self.plain.clear();
        match write_plain(stored, current.structures, &mut self.plain) {
            Ok(length) if length == stored.len() => {}
            Err(Malformed::UnknownStructure) => return Ok(Fate::Unreadable),
            _ => return Ok(Fate::Malformed),
        }
        (self.visit)(DumpedDocument {
            collection: current.name,
            document: &self.plain,
        })?;
        self.report.documents_count += 1;
        Ok(Fate::Done)
    }
}

/// How many documents of one page could not be read, and why.
#[derive(Default)]
struct Fates {
    malformed_count: u32,
    unreadable_count: u32,
}

impl Fates {
    fn count(&mut self, fate: &Fate) {
        match fate {
            Fate::Done => {}
            Fate::Malformed => self.malformed_count += 1,
            Fate::Unreadable => self.unreadable_count += 1,
        }
    }

    fn problem(&self, collection: &str) -> Option<String> {
        match (self.malformed_count, self.unreadable_count) {
            (0, 0) => None,
            (malformed, unreadable) => Some(format!(
                "{malformed} malformed documents of {collection}, and {unreadable} whose key lists are lost with the catalog"
            )),
        }
    }
}
