//! What plans cost, in units of reading one document in passing.
//!
//! Estimates only: a wrong one makes a query slower, never its answer another. Promises: at most
//! `ESTIMATES_MAX` looks at an index a candidate.
//! Leaves to others: which plans there are (plan.rs).

use super::candidate::{Asked, Candidate};
use super::shape::Estimate;
use crate::error::Result;
use crate::query::filter::{Filter, Restriction};

/// Reading one entry of an index.
const ENTRY: f64 = 0.3;
/// Reading a document by its id.
const FETCH: f64 = 3.0;
/// Going down an index to the beginning of an interval.
const DESCENT: f64 = 3.0;
/// Sorting, for each document and each doubling of those kept.
const SORT: f64 = 0.3;
/// Intervals of one candidate that are looked up; the others are taken to be like them.
const ESTIMATES_MAX: usize = 8;

/// What a plan reads and gives.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Entries or documents that are read when all are.
    pub read: f64,
    /// Intervals that are gone down to.
    pub descents: f64,
    /// Whether each thing read is an entry rather than a document in passing.
    pub is_entries: bool,
    /// Whether each entry's document is read too.
    pub fetches: bool,
    /// Whether what matches has to be sorted.
    pub sorts: bool,
}

impl Work {
    /// What it costs when about `matches` documents match and at most `wanted` are taken.
    pub fn cost(&self, matches: f64, wanted: Option<u64>) -> f64 {
        let taken = wanted.map_or(matches, |wanted| (wanted as f64).min(matches));
        let is_cut_short = !self.sorts && wanted.is_some();
        let share = if is_cut_short && matches > 0.0 {
            (taken / matches).min(1.0)
        } else {
            1.0
        };
        let each = match (self.is_entries, self.fetches) {
            (false, _) => 1.0,
            (true, false) => ENTRY,
            (true, true) => ENTRY + FETCH,
        };
        let sorting = if self.sorts {
            matches * (taken + 2.0).log2() * SORT
        } else {
            0.0
        };
        (self.read * each + self.descents * DESCENT) * share + sorting
    }
}

/// About how many entries `candidate` reads of the index at `place`.
///
/// Errors: those of `estimate`.
pub fn entries(place: usize, candidate: &Candidate, estimate: &mut Estimate<'_>) -> Result<f64> {
    let intervals = &candidate.intervals.list;
    let looked_at = intervals.len().min(ESTIMATES_MAX);
    let mut sum = 0;
    for interval in intervals.iter().take(looked_at) {
        sum += estimate(place, interval)?;
    }
    Ok(sum as f64 * intervals.len() as f64 / looked_at.max(1) as f64)
}

/// The share of documents that meet `asked`, of which nothing is known but the kinds, and that `filter` lets
/// through besides.
pub fn share<'a>(filter: Option<&Filter>, asked: impl Iterator<Item = &'a Asked<'a>>) -> f64 {
    let known: f64 = asked
        .map(|asked| match &asked.constraint.restriction {
            Restriction::Equal(_) => 0.05,
            Restriction::In(set) => (0.05 * set.count() as f64).min(0.5),
            Restriction::Prefix(_) => 0.1,
            Restriction::Range { .. } => 0.3,
            Restriction::Exists(_) => 0.5,
        })
        .product();
    match filter {
        Some(filter) if !filter.constraints_are_all() => known * 0.5,
        _ => known,
    }
}
