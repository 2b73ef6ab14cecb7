//! From a query and a collection's indexes to a plan.
//!
//! Promises: an index that was made after the moment that is read is not used; a query that no index can serve
//! looks at none. Leaves to others: choosing (query/plan), running plans (source.rs).

use std::ops::Bound;

use smallvec::SmallVec;

use crate::collection::Body;
use crate::collection::secondary::SecondaryIndex;
use crate::error::Result;
use crate::format::page::Sequence;
use crate::pager::Pager;
use crate::query::plan::{self, Choice, IndexShape, Interval, KeyShape, OrderKey, Question};
use crate::transaction::cursor::FindOptions;

/// The indexes that a query may use.
pub(super) type Usable<'b> = SmallVec<[&'b SecondaryIndex; 8]>;

/// What a plan is made for.
pub(super) struct Inquiry<'a> {
    /// The query.
    pub options: &'a FindOptions,
    /// The moment that is read; `None` is now.
    pub at: Option<Sequence>,
    /// Whether documents come from elsewhere too, so that no index gives their order.
    pub is_mixed: bool,
    /// The paths of all that is asked of a matching document; None for whole documents.
    pub needed: Option<&'a [&'a [u8]]>,
}

impl Inquiry<'_> {
    /// The indexes of `body` that may be used.
    pub fn usable<'b>(&self, body: &'b Body) -> Usable<'b> {
        let options = self.options;
        let ids = options.filter.as_ref().and_then(|filter| filter.ids());
        let is_lookup = ids.is_some_and(|ids| ids.len() <= 1);
        let is_plain = options.filter.is_none() && options.sort.is_none();
        if options.hint.is_none() && (is_lookup || is_plain) {
            return Usable::new();
        }
        let is_born = |index: &&SecondaryIndex| self.at.is_none_or(|at| index.born <= at);
        body.indexes.iter().filter(is_born).collect()
    }

    /// The plan for reading `body` by `usable`.
    ///
    /// Errors: `INDEX_NOT_FOUND`, `INVALID_ARGUMENT` for a hint that cannot be followed; `CORRUPTED`, `IO`.
    pub fn choose(
        &self,
        pager: &Pager,
        body: &Body,
        usable: &[&SecondaryIndex],
        shapes: &[IndexShape<'_>],
    ) -> Result<Choice> {
        let options = self.options;
        let order: SmallVec<[OrderKey<'_>; 4]> = match &options.sort {
            Some(sort) => sort.fields().iter().map(order_key).collect(),
            None => SmallVec::new(),
        };
        let forced = match &options.hint {
            Some(hint) => hint.resolve(shapes)?,
            None => None,
        };
        let question = Question {
            filter: options.filter.as_deref(),
            order: &order,
            wanted: options.wanted(),
            needed: self.needed,
            documents_count: body.documents_count,
            forced,
        };
        let mut estimate = |place: usize, interval: &Interval| match usable.get(place) {
            Some(index) => {
                let upper = interval.upper.as_deref();
                let upper = upper.map_or(Bound::Unbounded, Bound::Excluded);
                index
                    .tree
                    .estimate(pager, Bound::Included(&interval.lower), upper)
            }
            None => Ok(0),
        };
        let mut choice = plan::choose(&question, shapes, &mut estimate)?;
        choice.plan.is_ordered &= !(self.is_mixed && options.sort.is_some());
        Ok(choice)
    }
}

/// What a planner is told of `indexes`.
pub(super) fn shapes<'b>(indexes: &[&'b SecondaryIndex]) -> SmallVec<[IndexShape<'b>; 8]> {
    indexes.iter().map(|index| shape(index)).collect()
}

fn shape(index: &SecondaryIndex) -> IndexShape<'_> {
    let rules = &index.rules;
    let keys = rules.definition.keys.iter().enumerate();
    IndexShape {
        name: &rules.definition.name,
        keys: keys
            .map(|(place, key)| KeyShape {
                path: key.path.as_bytes(),
                is_descending: key.is_descending,
                has_arrays: index.arrays >> place & 1 == 1,
                has_position: rules.paths.has_position(place),
            })
            .collect(),
        is_sparse: rules.definition.is_sparse,
        partial: rules.partial.as_ref(),
        entries_count: index.tree.entries_count(),
    }
}

fn order_key(field: &crate::query::sort::SortField) -> OrderKey<'_> {
    OrderKey {
        path: field.path.as_bytes(),
        is_descending: field.is_descending,
    }
}
