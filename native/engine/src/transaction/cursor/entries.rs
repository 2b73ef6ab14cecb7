//! The ids that the entries of an index name, interval by interval.
//!
//! Promises: nothing is held between calls; entries come as of one moment, in the index's order or backward.
//! Leaves to others: which intervals (query/plan), the documents (lookup.rs).

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use quire_frames::PageNumber;

use crate::collection::secondary::{IndexRules, SecondaryIndex};
use crate::error::Result;
use crate::format::fields::damaged;
use crate::format::page::Sequence;
use crate::index::ordered::{OrderedRoot, OrderedScan};
use crate::pager::Pager;
use crate::query::plan::{IndexScan, Interval};

/// A running scan of some intervals of an index.
pub(super) struct Entries {
    rules: Arc<IndexRules>,
    root: OrderedRoot,
    /// Those that were not begun; the next one last.
    intervals: Vec<Interval>,
    scan: Option<OrderedScan>,
    is_reverse: bool,
    at: Sequence,
}

impl Entries {
    /// The entries of `index` that `scan` wants, as of `at`.
    pub fn new(index: &SecondaryIndex, scan: IndexScan, at: Sequence) -> Entries {
        let mut intervals = scan.intervals;
        if !scan.is_reverse {
            intervals.reverse();
        }
        Entries {
            rules: index.rules.clone(),
            root: index.tree.root(),
            intervals,
            scan: None,
            is_reverse: scan.is_reverse,
            at,
        }
    }

    /// The page of the index's root.
    pub fn page(&self) -> PageNumber {
        self.root.page
    }

    /// Hands entries, each split into its keys and its id, to `visit` until it breaks; false when there are no more.
    ///
    /// Errors: `CORRUPTED`, `IO`, `OUT_OF_MEMORY`.
    pub fn visit(
        &mut self,
        pager: &Pager,
        mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<bool> {
        loop {
            let Some(scan) = &mut self.scan else {
                let Some(interval) = self.intervals.pop() else {
                    return Ok(false);
                };
                let upper = interval.upper.map_or(Bound::Unbounded, Bound::Excluded);
                let lower = Bound::Included(interval.lower);
                self.scan = Some(OrderedScan::new(
                    self.root,
                    lower,
                    upper,
                    self.is_reverse,
                    Some(self.at),
                ));
                continue;
            };
            let (mut is_over, mut failure) = (false, None);
            let paths = &self.rules.paths;
            let goes_on = scan.next(pager, |entry| {
                let Ok((keys, id)) = paths
                    .id_start(entry)
                    .map(|start| entry.split_at(start))
                    .inspect_err(|why| {
                        failure = Some(*why);
                    })
                else {
                    return ControlFlow::Break(());
                };
                let flow = visit(keys, id);
                is_over = flow.is_break();
                flow
            })?;
            if let Some(why) = failure {
                return Err(damaged(self.root.page)(why));
            }
            if !goes_on {
                self.scan = None;
            }
            if is_over {
                return Ok(true);
            }
        }
    }
}
