//! The page of each bucket: in memory as one array, on disk as a chain of directory pages.
//!
//! Promises: a bucket's first page never changes, so the array is only added to and a snapshot may use the
//! part of it that it knows. The array is read at the first access, by whichever thread comes first; what it
//! takes is 4 bytes a bucket.
//! Leaves to others: locking; pushing needs the collection's exclusive lock, the rest its shared one.

use std::sync::OnceLock;

use quire_frames::{PageBytes, PageNumber};

use crate::error::Result;
use crate::format::bucket_directory;
use crate::format::fields::{Checked, damaged};
use crate::format::page::{self, CollectionId, PageKind, Sequence};
use crate::pager::{PageWriter, Pager};

/// The buckets of one index.
pub struct Directory {
    owner: CollectionId,
    first: PageNumber,
    last: PageNumber,
    count: u32,
    buckets: OnceLock<Vec<PageNumber>>,
}

impl Directory {
    /// A directory of one bucket, whose first page is `bucket`.
    pub fn create(writer: &PageWriter<'_>, owner: CollectionId, bucket: PageNumber) -> Result<Directory> {
        let (first, mut page) = writer.allocate(PageKind::IndexDirectory, owner)?;
        bucket_directory::initialize(&mut page, 0);
        bucket_directory::push(&mut page, 0, bucket).map_err(damaged(first))?;
        Ok(Directory {
            owner,
            first,
            last: first,
            count: 1,
            buckets: OnceLock::from(vec![bucket]),
        })
    }

    /// The directory of `count` buckets from page `first` to page `last`; nothing is read yet.
    pub fn open(owner: CollectionId, first: PageNumber, last: PageNumber, count: u32) -> Directory {
        Directory {
            owner,
            first,
            last,
            count,
            buckets: OnceLock::new(),
        }
    }

    /// The directory from page `first` as it was at `at`, with `count` buckets.
    ///
    /// Errors: as `Pager::view`, and `CORRUPTED` where the chain has another count.
    pub fn read_as_of(
        pager: &Pager,
        owner: CollectionId,
        first: PageNumber,
        count: u32,
        at: Sequence,
    ) -> Result<Directory> {
        let directory = Directory::open(owner, first, first, count);
        directory.load(pager, Some(at))?;
        Ok(directory)
    }

    /// First directory page.
    pub fn first(&self) -> PageNumber {
        self.first
    }

    /// Last directory page.
    pub fn last(&self) -> PageNumber {
        self.last
    }

    /// Number of buckets.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of the array in memory.
    pub fn resident_bytes(&self) -> usize {
        self.buckets
            .get()
            .map_or(0, |buckets| buckets.capacity() * size_of::<PageNumber>())
    }

    /// First page of every bucket; at least one.
    ///
    /// Errors: at the first access, as `Pager::read`, and `CORRUPTED` where the chain is not what the root says.
    #[inline]
    pub fn buckets(&self, pager: &Pager) -> Result<&[PageNumber]> {
        match self.buckets.get() {
            Some(buckets) => Ok(buckets),
            None => self.load(pager, None),
        }
    }

    /// Adds a bucket whose first page is `bucket`. On an error nothing was added.
    pub fn push(&mut self, writer: &PageWriter<'_>, bucket: PageNumber) -> Result<()> {
        self.buckets(writer.pager())?;
        let ordinal = (self.count as usize - 1) / bucket_directory::DIRECTORY_BUCKETS;
        let is_added = self.change(writer, self.last, |page| {
            bucket_directory::push(page, ordinal as u32, bucket)
        })?;
        if !is_added {
            let added = {
                let (added, mut page) = writer.allocate(PageKind::IndexDirectory, self.owner)?;
                bucket_directory::initialize(&mut page, ordinal as u32 + 1);
                bucket_directory::push(&mut page, ordinal as u32 + 1, bucket).map_err(damaged(added))?;
                added
            };
            let linked = self.change(writer, self.last, |page| match bucket_directory::next(page) {
                None => {
                    bucket_directory::set_next(page, added);
                    Ok(())
                }
                Some(_) => Err("the last directory page of the id index has another behind it"),
            });
            linked.inspect_err(|_| writer.free(added))?;
            self.last = added;
        }
        self.count += 1;
        if let Some(buckets) = self.buckets.get_mut() {
            buckets.push(bucket);
        }
        Ok(())
    }

    /// Hands each directory page and its buckets to `visit`, as of `at` or as they are.
    pub fn walk(
        &self,
        pager: &Pager,
        at: Option<Sequence>,
        mut visit: impl FnMut(PageNumber, &mut dyn Iterator<Item = PageNumber>),
    ) -> Result<()> {
        let mut next = Some(self.first);
        let mut ordinal = 0;
        while let Some(number) = next {
            let Some(page) = pager.view(number, at)? else {
                break;
            };
            if page::owner(&page) != self.owner {
                return Err(damaged(number)(
                    "a directory page of this collection was expected",
                ));
            }
            let mut buckets = bucket_directory::buckets(&page, ordinal).map_err(damaged(number))?;
            visit(number, &mut buckets);
            next = bucket_directory::next(&page);
            ordinal += 1;
        }
        Ok(())
    }

    #[cold]
    fn load(&self, pager: &Pager, at: Option<Sequence>) -> Result<&[PageNumber]> {
        let mut buckets = Vec::new();
        self.walk(pager, at, |_, pages| buckets.extend(pages))?;
        if buckets.is_empty() || buckets.len() != self.count as usize {
            return Err(damaged(self.first)(
                "the directory of the id index has another bucket count than its root",
            ));
        }
        // Another thread may have been first; both read the same.
        Ok(self.buckets.get_or_init(|| buckets))
    }

    fn change<R>(
        &self,
        writer: &PageWriter<'_>,
        number: PageNumber,
        change: impl FnOnce(&mut PageBytes) -> Checked<R>,
    ) -> Result<R> {
        let mut page = writer.change(number)?;
        if page::owner(&page) != self.owner {
            return Err(damaged(number)(
                "a directory page of this collection was expected",
            ));
        }
        change(&mut page).map_err(damaged(number))
    }
}
