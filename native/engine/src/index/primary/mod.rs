//! The id index: from the hash of an id to the document's place.
//!
//! Linear hashing whose buckets are pages: the index grows one bucket at a time, in order, so that no insert
//! waits for a rehash. It keeps 40 bits of each hash; bucket and line are taken from them alone, so that
//! splits and rebuilds read no documents, and a lookup compares all 40 before it asks for a document.
//!
//! Promises: a lookup reads one line of one page, rarely more, and allocates nothing; an insert changes one
//! page and splits at most two buckets; a split that cannot read its pages is put off and caught up later,
//! never an insert's failure. No two page guards are held at once, none while `verify` runs.
//! Leaves to others: hashing ids and comparing documents (collection); bytes: format/bucket.rs,
//! format/bucket_directory.rs. Lookups need the collection's shared lock, changes its exclusive one.
//! Source: Litwin, "Linear hashing", VLDB 1980.

mod chain;
mod directory;
mod history;
mod split;
mod verify;

#[cfg(test)]
mod concurrency_tests;
#[cfg(test)]
mod growth_tests;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};

use quire_frames::PageNumber;

use crate::error::{Error, Result};
pub use crate::format::bucket::HashPart;
use crate::format::bucket::{self, Entry, Found, Probe};
use crate::format::fields::damaged;
use crate::format::page::{CollectionId, PageKind, Sequence};
use crate::format::place::Place;
use crate::pager::{PageWriter, Pager};
use directory::Directory;
use history::History;
pub use verify::{IndexEvent, IndexPart};

/// What the catalog keeps of an id index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexRoot {
    /// The collection; every page of the index carries it.
    pub owner: CollectionId,
    /// First directory page; it never changes.
    pub first_directory: PageNumber,
    /// Last directory page.
    pub last_directory: PageNumber,
    /// Buckets; at least 1.
    pub buckets_count: u32,
    /// Entries, so documents.
    pub entries_count: u64,
}

/// The id index of one collection.
pub struct PrimaryIndex {
    owner: CollectionId,
    directory: Directory,
    history: History,
    entries_count: u64,
    /// After a split was put off: the entry count at which it is tried again.
    split_again_at: u64,
    /// Entries of the bucket that is being split or rebuilt; kept to allocate nothing.
    entries: Vec<Entry>,
    /// Pages of that bucket.
    chain: Vec<PageNumber>,
    /// Documents that a lookup asked for in vain.
    false_candidates: AtomicU64,
}

impl PrimaryIndex {
    /// A new index without entries: one bucket and one directory page.
    ///
    /// Errors: `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`.
    pub fn create(writer: &PageWriter<'_>, owner: CollectionId) -> Result<PrimaryIndex> {
        let bucket = {
            let (number, mut page) = writer.allocate(PageKind::IndexBucket, owner)?;
            bucket::initialize(&mut page, 0, 0);
            number
        };
        Ok(PrimaryIndex::with(
            owner,
            Directory::create(writer, owner, bucket)?,
            0,
        ))
    }

    /// The index of `root`; no page is read.
    pub fn open(root: IndexRoot) -> PrimaryIndex {
        let directory = Directory::open(
            root.owner,
            root.first_directory,
            root.last_directory,
            root.buckets_count,
        );
        PrimaryIndex::with(root.owner, directory, root.entries_count)
    }

    fn with(owner: CollectionId, directory: Directory, entries_count: u64) -> PrimaryIndex {
        PrimaryIndex {
            owner,
            directory,
            history: History::default(),
            entries_count,
            split_again_at: 0,
            entries: Vec::new(),
            chain: Vec::new(),
            false_candidates: AtomicU64::new(0),
        }
    }

    /// What the catalog keeps.
    pub fn root(&self) -> IndexRoot {
        IndexRoot {
            owner: self.owner,
            first_directory: self.directory.first(),
            last_directory: self.directory.last(),
            buckets_count: self.directory.count(),
            entries_count: self.entries_count,
        }
    }

    /// What `root` was as of `at`, which a snapshot holds; its count of entries is today's.
    pub fn root_as_of(&self, at: Sequence) -> IndexRoot {
        IndexRoot {
            buckets_count: self.history.count_at(at, self.directory.count()),
            ..self.root()
        }
    }

    /// The index whose root was `root` as of `at`, which a snapshot holds, to be read as of that moment only: of a
    /// collection whose own index is gone. Costs a look at each directory page.
    ///
    /// Errors: `CORRUPTED`, `IO`, `OUT_OF_MEMORY`.
    pub fn read_as_of(pager: &Pager, root: IndexRoot, at: Sequence) -> Result<PrimaryIndex> {
        let directory =
            Directory::read_as_of(pager, root.owner, root.first_directory, root.buckets_count, at)?;
        Ok(PrimaryIndex::with(root.owner, directory, root.entries_count))
    }

    /// Number of entries.
    pub fn entries_count(&self) -> u64 {
        self.entries_count
    }

    /// Documents that lookups asked for although they were not the ones looked for.
    pub fn false_candidates_count(&self) -> u64 {
        self.false_candidates.load(Ordering::Relaxed)
    }

    /// Bytes in memory besides the index's pages.
    pub fn resident_bytes(&self) -> usize {
        self.directory.resident_bytes()
            + self.history.resident_bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + self.chain.capacity() * size_of::<PageNumber>()
    }

    /// The place of the document with `hash` for which `verify` says true, as of `at` or the current one.
    ///
    /// `verify` is asked for each entry with the same 40 bits, mostly one at most; no page is latched then.
    ///
    /// Errors: `CORRUPTED` naming the page, `IO`, `OUT_OF_MEMORY`, and those of `verify`.
    #[inline]
    pub fn lookup(
        &self,
        pager: &Pager,
        hash: u64,
        at: Option<Sequence>,
        mut verify: impl FnMut(Place) -> Result<bool>,
    ) -> Result<Option<Place>> {
        let part = HashPart::of(hash);
        let (bucket, mut number) = self.bucket_of(pager, part, at)?;
        let mut position = 0u16;
        let mut probe = Probe::default();
        loop {
            let found = {
                let Some(page) = pager.view(number, at)? else {
                    return Ok(None);
                };
                let found = bucket::find(&page, bucket, part, &mut probe).map_err(damaged(number))?;
                if found == Found::NextPage {
                    let next = chain::next_page(&page, bucket, position).map_err(damaged(number))?;
                    let Some(next) = next else { return Ok(None) };
                    (number, position, probe) = (next, position + 1, Probe::default());
                }
                found
            };
            match found {
                Found::Entry(place, _) => {
                    if verify(place)? {
                        return Ok(Some(place));
                    }
                    self.false_candidates.fetch_add(1, Ordering::Relaxed);
                }
                Found::Absent => return Ok(None),
                Found::NextPage => {}
            }
        }
    }

    /// Hints that `hash` will be looked up soon. Waiting for a line of an index larger than the processor's caches
    /// costs more than the lookup.
    #[inline]
    pub fn prefetch(&self, pager: &Pager, hash: u64) {
        let part = HashPart::of(hash);
        if let Ok((_, page)) = self.bucket_of(pager, part, None) {
            pager.prefetch(page, bucket::home_offset(part));
        }
    }

    /// Adds the entry of a document whose id is not in the index.
    ///
    /// Errors: as `Pager::read` for the bucket's pages; `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`.
    pub fn insert(&mut self, writer: &PageWriter<'_>, hash: u64, place: Place) -> Result<()> {
        let part = HashPart::of(hash);
        let (bucket, number) = self.bucket_of(writer.pager(), part, None)?;
        self.insert_into_chain(writer, bucket, number, Entry { part, place })?;
        self.entries_count += 1;
        self.split_if_full(writer)
    }

    /// Notes that the document at `old` is now at `new`.
    ///
    /// Errors: as `Pager::read`; `CORRUPTED` when the index has no such entry.
    pub fn replace(&mut self, writer: &PageWriter<'_>, hash: u64, old: Place, new: Place) -> Result<()> {
        let entry = Entry {
            part: HashPart::of(hash),
            place: old,
        };
        let located = self.locate(writer, entry)?;
        bucket::set_place(&mut *writer.change(located.page)?, located.at, new);
        Ok(())
    }

    /// Takes out the entry of the document at `place`.
    ///
    /// Errors: as `replace`.
    pub fn remove(&mut self, writer: &PageWriter<'_>, hash: u64, place: Place) -> Result<()> {
        let entry = Entry {
            part: HashPart::of(hash),
            place,
        };
        let located = self.locate(writer, entry)?;
        let is_rebuild_due = {
            let mut page = writer.change(located.page)?;
            bucket::remove(&mut page, located.at);
            chain::is_rebuild_due(&page)
        };
        self.entries_count = self.entries_count.saturating_sub(1);
        if is_rebuild_due {
            self.rebuild(writer, located.bucket)
        } else {
            Ok(())
        }
    }

    /// The bucket of `part` and its first page.
    #[inline]
    fn bucket_of(&self, pager: &Pager, part: HashPart, at: Option<Sequence>) -> Result<(u32, PageNumber)> {
        let buckets = self.directory.buckets(pager)?;
        let count = match at {
            None => buckets.len() as u32,
            Some(at) => self.history.count_at(at, buckets.len() as u32),
        };
        let bucket = part.bucket(count);
        match buckets.get(bucket as usize) {
            Some(page) => Ok((bucket, *page)),
            None => Err(Error::corrupted_page(
                self.directory.first(),
                "a bucket of the id index is not there",
            )),
        }
    }
}
