//! How many entries a range has, about, for choosing an index.
//!
//! Promises: at most two pages a level are read; exact while the range lies within two neighbouring leaves,
//! else as good as the pages at its edges are typical.
//! Leaves to others: what to do with the number (collection's planner).

use std::ops::Bound;

use quire_frames::PageNumber;

use super::OrderedIndex;
use crate::error::Result;
use crate::format::fields::{Checked, damaged};
use crate::format::tree_page::Node;
use crate::pager::Pager;

/// One page on the way to an edge of the range.
#[derive(Clone, Copy)]
struct Mark {
    page: PageNumber,
    /// The child gone to; in a leaf, the number of entries left of the edge.
    place: usize,
    /// Children of the page; in a leaf, entries.
    count: usize,
}

impl OrderedIndex {
    /// About how many entries the range has in the current state.
    ///
    /// Errors: as `contains`.
    pub fn estimate(&self, pager: &Pager, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<u64> {
        let left = self.edge(pager, lower, false)?;
        let right = self.edge(pager, upper, true)?;
        // From the leaves up: entries of a page's subtree on this level, and those of the range at both edges.
        let mut subtree = 1.0;
        let mut inside = 0.0;
        let mut is_first = true;
        for (low, high) in left.iter().zip(&right).rev() {
            if low.page == high.page {
                // Below the leaves a child is an entry; above, the edge children were counted already.
                let edge = usize::from(!is_first);
                let Some(whole) = high.place.checked_sub(low.place + edge) else {
                    return Ok(0);
                };
                let estimate = inside + whole as f64 * subtree;
                return Ok((estimate.round() as u64).min(self.root.entries_count));
            }
            let edges = if is_first {
                low.count.saturating_sub(low.place) + high.place
            } else {
                low.count.saturating_sub(low.place + 1) + high.place
            };
            inside += edges as f64 * subtree;
            subtree *= (low.count + high.count) as f64 / 2.0;
            is_first = false;
        }
        Ok(0)
    }

    /// The way to where the range begins, or behind which it ends.
    fn edge(&self, pager: &Pager, bound: Bound<&[u8]>, is_upper: bool) -> Result<Vec<Mark>> {
        let mut marks = Vec::new();
        let (mut number, mut level) = (self.root.page, None);
        loop {
            let page = pager.read(number)?;
            let node = Node::read(&page, self.root.owner, level).map_err(damaged(number))?;
            let place = place_of(&node, bound, is_upper).map_err(damaged(number))?;
            let is_leaf = node.level() == 0;
            marks.push(Mark {
                page: number,
                place,
                count: node.count() + usize::from(!is_leaf),
            });
            if is_leaf {
                return Ok(marks);
            }
            level = Some(node.level() - 1);
            number = node.child(place).map_err(damaged(number))?;
        }
    }
}

/// The child of the edge; in a leaf, the number of entries left of it.
fn place_of(node: &Node<'_>, bound: Bound<&[u8]>, is_upper: bool) -> Checked<usize> {
    Ok(match bound {
        Bound::Unbounded if is_upper => node.count(),
        Bound::Unbounded => 0,
        Bound::Included(bound) | Bound::Excluded(bound) if node.level() > 0 => match node.find(bound)? {
            Ok(place) => place + 1,
            Err(place) => place,
        },
        Bound::Included(bound) => match node.find(bound)? {
            Ok(place) => place + usize::from(is_upper),
            Err(place) => place,
        },
        Bound::Excluded(bound) => match node.find(bound)? {
            Ok(place) => place + usize::from(!is_upper),
            Err(place) => place,
        },
    })
}
