//! The entries of an index that is made over documents that are there already: found, checked and brought into
//! order, then loaded into its tree.
//!
//! Promises: gathering changes nothing, and fails for every reason that the documents give; loading writes each
//! page once and fails only where a page cannot be had. Memory is bounded by `INDEX_BUILD_BYTES_MAX`.
//! Leaves to others: keeping writers away meanwhile, logging (store/indexes.rs).

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::collection::Body;
use crate::collection::index_changes::{accepts, matcher_of};
use crate::collection::secondary::{IndexRules, SecondaryIndex};
use crate::collection::unique::{Holders, duplicate_key};
use crate::error::{Error, ErrorKind, Result};
use crate::format::intake::document_id;
use crate::format::page::CollectionId;
use crate::format::record::Structures;
use crate::heap::{HeapScan, Resume, ScanStep};
use crate::index::ordered::check_entry;
use crate::limits::INDEX_BUILD_BYTES_MAX;
use crate::pager::{PageWriter, Pager};
use crate::query::index_keys::{ArrayFields, Entries};

/// The entries of an index, in order.
#[derive(Default)]
pub struct GatheredEntries {
    entries: Entries,
    arrays: ArrayFields,
}

impl GatheredEntries {
    /// The entries of every document of `body` as it is; nothing changes it meanwhile.
    ///
    /// Errors: `DUPLICATE_KEY`; `INVALID_DOCUMENT` and `LIMIT_EXCEEDED` for a document that cannot be indexed;
    /// `LIMIT_EXCEEDED` for too many; `CORRUPTED`, `IO`.
    pub fn of(
        pager: &Pager,
        body: &Body,
        rules: &IndexRules,
        structures: &Structures,
    ) -> Result<GatheredEntries> {
        let mut gathered = GatheredEntries::default();
        let mut matcher = matcher_of(rules, structures);
        let mut scan = HeapScan::new(body.heap.root(), None);
        let mut failure = None;
        loop {
            let step = scan.next_page(pager, |_, document| {
                let taken = accepts(&mut matcher, document).and_then(|is_indexed| match is_indexed {
                    true => gathered.take(document, rules, structures),
                    false => Ok(()),
                });
                match taken {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failure = Some(error);
                        ControlFlow::Break(Resume::Here)
                    }
                }
            })?;
            if let Some(error) = failure {
                return Err(error);
            }
            if step == ScanStep::End {
                break;
            }
        }
        gathered.entries.sort();
        if rules.definition.is_unique {
            gathered.check_unique(rules)?;
        }
        Ok(gathered)
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.entries.count()
    }

    /// A new index of these entries.
    ///
    /// Errors: `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`.
    pub fn load(
        self,
        writer: &PageWriter<'_>,
        owner: CollectionId,
        rules: Arc<IndexRules>,
    ) -> Result<SecondaryIndex> {
        let mut index = SecondaryIndex::create(writer, owner, rules)?;
        index.arrays = self.arrays;
        index.tree.bulk_load(writer, self.entries.iter().map(Ok))?;
        Ok(index)
    }

    fn take(&mut self, document: &[u8], rules: &IndexRules, structures: &Structures) -> Result<()> {
        let first = self.entries.count();
        let id = document_id(document)?;
        self.arrays |= rules
            .paths
            .entries_of(document, id, structures, &mut self.entries)?;
        (first..self.entries.count())
            .filter_map(|at| self.entries.get(at))
            .try_for_each(check_entry)?;
        if self.entries.resident_bytes() > INDEX_BUILD_BYTES_MAX {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "index {} over these documents needs more than {INDEX_BUILD_BYTES_MAX} bytes of memory while it is made; make it while the collection is smaller, or with a partialFilterExpression",
                    rules.definition.name
                ),
            ));
        }
        Ok(())
    }

    fn check_unique(&self, rules: &IndexRules) -> Result<()> {
        let mut before = None;
        for at in 0..self.entries.count() {
            let keys = self.entries.keys(at);
            if keys.is_some() && keys == before {
                let holders = Holders::of_pair(&self.entries, at);
                return Err(duplicate_key(rules, keys.unwrap_or_default(), holders));
            }
            before = keys;
        }
        Ok(())
    }
}
