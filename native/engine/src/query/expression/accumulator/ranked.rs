//! The first values in an order, and percentiles.
//!
//! Promises: keeping the first n of m values takes room for 2n and time in m log n; equal values keep the
//! order in which they came.

use crate::error::Result;
use crate::format::owned::Owned;
use crate::query::expression::order::{Key, Order};

/// Fewest values between two prunings.
const SLACK_MIN: usize = 16;

/// Values with what they are ordered by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranked {
    entries: Vec<(Key, Owned)>,
}

impl Ranked {
    /// Adds a value. Keeps the first `count` in `order`, or the last ones. Returns the bytes grown by.
    pub(super) fn add(
        &mut self,
        order: &Order,
        count: usize,
        keeps_first: bool,
        entry: (Key, Owned),
    ) -> Result<usize> {
        let before = self.entries.len();
        let bytes = entry.1.bytes() + entry.0.iter().flatten().map(Owned::bytes).sum::<usize>();
        self.entries.push(entry);
        if before >= count.saturating_mul(2).max(SLACK_MIN) {
            self.prune(order, count, keeps_first);
            return Ok(0);
        }
        Ok(bytes)
    }

    fn prune(&mut self, order: &Order, count: usize, keeps_first: bool) {
        self.entries
            .sort_by(|left, right| order.compare(&left.0, &right.0));
        let surplus = self.entries.len().saturating_sub(count);
        if keeps_first {
            self.entries.truncate(count);
        } else {
            self.entries.drain(..surplus);
        }
    }

    /// The values kept, in order.
    pub(super) fn finish(mut self, order: &Order, count: usize, keeps_first: bool) -> Vec<Owned> {
        self.prune(order, count, keeps_first);
        self.entries.into_iter().map(|(_, value)| value).collect()
    }
}

/// The values at `points`, shares from 0 to 1 of all `numbers`: each the least number that so many are not
/// above. Null where there are no numbers.
pub(crate) fn percentiles(mut numbers: Vec<f64>, points: &[f64]) -> Vec<Owned> {
    numbers.sort_by(|left, right| crate::query::compare::compare_floats(*left, *right));
    let value = |point: &f64| {
        let rank = (point * numbers.len() as f64).ceil() as usize;
        numbers
            .get(rank.saturating_sub(1))
            .map_or(Owned::Null, |number| Owned::Float(*number))
    };
    points.iter().map(value).collect()
}
