//! Load control: splitting buckets in order as the index grows.
//!
//! With n buckets the next to split is n less its highest bit; its entries go to it or to the new bucket n, by
//! one more bit of their hash. All buckets below the one split next are half as full as those behind it, so
//! the fullest are near their page's 378 entries just before they split; the load is set so that few overflow.
//! Promises: at most two splits an insert; a split that cannot read its pages changes nothing.

use super::PrimaryIndex;
use crate::error::Result;
use crate::format::bucket::{BUCKETS_MAX, Entry};
use crate::format::bucket_directory::DIRECTORY_BUCKETS;
use crate::pager::PageWriter;

/// Entries a bucket, on average, above which a bucket is split: 0.475 of a page's 378.
///
/// 22.8 bytes an entry; measured with chains and directory in tests.rs.
const BUCKET_ENTRIES_MAX: u64 = 179;
const SPLITS_PER_INSERT_MAX: usize = 2;
/// Entries to wait before a split that was put off is tried again.
const RETRY_AFTER_ENTRIES: u64 = 64;

impl PrimaryIndex {
    /// Pages of an index that grew to `entries_count` entries, about.
    pub fn pages_for(entries_count: u64) -> u64 {
        let buckets = entries_count / BUCKET_ENTRIES_MAX + 1;
        buckets + buckets.div_ceil(DIRECTORY_BUCKETS as u64)
    }

    /// Splits buckets while the load is above its bound, at most two.
    #[inline]
    pub(super) fn split_if_full(&mut self, writer: &PageWriter<'_>) -> Result<()> {
        for _ in 0..SPLITS_PER_INSERT_MAX {
            let buckets = self.directory.count();
            let is_full = self.entries_count > BUCKET_ENTRIES_MAX * u64::from(buckets);
            if !is_full || self.entries_count < self.split_again_at || buckets >= BUCKETS_MAX {
                break;
            }
            if !self.split(writer)? {
                self.split_again_at = self.entries_count + RETRY_AFTER_ENTRIES;
                break;
            }
        }
        Ok(())
    }

    /// Splits the next bucket in order. False: it was put off, and nothing was changed.
    ///
    /// Errors: a page that was read a moment ago cannot be changed.
    fn split(&mut self, writer: &PageWriter<'_>) -> Result<bool> {
        let buckets = self.directory.count();
        let old_bucket = buckets - (1 << buckets.ilog2());
        if self.gather(writer, old_bucket).is_err() {
            return Ok(false);
        }
        let mut entries = std::mem::take(&mut self.entries);
        let mut chain = std::mem::take(&mut self.chain);
        // Those that stay come first; an entry that belongs to neither stays too, for `check` to report.
        let mut stay = 0;
        for index in 0..entries.len() {
            if entries[index].part.bucket(buckets + 1) != buckets {
                entries.swap(index, stay);
                stay += 1;
            }
        }
        let is_split = self.add_bucket(writer, &entries[stay..]);
        if is_split {
            self.lay_out(writer, old_bucket, &mut chain, &entries[..stay])?;
        }
        (self.entries, self.chain) = (entries, chain);
        Ok(is_split)
    }
    /// Adds the next bucket with `entries` to the directory. False: nothing was changed.
    fn add_bucket(&mut self, writer: &PageWriter<'_>, entries: &[Entry]) -> bool {
        let bucket = self.directory.count();
        let mut chain = Vec::new();
        let laid_out = self.lay_out(writer, bucket, &mut chain, entries);
        let is_added = match (laid_out, chain.first()) {
            (Ok(()), Some(first)) => self.directory.push(writer, *first).is_ok(),
            _ => false,
        };
        if is_added {
            self.history
                .note(writer.sequence(), bucket, writer.pager().has_snapshots());
        } else {
            chain.into_iter().for_each(|page| writer.free(page));
        }
        is_added
    }
}
