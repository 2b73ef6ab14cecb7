//! Ways down a tree: the path that a change takes back up, and the leaf by leaf descent of readers.
//!
//! Promises: a way is at most `LEVELS_MAX` pages long, for each page must be one level below its parent. A
//! reader's fences rise (or fall) strictly from leaf to leaf, so it ends on any pages.
//! Leaves to others: what is done at the leaf (mod.rs, scan.rs).

use std::ops::Bound;

use quire_frames::PageNumber;

use super::OrderedRoot;
use crate::error::Result;
use crate::format::fields::{Checked, damaged};
use crate::format::page::Sequence;
use crate::format::tree_page::{LEVELS_MAX, Node};
use crate::pager::{PageView, Pager};

/// An inner page and the child that was gone to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub page: PageNumber,
    pub child: usize,
}

/// The way from the root to a leaf.
pub(super) struct Path {
    steps: [Step; LEVELS_MAX],
    count: usize,
    /// The page at the end.
    pub leaf: PageNumber,
}

impl Path {
    /// The way that ends at the root.
    pub fn new(root: PageNumber) -> Path {
        Path {
            steps: [Step { page: root, child: 0 }; LEVELS_MAX],
            count: 0,
            leaf: root,
        }
    }

    /// Goes on from the page at the end to its child `child`, which is `next`.
    pub fn push(&mut self, child: usize, next: PageNumber) -> Checked<()> {
        let page = self.leaf;
        match self.steps.get_mut(self.count) {
            Some(step) => *step = Step { page, child },
            None => return Err("an ordered index has too many levels"),
        }
        self.count += 1;
        self.leaf = next;
        Ok(())
    }

    /// The inner pages, from the root on.
    pub fn steps(&self) -> &[Step] {
        self.steps.get(..self.count).unwrap_or_default()
    }
}

/// A reader's descents, with the fence behind the leaf that was reached last.
#[derive(Debug)]
pub(super) struct Descent {
    root: OrderedRoot,
    /// The separator nearest to the leaf on the side that the reader moves to.
    fence: Option<Vec<u8>>,
}

impl Descent {
    /// A reader of `root`.
    pub fn new(root: OrderedRoot) -> Descent {
        Descent { root, fence: None }
    }

    /// The leaf to begin at for entries behind `from`, which `is_reverse` reads backward; None when the index did
    /// not exist at `at`.
    pub fn find_leaf<'a>(
        &mut self,
        pager: &'a Pager,
        from: Bound<&[u8]>,
        is_reverse: bool,
        at: Option<Sequence>,
    ) -> Result<Option<(PageNumber, PageView<'a>)>> {
        self.fence = None;
        let (mut number, mut level) = (self.root.page, None);
        loop {
            let Some(page) = pager.view(number, at)? else {
                return match level {
                    None => Ok(None),
                    Some(_) => Err(damaged(number)(
                        "an ordered index names a page that did not exist yet",
                    )),
                };
            };
            let node = Node::read(&page, self.root.owner, level).map_err(damaged(number))?;
            if node.level() == 0 {
                return Ok(Some((number, page)));
            }
            level = Some(node.level() - 1);
            number = self.choose(&node, from, is_reverse).map_err(damaged(number))?;
        }
    }

    /// The child to go to; keeps the separator behind it, in the reader's direction.
    fn choose(&mut self, node: &Node<'_>, from: Bound<&[u8]>, is_reverse: bool) -> Checked<PageNumber> {
        let child = match from {
            Bound::Unbounded if is_reverse => node.count(),
            Bound::Unbounded => 0,
            Bound::Included(bound) | Bound::Excluded(bound) => match node.find(bound)? {
                // An entry equal to its leaf's separator is to be passed over: backward it is the first of its leaf.
                Ok(place) if is_reverse && matches!(from, Bound::Excluded(_)) => place,
                Ok(place) => place + 1,
                Err(place) => place,
            },
        };
        let fence = if is_reverse {
            child.checked_sub(1)
        } else {
            Some(child)
        };
        if let Some(fence) = fence.filter(|fence| *fence < node.count()) {
            node.copy_entry(fence, self.fence.get_or_insert_default())?;
        }
        node.child(child)
    }

    /// Where the leaf behind the last one begins, which was reached from `from`; None at the last leaf.
    ///
    /// Errors: `CORRUPTED` when it does not lie behind `from`.
    pub fn next_fence(&mut self, from: Bound<&[u8]>, is_reverse: bool) -> Result<Option<Vec<u8>>> {
        let Some(fence) = self.fence.take() else {
            return Ok(None);
        };
        let leads_on = match (from, is_reverse) {
            (Bound::Unbounded, _) => true,
            (Bound::Included(from) | Bound::Excluded(from), false) => *fence > *from,
            (Bound::Included(from), true) => *fence <= *from,
            (Bound::Excluded(from), true) => *fence < *from,
        };
        if leads_on {
            Ok(Some(fence))
        } else {
            Err(damaged(self.root.page)(
                "the separators of an ordered index are out of order",
            ))
        }
    }
}
