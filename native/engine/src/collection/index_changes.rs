//! What the writes of one commit change in the ordered indexes of a collection: worked out before anything is
//! logged, then done.
//!
//! Promises: planning does all that can fail for a reason of the user's or the disk's: a document that cannot be
//! indexed, a key that a unique index has already, a page that cannot be read. Writes of one commit are judged
//! together, so two documents may exchange their keys. An entry that an update keeps is not touched.
//! Leaves to others: the documents themselves (apply.rs), what entries are (query/index_keys.rs).

use crate::bugs::{Bug, planted};
use crate::collection::Body;
use crate::collection::secondary::{IndexRules, SecondaryIndex};
use crate::collection::unique::{Holders, duplicate_key, find_other};
use crate::error::Result;
use crate::format::record::Structures;
use crate::index::ordered::check_entry;
use crate::pager::{PageWriter, Pager};
use crate::query::Matcher;
use crate::query::index_keys::{ArrayFields, Entries};

/// What a commit does to one index.
#[derive(Debug, Default)]
pub struct IndexChange {
    added: Entries,
    removed: Entries,
    arrays: ArrayFields,
}

/// Works out the changes of one commit.
pub struct IndexPlanner<'a> {
    indexes: &'a [SecondaryIndex],
    structures: &'a Structures,
    matchers: Vec<Option<Matcher<'a>>>,
    changes: Vec<IndexChange>,
    /// Whether every document is removed first, and with them every entry.
    is_cleared: bool,
}

impl<'a> IndexPlanner<'a> {
    /// A planner for `indexes`, whose documents are read with `structures`.
    pub fn new(
        indexes: &'a [SecondaryIndex],
        structures: &'a Structures,
        is_cleared: bool,
    ) -> IndexPlanner<'a> {
        IndexPlanner {
            indexes,
            structures,
            matchers: indexes
                .iter()
                .map(|index| matcher_of(&index.rules, structures))
                .collect(),
            changes: indexes.iter().map(|_| IndexChange::default()).collect(),
            is_cleared,
        }
    }

    /// Notes that the document with this canonical id was `old` and will be `new`.
    ///
    /// Errors: as `IndexPaths::entries_of`.
    pub fn note(&mut self, id: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) -> Result<()> {
        if old == new {
            return Ok(());
        }
        let plans = self.changes.iter_mut().zip(&mut self.matchers);
        for (index, (change, matcher)) in self.indexes.iter().zip(plans) {
            let paths = &index.rules.paths;
            let (added_first, removed_first) = (change.added.count(), change.removed.count());
            if let Some(new) = new
                && accepts(matcher, new)?
            {
                change.arrays |= paths.entries_of(new, id, self.structures, &mut change.added)?;
            }
            if let Some(old) = old
                && accepts(matcher, old)?
            {
                paths.entries_of(old, id, self.structures, &mut change.removed)?;
                change
                    .added
                    .cancel(added_first, &mut change.removed, removed_first);
            }
        }
        Ok(())
    }

    /// The changes, in the order of the indexes, once every page that they need was looked at.
    ///
    /// Errors: `DUPLICATE_KEY`; `LIMIT_EXCEEDED` for an entry that is too long; `CORRUPTED`, `IO`.
    pub fn finish(self, pager: &Pager) -> Result<Vec<IndexChange>> {
        self.finish_with(pager, true)
    }

    /// As `finish`, of a part of a commit that was checked as a whole when it was made.
    pub fn finish_part(self, pager: &Pager) -> Result<Vec<IndexChange>> {
        self.finish_with(pager, false)
    }

    fn finish_with(mut self, pager: &Pager, is_whole: bool) -> Result<Vec<IndexChange>> {
        for (index, change) in self.indexes.iter().zip(&mut self.changes) {
            change.added.sort();
            change.removed.sort();
            if is_whole && index.rules.definition.is_unique && !planted(Bug::UniqueUnchecked) {
                check_unique(pager, index, change, self.is_cleared)?;
            }
            for entry in change.removed.iter().chain(change.added.iter()) {
                if self.is_cleared {
                    check_entry(entry)?;
                } else {
                    index.tree.prepare(pager, entry)?;
                }
            }
        }
        Ok(self.changes)
    }
}

/// What decides whether documents belong to an index; `None` where all do.
pub fn matcher_of<'a>(rules: &'a IndexRules, structures: &'a Structures) -> Option<Matcher<'a>> {
    rules
        .partial
        .as_ref()
        .map(|filter| Matcher::new(filter, structures))
}

/// Whether the stored `document` belongs to the index of `matcher`.
pub fn accepts(matcher: &mut Option<Matcher<'_>>, document: &[u8]) -> Result<bool> {
    match matcher {
        Some(matcher) => Ok(matcher.matches(document)?),
        None => Ok(true),
    }
}

/// Fails when two of the added entries have one key, or one of them and an entry that stays.
fn check_unique(pager: &Pager, index: &SecondaryIndex, change: &IndexChange, is_cleared: bool) -> Result<()> {
    let mut before: Option<&[u8]> = None;
    for at in 0..change.added.count() {
        let Some(keys) = change.added.keys(at) else { break };
        if before == Some(keys) {
            let holders = Holders::of_pair(&change.added, at);
            return Err(duplicate_key(&index.rules, keys, holders));
        }
        before = Some(keys);
        if is_cleared {
            continue;
        }
        let other = find_other(pager, index, keys, |entry, _| !change.removed.has(entry))?;
        if let Some(id) = other {
            return Err(duplicate_key(&index.rules, keys, Holders::There(&id)));
        }
    }
    Ok(())
}

impl Body {
    /// Does what a planner found. A failure leaves indexes half changed: the caller poisons the database.
    pub fn apply_indexes(&mut self, writer: &PageWriter<'_>, changes: &[IndexChange]) -> Result<()> {
        for (index, change) in self.indexes.iter_mut().zip(changes) {
            index.arrays |= change.arrays;
            for entry in change.removed.iter().filter(|_| !planted(Bug::IndexEntryKept)) {
                // Where damage took the entry already there is nothing left to do; `check` tells.
                index.tree.remove(writer, entry)?;
            }
            for entry in change.added.iter() {
                index.tree.insert(writer, entry)?;
            }
        }
        Ok(())
    }
}
