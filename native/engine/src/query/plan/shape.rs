//! What a planner is asked, and what it is told of a collection's indexes.
//!
//! Promises: data only, borrowed. An index's entries are keys of values (format/key.rs) with the document's id
//! behind them: on a path without arrays one entry a document, of the value or of null where the field is
//! missing; on a path with arrays at least one for each element. Every document has an entry, unless the index
//! is sparse or partial.
//! Leaves to others: choosing (plan.rs), keeping indexes (collection).

use super::intervals::Interval;
use crate::error::Result;
use crate::query::filter::Filter;

/// One field of an index.
#[derive(Clone, Copy, Debug)]
pub struct KeyShape<'a> {
    /// The path, its names joined by dots.
    pub path: &'a [u8],
    /// Greater values come first.
    pub is_descending: bool,
    /// A document has, or had, an array on the path.
    pub has_arrays: bool,
    /// The path has a position, such as the 0 of `a.0`: entries have the element there, an array as a whole, and
    /// do not tell which documents lack it.
    pub has_position: bool,
}

/// One index.
#[derive(Clone, Debug)]
pub struct IndexShape<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its fields, the first one first.
    pub keys: Vec<KeyShape<'a>>,
    /// Documents that have none of the fields are not in it.
    pub is_sparse: bool,
    /// Only documents that match are in it.
    pub partial: Option<&'a Filter>,
    /// Its entries.
    pub entries_count: u64,
}

/// One field that documents are ordered by.
#[derive(Clone, Copy, Debug)]
pub struct OrderKey<'a> {
    /// The path, its names joined by dots.
    pub path: &'a [u8],
    /// Greater values come first.
    pub is_descending: bool,
}

/// What has to be read, if the asker says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forced {
    /// This index, by its place in the list.
    Index(usize),
    /// The documents themselves.
    Scan,
}

/// A query, as far as a plan depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// None is every document.
    pub filter: Option<&'a Filter>,
    /// The order wanted; empty for none.
    pub order: &'a [OrderKey<'a>],
    /// Most documents that are taken, those passed over included.
    pub wanted: Option<u64>,
    /// The paths of all that is asked of a document that matches, when an index that has them can answer; None
    /// when whole documents are wanted.
    pub needed: Option<&'a [&'a [u8]]>,
    /// Documents of the collection.
    pub documents_count: u64,
    /// See `Forced`.
    pub forced: Option<Forced>,
}

/// Tells about how many entries of the index at a place lie in an interval.
pub type Estimate<'a> = dyn FnMut(usize, &Interval) -> Result<u64> + 'a;
