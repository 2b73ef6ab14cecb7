//! Deciding about one document after the other: does it match, is it passed over, is it enough.
//!
//! Promises: nothing is allocated for a document that is not taken. Leaves to others: where documents come from
//! (source.rs), what is done with those taken.

use std::ops::ControlFlow;

use crate::error::Result;
use crate::format::record::Structures;
use crate::query::Matcher;
use crate::query::sort::{Sort, Sorter};

/// What is done with a document that is taken; true when there is room for no other.
pub(super) type Visit<'a> = dyn FnMut(&[u8]) -> Result<bool> + 'a;

/// Takes documents that come.
pub(super) struct Taker<'m, 'g> {
    /// None takes every document.
    pub matcher: Option<Matcher<'m>>,
    pub goal: Goal<'g>,
    /// How many documents were looked at.
    pub seen_count: u64,
}

/// What documents are taken for.
pub(super) enum Goal<'a> {
    /// To be handed out.
    Batch(Batch<'a>),
    /// To be sorted first.
    Sorted {
        sort: &'a Sort,
        sorter: Sorter<Box<[u8]>>,
        structures: &'a Structures,
        /// The key of the document at hand.
        key: Vec<u8>,
    },
}

/// Hands out some documents.
pub(super) struct Batch<'a> {
    pub skip: &'a mut u64,
    pub left: &'a mut u64,
    pub taken_count: usize,
    pub documents_max: usize,
    pub visit: &'a mut Visit<'a>,
}

impl Taker<'_, '_> {
    /// Takes `document` if it matches, which `is_known` to be so; breaks when no other is wanted.
    #[inline]
    pub fn offer(&mut self, document: &[u8], is_known: bool) -> Result<ControlFlow<()>> {
        self.seen_count += 1;
        if !is_known
            && let Some(matcher) = &mut self.matcher
            && !matcher.try_matches(document)?
        {
            return Ok(ControlFlow::Continue(()));
        }
        self.take(document)
    }

    /// Takes `document`, which matches and was not read; breaks when no other is wanted.
    #[inline]
    pub fn take(&mut self, document: &[u8]) -> Result<ControlFlow<()>> {
        match &mut self.goal {
            Goal::Batch(batch) => batch.take(document),
            Goal::Sorted {
                sort,
                sorter,
                structures,
                key,
            } => {
                key.clear();
                sort.write_total_key(document, structures, key)?;
                sorter.push(key, document.len(), || document.into())?;
                Ok(ControlFlow::Continue(()))
            }
        }
    }
}

impl Batch<'_> {
    /// Hands `document` out, unless it is passed over.
    #[inline]
    pub fn take(&mut self, document: &[u8]) -> Result<ControlFlow<()>> {
        if *self.skip > 0 {
            *self.skip -= 1;
            return Ok(ControlFlow::Continue(()));
        }
        *self.left -= 1;
        self.taken_count += 1;
        let is_full = (self.visit)(document)?;
        let is_over = is_full || *self.left == 0 || self.taken_count == self.documents_max;
        Ok(if is_over {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
