//! Filling an empty index with entries that are in order already, page by page.
//!
//! Promises: pages are filled to nine tenths, so that later insertions find room; each is written once.
//! Leaves to others: sorting (collection).

use quire_frames::PageNumber;

use super::{OrderedIndex, check_entry};
use crate::error::{Error, ErrorKind, Result};
use crate::format::fields::damaged;
use crate::format::tree_page::rows::{Rows, separator};
use crate::format::tree_page::{FREE_BYTES_MAX, LEVELS_MAX};
use crate::pager::PageWriter;

/// Bytes to which pages are filled.
const FILL_BYTES: usize = FREE_BYTES_MAX / 10 * 9;

impl OrderedIndex {
    /// Adds all of `entries`, which rise, to an index without entries. An entry equal to the one before it is
    /// passed over.
    ///
    /// Errors: those of `entries`; `LIMIT_EXCEEDED` for an entry that is too long, and as `insert`; `INTERNAL` when
    /// the index has entries or `entries` fall. What was loaded until then must be released.
    pub fn bulk_load<E: AsRef<[u8]>>(
        &mut self,
        writer: &PageWriter<'_>,
        entries: impl IntoIterator<Item = Result<E>>,
    ) -> Result<()> {
        if self.root.entries_count > 0 {
            return Err(Error::new(
                ErrorKind::Internal,
                "entries were loaded into an ordered index that has some",
            ));
        }
        let mut levels = vec![Rows::default()];
        let mut before: Option<Vec<u8>> = None;
        for entry in entries {
            let entry = entry?;
            let entry = entry.as_ref();
            check_entry(entry)?;
            match &before {
                Some(before) if **before == *entry => continue,
                Some(before) if **before > *entry => {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        "entries loaded into an ordered index are not in order",
                    ));
                }
                _ => {}
            }
            self.load_one(writer, &mut levels, before.as_deref(), entry)?;
            self.root.entries_count += 1;
            let before = before.get_or_insert_default();
            before.clear();
            before.extend_from_slice(entry);
        }
        self.finish_load(writer, &mut levels)
    }

    /// Adds an entry to the last leaf; a full one is written first, and its parent then names the next.
    fn load_one(
        &mut self,
        writer: &PageWriter<'_>,
        levels: &mut Vec<Rows>,
        before: Option<&[u8]>,
        entry: &[u8],
    ) -> Result<()> {
        let root = self.root.page;
        let Some(leaf) = levels.first_mut() else {
            return Ok(());
        };
        leaf.push(entry, None).map_err(damaged(root))?;
        if leaf.count() == 1 || leaf.fill_at_most(FILL_BYTES) {
            return Ok(());
        }
        leaf.pop();
        let page = self.write_out(writer, leaf)?;
        leaf.clear(0, None);
        leaf.push(entry, None).map_err(damaged(root))?;
        let separator = separator(before.unwrap_or_default(), entry).to_vec();
        let (mut page, mut level) = (page, 1);
        // `page` is what was written a level below; `separator` tells it from what comes next there.
        loop {
            if levels.len() == level {
                if level + 1 >= LEVELS_MAX {
                    return Err(Error::new(
                        ErrorKind::LimitExceeded,
                        "an ordered index has as many levels as it can have",
                    ));
                }
                let mut rows = Rows::default();
                rows.clear(level as u8, None);
                levels.push(rows);
            }
            let Some(rows) = levels.get_mut(level) else {
                return Ok(());
            };
            rows.set_last_child(page);
            rows.push(&separator, None).map_err(damaged(root))?;
            if rows.count() < 3 || rows.fill_at_most(FILL_BYTES) {
                return Ok(());
            }
            // The separator goes up; the child behind it will be the first of the next page.
            rows.pop();
            page = self.write_out(writer, rows)?;
            rows.clear(level as u8, None);
            level += 1;
        }
    }

    /// Writes what the lists hold, each into a page of the one above it, the last one into the root.
    fn finish_load(&mut self, writer: &PageWriter<'_>, levels: &mut [Rows]) -> Result<()> {
        let mut below: Option<PageNumber> = None;
        let top = levels.len() - 1;
        for (level, rows) in levels.iter_mut().enumerate() {
            if let Some(below) = below {
                rows.set_last_child(below);
            }
            if level < top {
                below = Some(self.write_out(writer, rows)?);
            }
        }
        if let Some(rows) = levels.get(top) {
            let mut page = writer.change(self.root.page)?;
            rows.lay_out(0..rows.count(), rows.first_child(), &mut page);
        }
        Ok(())
    }

    /// Writes a list to a new page.
    fn write_out(&mut self, writer: &PageWriter<'_>, rows: &Rows) -> Result<PageNumber> {
        let (number, mut page) = self.add_page(writer)?;
        rows.lay_out(0..rows.count(), rows.first_child(), &mut page);
        Ok(number)
    }
}
