//! Checkpoints: how changed pages reach the data file.
//!
//! 1. Capture, under the commit gate: a snapshot, the list of changed pages, the catalog and the free list.
//! 2. Pages that the last durable checkpoint counts as free are written straight to their place: nothing refers
//!    to them yet. Sync.
//! 3. All other changed pages go to the journal, with the coming header. Sync: from here on the checkpoint counts.
//! 4. The journal's pages go to their places. Sync. The header goes to one slot. Sync. Then to the other slot.
//!
//! Promises: a crash at any point leaves the old state, or a complete journal that leads to the new one; commits
//! and readers run on meanwhile; a failure before the journal counts leaves the old state and a usable database.
//! Leaves to others: the commit gate and the switch of the log (database.rs).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quire_frames::{PAGE_BYTES, PageNumber};

use crate::bugs::{Bug, planted};
use crate::error::{Error, Result};
use crate::format::header::{BlobPlace, HEADER_PAGES, Header, log_mark};
use crate::format::page::{self, CollectionId, PageKind, Sequence};
use crate::pager::allocator::Run;
use crate::pager::free_list::{FreeList, is_in_runs};
use crate::pager::header_slots::HeaderSlots;
use crate::pager::image::{sealed_image, write_in_place};
use crate::pager::journal::{self, JOURNAL_SUFFIX, JournalWriter};
use crate::pager::snapshot::Snapshot;
use crate::pager::{Pager, blob, recovery, verify_page};
use crate::storage::{OpenMode, Storage, StorageFile, sibling};

/// A journal larger than this is emptied after its checkpoint, to give its space back.
const JOURNAL_KEPT_BYTES: u64 = 16 << 20;

/// Writes the checkpoints of one database. One checkpoint runs at a time; the owner sees to it.
pub struct Checkpointer {
    storage: Arc<dyn Storage>,
    file: Arc<dyn StorageFile>,
    path: PathBuf,
    journal: Option<Arc<dyn StorageFile>>,
    /// Whether the journal that an earlier process left is void.
    is_old_journal_void: bool,
    slots: Arc<HeaderSlots>,
    /// Free runs of the state on disk: the pages that may be written without the journal.
    durable_free: Vec<Run>,
    /// Catalog and free list of the last capture, on disk or not yet.
    catalog: Vec<u8>,
    catalog_place: BlobPlace,
    catalog_mirror: u32,
    free_list_place: BlobPlace,
}

/// What a checkpoint will write, as it was at one commit.
pub struct Capture {
    snapshot: Snapshot,
    changed: Vec<PageNumber>,
    free: Vec<Run>,
    header: Header,
}

impl Capture {
    /// The last commit that the checkpoint holds.
    pub fn sequence(&self) -> Sequence {
        self.snapshot.sequence()
    }

    /// Has the header name the log `generation`, which takes the commits from here on; it must be durable before
    /// the capture is written.
    pub fn name_log(&mut self, generation: Option<u64>) {
        self.header.log_mark = generation.map_or(0, log_mark);
    }

    /// Epoch of the header that the checkpoint will write.
    pub fn epoch(&self) -> u64 {
        self.header.epoch
    }
}

/// What a failed checkpoint leaves.
pub struct CheckpointFailure {
    /// Why.
    pub error: Error,
    /// Whether the state of the disk is unknown: no commit may be accepted any more.
    pub is_poisoned: bool,
}

impl Checkpointer {
    /// A checkpointer for the file at `path` whose state on disk is `durable`.
    pub fn new(
        storage: Arc<dyn Storage>,
        file: Arc<dyn StorageFile>,
        path: PathBuf,
        durable: Header,
        free: Vec<Run>,
        catalog: Vec<u8>,
    ) -> Checkpointer {
        Checkpointer {
            storage,
            path,
            journal: None,
            is_old_journal_void: false,
            slots: Arc::new(HeaderSlots::new(file.clone(), durable)),
            file,
            durable_free: free,
            catalog,
            catalog_place: durable.catalog,
            catalog_mirror: durable.catalog_mirror,
            free_list_place: durable.free_list,
        }
    }

    /// The header on disk.
    pub fn durable(&self) -> Header {
        self.slots.current()
    }

    /// The slots, for whoever names the first log.
    pub fn slots(&self) -> Arc<HeaderSlots> {
        self.slots.clone()
    }

    /// Step 1. The caller holds the commit gate exclusively; `sequence` is the last commit.
    pub fn capture(
        &mut self,
        pager: &Pager,
        sequence: Sequence,
        catalog: Vec<u8>,
        next_collection: u32,
    ) -> Result<Capture> {
        if catalog != self.catalog {
            self.write_catalog(pager, sequence, catalog)?;
        }
        free_place(pager, sequence, self.free_list_place);
        self.free_list_place = BlobPlace::default();
        let (free, page_count) = self.write_free_list(pager, sequence)?;
        let changed = std::mem::take(&mut *pager.changed.lock());
        pager.captured.store(sequence.0, Ordering::Relaxed);
        let durable = self.durable();
        let header = Header {
            epoch: durable.epoch + 1,
            sequence,
            page_count,
            next_collection,
            catalog: self.catalog_place,
            catalog_mirror: self.catalog_mirror,
            free_list: self.free_list_place,
            clean: false,
            ..durable
        };
        Ok(Capture {
            snapshot: pager.open_snapshot(sequence, true),
            changed,
            free,
            header,
        })
    }

    /// Gives up a capture that will not be written; the next one holds its pages.
    pub fn abandon(&mut self, pager: &Pager, mut capture: Capture) {
        pager.changed.lock().append(&mut capture.changed);
        pager.close_snapshot(&capture.snapshot);
    }

    /// Steps 2 to 4. On failure everything captured is left for the next checkpoint.
    pub fn write(
        &mut self,
        pager: &Pager,
        capture: Capture,
        clean: bool,
    ) -> std::result::Result<(), CheckpointFailure> {
        let mut capture = capture;
        capture.header.clean = clean;
        if clean {
            capture.header.log_mark = 0;
        }
        let result = self.write_pages(pager, &mut capture);
        if result.is_ok() {
            let sequence = capture.sequence();
            pager.file_sequence.store(sequence.0, Ordering::Release);
            for number in &capture.changed {
                let _ = pager
                    .frames
                    .mark_clean_if(*number, |bytes| page::stamp(bytes) <= sequence);
            }
            self.slots.set_current(capture.header);
            self.durable_free = capture.free;
            pager.close_snapshot(&capture.snapshot);
        } else {
            self.abandon(pager, capture);
        }
        result
    }

    /// Writes the catalog twice and gives the old copies back.
    fn write_catalog(&mut self, pager: &Pager, sequence: Sequence, catalog: Vec<u8>) -> Result<()> {
        let writer = pager.writer(sequence);
        let mut firsts = [0; 2];
        if !catalog.is_empty() {
            for first in &mut firsts {
                *first = blob::write_blob(&writer, PageKind::Catalog, CollectionId::NONE, &catalog)?.get();
            }
        }
        for place in self.catalog_places() {
            free_place(pager, sequence, place);
        }
        self.catalog_place = BlobPlace {
            first_page: firsts[0],
            length_bytes: catalog.len() as u32,
        };
        self.catalog_mirror = firsts[1];
        self.catalog = catalog;
        Ok(())
    }

    /// Both copies of the catalog as the last capture left them.
    fn catalog_places(&self) -> [BlobPlace; 2] {
        [
            self.catalog_place,
            BlobPlace {
                first_page: self.catalog_mirror,
                ..self.catalog_place
            },
        ]
    }

    /// Pages that belong to no collection as the last capture left them, as runs.
    pub fn own_runs(&self) -> Vec<Run> {
        let header = Header {
            catalog: self.catalog_place,
            catalog_mirror: self.catalog_mirror,
            free_list: self.free_list_place,
            ..self.durable()
        };
        Checkpointer::runs_of(&header)
    }

    /// Pages of the catalog and the free list that `header` names, as runs.
    pub fn runs_of(header: &Header) -> Vec<Run> {
        let mirror = BlobPlace {
            first_page: header.catalog_mirror,
            ..header.catalog
        };
        [header.catalog, mirror, header.free_list]
            .into_iter()
            .filter(|place| place.length_bytes > 0 && place.first_page > 0)
            .map(|place| Run {
                first: place.first_page,
                count: blob::pages_count(place.length_bytes),
            })
            .collect()
    }

    /// Compares every page that the state on disk uses with its checksum, and hands the errors to `report`.
    pub fn verify_pages(&self, pager: &Pager, mut report: impl FnMut(Error)) {
        let mut bytes = [0u8; PAGE_BYTES];
        let durable = self.durable();
        for page in HEADER_PAGES..durable.page_count {
            let number = PageNumber::new(page);
            if is_in_runs(&self.durable_free, number) {
                continue;
            }
            let verified = self
                .file
                .read_exact_at(u64::from(page) * PAGE_BYTES as u64, &mut bytes)
                .and_then(|()| verify_page(&bytes, pager.file_id(), number, durable.sequence));
            if let Err(error) = verified {
                report(error);
            }
        }
    }

    /// Writes the free list to a run that it itself gives, and returns it with the page count.
    fn write_free_list(&mut self, pager: &Pager, sequence: Sequence) -> Result<(Vec<Run>, u32)> {
        let mut allocator = pager.allocator.lock();
        let list = FreeList::lay_out(&mut allocator)?;
        drop(allocator);
        pager.page_count.store(list.page_count, Ordering::Release);
        if let Some((first, bytes)) = &list.blob {
            let writer = pager.writer(sequence);
            blob::fill_blob(&writer, *first, PageKind::FreeList, CollectionId::NONE, bytes)?;
            self.free_list_place = BlobPlace {
                first_page: first.get(),
                length_bytes: bytes.len() as u32,
            };
        }
        Ok((list.runs, list.page_count))
    }

    fn write_pages(
        &mut self,
        pager: &Pager,
        capture: &mut Capture,
    ) -> std::result::Result<(), CheckpointFailure> {
        let usable = |error| CheckpointFailure {
            error,
            is_poisoned: false,
        };
        let poisoned = |error| CheckpointFailure {
            error,
            is_poisoned: true,
        };
        self.void_old_journal().map_err(poisoned)?;
        capture.changed.sort_unstable();
        capture.changed.dedup();
        // Pages that were changed and then freed are not written; the free tail is not even part of the file any more.
        // They stay dirty: one that a snapshot still sees is nowhere but in memory.
        let (free, page_count) = (&capture.free, capture.header.page_count);
        let is_live = |number: &PageNumber| number.get() < page_count && !is_in_runs(free, *number);
        capture.changed.retain(is_live);
        let durable_pages = self.durable().page_count;
        let is_direct = |number: &PageNumber| {
            planted(Bug::NoJournal)
                || number.get() >= durable_pages
                || is_in_runs(&self.durable_free, *number)
        };
        let changed = capture.changed.iter().copied();
        let (direct, journaled): (Vec<PageNumber>, Vec<PageNumber>) = changed.partition(is_direct);
        if planted(Bug::HeaderBeforePageSync) {
            self.slots
                .write(&capture.header, capture.header.epoch)
                .map_err(usable)?;
        }
        if planted(Bug::TailCutBeforeHeader) {
            self.cut_file(capture.header.page_count).map_err(usable)?;
        }
        let sequence = capture.sequence();
        write_in_place(&*self.file, pager, pager.file_id, sequence, &direct).map_err(usable)?;
        self.extend_file(capture.header.page_count).map_err(usable)?;
        if !planted(Bug::NoPageSync) {
            self.file.sync_data().map_err(poisoned)?;
        }
        let journal = match self.write_journal(pager, sequence, &journaled, &capture.header) {
            Ok(journal) => journal,
            Err(error) => {
                return Err(CheckpointFailure {
                    error,
                    is_poisoned: self.void_journal().is_err(),
                });
            }
        };
        if let Some(journal) = &journal
            && !planted(Bug::NoJournalSync)
        {
            journal.sync_data().map_err(poisoned)?;
        }
        write_in_place(&*self.file, pager, pager.file_id, sequence, &journaled).map_err(poisoned)?;
        if journal.is_some() && !planted(Bug::NoPageSync) {
            self.file.sync_data().map_err(poisoned)?;
        }
        self.slots
            .write(&capture.header, capture.header.epoch)
            .map_err(poisoned)?;
        self.file.sync_data().map_err(poisoned)?;
        self.slots
            .write(&capture.header, capture.header.epoch + 1)
            .map_err(poisoned)?;
        if capture.header.clean {
            // After a clean close no log is left to show that a damaged slot was the newer one.
            self.file.sync_data().map_err(poisoned)?;
        }
        self.give_space_back(capture.header.page_count, journal)
            .map_err(poisoned)
    }

    /// Before this process's first write to the data file; see `recovery::void_journal`.
    fn void_old_journal(&mut self) -> Result<()> {
        if !self.is_old_journal_void {
            recovery::void_journal(&*self.storage, &self.path)?;
            self.is_old_journal_void = true;
        }
        Ok(())
    }

    /// Writes the journal for `pages`; none is needed for none.
    fn write_journal(
        &mut self,
        pager: &Pager,
        sequence: Sequence,
        pages: &[PageNumber],
        header: &Header,
    ) -> Result<Option<Arc<dyn StorageFile>>> {
        if pages.is_empty() {
            return Ok(None);
        }
        let file = match &self.journal {
            Some(file) => file.clone(),
            None => {
                let path = sibling(&self.path, JOURNAL_SUFFIX);
                let file = self.storage.open(&path, OpenMode::CreateOrOpen)?;
                if !planted(Bug::NoDirectorySync) {
                    self.storage.sync_directory(&path)?;
                }
                self.journal = Some(file.clone());
                file
            }
        };
        let mut writer = JournalWriter::new(&*file, pages.len());
        let mut image = [0u8; PAGE_BYTES];
        for number in pages {
            sealed_image(pager, pager.file_id, *number, sequence, &mut image)?;
            writer.push(*number, &image)?;
        }
        writer.finish(header)?;
        Ok(Some(file))
    }

    /// Makes sure that no opener takes a journal for complete whose writing failed: the write may have been done all
    /// the same, and the next checkpoint overwrites pages that such a journal leaves to their places.
    fn void_journal(&self) -> Result<()> {
        match &self.journal {
            Some(file) => journal::void(&**file),
            _ => Ok(()),
        }
    }

    /// Cuts the file's free tail off and empties a large journal.
    fn give_space_back(&self, page_count: u32, journal: Option<Arc<dyn StorageFile>>) -> Result<()> {
        self.cut_file(page_count)?;
        if let Some(journal) = journal
            && journal.len()? > JOURNAL_KEPT_BYTES
        {
            journal.set_len(0)?;
        }
        Ok(())
    }

    /// Free pages at the file's end were never written; the file must still be as long as its header says.
    fn extend_file(&self, page_count: u32) -> Result<()> {
        let length = u64::from(page_count) * PAGE_BYTES as u64;
        if self.file.len()? < length {
            self.file.set_len(length)
        } else {
            Ok(())
        }
    }

    fn cut_file(&self, page_count: u32) -> Result<()> {
        let length = u64::from(page_count) * PAGE_BYTES as u64;
        if self.file.len()? > length {
            self.file.set_len(length)
        } else {
            Ok(())
        }
    }

    /// Removes the journal: everything is in the data file.
    pub fn remove_journal(&mut self) -> Result<()> {
        self.journal = None;
        self.storage.remove(&sibling(&self.path, JOURNAL_SUFFIX))
    }
}

fn free_place(pager: &Pager, sequence: Sequence, place: BlobPlace) {
    if place.length_bytes > 0 {
        blob::free_blob(
            &pager.writer(sequence),
            PageNumber::new(place.first_page),
            place.length_bytes,
        );
    }
}
