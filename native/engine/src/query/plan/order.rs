//! Whether the entries of an index come in an order that is asked for.
//!
//! Promises: documents read in the order of entries then are in that order; fields with arrays give none, for a
//! document stands at several places of them. A field bounded to one key is the same in all entries, so it may be
//! passed over, in the index as in the order asked for.
//! Leaves to others: sorting what comes in no order (query/sort).

use super::candidate::Candidate;
use super::shape::{IndexShape, OrderKey};

/// The direction to read in, backward or not, for `order`; None when the entries do not give it.
pub fn direction(index: &IndexShape<'_>, candidate: &Candidate, order: &[OrderKey<'_>]) -> Option<bool> {
    let mut is_reverse: Option<bool> = None;
    let mut place = 0;
    for item in order {
        let is_same = |key: usize| {
            let key = index.keys.get(key);
            key.is_some_and(|key| key.path == item.path && !key.has_arrays && !key.has_position)
        };
        if (0..index.keys.len()).any(|key| is_same(key) && candidate.is_one_point(key)) {
            continue;
        }
        while !is_same(place) && candidate.is_one_point(place) {
            place += 1;
        }
        let key = index.keys.get(place).filter(|_| is_same(place))?;
        let turns = key.is_descending != item.is_descending;
        if is_reverse.is_some_and(|is_reverse| is_reverse != turns) {
            return None;
        }
        is_reverse = Some(turns);
        place += 1;
    }
    Some(is_reverse.unwrap_or(false))
}
