//! The operands of `$addToSet` and `$pullAll`: distinct values, in order, each found by halving.
//!
//! Promises: equal means equal in the order of values (5 and 5.0 are one); looking one up costs the logarithm
//! of their number, so that an update of many values on a long array stays cheap.
//! Leaves to others: the order (query/compare.rs).

use std::cmp::Ordering;

use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Elements, Parse};
use crate::query::compare::compare_cursors;

/// Distinct values in the order they were given.
#[derive(Debug)]
pub(super) struct Values {
    /// In stored form without records.
    list: Vec<Box<[u8]>>,
    /// Numbers of `list`, in the order of the values.
    order: Vec<usize>,
}

impl Values {
    /// The elements of an array without records; of equal ones the first.
    pub(super) fn of_elements(mut elements: Elements<'_>) -> Parse<Values> {
        let mut given = Vec::with_capacity(elements.remaining().min(1024));
        while let Some(element) = elements.take_next()? {
            given.push(element);
        }
        Values::new(&given)
    }

    /// One value.
    pub(super) fn of_one(value: Cursor<'_>) -> Parse<Values> {
        Values::new(&[value])
    }

    fn new(given: &[Cursor<'_>]) -> Parse<Values> {
        let order_of = |left: &(usize, &Cursor<'_>), right: &(usize, &Cursor<'_>)| {
            // Operands were checked when the update came in: comparing them does not fail.
            compare_cursors(*left.1, *right.1).unwrap_or(Ordering::Equal)
        };
        let mut sorted: Vec<(usize, &Cursor<'_>)> = given.iter().enumerate().collect();
        sorted.sort_by(order_of);
        sorted.dedup_by(|later, earlier| order_of(later, earlier).is_eq());
        let mut kept: Vec<usize> = sorted.iter().map(|(number, _)| *number).collect();
        kept.sort_unstable();
        let order = sorted
            .iter()
            .map(|(number, _)| kept.partition_point(|kept| kept < number));
        let order = order.collect();
        let list = kept.iter().filter_map(|number| given.get(*number));
        let list = list
            .map(|value| value.raw().map(Box::from))
            .collect::<Parse<Vec<Box<[u8]>>>>()?;
        Ok(Values { list, order })
    }

    /// The values, in the order they were given.
    pub(super) fn list(&self) -> &[Box<[u8]>] {
        &self.list
    }

    /// The number of the value that equals the one at `found`.
    pub(super) fn find(&self, found: Cursor<'_>) -> Parse<Option<usize>> {
        let mut failure = None;
        let place = self.order.binary_search_by(|number| {
            let value = self.list.get(*number).map_or(&[][..], |value| &**value);
            compare_cursors(Cursor::new(value, &NO_STRUCTURES), found).unwrap_or_else(|malformed| {
                failure = Some(malformed);
                Ordering::Equal
            })
        });
        match failure {
            Some(malformed) => Err(malformed),
            None => Ok(place.ok().and_then(|place| self.order.get(place).copied())),
        }
    }
}
