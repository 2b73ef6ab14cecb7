//! The pages of one bucket: finding an entry in them, adding one, laying them out anew.
//!
//! Promises: a chain's pages carry bucket and position, so following one ends. A layout needs no more pages
//! than its entries fill; pages that it no longer needs are given back.
//! Leaves to others: which bucket (mod.rs), the lines of a page (format/bucket.rs).

use quire_frames::{PageBytes, PageNumber};

use super::PrimaryIndex;
use crate::error::Result;
use crate::format::bucket::{self, At, Entry, Found, PAGE_ENTRIES, Probe};
use crate::format::fields::{Checked, damaged};
use crate::format::page::{self, PageKind};
use crate::pager::PageWriter;

/// Removals of displaced entries after which a page's bucket is laid out anew.
///
/// Each may leave a filter bit that sends lookups to further lines in vain. At 48 the rebuild, about 3 µs,
/// costs each removal some 60 ns.
const STALE_MAX: usize = 48;

/// Where an entry is.
pub(super) struct Located {
    pub bucket: u32,
    pub page: PageNumber,
    pub at: At,
}

/// The page behind the `position`th of `bucket`, after checking that this is it.
pub(super) fn next_page(page: &PageBytes, bucket: u32, position: u16) -> Checked<Option<PageNumber>> {
    bucket::expect(page, bucket, position)?;
    let next = bucket::next(page);
    if next.is_some() && position == u16::MAX {
        return Err("the chain of a bucket is too long");
    }
    Ok(next)
}

/// Whether a removal has left the page so that its bucket should be laid out anew.
pub(super) fn is_rebuild_due(page: &PageBytes) -> bool {
    let is_empty_link = bucket::position(page) > 0 && bucket::entries_count(page) == 0;
    is_empty_link || bucket::stale_count(page) >= STALE_MAX
}

impl PrimaryIndex {
    /// Where `entry` is; it must be there.
    pub(super) fn locate(&self, writer: &PageWriter<'_>, entry: Entry) -> Result<Located> {
        let (bucket, first) = self.bucket_of(writer.pager(), entry.part, None)?;
        let mut next = Some(first);
        let mut position = 0;
        while let Some(number) = next {
            let page = writer.read(number)?;
            next = next_page(&page, bucket, position).map_err(damaged(number))?;
            let mut probe = Probe::default();
            loop {
                match bucket::find(&page, bucket, entry.part, &mut probe).map_err(damaged(number))? {
                    Found::Entry(place, at) if place == entry.place => {
                        return Ok(Located {
                            bucket,
                            page: number,
                            at,
                        });
                    }
                    Found::Entry(..) => {}
                    Found::NextPage => break,
                    Found::Absent => {
                        next = None;
                        break;
                    }
                }
            }
            position += 1;
        }
        Err(damaged(first)("the id index has no entry for a document"))
    }

    /// Adds an entry to the chain that begins at `first`.
    pub(super) fn insert_into_chain(
        &self,
        writer: &PageWriter<'_>,
        bucket: u32,
        first: PageNumber,
        entry: Entry,
    ) -> Result<()> {
        let (mut number, mut position) = (first, 0);
        loop {
            let next = {
                let mut page = writer.change(number)?;
                let next = next_page(&page, bucket, position).map_err(damaged(number))?;
                if bucket::insert(&mut page, entry) {
                    return Ok(());
                }
                next
            };
            position += 1;
            match next {
                Some(next) => number = next,
                None => break,
            }
        }
        let added = self.add_page(writer, bucket, position)?;
        let mut page = writer.change(added)?;
        bucket::insert(&mut page, entry);
        drop(page);
        bucket::set_next(&mut *writer.change(number)?, Some(added));
        Ok(())
    }

    /// Lays out the pages of `bucket` anew, where they can be read; else they stay as they are.
    pub(super) fn rebuild(&mut self, writer: &PageWriter<'_>, bucket: u32) -> Result<()> {
        if self.gather(writer, bucket).is_err() {
            return Ok(());
        }
        let entries = std::mem::take(&mut self.entries);
        let mut chain = std::mem::take(&mut self.chain);
        let laid_out = self.lay_out(writer, bucket, &mut chain, &entries);
        (self.entries, self.chain) = (entries, chain);
        laid_out
    }

    /// Puts the entries of `bucket` into `self.entries` and its pages into `self.chain`.
    pub(super) fn gather(&mut self, writer: &PageWriter<'_>, bucket: u32) -> Result<()> {
        self.entries.clear();
        self.chain.clear();
        let mut next = self
            .directory
            .buckets(writer.pager())?
            .get(bucket as usize)
            .copied();
        let mut position = 0;
        while let Some(number) = next {
            let page = writer.read(number)?;
            if page::owner(&page) != self.owner {
                return Err(damaged(number)("a bucket page of this collection was expected"));
            }
            next = next_page(&page, bucket, position).map_err(damaged(number))?;
            self.entries.extend(bucket::entries(&page));
            self.chain.push(number);
            position = position.wrapping_add(1);
        }
        Ok(())
    }

    /// Makes `entries` all that the pages of `chain` hold, adding and giving back pages as needed.
    pub(super) fn lay_out(
        &self,
        writer: &PageWriter<'_>,
        bucket: u32,
        chain: &mut Vec<PageNumber>,
        entries: &[Entry],
    ) -> Result<()> {
        let pages_needed = entries.len().div_ceil(PAGE_ENTRIES).max(1);
        while chain.len() < pages_needed {
            chain.push(self.add_page(writer, bucket, chain.len() as u16)?);
        }
        let mut left: Vec<Entry> = Vec::new();
        for (position, number) in chain.iter().take(pages_needed).enumerate() {
            let mut page = writer.change(*number)?;
            bucket::initialize(&mut page, bucket, position as u16);
            let next = chain.get(position + 1).filter(|_| position + 1 < pages_needed);
            bucket::set_next(&mut page, next.copied());
            left = match position {
                0 => fill(&mut page, entries),
                _ => fill(&mut page, &left),
            };
        }
        for number in chain.drain(pages_needed..) {
            writer.free(number);
        }
        Ok(())
    }

    /// A new page without entries, not yet linked.
    fn add_page(&self, writer: &PageWriter<'_>, bucket: u32, position: u16) -> Result<PageNumber> {
        let (number, mut page) = writer.allocate(PageKind::IndexBucket, self.owner)?;
        bucket::initialize(&mut page, bucket, position);
        Ok(number)
    }
}

/// Puts entries into an empty page and returns those that found no room, each noted in the lines it passed.
fn fill(page: &mut PageBytes, entries: &[Entry]) -> Vec<Entry> {
    entries
        .iter()
        .filter(|entry| !bucket::insert(page, **entry))
        .copied()
        .collect()
}
