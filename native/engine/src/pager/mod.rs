//! The pager: pages in memory, their versions for snapshots, and which pages are free.
//!
//! Promises: a page read from the data file is used only after its checksum, place and stamp were compared;
//! the data file is written by checkpoints only (checkpoint.rs), so between them it holds one consistent state;
//! a change keeps the page's older version first where a snapshot may need it.
//! Leaves to others: who may change what at the same time (the collection's lock and the commit gate), what
//! the bodies hold (heap, index), the log (wal).

pub mod allocator;
pub mod blob;
pub mod checkpoint;
pub mod copy;
pub mod free_list;
pub mod header_slots;
mod image;
pub mod journal;
pub mod recovery;
pub mod snapshot;

#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use quire_frames::{Frames, FramesOptions, Hint, PAGE_BYTES, PageBytes, PageMut, PageNumber, PageRef};

use crate::bugs::{Bug, planted};
use crate::error::{Error, ErrorKind, Result};
use crate::format::header::HEADER_PAGES;
use crate::format::page::{self, CollectionId, FileId, PageKind, Sequence};
use crate::storage::StorageFile;
use allocator::{Allocator, Run};
use snapshot::{Snapshot, Snapshots};

/// What a pager starts from.
pub struct PagerOptions {
    /// The data file; `None` for a database in memory, whose pages are never written or given back.
    pub file: Option<Arc<dyn StorageFile>>,
    /// Identity of the file; part of every page's checksum.
    pub file_id: FileId,
    /// Key of the id index's hash.
    pub hash_key: [u8; 16],
    /// Last commit in the data file; a page with a later stamp is damage.
    pub sequence: Sequence,
    /// Budget of page memory in bytes.
    pub cache_bytes: u64,
    /// Budget of page versions in bytes.
    pub snapshot_bytes: u64,
}

/// Pages of one database.
pub struct Pager {
    frames: Frames,
    file: Option<Arc<dyn StorageFile>>,
    file_id: FileId,
    hash_key: [u8; 16],
    snapshots: Snapshots,
    allocator: Mutex<Allocator>,
    /// Copy of the allocator's page count, to doubt page numbers without its lock.
    page_count: AtomicU32,
    /// Pages changed since the last capture, each at least once.
    changed: Mutex<Vec<PageNumber>>,
    /// Sequence of the last capture: a page stamped later is in `changed` already.
    captured: AtomicU64,
    /// Last commit in the data file.
    file_sequence: AtomicU64,
    /// Pages read from the data file since it was opened.
    loads_count: AtomicU64,
}

/// A page as one reader sees it: the current one, or a version kept for its snapshot.
pub enum PageView<'a> {
    /// The page in page memory.
    Current(PageRef<'a>),
    /// A version from before a later commit.
    Kept(Arc<PageBytes>),
}

impl Deref for PageView<'_> {
    type Target = PageBytes;

    #[inline]
    fn deref(&self) -> &PageBytes {
        match self {
            PageView::Current(page) => page,
            PageView::Kept(bytes) => bytes,
        }
    }
}

/// The right to change pages on behalf of one commit.
#[derive(Clone, Copy)]
pub struct PageWriter<'a> {
    pager: &'a Pager,
    sequence: Sequence,
    /// Whether new pages come from behind the file's end although lower ones are free.
    is_at_end: bool,
}

impl Pager {
    /// A pager over a file whose free list is not known yet, or over none.
    ///
    /// Errors: `OUT_OF_MEMORY` when no address space can be reserved.
    pub fn new(options: PagerOptions) -> Result<Pager> {
        let budget_bytes = if options.file.is_some() {
            options.cache_bytes
        } else {
            u64::MAX
        };
        Ok(Pager {
            frames: Frames::new(FramesOptions { budget_bytes })?,
            file: options.file,
            file_id: options.file_id,
            hash_key: options.hash_key,
            snapshots: Snapshots::new(options.snapshot_bytes),
            allocator: Mutex::new(Allocator::new(HEADER_PAGES, HEADER_PAGES, &[])?),
            page_count: AtomicU32::new(HEADER_PAGES),
            changed: Mutex::new(Vec::new()),
            captured: AtomicU64::new(options.sequence.0),
            file_sequence: AtomicU64::new(options.sequence.0),
            loads_count: AtomicU64::new(0),
        })
    }

    /// A pager without a file, for `:memory:` and tests.
    pub fn in_memory(snapshot_bytes: u64) -> Result<Pager> {
        Pager::new(PagerOptions {
            file: None,
            file_id: FileId::default(),
            hash_key: *b"in-memory pages.",
            sequence: Sequence(0),
            cache_bytes: u64::MAX,
            snapshot_bytes,
        })
    }

    /// Takes over the pages and free runs that the data file has.
    ///
    /// Errors: `CORRUPTED` when the runs do not fit the file.
    pub fn set_allocator(&self, page_count: u32, free_runs: &[Run]) -> Result<()> {
        let allocator = Allocator::new(page_count, HEADER_PAGES, free_runs)?;
        *self.allocator.lock() = allocator;
        self.page_count.store(page_count, Ordering::Release);
        Ok(())
    }

    /// Puts a page of a complete journal in the place of the data file's, for a reader that may not write it there.
    pub fn install(&self, number: PageNumber, image: &PageBytes) -> Result<()> {
        self.frames.create(number)?.copy_from_slice(image);
        Ok(())
    }

    /// Key of the id index's hash.
    pub fn file_hash_key(&self) -> [u8; 16] {
        self.hash_key
    }

    /// Identity of the file.
    pub fn file_id(&self) -> FileId {
        self.file_id
    }

    /// The current page. The caller holds the lock of the collection that owns it.
    ///
    /// Errors: `CORRUPTED` naming the page, `IO`, `OUT_OF_MEMORY`.
    #[inline]
    pub fn read(&self, number: PageNumber) -> Result<PageRef<'_>> {
        self.frames.read(number, |bytes| self.load(number, bytes))
    }

    /// Hints that the bytes at `offset` of a page will be read soon; see `Frames::prefetch`.
    #[inline]
    pub fn prefetch(&self, number: PageNumber, offset: usize) {
        self.frames.prefetch(number, offset);
    }

    /// For several hints about one page; see `Frames::hint`.
    #[inline]
    pub fn hint(&self, number: PageNumber) -> Option<Hint<'_>> {
        self.frames.hint(number)
    }

    /// The page as snapshot `sequence` sees it; `None` when it did not exist then. Needs no lock.
    ///
    /// Errors: as `read`.
    pub fn read_at(&self, number: PageNumber, sequence: Sequence) -> Result<Option<PageView<'_>>> {
        let current = self.read(number)?;
        if page::stamp(&current) <= sequence {
            return Ok(Some(PageView::Current(current)));
        }
        drop(current);
        Ok(self.snapshots.lookup(number, sequence).map(PageView::Kept))
    }

    /// The page at `sequence`, or the current one where that is `None`; a page that did not exist is `None`.
    #[inline]
    pub fn view(&self, number: PageNumber, sequence: Option<Sequence>) -> Result<Option<PageView<'_>>> {
        match sequence {
            None => Ok(Some(PageView::Current(self.read(number)?))),
            Some(sequence) => self.read_at(number, sequence),
        }
    }

    /// The right to change pages as commit `sequence`.
    pub fn writer(&self, sequence: Sequence) -> PageWriter<'_> {
        PageWriter {
            pager: self,
            sequence,
            is_at_end: false,
        }
    }

    /// Registers a snapshot; see `Snapshots::register`.
    pub fn open_snapshot(&self, sequence: Sequence, pinned: bool) -> Snapshot {
        self.snapshots.register(sequence, pinned)
    }

    /// Ends a snapshot; pages that waited for it become free.
    pub fn close_snapshot(&self, snapshot: &Snapshot) {
        self.snapshots.release(snapshot);
        // Held until the pages are discarded: whoever takes one of them next must not lose what it writes there.
        let mut allocator = self.allocator.lock();
        // Asked only now, when no page can be freed: a snapshot that was registered after the release may need pages
        // that were freed since, and would not be known to an answer from before.
        for run in allocator.mature(self.snapshots.oldest()) {
            self.discard(run);
        }
    }

    /// The oldest registered snapshot.
    pub fn oldest_snapshot(&self) -> Option<Sequence> {
        self.snapshots.oldest()
    }

    /// Whether a snapshot is registered.
    pub fn has_snapshots(&self) -> bool {
        self.snapshots.may_need(Sequence(0))
    }

    /// Gives clean pages back until page memory is within its budget.
    pub fn evict(&self) {
        self.frames.evict();
    }

    /// Bytes of pages changed since they were last written.
    pub fn dirty_bytes(&self) -> u64 {
        self.frames.dirty_pages() * PAGE_BYTES as u64
    }

    /// Whether a checkpoint could write so many bytes of changed pages. Freed ones that wait for a snapshot stay in
    /// memory whatever it does.
    pub fn can_clean(&self, bytes: u64) -> bool {
        let dirty = self.dirty_bytes();
        dirty >= bytes && {
            let waiting = self.allocator.lock().waiting_pages() * PAGE_BYTES as u64;
            dirty.saturating_sub(waiting) >= bytes
        }
    }

    /// Bytes of pages in memory.
    pub fn resident_bytes(&self) -> u64 {
        self.frames.resident_pages() * PAGE_BYTES as u64
    }

    /// Bytes of page versions kept for snapshots.
    pub fn version_bytes(&self) -> u64 {
        self.snapshots.kept_bytes()
    }

    /// Pages read from the data file since it was opened.
    pub fn loads_count(&self) -> u64 {
        self.loads_count.load(Ordering::Relaxed)
    }

    /// Pages of the file and how many of them are free.
    pub fn page_counts(&self) -> (u32, u64) {
        let allocator = self.allocator.lock();
        (allocator.page_count(), allocator.free_pages())
    }

    /// Free pages that may be handed out now.
    pub fn ready_pages(&self) -> u64 {
        self.allocator.lock().ready_pages()
    }

    /// Lets the file, or the memory that stands for it, end behind the last page in use. A checkpoint does it as well.
    pub fn cut_tail(&self) {
        let mut allocator = self.allocator.lock();
        allocator.cut_tail();
        self.page_count.store(allocator.page_count(), Ordering::Release);
    }

    /// Every free run, in order.
    pub fn free_runs(&self) -> Vec<Run> {
        self.allocator.lock().free_runs()
    }

    /// Reads a page from the data file and doubts it.
    fn load(&self, number: PageNumber, bytes: &mut PageBytes) -> Result<()> {
        let end = self.page_count.load(Ordering::Acquire);
        if number.get() < HEADER_PAGES || number.get() >= end {
            return Err(Error::corrupted_page(
                number,
                format!("something refers to this page, but the file has pages {HEADER_PAGES} to {end}"),
            ));
        }
        let Some(file) = &self.file else {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("page {} of a database in memory is absent", number.get()),
            ));
        };
        self.loads_count.fetch_add(1, Ordering::Relaxed);
        file.read_exact_at(u64::from(number.get()) * PAGE_BYTES as u64, bytes)
            .map_err(|error| {
                if error.kind() == ErrorKind::Corrupted {
                    Error::corrupted_page(number, error.message())
                } else {
                    error
                }
            })?;
        verify_page(
            bytes,
            self.file_id,
            number,
            Sequence(self.file_sequence.load(Ordering::Acquire)),
        )
    }

    /// Notes a page for the next checkpoint.
    fn note_changed(&self, number: PageNumber) {
        if self.file.is_some() {
            self.changed.lock().push(number);
        }
    }

    fn discard(&self, run: Run) {
        for number in run.first..run.end() {
            self.frames.discard(PageNumber::new(number));
        }
    }
}

/// Tells a good page of `file` at `number` from every other.
pub(crate) fn verify_page(
    bytes: &PageBytes,
    file: FileId,
    number: PageNumber,
    newest: Sequence,
) -> Result<()> {
    let computed = page::checksum(bytes, file, number);
    let stored = page::stored_checksum(bytes);
    if computed != stored && !planted(Bug::NoPageChecksum) {
        return Err(Error::corrupted_page(
            number,
            format!("it fails its checksum (stored {stored:08x}, computed {computed:08x})"),
        ));
    }
    if page::kind(bytes).is_none() {
        return Err(Error::corrupted_page(number, "its kind is unknown"));
    }
    if page::stamp(bytes) > newest {
        return Err(Error::corrupted_page(
            number,
            format!(
                "it was changed by commit {}, but the header knows commits up to {} only",
                page::stamp(bytes).0,
                newest.0
            ),
        ));
    }
    Ok(())
}

impl<'a> PageWriter<'a> {
    /// The commit that the changes belong to.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The same right, with new pages from behind the file's end.
    pub fn at_end(self) -> PageWriter<'a> {
        PageWriter {
            is_at_end: true,
            ..self
        }
    }

    /// The pager that is written to.
    pub fn pager(&self) -> &'a Pager {
        self.pager
    }

    /// The current page, for reading.
    #[inline]
    pub fn read(&self, number: PageNumber) -> Result<PageRef<'a>> {
        self.pager.read(number)
    }

    /// The current page, for changing; its older version is kept where a snapshot may need it.
    ///
    /// Errors: as `Pager::read`.
    #[inline]
    pub fn change(&self, number: PageNumber) -> Result<PageMut<'a>> {
        let pager = self.pager;
        let mut bytes = pager.frames.write(number, |bytes| pager.load(number, bytes))?;
        let stamp = page::stamp(&bytes);
        if stamp != self.sequence {
            if pager.snapshots.may_need(stamp) {
                pager.snapshots.keep(number, stamp, self.sequence, &bytes);
            }
            if stamp.0 <= pager.captured.load(Ordering::Relaxed) {
                pager.note_changed(number);
            }
            page::set_stamp(&mut bytes, self.sequence);
        }
        Ok(bytes)
    }

    /// A page with an empty body.
    ///
    /// Errors: `LIMIT_EXCEEDED` at 16 TB, `OUT_OF_MEMORY`.
    pub fn allocate(&self, kind: PageKind, owner: CollectionId) -> Result<(PageNumber, PageMut<'a>)> {
        let number = self.allocate_run(1)?;
        Ok((number, self.initialize(number, kind, owner, 0)?))
    }

    /// A run of `count` neighbouring pages; each must then be initialized.
    pub fn allocate_run(&self, count: u32) -> Result<PageNumber> {
        let mut allocator = self.pager.allocator.lock();
        let first = match self.is_at_end {
            true => allocator.extend(count)?,
            false => allocator.allocate(count)?,
        };
        self.pager
            .page_count
            .store(allocator.page_count(), Ordering::Release);
        Ok(first)
    }

    /// Gives an allocated page its head and an empty body.
    pub fn initialize(
        &self,
        number: PageNumber,
        kind: PageKind,
        owner: CollectionId,
        part: u32,
    ) -> Result<PageMut<'a>> {
        let mut bytes = self.pager.frames.create(number)?;
        page::initialize(&mut bytes, kind, owner, part);
        page::set_stamp(&mut bytes, self.sequence);
        self.pager.note_changed(number);
        Ok(bytes)
    }

    /// Gives a page back. No guard on it may be held.
    pub fn free(&self, number: PageNumber) {
        self.free_run(number, 1);
    }

    /// Gives a run back. No guard on its pages may be held.
    pub fn free_run(&self, first: PageNumber, count: u32) {
        let run = Run {
            first: first.get(),
            count,
        };
        let mut allocator = self.pager.allocator.lock();
        if !allocator.is_freeable(run) {
            return;
        }
        let is_needed = self.pager.has_snapshots();
        if !is_needed {
            self.pager.discard(run);
        }
        allocator.free(run, self.sequence, is_needed);
    }
}
