//! How many entries a range has, about, for choosing an index.
//!
//! Promises: at most two pages a level are read; exact while the range lies within two neighbouring leaves,
//! else as good as the pages at its edges are typical.
//! Leaves to others: what to do with the number (collection's planner).

use std::ops::Bound;

use quire_frames::PageNumber;
use smallvec::SmallVec;

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

/// The pages on the way to one edge, from the root on.
type Way = SmallVec<[Mark; 6]>;

/// What a way down told.
enum Edge {
    /// The range ends in the leaf that it begins in: it has as many entries.
    Count(u64),
    Way(Way),
}

impl OrderedIndex {
    /// About how many entries the range has in the current state.
    ///
    /// Errors: as `contains`.
    pub fn estimate(&self, pager: &Pager, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<u64> {
        let left = match self.edge(pager, lower, false, Some(upper))? {
            Edge::Count(count) => return Ok(count),
            Edge::Way(way) => way,
        };
        match self.edge(pager, upper, true, None)? {
            Edge::Way(right) => Ok(self.between(&left, &right)),
            Edge::Count(count) => Ok(count),
        }
    }

    /// Entries between two edges. From the leaves up: entries of a page's subtree on this level, and those of the
    /// range at both edges.
    fn between(&self, left: &[Mark], right: &[Mark]) -> u64 {
        let mut subtree = 1.0;
        let mut inside = 0.0;
        let mut is_first = true;
        for (low, high) in left.iter().zip(right).rev() {
            if low.page == high.page {
                // Below the leaves a child is an entry; above, the edge children were counted already.
                let edge = usize::from(!is_first);
                let Some(whole) = high.place.checked_sub(low.place + edge) else {
                    return 0;
                };
                let estimate = inside + whole as f64 * subtree;
                return (estimate.round() as u64).min(self.root.entries_count);
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
        0
    }

    /// The way to where the range begins, or behind which it ends. Where its other end, `upper`, is in the same leaf,
    /// as that of most equalities is, the entries are counted there and the second way is spared.
    fn edge(
        &self,
        pager: &Pager,
        bound: Bound<&[u8]>,
        is_upper: bool,
        upper: Option<Bound<&[u8]>>,
    ) -> Result<Edge> {
        let mut way = Way::new();
        let (mut number, mut level) = (self.root.page, None);
        loop {
            let page = pager.read(number)?;
            let node = Node::read(&page, self.root.owner, level).map_err(damaged(number))?;
            let place = place_of(&node, bound, is_upper).map_err(damaged(number))?;
            let is_leaf = node.level() == 0;
            if is_leaf && let Some(upper) = upper {
                let end = place_of(&node, upper, true).map_err(damaged(number))?;
                if end < node.count() {
                    return Ok(Edge::Count(end.saturating_sub(place) as u64));
                }
            }
            way.push(Mark {
                page: number,
                place,
                count: node.count() + usize::from(!is_leaf),
            });
            if is_leaf {
                return Ok(Edge::Way(way));
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
