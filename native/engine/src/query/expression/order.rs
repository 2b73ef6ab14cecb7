//! The order that `sortBy` gives: of values themselves, or of documents by several paths.
//!
//! Promises: a total order; a missing field stands below null; where a path ends at an array, its least
//! element counts when rising and its greatest when falling, as in a sort of documents.
//! Source: MongoDB manual, "Comparison/Sort Order" and "$sortArray".

use std::cmp::Ordering;

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Value};
use crate::format::view::View;
use crate::query::compare::{compare_owned, compare_views};
use crate::query::expression::compile::parse_path;
use crate::query::expression::field::follow_view;
use crate::query::expression::{Computed, refuse};
use crate::query::path::Segment;

/// Most paths of one order.
const PATHS_MAX: usize = 32;

/// A compiled `sortBy`.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Paths, and whether values fall along them; no path at all stands for the value itself.
    paths: Vec<(Vec<Segment>, bool)>,
    /// Whether values themselves fall, where there are no paths.
    falls: bool,
}

/// What one value is ordered by.
pub(crate) type Key = Vec<Option<Owned>>;

impl Order {
    /// `{path: 1 or -1, …}`, and 1 or -1 where `of_values` allows it. Errors: INVALID_EXPRESSION.
    pub(super) fn compile(operator: &str, cursor: Cursor<'_>, of_values: bool) -> Result<Order> {
        let value = cursor.value()?;
        if let (Value::Int(_) | Value::Float(_), true) = (&value, of_values) {
            let falls = falls(operator, &value)?;
            let paths = Vec::new();
            return Ok(Order { paths, falls });
        }
        let Value::Map(mut fields) = value else {
            return Err(refuse(format!(
                "{operator} takes an object of paths and 1 or -1 as sortBy"
            )));
        };
        let mut paths = Vec::new();
        while let Some((path, direction)) = fields.take_next()? {
            let path = utf8(path)?;
            paths.push((parse_path(path, path)?, falls(operator, &direction.value()?)?));
        }
        if paths.is_empty() || paths.len() > PATHS_MAX {
            return Err(refuse(format!(
                "{operator} takes 1 to {PATHS_MAX} paths in sortBy"
            )));
        }
        Ok(Order { paths, falls: false })
    }

    /// The rising or falling order of values themselves.
    pub(super) fn of_values(falls: bool) -> Order {
        let paths = Vec::new();
        Order { paths, falls }
    }

    /// What `value` is ordered by. Errors: CORRUPTED when stored bytes are damaged.
    pub(super) fn key(&self, value: &View<'_>) -> Result<Key> {
        if self.paths.is_empty() {
            return Ok(vec![Some(value.to_owned()?)]);
        }
        let mut key = Vec::with_capacity(self.paths.len());
        for (path, falls) in &self.paths {
            let found = follow_view(*value, path)?;
            key.push(match found {
                Some(found) => extreme(found, *falls)?,
                None => None,
            });
        }
        Ok(key)
    }

    /// True when there are no paths.
    pub(super) fn is_of_values(&self) -> bool {
        self.paths.is_empty()
    }

    /// The order of two values themselves.
    pub(super) fn compare_values(&self, left: &Owned, right: &Owned) -> Ordering {
        let order = compare_owned(left, right);
        if self.falls { order.reverse() } else { order }
    }

    /// The order of two keys.
    pub(super) fn compare(&self, left: &Key, right: &Key) -> Ordering {
        for (place, (left, right)) in left.iter().zip(right).enumerate() {
            let order = match (left, right) {
                (Some(left), Some(right)) => compare_owned(left, right),
                (left, right) => left.is_some().cmp(&right.is_some()),
            };
            let falls = self.paths.get(place).map_or(self.falls, |(_, falls)| *falls);
            if order != Ordering::Equal {
                return if falls { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

fn falls(operator: &str, direction: &Value<'_>) -> Result<bool> {
    match direction {
        Value::Int(1) => Ok(false),
        Value::Int(-1) => Ok(true),
        Value::Float(1.0) => Ok(false),
        Value::Float(-1.0) => Ok(true),
        _ => Err(refuse(format!(
            "{operator} takes 1 or -1 as a direction in sortBy"
        ))),
    }
}

/// The value that an array is ordered by: its least or greatest element; other values are their own.
fn extreme(found: Computed<'_>, falls: bool) -> Result<Option<Owned>> {
    let View::Array(mut elements) = found.view() else {
        return Ok(Some(found.into_owned()?));
    };
    let mut best: Option<View<'_>> = None;
    while let Some(element) = elements.take_next()? {
        let is_better = match &best {
            None => true,
            Some(best) => {
                let order = compare_views(&element, best)?;
                if falls { order.is_gt() } else { order.is_lt() }
            }
        };
        if is_better {
            best = Some(element);
        }
    }
    match best {
        Some(best) => Ok(Some(best.to_owned()?)),
        None => Ok(None),
    }
}
