//! The ordered index: a B+tree of byte strings, for finding documents by the values of their fields.
//!
//! An entry is opaque here: in use, a key (format/key.rs) and what tells documents of one key apart. Leaves hold
//! entries; inner pages hold separators, as short as they can be, and children. Leaves do not name their
//! neighbours: a scan goes down again from the root for each leaf, so every page that it reads is as of
//! the same commit, and a change touches no third page.
//! Promises: the root's page never changes its number, so a snapshot finds the tree as it was; entries differ;
//! rising and falling insertions fill pages; what is emptied is given back. After `prepare`, `insert` and
//! `remove` fail only where a page cannot be had (`LIMIT_EXCEEDED`, `OUT_OF_MEMORY`). Neighbours are joined only
//! where they can be read. No two page guards are held at once.
//! Leaves to others: the bytes of pages (format/tree_page.rs). Reading the current state needs the collection's
//! shared lock, changing it the exclusive one, reading a snapshot none.
//! Source: Bayer, Unterauer, "Prefix B-trees", TODS 1977.

mod descent;
mod estimate;
mod load;
mod scan;
mod shrink;
mod split;
mod verify;

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod forged_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod speed_tests;
#[cfg(test)]
mod tests;

use std::ops::Bound;

use quire_frames::{PageMut, PageNumber, PageRef};

use crate::error::{Error, ErrorKind, Result};
use crate::format::fields::damaged;
use crate::format::page::{CollectionId, PageKind, Sequence};
pub use crate::format::tree_page::ENTRY_BYTES_MAX;
use crate::format::tree_page::rows::{Division, Rows};
use crate::format::tree_page::{self, Node};
use crate::pager::{PageWriter, Pager};
use descent::{Descent, Path};
pub use scan::OrderedScan;
pub use verify::OrderedEvent;

/// What the catalog keeps of an ordered index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderedRoot {
    /// The collection; every page of the index carries it.
    pub owner: CollectionId,
    /// The root page; it never changes.
    pub page: PageNumber,
    /// Number of entries.
    pub entries_count: u64,
    /// Number of pages, the root among them.
    pub pages_count: u32,
}

/// One ordered index of a collection.
pub struct OrderedIndex {
    root: OrderedRoot,
    /// The leaf that the last insertion went to, and to which end of it: two in a row are a direction.
    last_end: Option<(PageNumber, Division)>,
    /// Entries of a page that is being laid out; kept for its memory.
    rows: Rows,
    /// A separator on its way up; kept for its memory.
    separator: Vec<u8>,
}

/// Refuses an entry that no page can hold.
///
/// Errors: `LIMIT_EXCEEDED`.
pub fn check_entry(entry: &[u8]) -> Result<()> {
    if entry.len() <= ENTRY_BYTES_MAX {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitExceeded,
        format!(
            "an index entry of {} bytes, the indexed values and the _id together, is longer than the {ENTRY_BYTES_MAX} that an index can hold; index a shorter field",
            entry.len()
        ),
    ))
}

impl OrderedIndex {
    /// A new index without entries: one page.
    ///
    /// Errors: `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`.
    pub fn create(writer: &PageWriter<'_>, owner: CollectionId) -> Result<OrderedIndex> {
        let (page, mut bytes) = writer.allocate(PageKind::OrderedNode, owner)?;
        tree_page::initialize(&mut bytes);
        Ok(OrderedIndex::open(OrderedRoot {
            owner,
            page,
            entries_count: 0,
            pages_count: 1,
        }))
    }

    /// The index of `root`; no page is read.
    pub fn open(root: OrderedRoot) -> OrderedIndex {
        OrderedIndex {
            root,
            last_end: None,
            rows: Rows::default(),
            separator: Vec::new(),
        }
    }

    /// What the catalog keeps.
    pub fn root(&self) -> OrderedRoot {
        self.root
    }

    /// Number of entries.
    pub fn entries_count(&self) -> u64 {
        self.root.entries_count
    }

    /// A new page of the index.
    fn add_page<'a>(&mut self, writer: &PageWriter<'a>) -> Result<(PageNumber, PageMut<'a>)> {
        let added = writer.allocate(PageKind::OrderedNode, self.root.owner)?;
        self.root.pages_count = self.root.pages_count.saturating_add(1);
        Ok(added)
    }

    /// Gives a page of the index back.
    fn free_page(&mut self, writer: &PageWriter<'_>, number: PageNumber) {
        writer.free(number);
        self.root.pages_count = self.root.pages_count.saturating_sub(1);
    }

    /// Bytes in memory besides the index's pages.
    pub fn resident_bytes(&self) -> usize {
        self.rows.resident_bytes() + self.separator.capacity()
    }

    /// Whether the index has `entry`.
    ///
    /// Errors: `CORRUPTED` naming the page, `IO`, `OUT_OF_MEMORY`.
    pub fn contains(&self, pager: &Pager, entry: &[u8]) -> Result<bool> {
        let (path, page) = self.descend(pager, entry)?;
        let found = Node::read(&page, self.root.owner, Some(0)).and_then(|leaf| leaf.find(entry));
        Ok(found.map_err(damaged(path.leaf))?.is_ok())
    }

    /// Makes `out` the first entry at or above `lower`, as of `at` or the current one; false when there is none.
    ///
    /// Errors: as `contains`.
    pub fn first_from(
        &self,
        pager: &Pager,
        lower: &[u8],
        at: Option<Sequence>,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let mut descent = Descent::new(self.root);
        let mut fence: Option<Vec<u8>> = None;
        loop {
            let from = Bound::Included(fence.as_deref().unwrap_or(lower));
            let Some((number, page)) = descent.find_leaf(pager, from, false, at)? else {
                return Ok(false);
            };
            let leaf = Node::read(&page, self.root.owner, Some(0)).map_err(damaged(number))?;
            let (Ok(place) | Err(place)) = leaf.find(lower).map_err(damaged(number))?;
            if place < leaf.count() {
                leaf.copy_entry(place, out).map_err(damaged(number))?;
                return Ok(true);
            }
            fence = descent.next_fence(from, false)?;
            if fence.is_none() {
                return Ok(false);
            }
        }
    }

    /// Loads and doubts every page that inserting or removing `entry` needs, before a commit is logged.
    ///
    /// Errors: as `contains`; `LIMIT_EXCEEDED` for an entry that is too long.
    pub fn prepare(&self, pager: &Pager, entry: &[u8]) -> Result<()> {
        check_entry(entry)?;
        let (path, page) = self.descend(pager, entry)?;
        let owner = self.root.owner;
        {
            let leaf = Node::read(&page, owner, Some(0)).map_err(damaged(path.leaf))?;
            let is_there = leaf.find(entry).map_err(damaged(path.leaf))?.is_ok();
            let changes_leaf_only = if is_there {
                leaf.count() > 1
            } else {
                leaf.has_room(entry)
            };
            if changes_leaf_only {
                return Ok(());
            }
            leaf.check().map_err(damaged(path.leaf))?;
        }
        drop(page);
        // The page may be divided or given back, and pages above it with it.
        for step in path.steps() {
            let page = pager.read(step.page)?;
            let checked = Node::read(&page, owner, None).and_then(|node| node.check());
            checked.map_err(damaged(step.page))?;
        }
        Ok(())
    }

    /// Adds `entry`; false when it is there already.
    ///
    /// Errors: `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`; without `prepare` also as `contains`.
    pub fn insert(&mut self, writer: &PageWriter<'_>, entry: &[u8]) -> Result<bool> {
        check_entry(entry)?;
        let (path, _) = self.descend(writer.pager(), entry)?;
        let (place, division) = {
            let mut page = writer.change(path.leaf)?;
            let (found, count) = {
                let leaf = Node::read(&page, self.root.owner, Some(0)).map_err(damaged(path.leaf))?;
                (leaf.find(entry).map_err(damaged(path.leaf))?, leaf.count())
            };
            let Err(place) = found else { return Ok(false) };
            let division = self.direction(path.leaf, place, count);
            self.root.entries_count += 1;
            if tree_page::insert(&mut page, place, entry, None).map_err(damaged(path.leaf))? {
                return Ok(true);
            }
            (place, division)
        };
        self.separator.clear();
        self.separator.extend_from_slice(entry);
        self.make_room(writer, &path, place, division)?;
        Ok(true)
    }

    /// Which way insertions go, now that one goes to `place` of `count` in `leaf`.
    fn direction(&mut self, leaf: PageNumber, place: usize, count: usize) -> Division {
        let end = if place == count {
            Division::Last
        } else if place == 0 {
            Division::First
        } else {
            Division::Even
        };
        let is_repeated = self.last_end == Some((leaf, end));
        self.last_end = Some((leaf, end));
        if is_repeated { end } else { Division::Even }
    }

    /// The way from the root to the leaf of `entry` in the current state, and that leaf.
    fn descend<'a>(&self, pager: &'a Pager, entry: &[u8]) -> Result<(Path, PageRef<'a>)> {
        let mut path = Path::new(self.root.page);
        let mut level = None;
        loop {
            let page = pager.read(path.leaf)?;
            let node = Node::read(&page, self.root.owner, level).map_err(damaged(path.leaf))?;
            if node.level() == 0 {
                return Ok((path, page));
            }
            level = Some(node.level() - 1);
            let child = match node.find(entry).map_err(damaged(path.leaf))? {
                Ok(place) => place + 1,
                Err(place) => place,
            };
            let next = node.child(child).map_err(damaged(path.leaf))?;
            path.push(child, next).map_err(damaged(path.leaf))?;
        }
    }
}
