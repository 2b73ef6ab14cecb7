//! Removing entries: empty pages are given back, pages that are nearly empty joined with a neighbour.
//!
//! Promises: an empty page goes at once, with every page above that had no other child; the root becomes an
//! empty leaf at last, or takes in its only child. Joining is done where the neighbour can be read and is sound,
//! else left out: it never makes a removal fail.
//! Leaves to others: the lists that pages are joined by (format/tree_page/rows.rs).

use quire_frames::PageNumber;

use super::OrderedIndex;
use super::descent::Step;
use crate::error::Result;
use crate::format::fields::damaged;
use crate::format::tree_page::{self, FREE_BYTES_MAX, Node};
use crate::pager::PageWriter;

/// A page with fewer bytes used looks for a neighbour to join.
const JOIN_BELOW_BYTES: usize = FREE_BYTES_MAX / 3;
/// Most bytes of a joined page, so that the next insertions do not divide it again.
const JOINED_BYTES_MAX: usize = FREE_BYTES_MAX * 4 / 5;

impl OrderedIndex {
    /// Takes `entry` out; false when it is not there.
    ///
    /// Errors: none after `prepare`, else as `contains`.
    pub fn remove(&mut self, writer: &PageWriter<'_>, entry: &[u8]) -> Result<bool> {
        let (path, _) = self.descend(writer.pager(), entry)?;
        let leaf = path.leaf;
        let (count, used_bytes) = {
            let mut page = writer.change(leaf)?;
            let found = Node::read(&page, self.root.owner, Some(0)).and_then(|node| node.find(entry));
            let Ok(place) = found.map_err(damaged(leaf))? else {
                return Ok(false);
            };
            tree_page::remove(&mut page, place).map_err(damaged(leaf))?;
            let node = Node::read(&page, self.root.owner, Some(0)).map_err(damaged(leaf))?;
            (node.count(), node.used_bytes())
        };
        self.root.entries_count = self.root.entries_count.saturating_sub(1);
        if count == 0 {
            self.last_end = None;
            self.unlink(writer, leaf, path.steps())?;
        } else if used_bytes < JOIN_BELOW_BYTES {
            self.join_up(writer, path.steps())?;
        }
        Ok(true)
    }

    /// Gives the empty page `number` back, and the pages above that have no other child.
    fn unlink(&mut self, writer: &PageWriter<'_>, number: PageNumber, above: &[Step]) -> Result<()> {
        let (mut number, mut above) = (number, above);
        while let Some((step, rest)) = above.split_last() {
            self.free_page(writer, number);
            let is_removed = {
                let mut page = writer.change(step.page)?;
                let removed = tree_page::remove_child(&mut page, self.root.owner, step.child);
                removed.map_err(damaged(step.page))?
            };
            if is_removed {
                return self.join_up(writer, rest);
            }
            (number, above) = (step.page, rest);
        }
        // The root lost its last child, or its last entry.
        tree_page::initialize(&mut *writer.change(number)?);
        Ok(())
    }

    /// Joins the page at the end of each of `steps`, from the last one up, as long as that changes its parent.
    fn join_up(&mut self, writer: &PageWriter<'_>, steps: &[Step]) -> Result<()> {
        for step in steps.iter().rev() {
            // A neighbour that cannot be read stays as it is; `check` tells what is wrong with it.
            let Ok(Some(neighbours)) = self.find_neighbours(writer, step) else {
                break;
            };
            self.join(writer, step.page, neighbours)?;
        }
        self.pull_up(writer)
    }

    /// The neighbour that the child of `step` can be joined with: both, and the separator between. Then their
    /// entries are in `self.rows`.
    fn find_neighbours(&mut self, writer: &PageWriter<'_>, step: &Step) -> Result<Option<Neighbours>> {
        let mut candidates = [None, None];
        {
            let page = writer.read(step.page)?;
            let parent = Node::read(&page, self.root.owner, None).map_err(damaged(step.page))?;
            let last = parent.count();
            let child = step.child.min(last);
            let pairs = [child.checked_sub(1), (child < last).then_some(child)];
            for (candidate, separator) in candidates.iter_mut().zip(pairs) {
                let Some(separator) = separator else { continue };
                let pair = parent
                    .child(separator)
                    .and_then(|left| Ok((left, parent.child(separator + 1)?)));
                let (left, right) = pair.map_err(damaged(step.page))?;
                if left == right {
                    return Err(damaged(step.page)(
                        "a page of an ordered index names a child twice",
                    ));
                }
                *candidate = Some(Neighbours {
                    left,
                    right,
                    separator,
                });
            }
        }
        for neighbours in candidates.into_iter().flatten() {
            if self.gather_both(writer, step.page, &neighbours)? {
                return Ok(Some(neighbours));
            }
        }
        Ok(None)
    }

    /// Puts the entries of two neighbours into `self.rows`; false when they are better left apart.
    fn gather_both(
        &mut self,
        writer: &PageWriter<'_>,
        parent: PageNumber,
        neighbours: &Neighbours,
    ) -> Result<bool> {
        let (left_bytes, level) = {
            let page = writer.read(neighbours.left)?;
            let node = Node::read(&page, self.root.owner, None).map_err(damaged(neighbours.left))?;
            (node.used_bytes(), node.level())
        };
        let right_bytes = {
            let page = writer.read(neighbours.right)?;
            let node = Node::read(&page, self.root.owner, Some(level)).map_err(damaged(neighbours.right))?;
            node.used_bytes()
        };
        if left_bytes.min(right_bytes) >= JOIN_BELOW_BYTES || left_bytes + right_bytes > JOINED_BYTES_MAX {
            return Ok(false);
        }
        {
            let page = writer.read(neighbours.left)?;
            let node = Node::read(&page, self.root.owner, Some(level));
            let gathered = node.and_then(|node| self.rows.gather(&node));
            gathered.map_err(damaged(neighbours.left))?;
        }
        if level > 0 {
            let page = writer.read(parent)?;
            let node = Node::read(&page, self.root.owner, Some(level + 1)).map_err(damaged(parent))?;
            let separator = node.copy_entry(neighbours.separator, &mut self.separator);
            separator.map_err(damaged(parent))?;
        }
        let page = writer.read(neighbours.right)?;
        let node = Node::read(&page, self.root.owner, Some(level)).map_err(damaged(neighbours.right))?;
        if level > 0 {
            let first_child = node.child(0).map_err(damaged(neighbours.right))?;
            let pushed = self.rows.push(&self.separator, Some(first_child));
            pushed.map_err(damaged(neighbours.right))?;
        }
        self.rows.append(&node).map_err(damaged(neighbours.right))?;
        Ok(self.rows.bytes_of(0..self.rows.count()) <= JOINED_BYTES_MAX)
    }

    /// Lays `self.rows` out on the left one of two neighbours and gives the right one back.
    fn join(&mut self, writer: &PageWriter<'_>, parent: PageNumber, neighbours: Neighbours) -> Result<()> {
        {
            let mut page = writer.change(neighbours.left)?;
            self.rows
                .lay_out(0..self.rows.count(), self.rows.first_child(), &mut page);
        }
        {
            let mut page = writer.change(parent)?;
            tree_page::remove(&mut page, neighbours.separator).map_err(damaged(parent))?;
        }
        self.free_page(writer, neighbours.right);
        self.last_end = None;
        Ok(())
    }

    /// As long as the root is an inner page with one child, moves that child's content into the root.
    fn pull_up(&mut self, writer: &PageWriter<'_>) -> Result<()> {
        while let Some(child) = self.only_child(writer) {
            {
                let page = writer.read(child)?;
                let mut body = [0; quire_frames::PAGE_BYTES];
                body.copy_from_slice(&page[..]);
                drop(page);
                tree_page::copy_body(&body, &mut *writer.change(self.root.page)?);
            }
            self.free_page(writer, child);
            self.last_end = None;
        }
        Ok(())
    }

    /// The root's child, when it is the only one and can be read.
    fn only_child(&self, writer: &PageWriter<'_>) -> Option<PageNumber> {
        let (child, level) = {
            let page = writer.read(self.root.page).ok()?;
            let root = Node::read(&page, self.root.owner, None).ok()?;
            if root.level() == 0 || root.count() > 0 {
                return None;
            }
            (root.child(0).ok()?, root.level() - 1)
        };
        let page = writer.read(child).ok()?;
        Node::read(&page, self.root.owner, Some(level)).ok()?;
        Some(child)
    }
}

/// Two children of a page and the separator between them.
struct Neighbours {
    left: PageNumber,
    right: PageNumber,
    separator: usize,
}
