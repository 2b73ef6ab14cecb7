//! Reading the entries of a range in order, forward or backward, a leaf at a time.
//!
//! Promises: nothing is held between calls; of the current state a scan may be continued after any changes and
//! misses or repeats no entry that was there all the time; of a snapshot it reads that alone. The leaf at hand is
//! latched while its entries are visited: whoever visits keeps what it wants and asks for no page.
//! Leaves to others: locks and snapshots (transaction), documents (heap).

use std::ops::{Bound, ControlFlow, Range};

use super::OrderedRoot;
use super::descent::Descent;
use crate::error::Result;
use crate::format::fields::{Checked, damaged};
use crate::format::page::Sequence;
use crate::format::tree_page::Node;
use crate::pager::Pager;

/// Bytes that most entries have room in.
const ENTRY_BYTES_USUAL: usize = 64;

/// A resumable scan of an ordered index.
#[derive(Debug)]
pub struct OrderedScan {
    root: OrderedRoot,
    /// Where it goes on: the lower bound of what is left, or in a backward scan the upper one.
    from: Bound<Vec<u8>>,
    /// The other bound.
    to: Bound<Vec<u8>>,
    is_reverse: bool,
    at: Option<Sequence>,
    is_done: bool,
    descent: Descent,
    /// The entry that is being visited.
    entry: Vec<u8>,
}

impl OrderedScan {
    /// A scan of the entries between two bounds, as of `at` or the current state.
    pub fn new(
        root: OrderedRoot,
        lower: Bound<Vec<u8>>,
        upper: Bound<Vec<u8>>,
        is_reverse: bool,
        at: Option<Sequence>,
    ) -> OrderedScan {
        let (from, to) = if is_reverse {
            (upper, lower)
        } else {
            (lower, upper)
        };
        OrderedScan {
            root,
            from,
            to,
            is_reverse,
            at,
            is_done: false,
            descent: Descent::new(root),
            entry: Vec::with_capacity(ENTRY_BYTES_USUAL),
        }
    }

    /// Hands the entries of the next leaf to `visit`, which must not wait for anything; false when there is nothing
    /// left.
    ///
    /// After `Break` the scan goes on behind the entry that `visit` saw last.
    ///
    /// Errors: `CORRUPTED` naming the page, `IO`, `OUT_OF_MEMORY`.
    pub fn next(&mut self, pager: &Pager, mut visit: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<bool> {
        if self.is_done {
            return Ok(false);
        }
        let from = as_slice(&self.from);
        let Some((number, page)) = self.descent.find_leaf(pager, from, self.is_reverse, self.at)? else {
            self.is_done = true;
            return Ok(false);
        };
        let leaf = Node::read(&page, self.root.owner, Some(0)).map_err(damaged(number))?;
        let (range, is_last) = self.range(&leaf).map_err(damaged(number))?;
        let visited = leaf.visit_entries(range, self.is_reverse, &mut self.entry, |entry| {
            visit(entry).is_continue()
        });
        if !visited.map_err(damaged(number))? {
            self.from = Bound::Excluded(std::mem::take(&mut self.entry));
            return Ok(true);
        }
        match self.descent.next_fence(from, self.is_reverse)? {
            Some(fence) if !is_last => {
                self.from = if self.is_reverse {
                    Bound::Excluded(fence)
                } else {
                    Bound::Included(fence)
                };
            }
            _ => self.is_done = true,
        }
        Ok(!self.is_done)
    }

    /// The places of the leaf's entries within the bounds, and whether the range ends there.
    fn range(&self, leaf: &Node<'_>) -> Checked<(Range<usize>, bool)> {
        let (lower, upper) = if self.is_reverse {
            (&self.to, &self.from)
        } else {
            (&self.from, &self.to)
        };
        let start = match as_slice(lower) {
            Bound::Unbounded => 0,
            Bound::Included(bound) => start_of(leaf.find(bound)?),
            Bound::Excluded(bound) => end_of(leaf.find(bound)?),
        };
        let end = match as_slice(upper) {
            Bound::Unbounded => leaf.count(),
            Bound::Included(bound) => end_of(leaf.find(bound)?),
            Bound::Excluded(bound) => start_of(leaf.find(bound)?),
        };
        let is_last = if self.is_reverse {
            start > 0
        } else {
            end < leaf.count()
        };
        Ok((start..end.max(start), is_last))
    }
}

/// How many entries are below the one looked for.
fn start_of(found: std::result::Result<usize, usize>) -> usize {
    let (Ok(place) | Err(place)) = found;
    place
}

/// How many entries are not above the one looked for.
fn end_of(found: std::result::Result<usize, usize>) -> usize {
    match found {
        Ok(place) => place + 1,
        Err(place) => place,
    }
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}
